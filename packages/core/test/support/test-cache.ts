// A cache with a store and a clock of its own, for tests that must not meet each other.
import { LocMemCache, type LocMemOptions, type LocMemWarning } from '@locmem/core';

let stores = 0;

export interface TestCache {
  cache: LocMemCache;
  /** Lets seconds pass. */
  advance: (seconds: number) => void;
  /** Codes of the warnings so far. */
  warnings: LocMemWarning[];
  /** Another cache on the same store. */
  sibling: (options?: LocMemOptions) => LocMemCache;
}

export function testCache(options: LocMemOptions = {}): TestCache {
  const name = `test ${++stores}`;
  let milliseconds = 1_000_000;
  const clock = { now: () => milliseconds };
  const warnings: LocMemWarning[] = [];
  const sibling = (other: LocMemOptions = {}) =>
    new LocMemCache(name, { onWarning: (warning) => warnings.push(warning), ...other, clock });
  return {
    cache: sibling(options),
    advance: (seconds) => (milliseconds += seconds * 1000),
    warnings,
    sibling,
  };
}
