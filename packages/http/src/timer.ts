/** Time that passes: on the cache's own clock, when that can tell, so that tests need not wait. */
import type { Clock } from './options.js';

/** Longer delays would make node's timers fire at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** Calls back after a while, unless it is called off before. @returns what calls it off */
export function after(clock: Clock, delayMs: number, run: () => void): () => void {
  if (clock.setTimeout) {
    const handle = clock.setTimeout(run, delayMs);
    return () => clock.clearTimeout?.(handle);
  }
  // No reason for the process to stay: whoever waits has a connection that is one.
  const timer = setTimeout(run, Math.min(delayMs, LONGEST_DELAY_MS)).unref();
  return () => {
    clearTimeout(timer);
  };
}
