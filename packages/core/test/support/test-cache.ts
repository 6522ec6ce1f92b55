// A cache with a store and a clock of its own, for tests that must not meet each other.
import { LocMemCache, type LocMemOptions, type LocMemWarning } from '@locmem/core';

let stores = 0;

export interface TestCache {
  cache: LocMemCache;
  /** Lets seconds pass; timers of the clock fire in between. */
  advance: (seconds: number) => void;
  /** The warnings so far. */
  warnings: LocMemWarning[];
  /** Another cache on the same store. */
  sibling: (options?: LocMemOptions) => LocMemCache;
}

/** A clock that stands still until it is moved. */
function manualClock() {
  let nowMs = 1_000_000;
  const timers = new Set<{ atMs: number; run: () => void }>();
  return {
    clock: {
      now: () => nowMs,
      setTimeout: (run: () => void, delayMs: number) => {
        const timer = { atMs: nowMs + delayMs, run };
        timers.add(timer);
        return timer;
      },
      clearTimeout: (timer: any) => timers.delete(timer),
    },
    advance: (seconds: number) => {
      nowMs += seconds * 1000;
      for (const timer of timers) {
        if (timer.atMs > nowMs) continue;
        timers.delete(timer);
        timer.run();
      }
    },
  };
}

export function testCache(options: LocMemOptions = {}): TestCache {
  const name = `test ${++stores}`;
  const { clock, advance } = manualClock();
  const warnings: LocMemWarning[] = [];
  const sibling = (other: LocMemOptions = {}) =>
    new LocMemCache(name, { onWarning: (warning) => warnings.push(warning), ...other, clock });
  return { cache: sibling(options), advance, warnings, sibling };
}
