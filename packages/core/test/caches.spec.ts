import { describe, expect, it } from '@jest/globals';
import {
  createCaches,
  DummyCache,
  LocMemCache,
  type CacheConfig,
  type LocMemOptions,
} from '@locmem/core';
import { TestClock } from '@locmem/core/testing';

let names = 0;
const unique = () => `caches ${++names}`;

describe('createCaches()', () => {
  it('makes each cache once, when it is asked for', () => {
    let made = 0;
    class Counted extends LocMemCache {
      constructor(...args: ConstructorParameters<typeof LocMemCache>) {
        super(...args);
        made++;
      }
    }
    const caches = createCaches({ default: { backend: Counted, location: unique() } });
    expect(made).toBe(0);
    expect(caches.get('default')).toBe(caches.default);
    expect(made).toBe(1);
    expect(caches.default).toBeInstanceOf(Counted);
  });

  it('passes timeout, prefix, version, key function and options on', () => {
    const caches = createCaches({
      default: {
        location: unique(),
        timeout: '1m',
        keyPrefix: 'p',
        version: 3,
        options: { maxEntries: 2, cullFrequency: 0 },
      },
    });
    const cache = caches.default;
    cache.set('a', 1);
    expect(Math.round(cache.ttl('a')!)).toBe(60);
    expect(cache.makeKey('a')).toBe('p:3:a');
    cache.set('b', 1);
    cache.set('c', 1);
    expect(cache.size).toBe(1);
  });

  it('shares a store between aliases of one location, and not otherwise', () => {
    const location = unique();
    const caches = createCaches({
      a: { location },
      b: { location },
      [unique()]: {},
      c: { location: unique() },
    });
    caches.get('a').set('k', 1);
    expect(caches.get('b').get('k')).toBe(1);
    expect(caches.get('c').get('k')).toBeUndefined();
  });

  it('names the aliases there are when one is unknown, inherited names included', () => {
    const caches = createCaches({ default: { location: unique() }, sessions: {} });
    for (const alias of ['basket', 'toString', '__proto__']) {
      expect(() => caches.get(alias as 'default')).toThrow(
        expect.objectContaining({
          code: 'ERR_LOCMEM_UNKNOWN_CACHE',
          alias,
          known: ['default', 'sessions'],
        }),
      );
    }
    expect(() => createCaches({}).default).toThrow(/There is no cache 'default'/);
  });

  it.each([
    [{ ttl: 5 }, /cache 'default': ttl is no option/],
    [{ backend: 'redis' }, /backend must be 'locmem', 'dummy' or a class/],
    [{ location: 7 }, /location must be a string/],
    [{ timeout: NaN }, /Invalid timeout/],
    [{ options: { maxEntries: 0 } }, /maxEntries must be/],
    [{ options: { timeOut: 1 } }, /timeOut is no option/],
    [{ options: 5 }, /cache 'default': options must be an object/],
    [{ options: { timeout: 5 } }, /options.timeout belongs beside options, not in it/],
    [{ backend: LocMemCache, options: { version: 2 } }, /options.version belongs beside options/],
    [{ backend: 'dummy', version: 1.5 }, /version must be an integer/],
    [null, /options must be an object/],
  ])('refuses %p at once', (config, message) => {
    expect(() => createCaches({ default: config as any })).toThrow(message);
  });

  it.each([null, undefined, 5, 'default'])('refuses the configuration %p', (config) => {
    expect(() => createCaches(config as any)).toThrow(
      expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_OPTION', option: 'config' }),
    );
  });

  it('goes by the configuration as it was when it was checked', () => {
    const options: LocMemOptions = { maxEntries: 5 };
    const config: Record<string, CacheConfig> = { late: { keyPrefix: 'a', options } };
    const caches = createCaches(config);
    config.late!.keyPrefix = 'b';
    options.maxEntries = NaN;
    config.later = { backend: 'nonsense' as any };
    expect(caches.get('late').makeKey('k')).toBe('a:1:k');
    expect(() => caches.get('later')).toThrow(/later/);
  });

  it('closes every cache that was made, even if one fails, and no other', async () => {
    const closed: string[] = [];
    class Closing extends LocMemCache {
      override close() {
        closed.push(this.name);
        if (this.name.startsWith('bad')) throw new Error('cannot close');
      }
    }
    const caches = createCaches({
      a: { backend: Closing, location: 'bad one' },
      b: { backend: Closing, location: 'good one' },
      c: { backend: Closing, location: 'never made' },
    });
    caches.get('a');
    caches.get('b');
    await expect(caches.closeAll()).rejects.toThrow('cannot close');
    expect(closed).toEqual(['bad one', 'good one']);
  });
});

