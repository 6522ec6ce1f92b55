import { afterAll, describe, expect, it } from '@jest/globals';
import { LocMemCache } from '@locmem/core';
import { closeAll, freshStoreName, linesOf, scene, serve, TestClock } from './harness.js';
import { createResponseCache } from '../src/index.js';
import { parseList } from '../src/structured-fields.js';

afterAll(closeAll);

/** A handler that judges If-None-Match, as handlers do; `version` is what it would answer now. */
async function page(
  fields: Record<string, string | string[]> = { 'Cache-Control': 'max-age=60' },
  on304: Record<string, string | string[]> = {},
  options: object = {},
) {
  const asked: (string | undefined)[] = [];
  const state = { version: 1 };
  const it = await scene((req, res) => {
    asked.push(req.headers['if-none-match']);
    const etag = `"v${state.version}"`;
    res.setHeader('ETag', etag);
    for (const [name, value] of Object.entries(fields)) res.setHeader(name, value);
    if (req.headers['if-none-match'] === etag) {
      for (const [name, value] of Object.entries(on304)) res.setHeader(name, value);
      res.writeHead(304).end();
      return;
    }
    res.end(`version ${state.version}`);
  }, options);
  return { ...it, asked, state };
}

describe('a stale answer with a validator', () => {
  it('is given again when the handler says that it still holds', async () => {
    const { ask, clock, asked, cache } = await page();
    await ask('/');
    clock.advance(61);
    const answer = await ask('/');
    expect([answer.status, answer.text]).toEqual([200, 'version 1']);
    expect(answer.cache).toBe('LocMem; fwd=stale; fwd-status=304; ttl=60');
    expect(asked).toEqual([undefined, '"v1"']);
    expect((await ask('/')).cache).toBe('LocMem; hit; ttl=60');
    expect(cache.stats()).toMatchObject({ validated: 1, stored: 2, hits: 1, misses: 2 });
  });

  // Date knows whole seconds: an age worked out from one that was made up is up to a second too old,
  // and with a lifetime of a second the handler is asked again at once.
  it('is as new as the 304 that renewed it, whatever the part of the second', async () => {
    const { ask, clock, asked } = await page({ 'Cache-Control': 'max-age=1' });
    clock.advance(0.1);
    await ask('/');
    clock.advance(1.8);
    await ask('/');
    expect((await ask('/')).headers.date).toBe(new Date(clock.now()).toUTCString());
    clock.advance(0.9);
    expect((await ask('/')).cache).toContain('hit');
    expect(asked).toEqual([undefined, '"v1"']);
    clock.advance(0.1);
    await ask('/');
    expect(asked).toEqual([undefined, '"v1"', '"v1"']);
  });

  it('is replaced when the handler answers anew', async () => {
    const { ask, clock, state } = await page();
    await ask('/');
    clock.advance(61);
    state.version = 2;
    expect((await ask('/')).text).toBe('version 2');
    expect((await ask('/')).cache).toBe('LocMem; hit; ttl=60');
  });

  it("is validated with its own validators, and the client's are judged by the outcome", async () => {
    const { ask, clock, asked } = await page();
    await ask('/');
    clock.advance(61);
    const other = await ask('/', { headers: { 'if-none-match': '"old"' } });
    expect([other.status, other.text]).toEqual([200, 'version 1']);
    clock.advance(61);
    const same = await ask('/', { headers: { 'if-none-match': '"v1"' } });
    expect([same.status, same.text, same.headers.etag]).toEqual([304, '', '"v1"']);
    expect(asked).toEqual([undefined, '"v1"', '"v1"']);
  });

  it('takes over the fields of the 304, but not those that describe the bytes', async () => {
    const { ask, clock } = await page(
      { 'Cache-Control': 'max-age=60', 'X-A': '1', 'X-B': '1', 'Content-Type': 'text/plain' },
      {
        'Cache-Control': 'max-age=5',
        'X-A': ['2', '3'],
        'Content-Type': 'text/html',
        'Content-Encoding': 'gzip',
        'Content-Length': '99',
        Connection: 'X-B',
      },
    );
    const first = await ask('/');
    clock.advance(61);
    for (const answer of [await ask('/'), await ask('/')]) {
      expect(linesOf(answer, 'x-a')).toEqual(['2', '3']);
      expect(answer.headers).toMatchObject({
        'x-b': '1',
        'content-type': 'text/plain',
        'content-length': '9',
        'cache-control': 'max-age=5',
        age: '0',
      });
      expect(answer.headers).not.toHaveProperty('content-encoding');
      expect(answer.headers.date).not.toBe(first.headers.date);
      expect(answer.cache).toContain('ttl=5');
    }
  });

  it('may have a date for a validator', async () => {
    const date = new Date(Date.UTC(2020, 0)).toUTCString();
    const { ask, clock, runs } = await scene((req, res) => {
      res.setHeader('Cache-Control', 'max-age=60').setHeader('Last-Modified', date);
      if (req.headers['if-modified-since'] === date) res.writeHead(304);
      res.end('x');
    });
    await ask('/');
    clock.advance(61);
    expect((await ask('/')).cache).toContain('fwd-status=304');
    expect(runs()).toBe(2);
  });

  it.each([
    [60, 3_600],
    [7_200, 7_200],
    [864_000, 86_400],
  ])('that was fresh for %d s is kept for %d s more', async (fresh, more) => {
    const name = freshStoreName();
    const { ask } = await page({ 'Cache-Control': `max-age=${fresh}` }, {}, { cache: name });
    await ask('/');
    const store = new LocMemCache(name, { maxEntries: 10_000, maxBytes: 64 * 2 ** 20 });
    const [key] = [...store.keys()];
    expect(store.ttl(key!)).toBeGreaterThan(fresh + more - 5);
    expect(store.ttl(key!)).toBeLessThanOrEqual(fresh + more);
  });

  it('goes when the 304 says that it must not be kept', async () => {
    const { ask, clock, asked } = await page(undefined, { 'Cache-Control': 'private' });
    await ask('/');
    clock.advance(61);
    expect((await ask('/')).text).toBe('version 1');
    await ask('/');
    expect(asked).toEqual([undefined, '"v1"', undefined]);
  });

  it("gives the 304's cookie to this visitor alone", async () => {
    const { ask, clock } = await page(undefined, { 'Set-Cookie': 'sid=alice' });
    await ask('/');
    clock.advance(61);
    const alice = await ask('/');
    expect(alice.headers['set-cookie']).toEqual(['sid=alice']);
    expect(alice.text).toBe('version 1');
    const state = await ask('/', { headers: { 'cache-control': 'only-if-cached, max-stale' } });
    expect(state.headers).not.toHaveProperty('set-cookie');
  });

  it('is not confirmed by a 304 about another one', async () => {
    const { ask, clock, cache } = await scene((req, res) => {
      res.setHeader('Cache-Control', 'max-age=60');
      if (req.headers['if-none-match']) res.writeHead(304, { ETag: '"b"', 'X-Of': 'b' }).end();
      else res.writeHead(200, { ETag: '"a"' }).end('a');
    });
    await ask('/');
    clock.advance(61);
    const answer = await ask('/');
    expect([answer.status, answer.text]).toEqual([200, 'a']);
    expect(answer.headers).not.toHaveProperty('x-of');
    expect(cache.stats().refusals).toEqual({ 'validator-mismatch': 1 });
    expect((await ask('/')).cache).toContain('fwd=uri-miss');
  });

  it('is not stored again when it was invalidated while the handler was asked', async () => {
    const { ask, clock, cache } = await scene((req, res) => {
      res.setHeader('Cache-Control', 'max-age=60').setHeader('ETag', '"a"');
      if (!req.headers['if-none-match']) return res.end('a');
      cache.invalidate({ url: '/' });
      return res.writeHead(304).end();
    });
    await ask('/');
    clock.advance(61);
    expect((await ask('/')).text).toBe('a');
    expect((await ask('/')).cache).toContain('fwd=uri-miss');
  });

  it('is not given to who must not have it, nor compared with their page', async () => {
    const { ask, clock, asked } = await page({ 'Cache-Control': 'max-age=0' });
    await ask('/');
    clock.advance(1);
    expect((await ask('/', { headers: { cookie: 'sid=bob' } })).cache).toContain('detail=cookie');
    expect((await ask('/', { headers: { authorization: 'bob' } })).cache).toContain(
      'detail=authorization',
    );
    expect(asked).toEqual([undefined, undefined, undefined]);
  });
});

