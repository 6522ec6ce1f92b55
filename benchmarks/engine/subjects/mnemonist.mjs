import { LRUCache, LRUMap } from 'mnemonist';

function handle(cache) {
  return {
    get: (key) => cache.get(key),
    set: (key, value) => cache.set(key, value),
  };
}

/** Keys in a plain object. */
export const lruCache = {
  name: 'mnemonist LRUCache',
  package: 'mnemonist',
  isolates: false,
  expires: false,
  isBounded: true,
  make: ({ capacity }) => handle(new LRUCache(capacity)),
};

/** Keys in a Map. */
export const lruMap = {
  ...lruCache,
  name: 'mnemonist LRUMap',
  make: ({ capacity }) => handle(new LRUMap(capacity)),
};
