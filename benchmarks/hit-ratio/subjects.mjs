/** Caches behind one interface: `get` and `set` of a string key, at most so many entries. */
import { LocMemCache } from '@locmem/core';
import { LRUCache } from 'lru-cache';
import { LRUCache as MnemonistLRUCache } from 'mnemonist';
import QuickLRU from 'quick-lru';
import { lru as tinyLru } from 'tiny-lru';

let stores = 0;

function locmem(policy) {
  return (maxEntries) => {
    const options = { policy, maxEntries, timeout: null, keyCheck: 'off' };
    return new LocMemCache(`hit ratio ${++stores}`, options);
  };
}

/** By name; the package to take the version of, and a cache of that size. */
export const SUBJECTS = {
  'locmem adaptive': { from: '@locmem/core', make: locmem('adaptive') },
  'locmem lru (Django)': { from: '@locmem/core', make: locmem('lru') },
  'locmem cull (Django)': { from: '@locmem/core', make: locmem('cull') },
  'lru-cache': { from: 'lru-cache', make: (max) => new LRUCache({ max }) },
  'tiny-lru': { from: 'tiny-lru', make: (max) => tinyLru(max) },
  // Keeps up to twice its maxSize: half of the entries make it comparable.
  'quick-lru': {
    from: 'quick-lru',
    make: (max) => new QuickLRU({ maxSize: Math.max(1, Math.ceil(max / 2)) }),
  },
  mnemonist: { from: 'mnemonist', make: (max) => new MnemonistLRUCache(max) },
};

/** How often a key of the trace is found; one that is not is put in, as callers of caches do. */
export function hitsOf(cache, { ids }) {
  let hits = 0;
  for (const id of ids) {
    const key = `key:${id}`;
    if (cache.get(key) !== undefined) hits++;
    else cache.set(key, id);
  }
  return hits;
}
