/**
 * The same deadline for many calls under way. They fall due in the order in which they began, so one timer
 * for the oldest is enough; a call that was answered costs no timer at all.
 */
import type { Timekeeper } from '@locmem/core/remote';

/** A call under way. */
export interface Call {
  isOver: boolean;
  readonly dueMs: number;
  readonly expire: () => void;
}

/** From so many finished calls on, their places are given back. */
const COMPACT_FROM = 1_024;

export class Deadlines {
  /** The oldest first; those before `#first` are over. */
  #calls: Call[] = [];
  #first = 0;
  #pending = 0;
  #isArmed = false;

  constructor(
    readonly time: Timekeeper,
    readonly limitMs: number,
  ) {}

  /** Calls that have neither been answered nor run out of time. */
  get pending(): number {
    return this.#pending;
  }

  begin(expire: () => void): Call {
    const call = { isOver: false, dueMs: this.time.now() + this.limitMs, expire };
    this.#calls.push(call);
    this.#pending++;
    if (!this.#isArmed) this.#arm(this.limitMs);
    return call;
  }

  /** @returns false when it was over already */
  end(call: Call): boolean {
    if (call.isOver) return false;
    call.isOver = true;
    this.#pending--;
    this.#forget();
    return true;
  }

  #arm(delayMs: number): void {
    this.#isArmed = true;
    this.time.after(
      delayMs,
      () => {
        // First whatever has arrived is read: while this process was busy, nobody was late but it.
        setImmediate(() => {
          this.#expire();
        });
      },
      true,
    );
  }

  #expire(): void {
    this.#isArmed = false;
    const nowMs = this.time.exact();
    // The list as it is now: the places before these calls may be given back on the way.
    const calls = this.#calls;
    for (let i = this.#first; i < calls.length; i++) {
      const call = calls[i]!;
      if (call.isOver) continue;
      if (call.dueMs > nowMs) {
        this.#arm(call.dueMs - nowMs);
        break;
      }
      this.end(call);
      call.expire();
    }
  }

  #forget(): void {
    while (this.#first < this.#calls.length && this.#calls[this.#first]!.isOver) this.#first++;
    if (this.#first < COMPACT_FROM && this.#first < this.#calls.length) return;
    this.#calls = this.#calls.slice(this.#first);
    this.#first = 0;
  }
}
