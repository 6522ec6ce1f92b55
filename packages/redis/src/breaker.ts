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
  #openUntilMs = 0;

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
    if (this.#state === 'half-open' || this.time.now() < this.#openUntilMs) return false;
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
    this.#openUntilMs = this.time.exact() + this.#coolDownMs * (0.75 + Math.random() / 2);
    this.#coolDownMs = Math.min(LONGEST_COOL_DOWN_MS, this.#coolDownMs * 2);
    this.#become('open');
  }

  /** There is reason to believe that it would answer now: the next call may try. */
  tryNow(): void {
    this.#openUntilMs = 0;
  }

  #become(state: BreakerState): void {
    this.#state = state;
    this.onChange(state);
  }
}
