import { afterAll, describe, expect, it } from '@jest/globals';
import { closeAll, scene } from './harness.js';

afterAll(closeAll);

/** The lifetime under which an answer with these fields is stored, as the next hit tells. */
async function ttl(headers: Record<string, string | string[]>, options: object = {}) {
  const { ask } = await scene((_req, res) => res.writeHead(200, headers).end('x'), options);
  await ask('/');
  return /ttl=(-?\d+)/.exec((await ask('/')).cache!)?.[1] ?? 'not stored';
}

describe('CDN-Cache-Control', () => {
  it('takes the place of Cache-Control', async () => {
    expect(await ttl({ 'CDN-Cache-Control': 'max-age=10', 'Cache-Control': 'no-store' })).toBe(
      '10',
    );
    expect(await ttl({ 'CDN-Cache-Control': 'no-store', 'Cache-Control': 'max-age=5' })).toBe(
      'not stored',
    );
  });

  it('takes the place of Expires, too, also when it says nothing of freshness', async () => {
    const expires = new Date(Date.UTC(2030, 0)).toUTCString();
    expect(await ttl({ 'CDN-Cache-Control': 'public', Expires: expires })).toBe('not stored');
  });

  it.each([
    'max-age="60"',
    'max-age=60.0',
    'max-age=-1',
    'Max-Age=60',
    'max-age',
    'max-age=60,',
    '',
  ])('is ignored when it is %j', async (value) => {
    expect(await ttl({ 'CDN-Cache-Control': value, 'Cache-Control': 'max-age=5' })).toBe('5');
  });

  it('may have parameters and directives that nobody knows', async () => {
    expect(await ttl({ 'CDN-Cache-Control': 'x=(a b), max-age=60;p=?0' })).toBe('60');
  });

  it('lets nothing private through', async () => {
    expect(await ttl({ 'CDN-Cache-Control': 'max-age=60, private' })).toBe('not stored');
    expect(await ttl({ 'CDN-Cache-Control': 'max-age=60, private="a"' })).toBe('not stored');
  });
});

describe('targetedFields', () => {
  const fields = {
    'Mine-Cache-Control': 'max-age=1',
    'CDN-Cache-Control': 'max-age=2',
    'Cache-Control': 'max-age=3',
  };

  it('names the fields, the first first', async () => {
    const targetedFields = ['mine-cache-control', 'CDN-Cache-Control'];
    expect(await ttl(fields, { targetedFields })).toBe('1');
    const broken = { ...fields, 'Mine-Cache-Control': '=' };
    expect(await ttl(broken, { targetedFields })).toBe('2');
  });

  it('may be empty', async () => {
    expect(await ttl(fields, { targetedFields: [] })).toBe('3');
  });
});
