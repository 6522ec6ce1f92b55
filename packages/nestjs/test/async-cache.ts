import type { AsyncCache } from '@locmem/core';
import { createTestCache } from '@locmem/core/testing';

type Methods = Record<PropertyKey, unknown>;

/** A cache that answers with promises, as remote ones do; a real LocMemCache behind them. */
export function asyncCache(cache = createTestCache()): AsyncCache {
  return answering(cache, async (method, args) => {
    // A turn later, as over a network.
    await new Promise(setImmediate);
    return method.apply(cache, args);
  });
}

/** As drivers say it. */
const lost = () => Object.assign(new Error('connection lost'), { code: 'ECONNRESET' });

/** One whose connection is lost. */
export function brokenCache(): AsyncCache {
  return answering(createTestCache(), () => Promise.reject(lost()));
}

function answering(
  cache: object,
  answer: (method: (...args: unknown[]) => unknown, args: unknown[]) => Promise<unknown>,
): AsyncCache {
  return new Proxy(cache as AsyncCache, {
    get: (_target, name) => {
      const method = (cache as Methods)[name] as ((...args: unknown[]) => unknown) | undefined;
      // Nest looks for hooks of its own, and whether it has to wait for the cache itself.
      return method && ((...args: unknown[]) => answer(method, args));
    },
  });
}
