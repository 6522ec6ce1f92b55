import { afterAll, describe, expect, it } from '@jest/globals';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createResponseCache } from '../src/index.js';
import type { ResponseCacheOptions } from '../src/index.js';
import { closeAll, freshStoreName, serve, TestClock } from './harness.js';

afterAll(closeAll);

type Options = ResponseCacheOptions<IncomingMessage, string>;

/** Two caches, the first around the second, around a handler. */
async function stack(outer: Options, inner: Options | 'same') {
  const clock = new TestClock();
  const first = createResponseCache({ ...outer, clock });
  const second = inner === 'same' ? first : createResponseCache({ ...inner, clock });
  let runs = 0;
  const server = await serve((req: IncomingMessage, res: ServerResponse) => {
    first.handle(req, res, () => {
      second.handle(req, res, () => {
        res.end(`run ${++runs}`);
      });
    });
  });
  return { ...server, clock, first, second };
}

describe('the same cache twice on the way', () => {
  it('acts once', async () => {
    const { ask, first } = await stack({ timeout: 60, cache: freshStoreName() }, 'same');
    expect((await ask('/')).cache).toBe('LocMem; fwd=uri-miss');
    expect((await ask('/')).cache).toBe('LocMem; hit; ttl=60');
    expect((await ask('/', { method: 'POST' })).cache).toBe('LocMem; fwd=method');
    expect(first.stats()).toMatchObject({ misses: 1, hits: 1, stored: 1, invalidations: 1 });
  });
});

describe('two caches over one store', () => {
  it('capture an answer once, and the inner timeout counts', async () => {
    const cache = freshStoreName();
    const { ask, first, second, clock } = await stack(
      { timeout: 60, cache },
      { timeout: 5, cache },
    );
    expect((await ask('/')).cache).toBe('LocMem; fwd=uri-miss');
    expect((await ask('/')).cache).toBe('LocMem; hit; ttl=5');
    clock.advance(5);
    expect((await ask('/')).text).toBe('run 2');
    expect(first.stats().stored + second.stats().stored).toBe(2);
  });

  it('go by the inner timeout also where a head that is held back was written before it', async () => {
    const options = { cache: freshStoreName(), clock: new TestClock() };
    const first = createResponseCache({ ...options, timeout: 60 });
    const second = createResponseCache({ ...options, timeout: 5 });
    const { ask } = await serve((req, res) => {
      const below = { writeHead: res.writeHead.bind(res), end: res.end.bind(res) };
      Object.assign(res, {
        writeHead: () => res,
        end: (body: string) => {
          Object.assign(res, below);
          return res.writeHead(200).end(body);
        },
      });
      first.handle(req, res, () => {
        res.writeHead(200);
        second.handle(req, res, () => res.end('x'));
      });
    });
    await ask('/');
    expect((await ask('/')).cache).toBe('LocMem; hit; ttl=5');
  });

  it('keep the outer timeout where the inner states none', async () => {
    const cache = freshStoreName();
    const { ask } = await stack({ timeout: 60, cache }, { cache });
    await ask('/');
    expect((await ask('/')).cache).toBe('LocMem; hit; ttl=60');
  });

  it('take the stricter of their limits', async () => {
    const cache = freshStoreName();
    const { ask } = await stack({ timeout: 60, cache }, { cache, maxBodyBytes: 2 });
    await ask('/');
    expect((await ask('/')).text).toBe('run 2');
  });

  it('leave an answer to the inner one where that has a key of its own', async () => {
    const cache = freshStoreName();
    const { ask, first, second } = await stack(
      { timeout: 5, cache, cacheStatus: 'Outer' },
      { timeout: 60, cache, keyPrefix: 'inner', cacheStatus: 'Inner' },
    );
    expect((await ask('/')).text).toBe('run 1');
    expect((await ask('/')).cache).toBe(
      'Inner; hit; ttl=60, Outer; fwd=uri-miss; detail=inner-cache',
    );
    expect(first.stats()).toMatchObject({ stored: 0, refusals: { 'inner-cache': 2 } });
    expect(second.stats()).toMatchObject({ stored: 1, hits: 1 });
  });

  it('are purged together, whatever their keys', async () => {
    const cache = freshStoreName();
    const { ask, first } = await stack({ timeout: 5, cache }, { timeout: 60, cache, version: 7 });
    await ask('/');
    first.invalidate({ url: '/' });
    expect((await ask('/')).text).toBe('run 2');
    await ask('/', { method: 'POST' });
    expect((await ask('/')).text).toBe('run 4');
  });
});