describe('DummyCache', () => {
  it('answers the whole contract, and nothing is ever there', async () => {
    const cache = new DummyCache('dummy', { keyPrefix: 'p', version: 2 });
    cache.set('k', 1);
    expect(cache.add('k', 1)).toBe(true);
    expect(cache.get('k')).toBeUndefined();
    expect(cache.get('k', { default: 5 })).toBe(5);
    expect(cache.getMany(['k']).size).toBe(0);
    expect([cache.has('k'), cache.touch('k'), cache.delete('k')]).toEqual([false, false, false]);
    expect(cache.setMany({ a: 1 })).toEqual([]);
    expect(cache.deleteMany(['a'])).toBe(0);
    expect(cache.ttl('k')).toBeUndefined();
    expect([...cache.keys()]).toEqual([]);
    expect(cache.getOrSet('k', () => 7)).toBe(7);
    expect(cache.getOrSet('k', 8)).toBe(8);
    expect(await cache.update<number>('k', (old = 1) => old + 1)).toBe(2);
    expect(cache.makeKey('k')).toBe('p:2:k');
    for (const call of ['incr', 'decr', 'incrVersion', 'decrVersion'] as const) {
      expect(() => cache[call]('k')).toThrow(/not found/);
    }
    cache.deleteByTag('t');
    cache.clear();
    cache.close();
  });

  it.each<[string, (cache: LocMemCache | DummyCache) => unknown]>([
    ['an option that does not exist', (cache) => cache.set('k', 1, { ttl: 5 } as object)],
    ['a timeout', (cache) => cache.add('k', 1, { timeout: NaN })],
    ['a version', (cache) => cache.get('k', { version: 1.5 })],
    ['a key', (cache) => cache.has(7 as any)],
    [
      'a key among others',
      (cache) =>
        cache.setMany(
          new Map<any, number>([
            ['a', 1],
            [7, 2],
          ]),
        ),
    ],
    ['tags', (cache) => cache.touch('k', { tags: ['t'] } as object)],
    ['tags of a write', (cache) => cache.set('k', 1, { tags: 't' as any })],
    ['tags of a purge', (cache) => cache.deleteByTag('')],
    ['letters in place of keys', (cache) => cache.getMany('abc')],
    ['what holds no pairs', (cache) => cache.setMany(5 as any)],
    ['a span to be stale', (cache) => cache.getOrSet('k', 1, { stale: 'soon' as any })],
    ['a signal', (cache) => cache.getOrSet('k', 1, { signal: {} as any })],
    ['what to clear', (cache) => cache.clear({ prefix: 'p' } as object)],
    ['which keys', (cache) => cache.keys({ every: true } as object)],
    ['whether all keys', (cache) => cache.keys({ all: 'yes' as any })],
    ['a prefix to clear', (cache) => cache.clear({ keyPrefix: 5 as any })],
    ['null in the place of options', (cache) => cache.set('k', 1, null as any)],
    ['a step between versions', (cache) => cache.incrVersion('k', 1.5)],
    ['a step beyond all versions', (cache) => cache.decrVersion('k', 2 ** 53)],
    ['a key that is empty', (cache) => cache.get('')],
    ['a key that is not portable', (cache) => cache.getOrSet('a b', 1)],
    ['a key to be made of no string', (cache) => cache.makeKey(5 as any)],
    ['the signal of an update', (cache) => cache.update('k', () => 1, { signal: 5 as any })],
  ])('refuses %s as a LocMemCache does', (_what, call) => {
    const codeOf = (cache: LocMemCache | DummyCache) => {
      try {
        call(cache);
        return 'nothing';
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    const code = codeOf(new LocMemCache(unique(), { keyCheck: 'error' }));
    expect(code).toMatch(/^ERR_LOCMEM_INVALID/);
    expect(codeOf(new DummyCache('dummy', { keyCheck: 'error' }))).toBe(code);
  });

  it('warns of keys, and asks the key function, as a LocMemCache does', () => {
    const warnings: string[] = [];
    const onWarning = ({ code }: { code: string }) => warnings.push(code);
    const cache = new DummyCache('dummy', { onWarning });
    cache.set('a b', 1);
    cache.set('', 1);
    expect(warnings.slice(0, 2)).toEqual(['LOCMEM_KEY_NOT_PORTABLE', 'LOCMEM_KEY_EMPTY']);
    const failing = new DummyCache('dummy', { keyFunction: () => 7 as any });
    expect(() => failing.get('k')).toThrow(/keyFunction must return a string/);
    new DummyCache('dummy', { compat: 'django', keyCheck: 'error' }).get('');
  });

  it('lets nobody wait longer than a deadline or signal of theirs', async () => {
    const clock = new TestClock();
    const cache = new DummyCache('dummy', { clock });
    const never = () => new Promise<number>(() => {});
    const late = cache.getOrSet('k', never, { deadline: '2s' });
    clock.advance(2);
    await expect(late).rejects.toMatchObject({ code: 'ERR_LOCMEM_DEADLINE', key: 'k' });
    const controller = new AbortController();
    const leaving = cache.getOrSet('k', never, { signal: controller.signal });
    controller.abort(new Error('gone'));
    await expect(leaving).rejects.toThrow('gone');
    const begun = cache.getOrSet('k', never(), { deadline: '2s' });
    clock.advance(2);
    await expect(begun).rejects.toMatchObject({ code: 'ERR_LOCMEM_DEADLINE' });
    const thenable: unknown = { then: (resolve: (value: number) => void) => resolve(4) };
    expect(cache.getOrSet('k', () => thenable)).toBeInstanceOf(Promise);
    expect(await cache.getOrSet('k', () => thenable)).toBe(4);
    expect(await cache.getOrSet('k', () => Promise.resolve(3), { deadline: '2s' })).toBe(3);
  });

  it('refuses the options that a LocMemCache refuses', () => {
    expect(() => new DummyCache('d', { ttl: 1 } as any)).toThrow(/ttl is no option/);
    expect(() => new DummyCache(5 as any)).toThrow(/name must be a string/);
  });
});
