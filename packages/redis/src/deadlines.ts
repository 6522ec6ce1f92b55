/**
 * The same deadline for many calls under way. They fall due in the order in which they began, so one timer
 * for the oldest is enough; a call that was answered costs no timer at all.
 */
import type { Timekeeper } from '@locmem/core/remote';

/** A call under way. */
export abstract class Call {
  isOver = false;
  dueMs = Infinity;
  /** The one that began after it. */
  next: Call | undefined = undefined;

  /** Its time is over. */
  abstract expire(): void;
}

export class Deadlines {
  /** The oldest that is not over, and so the first to fall due. */
  #oldest: Call | undefined;
  #newest: Call | undefined;
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

  begin(call: Call): void {
    call.dueMs = this.time.now() + this.limitMs;
    if (this.#oldest && this.#newest) this.#newest.next = call;
    else this.#oldest = call;
    this.#newest = call;
    this.#pending++;
    if (!this.#isArmed) this.#arm(this.limitMs);
  }

  /** Whether its caller may have been told already that it failed, be it by a timer of the caller's own. */
  isLate(call: Call): boolean {
    return call.isOver || this.time.exact() >= call.dueMs;
  }

  /** @returns false when it was over already */
  end(call: Call): boolean {
    if (call.isOver) return false;
    call.isOver = true;
    this.#pending--;
    while (this.#oldest?.isOver) this.#forget(this.#oldest);
    return true;
  }

  /** Unlinked, lest one that has grown old keeps all who came after it from being collected young. */
  #forget(oldest: Call): void {
    this.#oldest = oldest.next;
    oldest.next = undefined;
  }

  #arm(delayMs: number): void {
    this.#isArmed = true;
    const armedMs = this.time.exact();
    this.time.after(
      delayMs,
      () => {
        // First whatever has arrived is read: while this process was busy, nobody was late but it.
        setImmediate(() => {
          const nowMs = this.time.exact();
          // By a clock that stands still, the timer is all there is to go by.
          this.#expire(nowMs > armedMs ? nowMs : armedMs + delayMs);
        });
      },
      true,
    );
  }

  /** A timer set late in a turn reckons from the turn's begin, and is early by so much. */
  #expire(nowMs: number): void {
    this.#isArmed = false;
    while (this.#oldest) {
      const call = this.#oldest;
      if (call.dueMs > nowMs) {
        this.#arm(call.dueMs - nowMs);
        return;
      }
      this.end(call);
      call.expire();
    }
  }
}
