/**
 * Time as a parameter. Deadlines are reckoned on a monotonic clock: a step of the wall clock must
 * neither empty the cache nor make its entries immortal.
 */
import { InvalidOptionError } from './errors.js';

/** A source of time. */
export interface Clock {
  /** Milliseconds since any fixed moment; never runs backwards. */
  now(): number;
  /** Calls back when so much of its time has passed; for tests. Default: the real `setTimeout`. */
  setTimeout?(run: () => void, delayMs: number): unknown;
  /** Takes back what `setTimeout` returned. */
  clearTimeout?(handle: unknown): void;
}

/** Time as the store reads it. */
export interface Timekeeper extends Clock {
  /** Never early: may lag behind {@link exact} by what the implementation states. */
  now(): number;
  /** The time itself; deadlines are set from it, so that no entry dies before its time. */
  exact(): number;
  /**
   * Calls back after a while, unless it is called off before.
   *
   * @param isIdle no reason for the process to stay
   * @returns what calls it off
   */
  after(delayMs: number, run: () => void, isIdle?: boolean): () => void;
}

/** Longer delays would make Node's timers fire at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

const TICK_MS = 1;
const LOOKS_PER_READING = 64;

/**
 * The process's monotonic clock, read at most once a tick of 1 ms or once in 64 looks, whichever
 * comes first.
 *
 * Cost: `performance.now()` takes some 60 ns, an object field 1 ns. The price is that a look may be
 * late: by the tick, or, while one callback blocks the event loop, by up to 64 looks. An entry may
 * live that much longer; it never dies early.
 */
class CoarseClock implements Timekeeper {
  #reading = 0;
  #looksLeft = 0;
  #isTickDue = false;
  #tick: NodeJS.Timeout | undefined;

  now(): number {
    return this.#looksLeft-- > 0 ? this.#reading : this.exact();
  }

  exact(): number {
    this.#reading = performance.now();
    this.#looksLeft = LOOKS_PER_READING;
    if (!this.#isTickDue) this.#armTick();
    return this.#reading;
  }

  after(delayMs: number, run: () => void, isIdle = false): () => void {
    const timer = setTimeout(run, Math.min(delayMs, LONGEST_DELAY_MS));
    if (isIdle) timer.unref();
    return () => {
      clearTimeout(timer);
    };
  }

  /** One timer for all stores, re-armed rather than made anew, and no reason for the process to stay. */
  #armTick(): void {
    this.#isTickDue = true;
    if (this.#tick) {
      this.#tick.refresh();
      return;
    }
    this.#tick = setTimeout(() => {
      this.#isTickDue = false;
      this.#looksLeft = 0;
    }, TICK_MS).unref();
  }
}

const processClock = new CoarseClock();

/** A clock of the user's is asked at every look; without one, the process's coarse clock serves. */
export function timekeeper(clock: Clock | undefined): Timekeeper {
  if (!clock) return processClock;
  const reading = clock.now();
  if (!Number.isFinite(reading)) {
    const rule = 'must return milliseconds from now()';
    throw new InvalidOptionError('LocMemCache', 'clock', rule, reading);
  }
  return {
    now: () => clock.now(),
    exact: () => clock.now(),
    after: (delayMs, run, isIdle) => {
      if (!clock.setTimeout) return processClock.after(delayMs, run, isIdle);
      const handle = clock.setTimeout(run, delayMs);
      return () => clock.clearTimeout?.(handle);
    },
  };
}
