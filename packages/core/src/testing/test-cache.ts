/** A cache for one test: a store and a clock of its own, and its warnings at hand. */
import { LocMemCache } from '../cache.js';
import { openStore } from '../named-stores.js';
import { resolveOptions, type LocMemOptions } from '../options.js';
import type { Store } from '../store.js';
import type { Duration } from '../timeout.js';
import type { LocMemWarning } from '../warnings.js';
import { TestClock } from './test-clock.js';

/** Options of {@link createTestCache}: those of a LocMemCache, and where it keeps things. */
export interface TestCacheOptions extends Omit<LocMemOptions, 'clock'> {
  /** The named store. Default: one that nobody else has. */
  name?: string | undefined;
  /** Time. Default: a clock of its own. */
  clock?: TestClock | undefined;
}

let stores = 0;

/** What {@link createTestCache} returns: a LocMemCache whose time the test decides. */
export class TestCache extends LocMemCache {
  /** The cache's time, to be given to other caches, too. */
  readonly clock: TestClock;
  /** The warnings so far; nothing is printed. */
  readonly warnings: readonly LocMemWarning[];

  constructor(options: TestCacheOptions = {}) {
    const { name = `test cache ${++stores}`, clock = new TestClock(), ...rest } = options;
    const warnings: LocMemWarning[] = [];
    const onWarning = (warning: LocMemWarning) => {
      warnings.push(warning);
      rest.onWarning?.(warning);
    };
    super(name, { ...rest, clock, onWarning });
    this.clock = clock;
    this.warnings = warnings;
    takeOverSweeping(openStore(name, resolveOptions()), clock);
  }

  /**
   * Lets time pass for this cache and all others with its clock: deadlines of loads fall due in their
   * order, then what has expired is swept out. (What waits for a load hears of it at the next `await`.)
   *
   * @param span seconds, or a duration such as `'5m'`
   */
  advance(span: number | Duration): void {
    this.clock.advance(span);
  }

  /** Another cache on the same store and clock. */
  sibling(options: Omit<TestCacheOptions, 'name' | 'clock'> = {}): TestCache {
    return new TestCache({ ...options, name: this.name, clock: this.clock });
  }
}

/**
 * A LocMemCache for a test: on a store that no other test has, with a clock to `advance`. Nothing about
 * it depends on real time; dead entries are swept when the clock moves, and not in the background.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { createTestCache } from '@locmem/core/testing';
 *
 * const cache = createTestCache({ timeout: '5m' });
 * cache.set('k', 'v');
 * cache.advance('4m');
 * assert.equal(cache.get('k'), 'v');
 * cache.advance('1m');
 * assert.equal(cache.get('k'), undefined);
 * assert.equal(cache.size, 0);
 *
 * const tenant = cache.sibling({ keyPrefix: 'acme' }); // same store, same clock
 * tenant.set('not portable', 1);
 * assert.deepEqual(tenant.warnings.map(({ code }) => code), ['LOCMEM_KEY_NOT_PORTABLE']);
 * ```
 */
export function createTestCache(options: TestCacheOptions = {}): TestCache {
  return new TestCache(options);
}

const taken = new WeakSet<Store>();

function takeOverSweeping(store: Store, clock: TestClock): void {
  if (taken.has(store)) return;
  taken.add(store);
  store.isWatched = true; // so the housekeeper, who goes by real time, never takes it up
  if (!store.isSwept) return; // as in Django: until it is met
  clock.onAdvanced(() => {
    store.sweep(Infinity);
  });
}
