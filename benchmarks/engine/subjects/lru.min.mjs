import { createLRU } from 'lru.min';

export const lruMin = {
  name: 'lru.min',
  package: 'lru.min',
  isolates: false,
  expires: false,
  isBounded: true,
  make({ capacity }) {
    const cache = createLRU({ max: capacity });
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      delete: (key) => cache.delete(key),
    };
  },
};
