import { afterAll, describe, expect, it } from '@jest/globals';
import { LocMemCache } from '@locmem/core';
import type { AsyncCache, Cache } from '@locmem/core';
import { createResponseCache } from '../src/index.js';
import { closeAll, freshStoreName, scene, type Handler } from './harness.js';

afterAll(closeAll);

const handler: Handler = (_req, res, run) => res.end(`run ${run}`);
const over = (cache: Cache | object) => scene(handler, { timeout: 60, cache: cache as any });

/** A store that answers with promises, as a remote one does. */
function asyncStore(inner = new LocMemCache(freshStoreName())) {
  const calls: string[] = [];
  const later =
    (name: 'get' | 'set' | 'delete' | 'deleteByTag') =>
    async (...args: any[]) => {
      await Promise.resolve();
      calls.push(name);
      return (inner as any)[name](...args);
    };
  const cache = {
    get: later('get'),
    set: later('set'),
    delete: later('delete'),
    deleteByTag: later('deleteByTag'),
  };
  return { cache: cache as unknown as AsyncCache, calls };
}

describe('a store that answers with promises', () => {
  it('serves hits, invalidates and clears', async () => {
    const { cache } = asyncStore();
    const { ask, cache: responses, event } = await over(cache);
    const stored = event('stored');
    expect((await ask('/')).text).toBe('run 1');
    await stored;
    expect((await ask('/')).text).toBe('run 1');

    const invalidated = event('invalidated');
    await ask('/', { method: 'POST' });
    await invalidated;
    const again = event('stored');
    expect((await ask('/')).text).toBe('run 3');
    await again;

    // The type of the scene's cache does not know that this store answers with promises.
    await (responses.clear() as unknown as Promise<void>);
    expect((await ask('/')).text).toBe('run 4');
  });

  it('makes invalidate, clear and explain answer with promises', async () => {
    const { cache } = asyncStore();
    const responses = createResponseCache({ cache });
    await expect(responses.invalidate({ url: '/' })).resolves.toBeUndefined();
    await expect(responses.clear()).resolves.toBeUndefined();
  });

  it('has nothing to say when somebody else has answered meanwhile', async () => {
    const { cache } = asyncStore();
    const { ask, runs } = await scene(
      handler,
      { timeout: 60, cache: cache as any },
      (_req, res) => {
        void Promise.resolve().then(() => res.writeHead(503).end('timed out'));
      },
    );
    expect((await ask('/')).text).toBe('timed out');
    expect((await ask('/')).status).toBe(503);
    expect(runs()).toBe(0);
  });

  it('is not given an answer whose URL was invalidated while it was being made', async () => {
    const { cache, calls } = asyncStore();
    const it = await scene(
      async (_req, res) => {
        await (it.cache.invalidate({ url: '/' }) as unknown as Promise<void>);
        res.end('old');
      },
      { timeout: 60, cache: cache as any },
    );
    const refused = it.event('refused');
    await it.ask('/');
    expect(await refused).toMatchObject({ reason: 'invalidated' });
    expect(calls).not.toContain('set');
  });

  it('does not keep an answer whose URL was invalidated while it was being stored', async () => {
    const { cache, calls } = asyncStore();
    const {
      ask,
      cache: responses,
      event,
    } = await over({
      ...cache,
      set: async (...args: Parameters<AsyncCache['set']>) => {
        responses.invalidate({ url: '/' });
        await cache.set(...args);
      },
    });
    const refused = event('refused');
    await ask('/');
    expect(await refused).toMatchObject({ reason: 'invalidated' });
    expect(calls).toContain('delete');
  });
});

describe('a synchronous store', () => {
  it('answers a hit in the same turn', async () => {
    const { ask, cache } = await scene(handler, { timeout: 60 });
    await ask('/', { headers: { host: 'a' } });
    let isEnded = false;
    const req: any = {
      method: 'GET',
      url: '/',
      headers: { host: 'a' },
      rawHeaders: ['Host', 'a'],
      socket: {},
    };
    const res: any = {
      getHeader: () => undefined,
      setHeader: () => res,
      removeHeader: () => {},
      end: () => (isEnded = true),
    };
    cache.handle(req, res, () => {});
    expect(isEnded).toBe(true);
  });
});

