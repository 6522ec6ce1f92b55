import type { AsyncCache } from '@locmem/core';
import { createTestCache } from '@locmem/core/testing';

/** A cache that answers with promises, as remote ones do; a real LocMemCache behind them. */
export function asyncCache(cache = createTestCache()): AsyncCache {
  return new Proxy(cache as unknown as AsyncCache, {
    get: (_target, name) => {
      const method = Reflect.get(cache, name) as (...args: unknown[]) => unknown;
      // A turn later, as over a network.
      return async (...args: unknown[]) => {
        await new Promise(setImmediate);
        return method.apply(cache, args);
      };
    },
  });
}
