import { LocMemCache } from '@locmem/core';

let stores = 0;

/** Every cache has a store of its own; whatever is not named here is as it comes. */
function open({ capacity, ttlMs, keyPrefix = '' }, more) {
  const timeout = `${ttlMs}ms`;
  return new LocMemCache(`bench-${++stores}`, {
    maxEntries: capacity,
    timeout,
    keyPrefix,
    ...more,
  });
}

function handle(cache) {
  return {
    get: (key) => cache.get(key),
    set: (key, value) => cache.set(key, value),
    delete: (key) => cache.delete(key),
    incr: (key) => cache.incr(key),
    getMany: (keys) => cache.getMany(keys),
    getVersioned: (key, version) => cache.get(key, { version }),
    setVersioned: (key, version, value) => cache.set(key, value, { version }),
    load: (key, loader) => cache.getOrSet(key, loader),
  };
}

/** As it comes: expiry, the default policy, isolation by copies, counting. */
export const copying = {
  name: 'LocMem',
  package: '@locmem/core',
  isolates: true,
  expires: true,
  isBounded: true,
  make: (options) => handle(open(options)),
};

/** One that has been full: from half full on the policy records each use. */
export const full = {
  ...copying,
  name: 'LocMem, full',
  only: ['warm-hit', 'fresh-hit'],
  make(options) {
    const cache = open({ ...options, capacity: options.capacity / 2 });
    cache.set('one-too-many', 1); // what is written next makes the cache full, and evicts
    return handle(cache);
  },
};

/** One frozen copy for all who read. */
export const freezing = {
  ...copying,
  name: "LocMem, isolation: 'freeze'",
  only: ['object-hit-isolated', 'object-set-isolated', 'nested-hit-isolated'],
  make: (options) => handle(open(options, { isolation: 'freeze' })),
};

/** By reference, as the caches that do not isolate. */
export const sharing = {
  ...copying,
  name: "LocMem, isolation: 'share'",
  isolates: false,
  only: ['object-hit-shared', 'object-set-shared'],
  make: (options) => handle(open(options, { isolation: 'share' })),
};

/** A cache for each version instead of a version for each call, sharing one store. */
export const perVersion = {
  ...copying,
  name: 'LocMem, a cache for each version',
  only: ['versioned'],
  make(options) {
    const first = open(options);
    const caches = [1, 2, 3].map(
      (version) =>
        new LocMemCache(first.name, {
          maxEntries: options.capacity,
          timeout: `${options.ttlMs}ms`,
          keyPrefix: options.keyPrefix,
          version,
        }),
    );
    return {
      ...handle(first),
      getVersioned: (key, version) => caches[version - 1].get(key),
      setVersioned: (key, version, value) => caches[version - 1].set(key, value),
    };
  },
};