describe('a store that fails', () => {
  const broken = (how: () => unknown) => ({
    get: how,
    set: how,
    delete: how,
    deleteByTag: how,
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no store');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no store'))],
  ])('and %s is a store without hits', async (_how, how) => {
    const { ask, cache, event } = await over(broken(how));
    for (let run = 1; run <= 2; run++) {
      const failed = event('error');
      expect((await ask('/')).text).toBe(`run ${run}`);
      expect(await failed).toMatchObject({ type: 'error', error: new Error('no store') });
    }
    const failed = event('error');
    expect((await ask('/', { method: 'POST' })).text).toBe('run 3');
    expect(await failed).toMatchObject({ operation: 'invalidate' });
    expect(cache.stats()).toMatchObject({ hits: 0, stored: 0 });
    expect(cache.stats().errors).toBeGreaterThanOrEqual(5);
  });

  it('tells whoever purges by hand', async () => {
    const throwing = createResponseCache({
      cache: broken(() => {
        throw new Error('no store');
      }) as any,
    });
    expect(() => throwing.clear()).toThrow('no store');
    const rejecting = createResponseCache({
      cache: broken(() => Promise.reject(new Error('no store'))) as any,
    });
    await expect(rejecting.invalidate({ url: '/' }) as unknown).rejects.toThrow('no store');
  });

  it.each([
    ['a string'],
    [null],
    [{ format: 0, variants: [] }],
    [{ format: 1, variants: [] }],
    [{ format: 2, variants: 'none' }],
    [{ format: 2, variants: [null] }],
    [{ format: 2, variants: [{ status: 200, body: 'text' }] }],
  ])('and gives back %j, is a store without hits', async (value) => {
    const { ask } = await over({ get: () => value, set() {}, delete() {}, deleteByTag() {} });
    expect((await ask('/')).text).toBe('run 1');
    expect((await ask('/')).text).toBe('run 2');
  });

  it.each([
    [{ fields: [['X-Bad', 'a\r\nb: c']] }],
    [{ fields: [['Transfer-Encoding', 'chunked']] }],
    [{ fields: [['Content-Length', '1']] }],
    [{ status: 9999 }],
    [{ status: 101 }],
    [{ statusMessage: 'a\r\nb' }],
    [{ etag: 5 }],
    [{ validators: { etag: 5 } }],
    [{ validators: null }],
  ])('and gives back what cannot be sent, %j, is a store without hits', async (broken) => {
    const inner = new LocMemCache(freshStoreName());
    const { ask } = await over({
      get: (key: string) => {
        const resource: any = inner.get(key);
        if (!resource) return Promise.resolve();
        const [variant] = resource.variants;
        return Promise.resolve({ format: 2, variants: [{ ...variant, ...broken }] });
      },
      set: (key: string, value: unknown) => {
        inner.set(key, value);
      },
      delete: () => false,
      deleteByTag() {},
    });
    expect((await ask('/')).text).toBe('run 1');
    expect((await ask('/')).text).toBe('run 2');
  });
});

describe('functions among the options that fail', () => {
  const throws = (): never => {
    throw new Error('no tenant');
  };

  it.each([
    ['keyPrefix', throws],
    ['keyPrefix', () => 5],
    ['keyPrefix', () => Promise.resolve('a')],
    ['version', throws],
    ['version', () => 1.5],
    ['version', () => undefined],
    ['key', throws],
    ['key', () => undefined],
    ['bypass', throws],
  ])('%s: the request passes uncached', async (option, fails) => {
    const { ask, cache, events } = await scene(handler, { timeout: 60, [option]: fails as any });
    expect((await ask('/')).text).toBe('run 1');
    const answer = await ask('/');
    expect(answer.text).toBe('run 2');
    expect(answer.cache).toBe('LocMem; fwd=bypass; detail=option-threw');
    expect(cache.stats()).toMatchObject({ errors: 2, bypasses: { 'option-threw': 2 } });
    expect(events[0]).toMatchObject({ type: 'error', operation: 'option' });
  });

  it('onEvent: nobody notices but the counter', async () => {
    const { ask, cache } = await scene(handler, { timeout: 60, onEvent: throws } as any);
    await ask('/');
    expect((await ask('/')).isHit).toBe(true);
    expect(cache.stats().errors).toBe(3);
  });
});

