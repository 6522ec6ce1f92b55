import { describe, expect, it } from '@jest/globals';
import {
  DummyCache,
  LocMemCache,
  type KeyFunction,
  type LocMemOptions,
  type SyncCache,
} from '@locmem/core';
import {
  createTestCache,
  describeStoreContract,
  type ContractChapter,
  type ContractStore,
} from '@locmem/core/testing';
import { failuresOf } from './support/collecting-runner.js';

for (const policy of ['lru', 'cull', 'adaptive'] as const) {
  for (const isolation of ['copy', 'freeze'] as const) {
    describeStoreContract(
      `LocMemCache with policy '${policy}' and isolation '${isolation}' fulfils the contract`,
      () => createTestCache({ policy, isolation, keyCheck: 'off' }),
      { describe, it },
    );
  }
}

describeStoreContract(
  "LocMemCache with isolation 'share' fulfils all but that",
  () => createTestCache({ isolation: 'share' }),
  { describe, it, without: ['isolation', 'kinds'] },
);

describeStoreContract(
  'LocMemCache with a key function fulfils the contract',
  () => {
    const keyFunction: KeyFunction = (key, prefix, version) => `${prefix}/${version}/${key}`;
    const cache = createTestCache({ keyFunction });
    const sibling = cache.sibling.bind(cache);
    return Object.assign(cache, {
      sibling: (options: LocMemOptions) => sibling({ keyFunction, ...options }),
    });
  },
  { describe, it },
);

describeStoreContract(
  'a store that answers with promises fulfils the contract',
  () => promising(createTestCache()),
  { describe, it },
);

describe('describeStoreContract()', () => {
  it('uses the global describe and it, and says when there are none', () => {
    const declare = () => describeStoreContract('x', () => createTestCache(), {});
    const { describe: globalDescribe } = globalThis as any;
    (globalThis as any).describe = undefined;
    try {
      expect(declare).toThrow(/describe must be given/);
    } finally {
      (globalThis as any).describe = globalDescribe;
    }
  });

  it('leaves out chapters that a store does not have', async () => {
    const titles: string[] = [];
    const collect = { describe: (title: string, body: () => void) => (titles.push(title), body()) };
    const without: ContractChapter[] = ['expiry', 'prefixes'];
    describeStoreContract('s', () => createTestCache(), { ...collect, it: () => 0, without });
    expect(titles).toContain('basics');
    expect(titles).not.toContain('expiry');
    await expect(failuresOf(() => new LocMemCache(), without)).resolves.not.toEqual(
      expect.arrayContaining([expect.stringMatching(/expiry/)]),
    );
  });

  it('says what makeStore() lacks when a chapter needs it', async () => {
    const bare = () => {
      const { cache } = { cache: new LocMemCache(`bare ${Math.random()}`) };
      return cache;
    };
    const failures = await failuresOf(bare, []);
    expect(failures.find((title) => title.startsWith('expiry'))).toMatch(/advance\(\)/);
    expect(failures.find((title) => title.startsWith('prefixes'))).toMatch(/sibling\(\)/);
  });

  it.each(Object.entries(broken()))('fails a store that %s', async (_fault, spoil) => {
    const failures = await failuresOf(() => spoil(createTestCache()), []);
    expect(failures).not.toEqual([]);
  });

  it('names what is broken, and little else', async () => {
    const { 'forgets every timeout': forgetful, 'does nothing at deleteByTag()': untagged } =
      broken();
    const chapters = async (spoil: Spoil) => [
      ...new Set(
        (await failuresOf(() => spoil(createTestCache()), [])).map((t) => t.split(' ›')[0]),
      ),
    ];
    expect(await chapters(forgetful!)).toEqual(['expiry', 'prefixes']);
    expect(await chapters(untagged!)).toEqual(['tags', 'loading']);
  });

  it('fails a store that stores nothing', async () => {
    const failures = await failuresOf(() => new DummyCache(), []);
    expect(failures.length).toBeGreaterThan(40);
  });
});

type Spoil = (cache: ReturnType<typeof createTestCache>) => ContractStore;

