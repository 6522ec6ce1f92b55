import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';

/** One layer, in memory, its values serialised as they are by default. */
export const bentocache = {
  name: 'bentocache',
  package: 'bentocache',
  isolates: true,
  expires: true,
  isBounded: true,
  isAsync: true,
  make({ capacity, ttlMs }) {
    const layer = memoryDriver({ maxItems: capacity, maxSize: 4 * 2 ** 30 });
    const cache = new BentoCache({
      default: 'memory',
      ttl: ttlMs,
      stores: { memory: bentostore().useL1Layer(layer) },
    });
    return {
      get: (key) => cache.get({ key }),
      set: (key, value) => cache.set({ key, value }),
      delete: (key) => cache.delete({ key }),
      load: (key, loader) => cache.getOrSet({ key, factory: loader }),
    };
  },
};
