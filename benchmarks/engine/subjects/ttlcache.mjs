import { TTLCache } from '@isaacs/ttlcache';

export const ttlCache = {
  name: '@isaacs/ttlcache',
  package: '@isaacs/ttlcache',
  isolates: false,
  expires: true,
  isBounded: true,
  make({ capacity, ttlMs }) {
    const cache = new TTLCache({ max: capacity, ttl: ttlMs });
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      delete: (key) => cache.delete(key),
    };
  },
};
