/**
 * Which entries may have expired, without looking at the others: a hierarchical timing wheel over slot
 * numbers. A slot is filed under the time at which it falls due; as time passes, the buckets that have
 * come due are emptied, a bounded number of slots at each step.
 *
 * Five wheels of 64 buckets; a bucket of the first spans 256 ms, of each next one 64 times as long: 16
 * seconds, 17 minutes, 19 hours, 50 days, nearly nine years in all; what is due later is filed at the end
 * and then again. A slot is filed, and filed anew, in O(1) and handled once for each wheel it comes down
 * through.
 *
 * A bucket is no list: each slot has the number of its bucket beside it, two bytes, and each group of
 * slots has counted how many it has in each bucket. A bucket that comes due is gone through group by
 * group, those without any left out. Linked lists took four bytes, and nobody could be taken out of
 * the middle of one: an entry whose deadline moved forward was found when the old one came.
 *
 * Source: Varghese and Lauck, "Hashed and hierarchical timing wheels" (SOSP 1987).
 */

const TICK_MS = 256;
const WHEEL_BITS = 6;
const BUCKETS = 1 << WHEEL_BITS;
const WHEELS = 5;
/** Ticks that a bucket of each wheel spans. */
const SPANS = Array.from({ length: WHEELS + 1 }, (_, wheel) => BUCKETS ** wheel);
/** The farthest tick that is told apart: 64^5 of them, some nine years. */
const HORIZON_TICKS = SPANS[WHEELS]! - 1;

/** All buckets of all wheels have a number, from one. */
const NOT_FILED = 0;
const NUMBERS = 1 + WHEELS * BUCKETS;

/** When the slot falls due next; undefined when it does not or is gone. Removes what is dead. */
export type Judge = (slot: number) => number | undefined;

export class ExpiryWheel {
  /** By the upper bits of a slot; made when one of theirs is filed, let go with the last one. */
  readonly #groups: (Group | undefined)[] = [];
  /** How many slots each bucket holds. */
  readonly #inBucket = new Uint32Array(NUMBERS);
  /** How many slots each wheel holds: an empty one is passed over whole. */
  readonly #inWheel = new Uint32Array(WHEELS);
  /** Time zero, so that ticks are small numbers. */
  readonly #originMs: number;
  /** Every tick up to this one has been emptied, but for {@link #due}. */
  #tick = 0;
  /**
   * Buckets that have come due; the last one is being emptied. Nothing is filed in them meanwhile: what
   * falls due from this tick on goes at least one bucket and at most 63 ahead, in whichever wheel.
   */
  readonly #due: number[] = [];
  /** No slot before this one is left in the bucket that is being emptied. */
  #cursor = 0;
  /** The bucket last asked for, and by what: many are filed under one time. */
  #lastDueMs = NaN;
  #lastBucket = NOT_FILED;

  constructor(nowMs: number) {
    this.#originMs = nowMs;
  }

  get isEmpty(): boolean {
    return this.#inWheel.every((count) => count === 0);
  }

  /** Whether {@link collect} would find anything to do. */
  isDue(nowMs: number): boolean {
    return this.#due.length > 0 || this.#tick < this.#tickOf(nowMs);
  }

  /** Files a slot under its time, wherever it was before. */
  file(slot: number, dueMs: number): void {
    const number = slot >>> GROUP_BITS;
    while (number >= this.#groups.length) this.#groups.push(undefined);
    const group = (this.#groups[number] ??= new Group());
    const before = group.buckets[slot & IN_GROUP]!;
    const bucket = this.#bucketFor(dueMs);
    if (before === bucket) return;
    group.buckets[slot & IN_GROUP] = bucket;
    this.#count(group, bucket, 1);
    if (before !== NOT_FILED) this.#count(group, before, -1);
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
        if (dueMs !== undefined) this.file(slot, dueMs);
      }
    }
    return this.#due.length > 0 || this.#tick < nowTick;
  }

