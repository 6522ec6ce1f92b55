import { LRUCache } from 'lru-cache';

function handle(options) {
  const cache = new LRUCache({
    ...options,
    fetchMethod: (_key, _stale, { context: loader }) => loader(),
  });
  return {
    get: (key) => cache.get(key),
    set: (key, value) => cache.set(key, value),
    delete: (key) => cache.delete(key),
    load: (key, loader) => cache.fetch(key, { context: loader }),
  };
}

export const lruCache = {
  name: 'lru-cache',
  package: 'lru-cache',
  isolates: false,
  expires: false,
  isBounded: true,
  make: ({ capacity }) => handle({ max: capacity }),
};

export const withTtl = {
  ...lruCache,
  name: 'lru-cache, ttl',
  expires: true,
  make: ({ capacity, ttlMs }) => handle({ max: capacity, ttl: ttlMs }),
};
