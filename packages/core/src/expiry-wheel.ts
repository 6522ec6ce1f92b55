/**
 * Which entries may have expired, without looking at the others: a hierarchical timing wheel over slot
 * numbers. A slot is filed under the time at which it falls due; as time passes, the buckets that have
 * come due are emptied, a bounded number of slots at each step.
 *
 * Five wheels of 64 buckets; a bucket of the first spans 256 ms, of each next one 64 times as long: 16
 * seconds, 17 minutes, 19 hours, 50 days, nearly nine years in all; what is due later is filed at the end
 * and then again. A slot is filed in O(1) and handled once for each wheel it comes down through.
 *
 * Four bytes a slot: a bucket is a singly linked list, so a slot cannot be taken out of the middle. It
 * need not be: when its turn comes, whoever collects says what it is now, gone, dead or good until
 * later. Only an entry whose deadline is moved *forward* may so be found late.
 *
 * Source: Varghese and Lauck, "Hashed and hierarchical timing wheels" (SOSP 1987).
 */

const TICK_MS = 256;
const WHEEL_BITS = 6;
const BUCKETS = 1 << WHEEL_BITS;
const WHEELS = 5;
/** The farthest tick that is told apart: 64^5 of them, some nine years. */
const HORIZON_TICKS = BUCKETS ** WHEELS - 1;

const NOT_FILED = 0;
/** Ends a bucket's list. No slot has this number. */
const END = 0xffffffff;

/** When the slot falls due next; undefined when it does not or is gone. Removes what is dead. */
export type Judge = (slot: number) => number | undefined;

export class ExpiryWheel {
  /** Slot → the next slot in its bucket. */
  readonly #next = new Links();
  /** First slot of each bucket, wheel after wheel. */
  readonly #heads = new Uint32Array(WHEELS * BUCKETS).fill(END);
  /** How many slots each wheel holds: an empty one is passed over whole. */
  readonly #filed = new Uint32Array(WHEELS);
  /** Time zero, so that ticks are small numbers. */
  readonly #originMs: number;
  /** Every tick up to this one has been emptied, but for {@link #due}. */
  #tick = 0;
  /** Lists that have come due and are being worked off, with the wheel each comes from. */
  readonly #due: number[] = [];
  readonly #dueWheels: number[] = [];

  constructor(nowMs: number) {
    this.#originMs = nowMs;
  }

  get isEmpty(): boolean {
    return this.#due.length === 0 && this.#filed.every((count) => count === 0);
  }

  /** Whether {@link collect} would find anything to do. */
  isDue(nowMs: number): boolean {
    return this.#due.length > 0 || this.#tick < this.#tickOf(nowMs);
  }

  /** Files a slot under its time; one that is filed already stays where it is. */
  file(slot: number, dueMs: number): void {
    if (this.#next.get(slot) === NOT_FILED) this.#link(slot, dueMs);
  }

  /**
   * Empties what has come due, in at most so many steps.
   *
   * @returns whether more is due
   */
  collect(nowMs: number, steps: number, judge: Judge): boolean {
    const nowTick = Math.min(this.#tickOf(nowMs), this.#tick + HORIZON_TICKS);
    while (steps-- > 0) {
      const slot = this.#takeDue();
      if (slot === undefined) {
        if (this.#tick >= nowTick) return false;
        this.#advance(nowTick);
      } else {
        const dueMs = judge(slot);
        // Who looks at a late deadline has it reckoned, and so filed: twice in a list would close it.
        if (dueMs !== undefined) this.file(slot, dueMs);
      }
    }
    return this.#due.length > 0 || this.#tick < nowTick;
  }

  /** The tick in which a moment lies. */
  #tickOf(ms: number): number {
    return Math.floor((ms - this.#originMs) / TICK_MS);
  }

  #link(slot: number, dueMs: number): void {
    // The tick after: when it has begun, the moment has certainly passed.
    const tick = Math.max(this.#tickOf(dueMs), this.#tick) + 1;
    const ahead = Math.min(tick - this.#tick, HORIZON_TICKS);
    let wheel = 0;
    while (ahead >= BUCKETS ** (wheel + 1)) wheel++;
    const bucket = Math.floor((this.#tick + ahead) / BUCKETS ** wheel) % BUCKETS;
    const head = wheel * BUCKETS + bucket;
    this.#next.set(slot, this.#heads[head]!);
    this.#heads[head] = slot;
    this.#filed[wheel]!++;
  }

  /** The next slot that has come due, out of the wheel. */
  #takeDue(): number | undefined {
    const slot = this.#due.pop();
    if (slot === undefined) return undefined;
    const wheel = this.#dueWheels.pop()!;
    this.#filed[wheel]!--;
    const next = this.#next.get(slot);
    this.#next.clear(slot);
    if (next !== END) this.#putDue(next, wheel);
    return slot;
  }

  #putDue(first: number, wheel: number): void {
    this.#due.push(first);
    this.#dueWheels.push(wheel);
  }

  /** To the next tick at which any bucket can come due, but not beyond now. */
  #advance(nowTick: number): void {
    const wheel = this.#filed.findIndex((count) => count > 0);
    if (wheel === -1) {
      this.#tick = nowTick;
      return;
    }
    const stride = BUCKETS ** wheel;
    this.#tick = Math.min(nowTick, (Math.floor(this.#tick / stride) + 1) * stride);
    // A wheel's bucket comes due when all wheels below have come round.
    for (let w = 0; w < WHEELS && this.#tick % BUCKETS ** w === 0; w++) {
      this.#open(w, Math.floor(this.#tick / BUCKETS ** w) % BUCKETS);
    }
  }

  #open(wheel: number, bucket: number): void {
    const head = wheel * BUCKETS + bucket;
    const first = this.#heads[head]!;
    if (first === END) return;
    this.#heads[head] = END;
    this.#putDue(first, wheel);
  }
}

const CHUNK_BITS = 12;
const IN_CHUNK = (1 << CHUNK_BITS) - 1;

/**
 * A number for each slot, {@link NOT_FILED} where none was set, in chunks that are made when they are
 * needed and let go when nothing is left in them.
 */
class Links {
  readonly #chunks: (Uint32Array | undefined)[] = [];
  /** How many are set in each chunk. */
  readonly #counts: number[] = [];

  get(slot: number): number {
    return this.#chunks[slot >>> CHUNK_BITS]?.[slot & IN_CHUNK] ?? NOT_FILED;
  }

  /** For a slot that has none. */
  set(slot: number, link: number): void {
    const number = slot >>> CHUNK_BITS;
    while (number >= this.#chunks.length) {
      this.#chunks.push(undefined);
      this.#counts.push(0);
    }
    (this.#chunks[number] ??= new Uint32Array(IN_CHUNK + 1))[slot & IN_CHUNK] = link;
    this.#counts[number]!++;
  }

  /** For a slot that has one. */
  clear(slot: number): void {
    const number = slot >>> CHUNK_BITS;
    const left = this.#counts[number]! - 1;
    this.#counts[number] = left;
    if (left === 0) this.#chunks[number] = undefined;
    else this.#chunks[number]![slot & IN_CHUNK] = NOT_FILED;
  }
}