describe('the own store', () => {
  it('is shared by caches that are given none, and takes the bounds that one of them asks for', async () => {
    const roomy = createResponseCache({ timeout: 60, maxEntries: 50 });
    const { ask } = await scene(handler, { timeout: 60, cache: undefined });
    await ask('/');
    roomy.invalidate({ url: '/' });
    expect((await ask('/')).isHit).toBe(false);
    for (let i = 0; i < 60; i++) await ask(`/${i}`);
    expect(new LocMemCache('http', { maxEntries: 50, maxBytes: 64 * 2 ** 20 }).size).toBeLessThan(
      51,
    );
  });

  it('keeps custom keys of two caches apart', async () => {
    const key = () => 'same';
    const users = await scene((_req, res) => res.end('user'), {
      timeout: 60,
      cache: undefined,
      key,
    });
    const posts = await scene((_req, res) => res.end('post'), {
      timeout: 60,
      cache: undefined,
      key,
    });
    users.cache.clear();
    expect((await users.ask('/1')).text).toBe('user');
    expect((await posts.ask('/1')).text).toBe('post');
    expect((await users.ask('/2')).isHit).toBe(true);
  });

  it('bounds its bytes', async () => {
    const name = freshStoreName();
    const { ask } = await scene((_req, res) => res.end('x'.repeat(10_000)), {
      timeout: 60,
      cache: name,
      maxBytes: 50_000,
    });
    for (let i = 0; i < 20; i++) await ask(`/${i}`);
    const { size, bytes } = new LocMemCache(name, { maxBytes: 50_000, maxEntries: 10_000 });
    expect(bytes).toBeLessThanOrEqual(50_000);
    expect(size).toBeGreaterThan(2);
  });
});

describe('a store that never answers', () => {
  it('is waited for no longer than a second, and the request goes on', async () => {
    const silent = new Promise<never>(() => {});
    const cache = {
      get: () => silent,
      set: () => silent,
      delete: () => silent,
      deleteByTag: () => silent,
    };
    const {
      ask,
      clock,
      runs,
      cache: responses,
    } = await scene((_req, res) => res.end('x'), { timeout: 60, cache: cache as never });
    const passing = async (isOver: () => boolean) => {
      while (!isOver()) {
        clock.advance(1);
        await new Promise(setImmediate);
      }
    };
    for (const count of [1, 2]) {
      const answer = ask('/');
      await passing(() => runs() === count);
      expect((await answer).text).toBe('x');
      const { errors } = responses.stats();
      await passing(() => responses.stats().errors > errors); // what is not written, either
    }
    await passing(() => clock.pending === 0);
  });
});

describe('a store whose answer came while the process was busy', () => {
  it('has not been too slow: what has arrived is read before its time is called up', async () => {
    const inner = new LocMemCache(freshStoreName());
    const cache = {
      ...asyncStore(inner).cache,
      // After a long time in which nothing could be read, timers run first and sockets are read then.
      get: (key: string) =>
        new Promise((resolve) => {
          setImmediate(() => {
            clock.advance(2);
            resolve(inner.get(key));
          });
        }),
    };
    const { ask, runs, event, clock } = await scene(handler, {
      timeout: 60,
      cache: cache as never,
    });
    const stored = event('stored');
    await ask('/');
    await stored;
    expect((await ask('/')).cache).toMatch(/hit/);
    expect(runs()).toBe(1);
  });
});

describe('a store that does not keep what it is given', () => {
  it.each([
    // As RedisCache drops it while its server is silent, of which `set` says nothing.
    ['drops it', { set: () => Promise.resolve(), setMany: () => Promise.resolve(['the key']) }],
    ['fails', { set: () => Promise.reject(new Error('full')) }],
  ])('and %s is not asked again by those who waited for it', async (_how, writing) => {
    let looks = 0;
    const get = () => {
      looks++;
      return Promise.resolve();
    };
    const cache = { get, delete: get, deleteByTag: get, ...writing };
    let open!: () => void;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const looksAtRun: number[] = [];
    const { ask, events } = await scene(
      async (_req, res) => {
        looksAtRun.push(looks);
        await gate;
        res.end('x');
      },
      { timeout: 60, cache: cache as never },
    );
    const answers = [ask('/'), ask('/'), ask('/')];
    while (events.filter(({ type }) => type === 'miss').length < 3) {
      await new Promise(setImmediate);
    }
    open();
    for (const answer of answers) expect((await answer).text).toBe('x');
    // Each has looked once, and the first two times more: whether anything can be had at once, and to put its
    // answer among the variants.
    expect(looksAtRun.slice(1)).toEqual([5, expect.any(Number)]);
  });
});

describe('bypass', () => {
  it('that answers with a promise is an error of the options, and not a reason to pass', async () => {
    const { ask, events } = await scene((_req, res) => res.end('x'), {
      timeout: 60,
      bypass: (() => Promise.resolve(false)) as never,
    });
    expect((await ask('/')).cache).toBe('LocMem; fwd=bypass; detail=option-threw');
    expect(String((events[0] as { error?: unknown }).error)).toMatch(/must return true or false/);
  });
});
