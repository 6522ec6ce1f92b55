import { describe, expect, it, jest } from '@jest/globals';
import { testCache } from './support/test-cache.js';

function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

describe('getOrSet() with a value or a plain function', () => {
  it('stores what is missing and returns it, at once', () => {
    const { cache } = testCache();
    expect(cache.getOrSet('a', 1)).toBe(1);
    expect(cache.getOrSet('a', 2)).toBe(1);
    expect(cache.getOrSet('b', () => 3, { timeout: 9, tags: ['t'] })).toBe(3);
    expect(cache.ttl('b')).toBe(9);
  });

  it('does not call the function on a hit, not even on a stored null', () => {
    const { cache } = testCache();
    const load = jest.fn(() => 1);
    cache.set('k', null);
    expect(cache.getOrSet<number | null>('k', load)).toBeNull();
    expect(load).not.toHaveBeenCalled();
  });

  it('stores a null, and returns an undefined without storing it', () => {
    const { cache } = testCache();
    expect(cache.getOrSet('a', () => null)).toBeNull();
    expect(cache.has('a')).toBe(true);
    expect(cache.getOrSet('b', () => undefined)).toBeUndefined();
    expect(cache.has('b')).toBe(false);
  });

  it('returns the value also when the timeout keeps it from being stored', () => {
    const { cache } = testCache();
    expect(cache.getOrSet('k', () => 1, { timeout: 0 })).toBe(1);
    expect(cache.size).toBe(0);
  });

  it('lets an error through and stores nothing', () => {
    const { cache } = testCache();
    const error = new Error('no database');
    expect(() =>
      cache.getOrSet('k', () => {
        throw error;
      }),
    ).toThrow(error);
    expect(cache.size).toBe(0);
  });

  it('keeps to what the function itself stored, as Django does', () => {
    const { cache } = testCache();
    const load = () => {
      cache.set('k', 'inner');
      return 'outer';
    };
    expect(cache.getOrSet('k', load)).toBe('inner');
  });

  it('takes a version', () => {
    const { cache } = testCache();
    cache.getOrSet('k', () => 2, { version: 2 });
    expect(cache.get('k')).toBeUndefined();
    expect(cache.get('k', { version: 2 })).toBe(2);
  });
});

describe('getOrSet() with a function that returns a promise', () => {
  it('runs it once for all who ask meanwhile', async () => {
    const { cache } = testCache();
    const { promise, resolve } = deferred<number>();
    const load = jest.fn(() => promise);
    const calls = Array.from({ length: 1000 }, async () => cache.getOrSet('k', load));
    resolve(7);
    expect(new Set(await Promise.all(calls))).toEqual(new Set([7]));
    expect(load).toHaveBeenCalledTimes(1);
    expect(cache.getOrSet('k', load)).toBe(7);
  });

  it('keeps versions and prefixes apart', async () => {
    const { cache, sibling } = testCache();
    const load = jest.fn(() => Promise.resolve(1));
    await Promise.all([
      cache.getOrSet('k', load),
      cache.getOrSet('k', load, { version: 2 }),
      sibling({ keyPrefix: 'p' }).getOrSet('k', load),
    ]);
    expect(load).toHaveBeenCalledTimes(3);
  });

  it('shares an error with all of them, keeps none, and loads anew', async () => {
    const { cache } = testCache();
    const error = new Error('no database');
    const fail = jest.fn(() => Promise.reject(error));
    const results = await Promise.allSettled([
      cache.getOrSet('k', fail),
      cache.getOrSet('k', fail),
    ]);
    expect(results).toEqual(Array(2).fill({ status: 'rejected', reason: error }));
    expect(fail).toHaveBeenCalledTimes(1);
    expect(await cache.getOrSet('k', () => Promise.resolve('ok'))).toBe('ok');
  });

  it('counts the timeout from the end of the load', async () => {
    const { cache, advance } = testCache();
    const { promise, resolve } = deferred<number>();
    const call = cache.getOrSet('k', () => promise, { timeout: 10 });
    advance(8);
    resolve(1);
    await call;
    expect(cache.ttl('k')).toBe(10);
  });

  it.each<[string, (cache: ReturnType<typeof testCache>['cache']) => void]>([
    [
      'deleted',
      (cache) => {
        cache.delete('k');
      },
    ],
    [
      'cleared',
      (cache) => {
        cache.clear();
      },
    ],
    [
      'cleared by version',
      (cache) => {
        cache.clear({ version: 1 });
      },
    ],
    [
      'purged by tag',
      (cache) => {
        cache.deleteByTag('t');
      },
    ],
  ])(
    'does not keep what was %s while it loaded: it may be older than that',
    async (_how, purge) => {
      const { cache } = testCache();
      const { promise, resolve } = deferred<string>();
      const call = cache.getOrSet('k', () => promise, { tags: ['t'] });
      purge(cache);
      resolve('old');
      expect(await call).toBe('old');
      expect(cache.get('k')).toBeUndefined();
    },
  );

  it('gives way to a value that was set while it loaded', async () => {
    const { cache } = testCache();
    const { promise, resolve } = deferred<string>();
    const call = cache.getOrSet('k', () => promise);
    cache.set('k', 'new');
    resolve('old');
    expect(await call).toBe('new');
    expect(cache.get('k')).toBe('new');
  });

  it('runs again for whoever asks after a delete, and the later load is kept', async () => {
    const { cache } = testCache();
    const first = deferred<string>();
    const second = deferred<string>();
    const a = cache.getOrSet('k', () => first.promise);
    cache.delete('k');
    const b = cache.getOrSet('k', () => second.promise);
    first.resolve('old');
    expect(await a).toBe('old');
    second.resolve('new');
    expect(await b).toBe('new');
    expect(cache.get('k')).toBe('new');
  });

  it('tells a wrong timeout before the function has run', () => {
    const { cache } = testCache();
    const load = jest.fn(() => Promise.resolve(1));
    expect(() => cache.getOrSet('k', load, { timeout: NaN })).toThrow(/Invalid timeout/);
    expect(load).not.toHaveBeenCalled();
  });

  it('rejects with a clear error when what was loaded cannot be stored', async () => {
    const { cache } = testCache();
    await expect(cache.getOrSet('k', () => Promise.resolve(() => 1))).rejects.toMatchObject({
      code: 'ERR_LOCMEM_NOT_SERIALIZABLE',
    });
    expect(cache.size).toBe(0);
  });
});