  /** The tick in which a moment lies. */
  #tickOf(ms: number): number {
    return Math.floor((ms - this.#originMs) / TICK_MS);
  }

  #bucketFor(dueMs: number): number {
    if (dueMs === this.#lastDueMs) return this.#lastBucket;
    // The tick after: when it has begun, the moment has certainly passed.
    const tick = Math.max(this.#tickOf(dueMs), this.#tick) + 1;
    const ahead = Math.min(tick - this.#tick, HORIZON_TICKS);
    let wheel = 0;
    while (ahead >= SPANS[wheel + 1]!) wheel++;
    this.#lastDueMs = dueMs;
    this.#lastBucket = numberOf(wheel, this.#tick + ahead);
    return this.#lastBucket;
  }

  #count(group: Group, bucket: number, change: 1 | -1): void {
    group.inBucket[bucket]! += change;
    group.used += change;
    this.#inBucket[bucket]! += change;
    this.#inWheel[(bucket - 1) >>> WHEEL_BITS]! += change;
  }

  /** The next slot that has come due, out of the wheel. */
  #takeDue(): number | undefined {
    for (let bucket = this.#due.at(-1); bucket !== undefined; bucket = this.#due.at(-1)) {
      const slot = this.#inBucket[bucket]! > 0 ? this.#find(bucket) : undefined;
      if (slot !== undefined) {
        this.#cursor = slot + 1;
        this.#unfile(slot, bucket);
        return slot;
      }
      this.#due.pop();
      this.#cursor = 0;
    }
    return undefined;
  }

  /** The first slot of a bucket from {@link #cursor} on. */
  #find(bucket: number): number | undefined {
    let from = this.#cursor & IN_GROUP;
    for (let number = this.#cursor >>> GROUP_BITS; number < this.#groups.length; number++) {
      const group = this.#groups[number];
      if (group !== undefined && group.inBucket[bucket] !== 0) {
        const { buckets } = group;
        while (from < GROUP && buckets[from] !== bucket) from++;
        if (from < GROUP) return (number << GROUP_BITS) | from;
      }
      from = 0;
    }
    return undefined;
  }

  #unfile(slot: number, bucket: number): void {
    const number = slot >>> GROUP_BITS;
    const group = this.#groups[number]!;
    group.buckets[slot & IN_GROUP] = NOT_FILED;
    this.#count(group, bucket, -1);
    if (group.used === 0) this.#groups[number] = undefined;
  }

  /** To the next tick at which any bucket can come due, but not beyond now. */
  #advance(nowTick: number): void {
    this.#lastDueMs = NaN;
    const wheel = this.#inWheel.findIndex((count) => count > 0);
    if (wheel === -1) {
      this.#tick = nowTick;
      return;
    }
    const span = SPANS[wheel]!;
    this.#tick = Math.min(nowTick, (Math.floor(this.#tick / span) + 1) * span);
    // A wheel's bucket comes due when all wheels below have come round.
    for (let w = 0; w < WHEELS && isMultiple(this.#tick, SPANS[w]!); w++) {
      const bucket = numberOf(w, this.#tick);
      if (this.#inBucket[bucket] !== 0) this.#due.push(bucket);
    }
  }
}

/** The bucket of a wheel in which a tick lies. */
function numberOf(wheel: number, tick: number): number {
  return 1 + wheel * BUCKETS + (Math.floor(tick / SPANS[wheel]!) % BUCKETS);
}

function isMultiple(tick: number, span: number): boolean {
  return tick % span === 0;
}

const GROUP_BITS = 10;
const GROUP = 1 << GROUP_BITS;
const IN_GROUP = GROUP - 1;

/** So many slots: few enough to be looked through for one of them, enough for its counts not to weigh. */
class Group {
  /** By the lower bits of a slot. */
  readonly buckets = new Uint16Array(GROUP);
  /** How many of them are in each bucket. */
  readonly inBucket = new Uint16Array(NUMBERS);
  /** How many of them are filed. */
  used = 0;
}