describe('no-cache', () => {
  it('stores what can be validated, and validates it each time', async () => {
    const { ask, asked } = await page({ 'Cache-Control': 'no-cache' });
    await ask('/');
    for (let i = 0; i < 2; i++) {
      const answer = await ask('/');
      expect(answer.text).toBe('version 1');
      expect(answer.cache).toContain('fwd-status=304');
    }
    expect(asked).toEqual([undefined, '"v1"', '"v1"']);
  });

  it('is not overruled by the client', async () => {
    const { ask, asked } = await page({ 'Cache-Control': 'no-cache' });
    await ask('/');
    await ask('/', { headers: { 'cache-control': 'max-stale' } });
    expect(asked).toHaveLength(2);
    const cached = await ask('/', { headers: { 'cache-control': 'only-if-cached' } });
    expect(cached.status).toBe(504);
  });
});

describe('HEAD', () => {
  it('that contradicts what is stored makes an end of it', async () => {
    const { ask, state } = await page();
    await ask('/');
    const reload = { method: 'HEAD', headers: { 'cache-control': 'no-cache' } };
    await ask('/', reload);
    expect((await ask('/')).isHit).toBe(true);
    state.version = 2;
    await ask('/', reload);
    expect((await ask('/')).text).toBe('version 2');
  });
});

