import { lru } from 'tiny-lru';

function handle(cache) {
  return {
    get: (key) => cache.get(key),
    set: (key, value) => cache.set(key, value),
    delete: (key) => cache.delete(key),
  };
}

export const tinyLru = {
  name: 'tiny-lru',
  package: 'tiny-lru',
  isolates: false,
  expires: false,
  isBounded: true,
  make: ({ capacity }) => handle(lru(capacity)),
};

/** The third argument: an overwritten entry lives anew, as it does in the others. */
export const withTtl = {
  ...tinyLru,
  name: 'tiny-lru, ttl',
  expires: true,
  make: ({ capacity, ttlMs }) => handle(lru(capacity, ttlMs, true)),
};
