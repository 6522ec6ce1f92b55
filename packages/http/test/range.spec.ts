import { afterAll, describe, expect, it } from '@jest/globals';
import { ifRangeHolds, parseRange } from '../src/range.js';
import { closeAll, scene } from './harness.js';

afterAll(closeAll);

describe('a Range field', () => {
  it.each([
    ['bytes=0-4', { first: 0, last: 4 }],
    ['Bytes=0-', { first: 0, last: 9 }],
    ['bytes=3-99', { first: 3, last: 9 }],
    ['bytes=-4', { first: 6, last: 9 }],
    ['bytes=-99', { first: 0, last: 9 }],
    ['bytes=9-9', { first: 9, last: 9 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=4-3', 'other'],
    ['bytes=0-1,3-4', 'other'],
    ['lines=0-1', 'other'],
    ['bytes=-', 'other'],
    ['bytes=a-b', 'other'],
    ['', 'other'],
  ])('%s of ten bytes', (text, range) => {
    expect(parseRange(text, 10)).toEqual(range);
  });

  it('of nothing cannot be satisfied', () => {
    expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable');
    expect(parseRange('bytes=-1', 0)).toBe('unsatisfiable');
  });
});

describe('If-Range', () => {
  const dateMs = Date.UTC(2026, 0);
  const lastModified = new Date(dateMs - 60_000).toUTCString();
  const holds = (ifRange: string, over: object = {}) =>
    ifRangeHolds({ 'if-range': ifRange }, { etag: '"a"', lastModified, dateMs, ...over });

  it('holds for the strong tag, or the exact date', () => {
    expect(holds('"a"')).toBe(true);
    expect(holds(lastModified)).toBe(true);
  });

  it('does not hold for anything else', () => {
    expect(holds('"b"')).toBe(false);
    expect(holds('W/"a"', { etag: 'W/"a"' })).toBe(false);
    expect(holds(new Date(dateMs).toUTCString())).toBe(false);
    expect(holds(lastModified, { dateMs: dateMs - 60_000 })).toBe(false);
  });
});

const digits = (fields: Record<string, string> = {}) =>
  scene(
    (req, res) => {
      if (req.headers.range) res.writeHead(206, { 'Content-Range': 'bytes 0-0/10' }).end('0');
      else res.writeHead(200, { 'Cache-Control': 'max-age=60', ...fields }).end('0123456789');
    },
    { timeout: 60 },
  );

describe('a range of a stored answer', () => {
  it('is answered with 206 out of the store', async () => {
    const { ask, runs } = await digits({ ETag: '"a"', 'Content-Type': 'text/plain' });
    await ask('/');
    const part = await ask('/', { headers: { range: 'bytes=2-4' } });
    expect([part.status, part.statusMessage, part.text]).toEqual([206, 'Partial Content', '234']);
    expect(part.headers).toMatchObject({
      'content-range': 'bytes 2-4/10',
      'content-length': '3',
      'content-type': 'text/plain',
      etag: '"a"',
    });
    expect(part.isHit).toBe(true);
    expect(runs()).toBe(1);
    expect((await ask('/')).text).toBe('0123456789');
  });

  it('that does not exist is answered with 416', async () => {
    const { ask } = await digits();
    await ask('/');
    const part = await ask('/', { headers: { range: 'bytes=10-' } });
    expect([part.status, part.text]).toEqual([416, '']);
    expect(part.headers['content-range']).toBe('bytes */10');
  });

  it('is the whole when If-Range does not hold, when HEAD asks, and not before a 304', async () => {
    const { ask } = await digits({ ETag: '"a"' });
    await ask('/');
    const range = 'bytes=0-0';
    const changed = await ask('/', { headers: { range, 'if-range': '"b"' } });
    expect([changed.status, changed.text]).toEqual([200, '0123456789']);
    const same = await ask('/', { headers: { range, 'if-range': '"a"' } });
    expect([same.status, same.text]).toEqual([206, '0']);
    expect((await ask('/', { method: 'HEAD', headers: { range } })).status).toBe(200);
    expect((await ask('/', { headers: { range, 'if-none-match': '"a"' } })).status).toBe(304);
  });

  it('is the handler’s on a miss, and its part is not stored', async () => {
    const { ask, cache } = await digits();
    expect((await ask('/', { headers: { range: 'bytes=0-0' } })).status).toBe(206);
    expect((await ask('/')).text).toBe('0123456789');
    expect(cache.stats().stored).toBe(1);
  });

  it('goes to the handler when there are several', async () => {
    const { ask } = await digits();
    await ask('/');
    const answer = await ask('/', { headers: { range: 'bytes=0-1,3-4' } });
    expect(answer.cache).toBe('LocMem; fwd=bypass; detail=range');
  });

  it.each(['lines=1-2', 'bytes=4-3', 'bytes=x'])('is the whole for %s', async (range) => {
    const { ask } = await digits();
    await ask('/');
    const answer = await ask('/', { headers: { range } });
    expect([answer.status, answer.text, answer.isHit]).toEqual([200, '0123456789', true]);
  });

  it('is the whole where a middleware further out rewrites what is written', async () => {
    const { ask } = await scene(
      (_req, res) => res.end('0123456789'),
      { timeout: 60 },
      (_req, res) => {
        const write = res.write.bind(res) as (chunk: unknown) => boolean;
        res.write = (chunk: unknown) => write(chunk);
      },
    );
    await ask('/');
    expect((await ask('/', { headers: { range: 'bytes=0-0' } })).status).toBe(200);
  });
});