describe('two caches over two stores', () => {
  it('leave the answer to the inner one', async () => {
    const { ask, clock } = await stack(
      { timeout: 60, cache: freshStoreName(), cacheStatus: 'Outer' },
      { timeout: 5, cache: freshStoreName(), cacheStatus: 'Inner' },
    );
    expect((await ask('/')).cache).toBe(
      'Inner; fwd=uri-miss, Outer; fwd=uri-miss; detail=inner-cache',
    );
    expect((await ask('/')).cache).toBe(
      'Inner; hit; ttl=5, Outer; fwd=uri-miss; detail=inner-cache',
    );
    clock.advance(5);
    expect((await ask('/')).text).toBe('run 2');
  });

  it('have one identity for a request', async () => {
    const { ask } = await stack(
      { timeout: 60, cache: freshStoreName(), keyPrefix: tenant },
      { timeout: 60, cache: freshStoreName() },
    );
    expect((await ask('/', of('a'))).text).toBe('run 1');
    expect((await ask('/', of('b'))).text).toBe('run 2');
    expect((await ask('/', of('a'))).text).toBe('run 1');
  });
});

const field = (name: string) => (req: IncomingMessage) => String(req.headers[name] ?? '');
const tenant = field('x-tenant');
const language = field('x-language');
const isAdmin = (req: IncomingMessage) => req.headers['x-admin'] !== undefined;

/** Headers of a request. */
function of(tenantName: string, languageName = ''): { headers: Record<string, string> } {
  return { headers: { 'x-tenant': tenantName, 'x-language': languageName } };
}

