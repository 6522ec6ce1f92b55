/** A clock that stands still until a test moves it. */
import type { Clock } from '../clock.js';
import { InvalidOptionError } from '../errors.js';
import { parseTimeout, type Duration } from '../timeout.js';

/** Sooner than this no timer fires, as in Node: one that sets itself again cannot hold up time. */
const SHORTEST_DELAY_MS = 1;

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

/**
 * Time for tests. One clock may be given to several caches, which then age together.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { TestClock } from '@locmem/core/testing';
 *
 * const clock = new TestClock();
 * const fired: string[] = [];
 * clock.setTimeout(() => fired.push('later'), 60_000);
 * clock.setTimeout(() => fired.push('sooner'), 1_000);
 *
 * clock.advance('5m');
 * assert.deepEqual(fired, ['sooner', 'later']);
 * ```
 */
export class TestClock implements Clock {
  #nowMs = 1_000_000;
  readonly #timers = new Set<Timer>();
  readonly #afterwards = new Set<() => void>();

  now(): number {
    return this.#nowMs;
  }

  /**
   * Lets time pass. Timers that fall due fire in their order, each at its own time.
   *
   * @param span seconds, or a duration such as `'5m'`
   * @throws {InvalidOptionError} when it is below zero or for ever
   */
  advance(span: number | Duration): void {
    const seconds = parseTimeout(span, 'span');
    if (seconds === null || seconds < 0) {
      throw new InvalidOptionError('TestClock.advance', 'span', 'must be a time from 0', span);
    }
    const endMs = this.#nowMs + seconds * 1000;
    for (let timer = this.#next(endMs); timer; timer = this.#next(endMs)) {
      this.#timers.delete(timer);
      this.#nowMs = timer.dueMs;
      timer.run();
    }
    this.#nowMs = endMs;
    for (const run of this.#afterwards) run();
  }

  setTimeout(run: () => void, delayMs: number): unknown {
    const timer = { dueMs: this.#nowMs + Math.max(SHORTEST_DELAY_MS, delayMs), run };
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(handle: unknown): void {
    this.#timers.delete(handle as Timer);
  }

  /** Calls back each time that the clock has been moved. */
  onAdvanced(run: () => void): void {
    this.#afterwards.add(run);
  }

  /** The timer due first; of several, the one set first. */
  #next(endMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs <= endMs && (!next || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  }
}
