/**
 * Time as a parameter. Deadlines are reckoned on a monotonic clock: a step of the wall clock must
 * neither empty the cache nor make its entries immortal.
 */
import { performance } from 'node:perf_hooks';
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

/** Stands for a reading that is not there: no deadline is later, but that of what never dies. */
const UNREAD = Number.MAX_VALUE;

/** Who waits for a tick. */
export interface Ticked {
  ticked(): void;
}

/** Time as the store reads it. */
export interface Timekeeper extends Clock {
  /** The last reading while it may serve for a look; {@link UNREAD} = ask {@link now}. Two loads instead of a call. */
  readonly reading: number;
  /** So many looks at {@link reading} have been taken that it must not serve any more. */
  distrust(): void;
  /** Never early: may lag behind {@link exact} by what the implementation states. */
  now(): number;
  /** The time itself; deadlines are set from it, so that no entry dies before its time. */
  exact(): number;
  /** Calls back, once, when {@link reading} next ends; a clock without laxity has no ticks. */
  atTick?(who: Ticked): void;
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

/**
 * Waits as long as it takes, one timer after the other.
 *
 * @param arm sets a timer, and returns what calls it off
 */
function inStretches(
  delayMs: number,
  run: () => void,
  arm: (next: () => void, stretchMs: number) => () => void,
): () => void {
  const leftMs = delayMs - LONGEST_DELAY_MS;
  if (!(leftMs > 0)) return arm(run, delayMs);
  let callOff = arm(() => {
    callOff = inStretches(leftMs, run, arm);
  }, LONGEST_DELAY_MS);
  return () => {
    callOff();
  };
}

const TICK_MS = 1;
const LOOKS_PER_READING = 64;

/**
 * The process's monotonic clock, read at most once a tick of 1 ms, once in 64 calls of {@link now}, and
 * whenever a store has used {@link reading} often enough, whichever comes first.
 *
 * Cost: `performance.now()` takes 40 to 200 ns, an object field 1 ns. The price is that a look may be
 * late: by the tick, or, while one callback blocks the event loop, by so many looks. An entry may live
 * that much longer; it never dies early.
 */
class CoarseClock implements Timekeeper {
  reading = UNREAD;
  #looksLeft = 0;
  #isTickDue = false;
  #atTick: Ticked[] = [];
  #tick: NodeJS.Timeout | undefined;

  now(): number {
    const { reading } = this;
    return reading !== UNREAD && this.#looksLeft-- > 0 ? reading : this.exact();
  }

  exact(): number {
    const reading = performance.now();
    this.reading = reading;
    this.#looksLeft = LOOKS_PER_READING;
    if (!this.#isTickDue) this.#armTick();
    return reading;
  }

  distrust(): void {
    this.reading = UNREAD;
  }

  atTick(who: Ticked): void {
    this.#atTick.push(who);
    if (!this.#isTickDue) this.#armTick();
  }

  after(delayMs: number, run: () => void, isIdle = false): () => void {
    return inStretches(delayMs, run, (next, stretchMs) => {
      const timer = setTimeout(next, stretchMs);
      if (isIdle) timer.unref();
      return () => {
        clearTimeout(timer);
      };
    });
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
      const waiting = this.#atTick;
      this.#atTick = [];
      for (const who of waiting) who.ticked();
      this.reading = UNREAD;
    }, TICK_MS).unref();
  }
}

const processClock = new CoarseClock();

/**
 * A clock of the user's is asked at every look; without one, the process's coarse clock serves.
 *
 * @param place whose clock it is, for the error
 */
export function timekeeper(clock: Clock | undefined, place = 'LocMemCache'): Timekeeper {
  if (!clock) return processClock;
  const reading = clock.now();
  if (!Number.isFinite(reading)) {
    const rule = 'must return milliseconds from now()';
    throw new InvalidOptionError(place, 'clock', rule, reading);
  }
  return {
    reading: UNREAD,
    distrust: () => undefined,
    now: () => clock.now(),
    exact: () => clock.now(),
    after: (delayMs, run, isIdle) => {
      if (!clock.setTimeout) return processClock.after(delayMs, run, isIdle);
      return inStretches(delayMs, run, (next, stretchMs) => {
        const handle = clock.setTimeout!(next, stretchMs);
        return () => clock.clearTimeout?.(handle);
      });
    },
  };
}
