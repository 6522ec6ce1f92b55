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

  it('work side by side when their keys differ', async () => {
    const cache = freshStoreName();
    const { ask } = await stack({ timeout: 5, cache }, { timeout: 60, cache, keyPrefix: 'inner' });
    expect((await ask('/')).text).toBe('run 1');
    expect((await ask('/')).isHit).toBe(true);
  });
});

describe('two caches over two stores', () => {
  it('work side by side', async () => {
    const { ask, clock } = await stack(
      { timeout: 5, cache: freshStoreName(), cacheStatus: 'Outer' },
      { timeout: 60, cache: freshStoreName(), cacheStatus: 'Inner' },
    );
    expect((await ask('/')).cache).toBe('Inner; fwd=uri-miss, Outer; fwd=uri-miss');
    expect((await ask('/')).text).toBe('run 1');
    clock.advance(6);
    const { text, cache } = await ask('/');
    expect(text).toBe('run 1');
    expect(cache).toBe('Inner; hit; ttl=54, Outer; fwd=stale; detail=stale-on-arrival');
  });
});
