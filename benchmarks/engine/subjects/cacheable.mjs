import { Cacheable, CacheableMemory } from 'cacheable';

/**
 * The layered cache as it comes: one layer, in memory. It clones what is read, not what is written:
 * the writer goes on sharing the object.
 */
export const cacheable = {
  name: 'cacheable',
  package: 'cacheable',
  isolates: 'readers',
  expires: true,
  isAsync: true,
  make({ ttlMs }) {
    const cache = new Cacheable({ ttl: ttlMs });
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      delete: (key) => cache.delete(key),
      getMany: (keys) => cache.getMany(keys),
      load: (key, loader) => cache.getOrSet(key, loader),
    };
  },
};

/** Its memory layer alone, which answers at once. */
export const memory = {
  name: 'cacheable, CacheableMemory',
  package: 'cacheable',
  isolates: 'readers',
  expires: true,
  make({ ttlMs }) {
    const cache = new CacheableMemory({ ttl: ttlMs });
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      delete: (key) => cache.delete(key),
      getMany: (keys) => cache.getMany(keys),
    };
  },
};
