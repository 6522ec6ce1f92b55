/**
 * Reading the clock costs more than all else of a small write. So an entry is written with its time to
 * live, and all that were written since the last reading get their deadlines from the next one: at the
 * tick, a millisecond later; sooner when many are waiting or somebody wants to know. A deadline is so at
 * most that much too late and never too early, whatever the callback was doing meanwhile.
 *
 * Until then a time to live stands in the deadline's place, told apart by its sign: {@link fromNow}.
 *
 * Who is written again, and will only live longer for it, need not even be looked at a second time: he
 * gets {@link LateDeadlines.provisionalMs}, a deadline from the last reading and a little more. If the
 * next one comes within that little, as it does where one write follows upon the other, it is final.
 */
import type { Timekeeper } from './clock.js';

/** At most so many wait: the clock's own laxity within one callback. */
const MAX_WAITING = 256;

/** How much too late a provisional deadline is; so many writes on end take a tenth of that. */
const LEEWAY_MS = 0.25;

/** A deadline that is yet to be reckoned: so many milliseconds after the next reading. */
export function fromNow(milliseconds: number): number {
  return -milliseconds;
}

/** Minus infinity is none: that is over already. */
export function isFromNow(deadlineMs: number): boolean {
  return deadlineMs < 0 && deadlineMs !== -Infinity;
}

const NOBODY = new Uint32Array(0);

/**
 * Gives the first `count` of these slots their deadlines, those that have the provisional one another;
 * some may be gone, or be there twice.
 */
export type Reckon = (
  slots: Uint32Array,
  count: number,
  nowMs: number,
  provisionalMs: number,
  insteadMs: number,
) => void;

export class LateDeadlines {
  /** Whether deadlines may be late: a clock of the user's is asked at every write. */
  readonly areAllowed: boolean;
  /** For who lives {@link lifeMs} from now on; NaN when there is none. */
  provisionalMs = NaN;
  lifeMs = NaN;
  /** How long the last one lives who got a time to live: likely the next one, too. */
  #nextLifeMs = NaN;
  /** Until when provisional deadlines are no earlier than they should be. */
  #goodUntilMs = NaN;
  /** Whether somebody has no deadline at all. */
  #isAnyUnknown = false;
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

  /** For a slot whose deadline is {@link fromNow}. */
  add(slot: number, lifeMs: number): void {
    this.#isAnyUnknown = true;
    this.#nextLifeMs = lifeMs;
    this.addProvisional(slot);
  }

  /** For a slot whose deadline is {@link provisionalMs}. */
  addProvisional(slot: number): void {
    const count = this.#count;
    if (count === 0) this.#begin();
    this.#waiting[count] = slot;
    this.#count = count + 1;
    if (count + 1 >= MAX_WAITING) this.#settle(false);
  }

  /** Whether a deadline may still change. */
  isLate(deadlineMs: number): boolean {
    return isFromNow(deadlineMs) || deadlineMs === this.provisionalMs;
  }

  settle(): void {
    this.#settle(true);
  }

  /** @param isWatched somebody wants to know: the leeway is taken back */
  #settle(isWatched: boolean): void {
    if (this.#count === 0) return;
    const nowMs = this.#time.exact();
    const { provisionalMs } = this;
    const mustVisit = isWatched || this.#isAnyUnknown || !(nowMs <= this.#goodUntilMs);
    this.provisionalMs = NaN; // who asks meanwhile is not sent here again
    try {
      const count = mustVisit ? this.#count : 0;
      this.#reckon(this.#waiting, count, nowMs, provisionalMs, nowMs + this.lifeMs);
    } catch (error) {
      this.provisionalMs = provisionalMs;
      throw error;
    }
    this.#count = 0;
    this.#isAnyUnknown = false;
    this.#goodUntilMs = nowMs + LEEWAY_MS;
    this.lifeMs = this.#nextLifeMs;
    this.provisionalMs = this.#goodUntilMs + this.lifeMs;
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