/** A store with some of its methods replaced. */
function spoilt(cache: any, methods: (cache: SyncCache) => Record<string, unknown>): any {
  const replaced = methods(cache as SyncCache);
  return new Proxy(cache, {
    get(target, name) {
      if (typeof name === 'string' && name in replaced) return replaced[name];
      if (name === 'sibling') {
        return (options: LocMemOptions) => spoilt(target.sibling(options), methods);
      }
      const value = target[name];
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function promising(cache: any): ContractStore {
  const sync = ['makeKey', 'advance'];
  return new Proxy(cache, {
    get(target, name) {
      if (name === 'sibling') return (options: LocMemOptions) => promising(target.sibling(options));
      if (name === 'keys') {
        return async function* (options: any) {
          yield* await Promise.resolve([...target.keys(options)]);
        };
      }
      const value = target[name];
      if (typeof value !== 'function') return value;
      if (sync.includes(name as string)) return value.bind(target);
      return (...args: unknown[]) =>
        new Promise((resolve) => {
          resolve(value.apply(target, args));
        });
    },
  });
}

function broken(): Record<string, Spoil> {
  const fault =
    (methods: (cache: any) => Record<string, unknown>): Spoil =>
    (cache) =>
      spoilt(cache, methods);
  const forEver = (options: any) => ({ ...options, timeout: null });
  const unversioned = ({ version: _, ...options }: any = {}) => options;
  return {
    'forgets every timeout': fault((cache) => ({
      set: (key: string, value: unknown, options: any) => cache.set(key, value, forEver(options)),
      setMany: (pairs: any, options: any) => cache.setMany(pairs, forEver(options)),
      add: (key: string, value: unknown, options: any) => cache.add(key, value, forEver(options)),
      touch: (key: string, options: any) => cache.touch(key, forEver(options)),
      getOrSet: (key: string, load: any, options: any) =>
        cache.getOrSet(key, load, forEver(options)),
    })),
    'does not check a timeout': fault((cache) => ({
      set: (key: string, value: unknown, options: any) =>
        cache.set(key, value, Number.isNaN(options?.timeout) ? forEver(options) : options),
    })),
    'takes a timeout as milliseconds': fault((cache) => ({
      set: (key: string, value: unknown, options: any) => {
        const timeout = typeof options?.timeout === 'number' ? options.timeout / 1000 : undefined;
        cache.set(key, value, timeout === undefined ? options : { ...options, timeout });
      },
    })),
    'shares its objects with callers': fault(() => {
      const shared = createTestCache({ isolation: 'share' });
      const names = [
        'get',
        'set',
        'add',
        'setMany',
        'getMany',
        'getOrSet',
        'update',
        'has',
        'delete',
      ];
      return Object.fromEntries(names.map((name) => [name, (shared as any)[name].bind(shared)]));
    }),
    'shares what it hands out': fault((cache) => {
      const handedOut = new Map<string, unknown>();
      return {
        get: (key: string, options: any) => {
          const value = cache.get(key, options);
          if (typeof value !== 'object' || value === null) return value;
          if (!handedOut.has(key)) handedOut.set(key, value);
          return handedOut.get(key);
        },
      };
    }),
    'ignores the version of get()': fault((cache) => ({
      get: (key: string, options: any) => cache.get(key, unversioned(options)),
    })),
    'ignores the version of delete()': fault((cache) => ({
      delete: (key: string, options: any) => cache.delete(key, unversioned(options)),
    })),
    'ignores prefixes': (cache) =>
      Object.assign(
        spoilt(cache, () => ({
          sibling: ({ keyPrefix: _, ...options }: any) => cache.sibling(options),
        })),
      ),
    'overwrites in add()': fault((cache) => ({
      add: (key: string, value: unknown, options: any) => {
        const isFree = !cache.has(key, options && { version: options.version });
        cache.set(key, value, options);
        return isFree;
      },
    })),
    'says true to every add()': fault((cache) => ({
      add: (key: string, value: unknown, options: any) => (cache.add(key, value, options), true),
    })),
    'resets the expiry in incr()': fault((cache) => ({
      incr: (key: string, delta: any, options: any) => {
        const value = cache.incr(key, delta, options);
        cache.touch(key, options);
        return value;
      },
    })),
    'makes what is not there in incr()': fault((cache) => ({
      incr: (key: string, delta = 1, options: any) => {
        cache.add(key, 0, options);
        return cache.incr(key, delta, options);
      },
    })),
    'counts what is no number': fault((cache) => ({
      incr: (key: string, delta = 1, options: any) => {
        const value = cache.get(key, options);
        if (typeof value !== 'string') return cache.incr(key, delta, options);
        cache.set(key, Number(value) + delta, options);
        return Number(value) + delta;
      },
    })),
    'does nothing at deleteByTag()': fault(() => ({ deleteByTag: () => undefined })),
    'forgets tags in incr()': fault((cache) => ({
      incr: (key: string, delta = 1, options: any) => {
        const value = cache.incr(key, delta, options);
        cache.set(key, value, { ...options, timeout: cache.ttl(key, options) });
        return value;
      },
    })),
    'drops null in getMany()': fault((cache) => ({
      getMany: (keys: any, options: any) =>
        new Map([...cache.getMany(keys, options)].filter(([, value]) => value !== null)),
    })),
    'takes a stored null for a miss': fault((cache) => ({
      get: (key: string, options: any) => cache.get(key, options) ?? options?.default,
    })),
    'stores undefined as null': fault((cache) => ({
      set: (key: string, value: unknown = null, options: any) => cache.set(key, value, options),
    })),
    'answers getMany() in its own order': fault((cache) => ({
      getMany: (keys: any, options: any) => new Map([...cache.getMany(keys, options)].sort()),
    })),
    'loads once for each caller': fault((cache) => ({
      getOrSet: async (key: string, load: any, options: any) => {
        const old = cache.get(key, { version: options?.version });
        if (old !== undefined) return old;
        const value = typeof load === 'function' ? await load() : load;
        if (value !== undefined) cache.set(key, value, { timeout: options?.timeout });
        return value;
      },
    })),
    'keeps a load that a delete overtook': fault((cache) => ({
      getOrSet: async (key: string, load: any, options: any) => {
        const value = await cache.getOrSet(key, load, options);
        if (value !== undefined) cache.set(key, value, options && { version: options.version });
        return value;
      },
    })),
    'caches errors': fault((cache) => ({
      getOrSet: async (key: string, load: any, options: any) => {
        try {
          return await cache.getOrSet(key, load, options);
        } catch {
          return cache.getOrSet(key, null, options);
        }
      },
    })),
    'loses updates': fault((cache) => ({
      update: async (key: string, fn: any, options: any) => {
        const value = await fn(cache.get(key, { version: options?.version }));
        cache.set(key, value, options);
        return value;
      },
    })),
    'clears only its own version': fault((cache) => ({
      clear: (options: any) => cache.clear({ version: 1, ...options }),
    })),
    'lists keys of every version': fault((cache) => ({
      *keys() {
        for (const key of cache.keys({ all: true })) yield key.split(':').at(-1);
      },
    })),
    'keeps only what JSON keeps': fault((cache) => ({
      get: (key: string, options: any) => {
        const value = cache.get(key, options);
        return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
      },
    })),
    'accepts options that do not exist': fault((cache) => ({
      set: (key: string, value: unknown, { timeout, version, tags }: any = {}) =>
        cache.set(key, value, { timeout, version, tags }),
    })),
    'takes any key': fault((cache) => ({
      get: (key: unknown, options: any) => cache.get(String(key), options),
      set: (key: unknown, value: unknown, options: any) => cache.set(String(key), value, options),
    })),
    'resets the expiry in incrVersion()': fault((cache) => ({
      incrVersion: (key: string, delta: any, options: any) => {
        const version = cache.incrVersion(key, delta, options);
        cache.touch(key, { version });
        return version;
      },
    })),
    'stores half of a setMany() that fails': fault((cache) => ({
      setMany: (pairs: any, options: any) => {
        const entries = Symbol.iterator in pairs ? [...pairs] : Object.entries(pairs);
        for (const [key, value] of entries) cache.set(key, value, options);
        return [];
      },
    })),
  };
}
