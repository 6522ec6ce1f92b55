import { createCache } from 'cache-manager';

/** With the store it brings along: Keyv over a Map, here without serialising, so by reference. */
export const cacheManager = {
  name: 'cache-manager',
  package: 'cache-manager',
  isolates: false,
  expires: true,
  isAsync: true,
  make({ ttlMs }) {
    const cache = createCache({ ttl: ttlMs });
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      delete: (key) => cache.del(key),
      getMany: (keys) => cache.mget(keys),
      load: (key, loader) => cache.wrap(key, loader),
    };
  },
};
