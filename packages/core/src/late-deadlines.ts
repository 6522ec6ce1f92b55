/**
 * Reading the clock costs more than all else of a small write. So an entry is written with its time to
 * live, and all that were written since the last reading get their deadlines from the next one: at the
 * tick, a millisecond later; sooner when many are waiting or somebody wants to know. A deadline is so at
 * most that much too late and never too early, whatever the callback was doing meanwhile.
 *
 * Until then a time to live stands in the deadline's place, told apart by its sign: {@link fromNow}.
 */
import type { Timekeeper } from './clock.js';

/** At most so many wait: the clock's own laxity within one callback. */
const MAX_WAITING = 256;

/** A deadline that is yet to be reckoned: so many milliseconds after the next reading. */
export function fromNow(milliseconds: number): number {
  return -milliseconds;
}

/** Minus infinity is none: that is over already. */
export function isFromNow(deadlineMs: number): boolean {
  return deadlineMs < 0 && deadlineMs !== -Infinity;
}

const NOBODY = new Uint32Array(0);

/** Gives the first `count` of these slots their deadlines; some may be gone, or be there twice. */
export type Reckon = (slots: Uint32Array, count: number, nowMs: number) => void;

export class LateDeadlines {
  /** Whether deadlines may be late: a clock of the user's is asked at every write. */
  readonly areAllowed: boolean;
  #waiting = NOBODY;
  #count = 0;
  #isExpectingTick = false;
  readonly #time: Timekeeper;
  readonly #reckon: Reckon;

  constructor(time: Timekeeper, reckon: Reckon) {
    this.areAllowed = time.atTick !== undefined;
    this.#time = time;
    this.#reckon = reckon;
  }

  add(slot: number): void {
    const count = this.#count;
    if (count === 0) this.#begin();
    this.#waiting[count] = slot;
    this.#count = count + 1;
    if (count + 1 === MAX_WAITING) this.settle();
  }

  settle(): void {
    if (this.#count === 0) return;
    this.#reckon(this.#waiting, this.#count, this.#time.exact());
    this.#count = 0;
  }

  #begin(): void {
    if (this.#waiting === NOBODY) this.#waiting = new Uint32Array(MAX_WAITING);
    if (this.#isExpectingTick) return;
    this.#isExpectingTick = true;
    this.#time.atTick?.(this);
  }

  /** What the clock calls. */
  ticked(): void {
    this.#isExpectingTick = false;
    this.settle();
  }
}
