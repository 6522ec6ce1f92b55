import { Keyv } from 'keyv';

export const keyv = {
  name: 'keyv',
  package: 'keyv',
  isolates: true,
  expires: true,
  isAsync: true,
  make({ ttlMs }) {
    const cache = new Keyv({ ttl: ttlMs });
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      delete: (key) => cache.delete(key),
      getMany: (keys) => cache.getMany(keys),
    };
  },
};