describe('what sets requests apart in one of two caches', () => {
  const admin = { headers: { 'x-admin': '1' } };

  it.each<[string, Options, Options]>([
    ['in the outer', { keyPrefix: tenant }, {}],
    ['in the inner', {}, { keyPrefix: tenant }],
    ['in both', { keyPrefix: tenant }, { keyPrefix: tenant }],
    ['by a key, in the outer', { key: tenant }, {}],
    ['by a key, in the inner', {}, { key: tenant }],
    ['by a cookie, in the outer', { varyCookies: ['t'] }, {}],
    ['by a cookie, in the inner', {}, { varyCookies: ['t'] }],
  ])('holds for both: %s', async (_where, outer, inner) => {
    const cache = freshStoreName();
    const { ask } = await stack({ timeout: 60, cache, ...outer }, { timeout: 60, cache, ...inner });
    const visitor = (name: string) => {
      const { headers } = of(name);
      return {
        headers: (outer.varyCookies ?? inner.varyCookies) ? { cookie: `t=${name}` } : headers,
      };
    };
    for (let round = 0; round < 2; round++) {
      expect((await ask('/', visitor('a'))).text).toBe('run 1');
      expect((await ask('/', visitor('b'))).text).toBe('run 2');
      expect((await ask('/', visitor(''))).text).toBe('run 3');
    }
  });

  it.each<[string, Options, Options]>([
    ['two prefixes', { keyPrefix: tenant }, { keyPrefix: language }],
    ['a key and a prefix', { key: tenant }, { keyPrefix: language }],
    ['a prefix and a key', { keyPrefix: tenant }, { key: language }],
    ['two keys', { key: tenant }, { key: language }],
  ])('counts together: %s', async (_what, outer, inner) => {
    const cache = freshStoreName();
    const { ask } = await stack({ timeout: 60, cache, ...outer }, { timeout: 60, cache, ...inner });
    const visitors = [
      of('a', 'b'),
      of('ab', ''),
      of('', 'ab'),
      of('b', 'a'),
      of('', ''),
      of('a', ''),
      of('', 'a'),
    ];
    for (let round = 0; round < 2; round++) {
      for (const [index, visitor] of visitors.entries()) {
        expect((await ask('/', visitor)).text).toBe(`run ${index + 1}`);
      }
    }
  });

  it('stays apart even while the inner prefix is empty', async () => {
    const cache = freshStoreName();
    const { ask } = await stack({ timeout: 60, cache }, { timeout: 60, cache, keyPrefix: tenant });
    expect((await ask('/')).text).toBe('run 1');
    expect((await ask('/', of('a'))).text).toBe('run 2');
  });

  it.each<[string, Options, Options]>([
    ['the outer', { bypass: isAdmin }, {}],
    ['the inner', {}, { bypass: isAdmin }],
  ])('keeps what one lets past out of both: %s', async (_which, outer, inner) => {
    const cache = freshStoreName();
    const { ask, first, second } = await stack(
      { timeout: 60, cache, ...outer },
      { timeout: 60, cache, ...inner },
    );
    expect((await ask('/', admin)).text).toBe('run 1');
    expect((await ask('/')).text).toBe('run 2');
    expect((await ask('/')).text).toBe('run 2');
    expect(first.stats().stored + second.stats().stored).toBe(1);
  });

  it('keeps out what nobody can tell the outer prefix of', async () => {
    const cache = freshStoreName();
    const { ask } = await stack(
      {
        timeout: 60,
        cache,
        keyPrefix: () => {
          throw new Error('no tenant');
        },
      },
      { timeout: 60, cache },
    );
    expect((await ask('/')).text).toBe('run 1');
    expect((await ask('/')).text).toBe('run 2');
  });

  it('keeps out what a method was rewritten for', async () => {
    const cache = freshStoreName();
    const first = createResponseCache({ timeout: 60, cache, keyPrefix: tenant });
    const second = createResponseCache({ timeout: 60, cache });
    let runs = 0;
    const { ask } = await serve((req, res) => {
      first.handle(req, res, () => {
        if (req.method === 'POST') req.method = 'GET';
        second.handle(req, res, () => res.end(`run ${++runs}`));
      });
    });
    await ask('/', { method: 'POST', ...of('a') });
    expect((await ask('/', { method: 'POST', ...of('b') })).text).toBe('run 2');
  });

  it.each(['outer', 'inner'])('empties both with another version: the %s', async (which) => {
    const cache = freshStoreName();
    let release = 1;
    const version = { version: () => release };
    const { ask } = await stack(
      { timeout: 60, cache, ...(which === 'outer' && version) },
      { timeout: 60, cache, ...(which === 'inner' && version) },
    );
    expect((await ask('/')).text).toBe('run 1');
    expect((await ask('/')).text).toBe('run 1');
    release = 2;
    expect((await ask('/')).text).toBe('run 2');
    expect((await ask('/')).text).toBe('run 2');
  });

  it('empties the inner with another version of either', async () => {
    const cache = freshStoreName();
    const release = { outer: 1, inner: 1 };
    const { ask } = await stack(
      { timeout: 60, cache, version: () => release.outer },
      { timeout: 60, cache, version: () => release.inner },
    );
    expect((await ask('/')).text).toBe('run 1');
    release.outer = 2;
    expect((await ask('/')).text).toBe('run 2');
    release.inner = 2;
    expect((await ask('/')).text).toBe('run 3');
    expect((await ask('/')).isHit).toBe(true);
  });

  it('is the same where both state the same', async () => {
    const cache = freshStoreName();
    const same: Options = { cache, keyPrefix: tenant, version: 3, ignoreQuery: ['utm_*'] };
    const { ask, first, second } = await stack({ ...same, timeout: 60 }, { ...same, timeout: 5 });
    await ask('/?utm_a=1', of('a'));
    expect((await ask('/', of('a'))).cache).toBe('LocMem; hit; ttl=5');
    expect([first.stats().stored, second.stats().stored]).toEqual([1, 0]);
  });

  it('is taken over with what the outer ignores in the query', async () => {
    const cache = freshStoreName();
    const { ask } = await stack(
      { timeout: 60, cache, ignoreQuery: ['utm_*'] },
      { timeout: 5, cache },
    );
    await ask('/?utm_a=1');
    expect((await ask('/?utm_a=2')).cache).toBe('LocMem; hit; ttl=5');
  });

  it('fails once where it cannot be had', async () => {
    const cache = freshStoreName();
    const errors: unknown[] = [];
    const onEvent: Options['onEvent'] = (event) => {
      if (event.type === 'error') errors.push(event.error);
    };
    const failure = new Error('no key today');
    const key = () => {
      throw failure;
    };
    const { ask, second } = await stack({ cache, key, onEvent }, { cache, onEvent });
    expect((await ask('/')).text).toBe('run 1');
    expect(errors).toStrictEqual([failure]);
    expect(second.stats()).toMatchObject({ errors: 0, bypasses: { 'option-threw': 1 } });
  });

  it('is explained as it is', async () => {
    const cache = freshStoreName();
    const first = createResponseCache({ timeout: 60, cache, keyPrefix: tenant });
    const second = createResponseCache({ timeout: 60, cache });
    const keys: unknown[] = [];
    const { ask } = await serve((req, res) => {
      first.handle(req, res, () => {
        second.handle(req, res, () => {
          keys.push(first.explain(req).key, second.explain(req).key);
          res.end();
        });
      });
    });
    await ask('/', of('a'));
    expect(keys[0]).toContain('"a"');
    expect(keys[1]).toBe(keys[0]);
  });

  it('does not let a 304 through that the outer alone has asked for', async () => {
    const cache = freshStoreName();
    const clock = new TestClock();
    const first = createResponseCache({ timeout: 60, cache, clock });
    const second = createResponseCache({ timeout: 60, cache, clock, bypass: isAdmin });
    const { ask } = await serve((req, res) => {
      first.handle(req, res, () => {
        second.handle(req, res, () => {
          res.setHeader('Cache-Control', 'max-age=5');
          res.setHeader('ETag', '"1"');
          if (req.headers['if-none-match'] === '"1"') res.writeHead(304).end();
          else res.end('page');
        });
      });
    });
    await ask('/');
    clock.advance(6);
    const { status, text } = await ask('/', admin);
    expect([status, text]).toEqual([200, 'page']);
  });
});

describe('three caches', () => {
  it('take what they do not say themselves from the next one out', async () => {
    const cache = freshStoreName();
    const clock = new TestClock();
    const caches = [
      createResponseCache({ timeout: 60, cache, clock, keyPrefix: tenant }),
      createResponseCache({ timeout: 60, cache, clock, keyPrefix: language }),
      createResponseCache({ timeout: 5, cache, clock }),
    ] as const;
    let runs = 0;
    const { ask } = await serve((req, res) => {
      const [first, second, third] = caches;
      first.handle(req, res, () => {
        second.handle(req, res, () => {
          // The same one again is none.
          second.handle(req, res, () => {
            third.handle(req, res, () => res.end(`run ${++runs}`));
          });
        });
      });
    });
    expect((await ask('/', of('a', 'de'))).text).toBe('run 1');
    expect((await ask('/', of('b', 'de'))).text).toBe('run 2');
    expect((await ask('/', of('a', 'fr'))).text).toBe('run 3');
    expect((await ask('/', of('a', 'de'))).text).toBe('run 1');
    expect(caches.map((one) => one.stats().stored)).toEqual([0, 3, 0]);
    clock.advance(5);
    expect((await ask('/', of('a', 'de'))).text).toBe('run 4');
  });
});
