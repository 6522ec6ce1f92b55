/**
 * Which caches share memory: all of one name in one process (Django: one LOCATION). The registry
 * hangs on a global symbol, so that the ES-module and the CommonJS copy of this package, or two
 * versions of it whose stores are laid out alike, meet in the same stores.
 */
import { InvalidOptionError } from './errors.js';
import type { ResolvedOptions } from './options.js';
import { show } from './show.js';
import { Store } from './store.js';

/** Raised whenever the layout of {@link Store} changes: unlike copies must not share. */
const REGISTRY = Symbol.for('@locmem/core/stores/2');

type Registry = Map<string, Store>;

function registry(): Registry {
  const home = globalThis as unknown as Record<symbol, Registry | undefined>;
  return (home[REGISTRY] ??= new Map<string, Store>());
}

/**
 * The store of this name, made at first sight.
 *
 * @throws {InvalidOptionError} when the store is there already with another policy or clock
 */
export function openStore(name: string, options: ResolvedOptions): Store {
  const stores = registry();
  const known = stores.get(name);
  if (known) {
    checkAgreement(known, options);
    return known;
  }
  const policy = options.policy ?? (options.compat === 'django' ? 'lru' : 'adaptive');
  const isSwept = options.compat !== 'django';
  const store = new Store(name, policy, options.clock, options, isSwept);
  stores.set(name, store);
  return store;
}

function checkAgreement(store: Store, options: ResolvedOptions): void {
  const place = `LocMemCache '${store.name}'`;
  if (options.policy && options.policy !== store.policyChoice) {
    const rule = `must be ${show(store.policyChoice)}, with which this store was opened first`;
    throw new InvalidOptionError(place, 'policy', rule, options.policy);
  }
  if (options.clock && options.clock !== store.clock) {
    const rule = 'must be the one with which this store was opened first';
    throw new InvalidOptionError(place, 'clock', rule, options.clock);
  }
}

/** Where this cache's limits differ from those of the cache that opened the store, in words. */
export function differingLimits(store: Store, options: ResolvedOptions): string | undefined {
  const limits = ['maxEntries', 'cullFrequency', 'maxBytes'] as const;
  const differing = limits
    .filter((limit) => options[limit] !== store.firstLimits[limit])
    .map((limit) => `${limit} ${store.firstLimits[limit]} and ${options[limit]}`);
  return differing.length > 0 ? differing.join(', ') : undefined;
}
