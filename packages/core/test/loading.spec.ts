import { getEventListeners } from 'node:events';
import { describe, expect, it, jest } from '@jest/globals';
import { LocMemCache } from '@locmem/core';
import { TestClock } from '@locmem/core/testing';
import { openStore } from '../src/named-stores.js';
import { resolveOptions } from '../src/options.js';
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

describe('getOrSet() with a promise', () => {
  it('is a load that has begun: joined by others, kept when it comes, left alone on a hit', async () => {
    const { cache } = testCache();
    const first = cache.getOrSet('k', Promise.resolve('loaded'));
    const second = cache.getOrSet('k', () => Promise.resolve('too late'));
    expect(await first).toBe('loaded');
    expect(await second).toBe('loaded');
    expect(cache.get('k')).toBe('loaded');
    expect(cache.getOrSet('k', Promise.resolve('not needed'))).toBe('loaded');
  });

  it('that fails tells its callers, and keeps nothing', async () => {
    const { cache } = testCache();
    await expect(cache.getOrSet('k', Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect(cache.has('k')).toBe(false);
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

describe('getOrSet() with stale', () => {
  const old = { n: 'old' };

  function staleCache() {
    const test = testCache();
    void test.cache.getOrSet('k', () => old, { timeout: 10, stale: '1m', tags: ['t'] });
    test.advance(10);
    return test;
  }

  it('serves the expired value at once, while one refresh runs', async () => {
    const { cache } = staleCache();
    const { promise, resolve } = deferred<typeof old>();
    const load = jest.fn(() => promise);
    for (let i = 0; i < 3; i++) expect(cache.getOrSet('k', load, { stale: '1m' })).toEqual(old);
    expect(load).toHaveBeenCalledTimes(1);
    resolve({ n: 'new' });
    await promise;
    await settled();
    expect(cache.get('k')).toEqual({ n: 'new' });
    expect(cache.stats().staleHits).toBe(3);
  });

  it('serves it on when the refresh fails, synchronously or not', async () => {
    const { cache } = staleCache();
    const fail = () => Promise.reject(new Error('no database'));
    expect(cache.getOrSet('k', fail, { stale: '1m' })).toEqual(old);
    await settled();
    const failNow = () => {
      throw new Error('no database');
    };
    expect(cache.getOrSet<any>('k', failNow, { stale: '1m' })).toEqual(old);
    expect(cache.stats().loadFailures).toBe(2);
  });

  it('gives the new value at once when the loader does', () => {
    const { cache } = staleCache();
    expect(cache.getOrSet('k', () => ({ n: 'new' }), { stale: '1m' })).toEqual({ n: 'new' });
    expect(cache.get('k')).toEqual({ n: 'new' });
  });

  it('gives a new null at once, too: it is a value', () => {
    const { cache, advance } = testCache();
    cache.getOrSet('k', 'old', { timeout: 1, stale: 9 });
    advance(2);
    expect(cache.getOrSet<unknown>('k', () => null, { timeout: 1, stale: 9 })).toBeNull();
  });

  it('below zero is as good as not at all: the entry lives as long as its timeout says', () => {
    const { cache, advance } = testCache({ maxEntries: 2 });
    cache.getOrSet('k', 1, { timeout: 10, stale: -5 });
    advance(6);
    cache.set('a', 1);
    cache.set('a', 2);
    expect(cache.get('k')).toBe(1);
  });

  it('ends with the window; then callers wait, and an error is theirs', async () => {
    const { cache, advance } = staleCache();
    advance(60);
    const fail = () => Promise.reject(new Error('no database'));
    await expect(cache.getOrSet('k', fail, { stale: '1m' })).rejects.toThrow('no database');
  });

  it('is for those who ask for it: to all others the entry is gone', () => {
    const { cache } = staleCache();
    expect(cache.get('k')).toBeUndefined();
    expect(cache.has('k')).toBe(false);
    expect(cache.ttl('k')).toBeUndefined();
    expect([...cache.keys()]).toEqual([]);
    expect(cache.getOrSet('k', () => old, { stale: '1m' })).toEqual(old);
  });

  it('does not outlive a delete or a purge of its tag', () => {
    const { cache } = staleCache();
    cache.deleteByTag('t');
    expect(cache.getOrSet('k', () => 'loaded', { stale: '1m' })).toBe('loaded');
    const again = staleCache();
    again.cache.delete('k');
    expect(again.cache.getOrSet('k', () => 'loaded', { stale: '1m' })).toBe('loaded');
  });

  it('may be for ever', () => {
    const { cache, advance } = testCache();
    cache.getOrSet('k', () => 'old', { timeout: 1, stale: null });
    advance(1e6);
    expect(cache.getOrSet('k', () => Promise.resolve('new'), { stale: null })).toBe('old');
  });

  it('serves what was purged softly', async () => {
    const { cache } = testCache();
    cache.set('k', 'old', { tags: ['t'] });
    cache.deleteByTag('t', { soft: true });
    expect(cache.get('k')).toBeUndefined();
    expect(cache.getOrSet('k', () => Promise.resolve('new'), { stale: '1m' })).toBe('old');
    await settled();
    expect(cache.get('k')).toBe('new');
  });
});

describe('getOrSet() with refreshAhead', () => {
  it('refreshes beside a hit that has little left to live', async () => {
    const { cache, advance } = testCache();
    const load = jest.fn(() => Promise.resolve('new'));
    cache.set('k', 'old', { timeout: 100 });
    expect(cache.getOrSet('k', load, { refreshAhead: '20s' })).toBe('old');
    advance(81);
    expect(cache.getOrSet('k', load, { refreshAhead: '20s' })).toBe('old');
    expect(cache.getOrSet('k', load, { refreshAhead: '20s' })).toBe('old');
    expect(load).toHaveBeenCalledTimes(1);
    await settled();
    expect(cache.get('k')).toBe('new');
    expect(cache.ttl('k')).toBe(300);
  });

  it('leaves the value alone when the refresh fails, or comes too late for a write', async () => {
    const { cache } = testCache();
    cache.set('k', 'old', { timeout: 10 });
    void cache.getOrSet('k', () => Promise.reject(new Error('no')), { refreshAhead: '20s' });
    await settled();
    expect(cache.get('k')).toBe('old');
    void cache.getOrSet('k', () => Promise.resolve('loaded'), { refreshAhead: '20s' });
    cache.set('k', 'written');
    await settled();
    expect(cache.get('k')).toBe('written');
  });
});

describe('getOrSet() with negativeTimeout', () => {
  it('keeps a null for another time than a value', async () => {
    const { cache } = testCache();
    const options = { timeout: '1h', negativeTimeout: 5 } as const;
    cache.getOrSet('a', () => null, options);
    await cache.getOrSet('b', () => Promise.resolve(null), options);
    cache.getOrSet('c', () => 1, options);
    expect(['a', 'b', 'c'].map((key) => cache.ttl(key))).toEqual([5, 5, 3600]);
  });
});

describe('getOrSet() with a deadline', () => {
  it('waits no longer than that', async () => {
    const { cache, advance } = testCache();
    const call = cache.getOrSet('k', () => new Promise<number>(() => {}), { deadline: '2s' });
    advance(2);
    await expect(call).rejects.toMatchObject({
      code: 'ERR_LOCMEM_DEADLINE',
      key: 'k',
      store: cache.name,
      deadlineSeconds: 2,
    });
  });

  it('may be longer than a timer can count', async () => {
    const time = new TestClock();
    const clock = {
      now: () => time.now(),
      // As Node's own: longer delays fire at once.
      setTimeout: (run: () => void, delayMs: number) =>
        time.setTimeout(run, delayMs > 2 ** 31 - 1 ? 1 : delayMs),
      clearTimeout: (handle: any) => {
        time.clearTimeout(handle);
      },
    };
    const cache = new LocMemCache('sixty days', { clock });
    let isOver = false;
    const call = cache.getOrSet('k', () => new Promise<number>(() => {}), { deadline: '60d' });
    const outcome = Promise.resolve(call).catch((error: unknown) => {
      isOver = true;
      return error;
    });
    time.advance('59d');
    await settled();
    expect(isOver).toBe(false);
    time.advance('1d');
    expect(await outcome).toMatchObject({ code: 'ERR_LOCMEM_DEADLINE' });
  });

  it('lets the next caller load anew, so that a load that never ends holds no key', async () => {
    const { cache, advance } = testCache();
    const hung = cache.getOrSet('k', () => new Promise<string>(() => {}), { deadline: '2s' });
    advance(2);
    await expect(hung).rejects.toThrow(/deadline/);
    expect(await cache.getOrSet('k', () => Promise.resolve('ok'))).toBe('ok');
  });

  it('drops what comes after another load has begun', async () => {
    const { cache, advance } = testCache();
    const slow = deferred<string>();
    const call = cache.getOrSet('k', () => slow.promise, { deadline: '2s' });
    advance(2);
    await expect(call).rejects.toThrow(/deadline/);
    await cache.getOrSet('k', () => Promise.resolve('second'));
    slow.resolve('first');
    await settled();
    expect(cache.get('k')).toBe('second');
  });

  it("is each caller's own", async () => {
    const { cache, advance } = testCache();
    const { promise, resolve } = deferred<string>();
    const patient = cache.getOrSet('k', () => promise);
    const hasty = cache.getOrSet('k', () => promise, { deadline: '1s' });
    advance(1);
    await expect(hasty).rejects.toThrow(/deadline/);
    resolve('late');
    expect(await patient).toBe('late');
  });

  it('does not matter to a load that is in time', async () => {
    const { cache, advance } = testCache();
    expect(await cache.getOrSet('k', () => Promise.resolve(1), { deadline: '1s' })).toBe(1);
    advance(5);
    expect(cache.get('k')).toBe(1);
  });
});

describe('a refresh that never ends', () => {
  const never = () => jest.fn(() => new Promise<string>(() => {}));

  it('is tried again once the deadline of who began it is over, each time after twice as long', () => {
    const { cache, advance } = testCache();
    const load = never();
    void cache.getOrSet('k', () => 'old', { timeout: 10, stale: null });
    advance(10);
    const runs = [0, 1, 1, 1, 1, 1, 1, 1].map((seconds) => {
      advance(seconds);
      expect(cache.getOrSet('k', load, { stale: null, deadline: '2s' })).toBe('old');
      return load.mock.calls.length;
    });
    expect(runs).toEqual([1, 1, 2, 2, 2, 2, 3, 3]);
  });

  it('ahead of time, too', () => {
    const { cache, advance } = testCache();
    const load = never();
    cache.set('k', 'old', { timeout: 100 });
    const runs = [50, 1, 1].map((seconds) => {
      advance(seconds);
      expect(cache.getOrSet('k', load, { refreshAhead: '60s', deadline: '2s' })).toBe('old');
      return load.mock.calls.length;
    });
    expect(runs).toEqual([1, 1, 2]);
  });

  it('is left alone without a deadline, or by who does not wait at all', () => {
    const { cache, advance } = testCache();
    const load = never();
    void cache.getOrSet('k', () => 'old', { timeout: 10, stale: null });
    for (const deadline of [0, undefined]) {
      advance(60);
      expect(cache.getOrSet('k', load, { stale: null, deadline })).toBe('old');
      expect(cache.getOrSet('k', load, { stale: null, deadline })).toBe('old');
    }
    expect(load).toHaveBeenCalledTimes(1);
  });
});

describe('getOrSet() with hasty callers and a slow loader', () => {
  it('begins a few loads, not one for each caller, and keeps the first that comes', async () => {
    const { cache, advance } = testCache();
    const loads: ((value: string) => void)[] = [];
    const load = () => new Promise<string>((resolve) => loads.push(resolve));
    const failed: unknown[] = [];
    for (let i = 0; i < 30; i++) {
      Promise.resolve(cache.getOrSet('k', load, { deadline: '20ms' })).catch((e: unknown) =>
        failed.push(e),
      );
      advance(0.02);
      await settled();
    }
    expect(failed).toHaveLength(30);
    expect(loads.length).toBeLessThanOrEqual(7);
    loads[0]!('slow but good');
    await settled();
    expect(cache.get('k')).toBe('slow but good');
  });
});

describe('a refresh by a loader that answers at once', () => {
  it('takes the place of what is there', () => {
    const { cache } = testCache();
    let run = 0;
    cache.set('k', 'v0', { timeout: 10 });
    expect(cache.getOrSet('k', () => `v${++run}`, { refreshAhead: '20s' })).toBe('v0');
    expect(cache.get('k')).toBe('v1');
    expect(cache.ttl('k')).toBe(300);
    expect(cache.getOrSet('k', () => `v${++run}`, { refreshAhead: '20s' })).toBe('v1');
    expect(run).toBe(1);
  });

  it('may delete the key', () => {
    const { cache } = testCache({ policy: 'lru' });
    cache.set('k', 'v0', { timeout: 10 });
    const load = () => {
      cache.delete('k');
      return 'v1';
    };
    expect(cache.getOrSet('k', load, { refreshAhead: '20s' })).toBe('v0');
    expect([...cache.keys({ all: true })]).toEqual([':1:k']);
  });
});

describe('code of the user that runs in the middle of a call', () => {
  it('cannot make an entry end up under another prefix', async () => {
    const { cache, sibling } = testCache({ keyPrefix: 'A', maxEntries: 1000 });
    const other = sibling({ keyPrefix: 'B', maxEntries: 1000 });
    const churn = () => {
      for (let version = 100; version < 300; version++) other.set('y', version, { version });
    };
    for (let version = 1; version <= 70; version++) cache.get('x', { version });
    const load = () => {
      churn();
      return Promise.resolve('secret of A');
    };
    expect(await cache.getOrSet('k', load, { version: 50 })).toBe('secret of A');
    expect(cache.get('k', { version: 50 })).toBe('secret of A');
    for (let version = 301; version <= 370; version++) cache.get('x', { version });
    const value = {
      get lazy() {
        churn();
        return 1;
      },
    };
    cache.set('l', value, { version: 310 });
    expect(cache.get('l', { version: 310 })).toEqual({ lazy: 1 });
    const foreign = [...cache.keys({ all: true })].filter((key) => /^B:.*:[kl]$/.test(key));
    expect(foreign).toEqual([]);
  });
});

describe('options that change while the load is under way', () => {
  it('are of no consequence to it', async () => {
    const { cache } = testCache();
    const options: Record<string, unknown> = { timeout: 60, negativeTimeout: 30, tags: ['t'] };
    const load = () => {
      Object.assign(options, { timeout: 'soon', negativeTimeout: NaN, tags: [5] });
      return Promise.resolve(null);
    };
    expect(await cache.getOrSet('k', load, options)).toBeNull();
    expect(cache.ttl('k')).toBe(30);
    cache.deleteByTag('t');
    expect(cache.has('k')).toBe(false);
  });
});

describe('a load whose key was deleted, and whose version lay idle meanwhile', () => {
  it('gives way to what was written there since', async () => {
    const { cache } = testCache({ maxEntries: 1000 });
    const { promise, resolve } = deferred<string>();
    cache.set('other', 1, { version: 4 });
    const call = cache.getOrSet('k', () => promise, { version: 5 });
    cache.delete('k', { version: 5 });
    for (let version = 100; version < 300; version++) {
      cache.set('k', 1, { version });
      cache.delete('k', { version });
    }
    cache.set('k', 'written', { version: 5 });
    resolve('loaded');
    expect(await call).toBe('written');
    expect(cache.get('k', { version: 5 })).toBe('written');
  });
});

describe('getOrSet() with a signal', () => {
  it('lets a caller leave without ending the load of the others', async () => {
    const { cache } = testCache();
    const { promise, resolve } = deferred<string>();
    const controller = new AbortController();
    const leaving = cache.getOrSet('k', () => promise, { signal: controller.signal });
    const staying = cache.getOrSet('k', () => promise);
    controller.abort(new Error('client gone'));
    await expect(leaving).rejects.toThrow('client gone');
    resolve('v');
    expect(await staying).toBe('v');
    expect(cache.get('k')).toBe('v');
  });

  it('leaves no unhandled rejection behind when all have left and the load fails', async () => {
    const { cache } = testCache();
    const { promise, reject } = deferred<string>();
    const controller = new AbortController();
    const leaving = cache.getOrSet('k', () => promise, { signal: controller.signal });
    controller.abort(new Error('client gone'));
    await expect(leaving).rejects.toThrow('client gone');
    reject(new Error('and the database, too'));
    await settled();
    expect(cache.stats().loadFailures).toBe(1);
  });

  it('that has aborted before keeps the loader from running', async () => {
    const { cache } = testCache();
    const load = jest.fn(() => Promise.resolve(1));
    const signal = AbortSignal.abort(new Error('gone'));
    await expect(cache.getOrSet('k', load, { signal })).rejects.toThrow('gone');
    expect(load).not.toHaveBeenCalled();
  });
});

describe('a wait that is over', () => {
  it.each(['value', 'failure', 'deadline', 'abort'])(
    'leaves no timer, listener or load behind: %s',
    async (end) => {
      const timers = new Set<() => void>();
      const clock = {
        now: () => 1_000,
        setTimeout: (run: () => void) => (timers.add(run), run),
        clearTimeout: (run: unknown) => timers.delete(run as () => void),
      };
      const cache = new LocMemCache(`over by ${end}`, { clock });
      const { promise, resolve, reject } = deferred<number>();
      const controller = new AbortController();
      const { signal } = controller;
      const waits = Promise.allSettled([
        cache.getOrSet('k', () => promise, { deadline: '2s', signal }),
        cache.getOrSet('k', () => promise, { deadline: '9s', signal }),
        cache.update('n', () => promise, { signal }),
        cache.update('n', () => promise, { signal }),
        cache.lock.write(() => promise, { signal }),
        cache.lock.read(() => promise, { signal }),
      ]);
      await settled();
      expect(timers.size).toBe(2);
      expect(getEventListeners(signal, 'abort').length).toBeGreaterThan(3);
      if (end === 'deadline') for (const run of timers) run();
      if (end === 'abort') controller.abort(new Error('gone'));
      if (end === 'failure') reject(new Error('no database'));
      else resolve(1);
      await waits;
      await settled();
      expect(timers.size).toBe(0);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
      for (const { flights, updates } of openStore(cache.name, resolveOptions()).spaces) {
        expect([flights.size, updates.size]).toEqual([0, 0]);
      }
      expect(await cache.lock.write(() => 'free')).toBe('free');
    },
  );
});

it.each([
  ['stale', NaN, 'ERR_LOCMEM_INVALID_TIMEOUT'],
  ['refreshAhead', 'soon', 'ERR_LOCMEM_INVALID_TIMEOUT'],
  ['negativeTimeout', true, 'ERR_LOCMEM_INVALID_TIMEOUT'],
  ['deadline', {}, 'ERR_LOCMEM_INVALID_TIMEOUT'],
  ['signal', {}, 'ERR_LOCMEM_INVALID_OPTION'],
])('getOrSet() refuses %s: %p before the loader runs', (option, value, code) => {
  const { cache } = testCache();
  const load = jest.fn(() => 1);
  expect(() => cache.getOrSet('k', load, { [option]: value })).toThrow(
    expect.objectContaining({ code, option, value }),
  );
  expect(load).not.toHaveBeenCalled();
});

/** Lets everything that is already resolved run its course. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
