/**
 * A circuit breaker. After some calls in a row that got no answer it opens: calls fail at once, and the
 * server is left alone. After a while one call is let through to try; its answer closes the breaker, its
 * failure opens it for twice as long.
 */
import type { Timekeeper } from '@locmem/core/remote';

const FIRST_COOL_DOWN_MS = 500;
const LONGEST_COOL_DOWN_MS = 10_000;

/** `'half-open'`: one call is on its way to try. */
export type BreakerState = 'closed' | 'open' | 'half-open';

export class Breaker {
  #state: BreakerState = 'closed';
  #failures = 0;
  #coolDownMs = FIRST_COOL_DOWN_MS;
  /** Whether an open one lets the next call through. */
  #mayTry = false;
  #callOff: (() => void) | undefined;

  constructor(
    readonly time: Timekeeper,
    readonly threshold: number,
    readonly onChange: (state: BreakerState) => void,
  ) {}

  get state(): BreakerState {
    return this.#state;
  }

  /** Whether a call may go out. Asked once for each: of an open breaker, one in a while may. */
  admits(): boolean {
    if (this.#state === 'closed') return true;
    if (this.#state === 'half-open' || !this.#mayTry) return false;
    this.#become('half-open');
    return true;
  }

  /** The server answered, if only to refuse. */
  answered(): void {
    this.#failures = 0;
    if (this.#state === 'closed') return;
    this.#coolDownMs = FIRST_COOL_DOWN_MS;
    this.#become('closed');
  }

  /** The server did not answer. */
  failed(): void {
    this.#failures++;
    if (this.#state === 'open') return;
    if (this.#state === 'closed' && this.#failures < this.threshold) return;
    // Not all processes at the same moment.
    this.#coolDown(this.#coolDownMs * (0.75 + Math.random() / 2));
    this.#coolDownMs = Math.min(LONGEST_COOL_DOWN_MS, this.#coolDownMs * 2);
    this.#become('open');
  }

  /** There is reason to believe that it would answer now: the next call may try. */
  tryNow(): void {
    this.#mayTry = true;
  }

  /** By a timer: a clock of the user's may stand still. */
  #coolDown(delayMs: number): void {
    this.#mayTry = false;
    this.#callOff?.();
    this.#callOff = this.time.after(delayMs, () => (this.#mayTry = true), true);
  }

  #become(state: BreakerState): void {
    this.#state = state;
    this.onChange(state);
  }
}
