import QuickLRU from 'quick-lru';

function handle(cache) {
  return {
    get: (key) => cache.get(key),
    set: (key, value) => cache.set(key, value),
    delete: (key) => cache.delete(key),
  };
}

/** Holds between `maxSize` and twice as many entries. */
export const quickLru = {
  name: 'quick-lru',
  package: 'quick-lru',
  isolates: false,
  expires: false,
  isBounded: true,
  make: ({ capacity }) => handle(new QuickLRU({ maxSize: capacity })),
};

export const withTtl = {
  ...quickLru,
  name: 'quick-lru, maxAge',
  expires: true,
  make: ({ capacity, ttlMs }) => handle(new QuickLRU({ maxSize: capacity, maxAge: ttlMs })),
};