describe("the request's no-cache", () => {
  it('asks the handler whether what is stored still holds', async () => {
    const { ask, asked } = await page();
    await ask('/');
    const answer = await ask('/', { headers: { 'cache-control': 'no-cache' } });
    expect(answer.cache).toContain('fwd=request; fwd-status=304');
    expect(asked).toEqual([undefined, '"v1"']);
  });
});

describe('a handler that misbehaves when it is asked to validate', () => {
  it.each<[string, (res: import('node:http').ServerResponse) => void]>([
    ['ends twice', (res) => void (res.writeHead(304).end(), res.end('again'))],
    [
      'writes a body and after the end',
      (res) => void (res.writeHead(304), res.write('x'), res.end('y'), res.write('z')),
    ],
    ['never ends', (res) => void res.writeHead(304)],
    ['makes no head itself', (res) => void ((res.statusCode = 304), res.end('body'))],
  ])('%s: the client gets the stored answer', async (_name, misbehave) => {
    const { ask, clock } = await scene((req, res) => {
      res.setHeader('Cache-Control', 'max-age=60').setHeader('ETag', '"a"');
      if (req.headers['if-none-match']) {
        res.on('error', () => {});
        misbehave(res);
      } else res.end('stored');
    });
    await ask('/');
    clock.advance(61);
    const answer = await ask('/');
    expect([answer.status, answer.text]).toEqual([200, 'stored']);
    expect((await ask('/')).cache).toBe('LocMem; hit; ttl=60');
  });
});

describe('option etag', () => {
  it('makes a weak tag of the bytes, which clients may come back with', async () => {
    const { ask } = await scene((_req, res) => res.end('hello'), { timeout: 60, etag: true });
    expect((await ask('/')).headers).not.toHaveProperty('etag');
    const { headers } = await ask('/');
    expect(headers.etag).toMatch(/^W\/"[\w-]{27}"$/);
    const again = await ask('/', { headers: { 'if-none-match': headers.etag! } });
    expect([again.status, again.headers.etag]).toEqual([304, headers.etag]);
  });

  it('leaves the handler its own, and asks it nothing about ours', async () => {
    const { ask, clock } = await page(undefined, {}, { etag: true });
    await ask('/');
    expect((await ask('/')).headers.etag).toBe('"v1"');
    const asked: unknown[] = [];
    const plain = await scene(
      (req, res) => {
        asked.push(req.headers['if-none-match']);
        res.end('x');
      },
      { timeout: 60, etag: true },
    );
    await plain.ask('/');
    plain.clock.advance(61);
    await plain.ask('/');
    clock.advance(1);
    expect(asked).toEqual([undefined, undefined]);
  });
});

describe('middlewares around a validation', () => {
  it('find the fields that they have set, and no others', async () => {
    let visit = 0;
    const clock = new TestClock();
    const cache = createResponseCache({ cache: freshStoreName(), clock });
    const { ask } = await serve((req, res) => {
      res.setHeader('X-Request-Id', String(++visit));
      cache.handle(req, res, () => {
        res.setHeader('Cache-Control', 'max-age=60').setHeader('ETag', '"a"');
        if (req.headers['if-none-match']) {
          res.statusCode = 304;
          res.setHeader('X-New', '1');
        }
        res.end('x');
      });
    });
    await ask('/');
    clock.advance(61);
    expect((await ask('/')).headers).toMatchObject({ 'x-request-id': '2', 'x-new': '1' });
    expect((await ask('/')).headers).toMatchObject({ 'x-request-id': '3', 'x-new': '1' });
  });

  it('may be another cache over another store', async () => {
    const clock = new TestClock();
    const [outer, inner] = [1, 2].map(() =>
      createResponseCache({ cache: freshStoreName(), clock, cacheStatus: 'C' }),
    );
    let runs = 0;
    const { ask } = await serve((req, res) => {
      outer!.handle(req, res, () => {
        inner!.handle(req, res, () => {
          runs++;
          res.setHeader('Cache-Control', 'max-age=60').setHeader('ETag', '"a"');
          if (req.headers['if-none-match']) res.statusCode = 304;
          res.end('x');
        });
      });
    });
    await ask('/');
    clock.advance(61);
    const answer = await ask('/');
    expect([answer.status, answer.text, runs]).toEqual([200, 'x', 2]);
    expect(parseList([answer.cache!])).toHaveLength(2);
  });
});
