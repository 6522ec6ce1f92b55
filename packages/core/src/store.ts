/**
 * A named store: the entries, whatever cache of whatever prefix wrote them, their order of eviction,
 * their expiry and their weight. It knows no options of a cache; what differs between caches that share
 * a store comes in as an argument.
 */
import type { Clock, Timekeeper } from './clock.js';
import { timekeeper } from './clock.js';
import { Counts, type EvictionReason } from './counts.js';
import { Events, type CacheEvent, type CacheEventType } from './events.js';
import { ExpiryWheel } from './expiry-wheel.js';
import { HitWindows, type HitWindow } from './hit-windows.js';
import { housekeeper, type Sweepable } from './housekeeper.js';
import { weigh, type Stored } from './isolation/stored.js';
import { weighKey } from './isolation/weigh.js';
import { KeySpaces, type KeySpace } from './key-space.js';
import { makePolicy, type PolicyName } from './policy/choice.js';
import type { EvictionPolicy, PolicyFactory } from './policy/policy.js';
import { RWLock } from './rwlock.js';
import { IN_CHUNK, Slots } from './slots.js';
import { TagRegistry, type TagMark } from './tags.js';

/** Up to this many entries, looking at all of them for dead ones costs next to nothing. */
const SMALL_STORE = 1_000;

/** An entry on its way in. */
export interface NewEntry {
  readonly value: Stored;
  /** On the store's clock; Infinity = never. */
  readonly deadlineMs: number;
  /** Until when it may be served stale; undefined = not at all. */
  readonly staleUntilMs: number | undefined;
  readonly tags: TagMark | undefined;
}

/** How much a cache lets a store hold when it writes. */
export interface Limits {
  readonly maxEntries: number;
  readonly cullFrequency: number;
  readonly maxBytes: number;
}

export class Store implements Sweepable {
  readonly tags = new TagRegistry();
  readonly counts = new Counts();
  readonly events = new Events();
  readonly policy: EvictionPolicy;
  readonly time: Timekeeper;
  readonly spaces: KeySpaces;
  /** Physically held, dead entries that nobody has met yet included. */
  size = 0;

  readonly #slots = new Slots();
  readonly #windows: HitWindows;
  #lock: RWLock | undefined;
  #warned: Set<string> | undefined;
  /** Not before the store has grown beyond {@link SMALL_STORE}. */
  /** Undefined until somebody asks: a cache with a limit in bytes, or a look at them. */
  #bytes: number | undefined;
  #wheel: ExpiryWheel | undefined;
  /** No entry's deadline is earlier; a look at all of them before it would find nothing. */
  #earliestDeadlineMs = Infinity;
  /** A tag was purged since the tagged entries were last gone through. */
  #mayHoldPurged = false;
  #purgeScan: Iterator<number> | undefined;
  isWatched = false;

  constructor(
    readonly name: string,
    /** By name, or what made it. */
    readonly policyChoice: PolicyName | PolicyFactory,
    readonly clock: Clock | undefined,
    /** Those of the cache that opened it; each cache writes under its own. */
    readonly firstLimits: Limits,
    /** Whether dead entries are removed unasked; Django leaves them until they are met. */
    readonly isSwept: boolean,
  ) {
    this.policy = makePolicy(policyChoice, (slot) => this.#slots.hash(slot));
    this.time = timekeeper(clock);
    this.#windows = new HitWindows(this.time.exact());
    this.spaces = new KeySpaces(this.#slots);
  }

  get lock(): RWLock {
    return (this.#lock ??= new RWLock());
  }

  /** Warnings that the process has already heard about this store. */
  get warned(): Set<string> {
    return (this.#warned ??= new Set());
  }

  // ---- reading -------------------------------------------------------------------------------

  /** The clock is looked at only for an entry that can expire. */
  isLive(slot: number): boolean {
    const deadline = this.#slots.deadline(slot);
    // Put so that a clock which has become NaN makes entries dead, not immortal.
    if (deadline !== Infinity && !(deadline > this.time.now())) return false;
    const mark = this.#slots.tagMark(slot);
    return mark === undefined || !(this.tags.isPurged(mark) || this.tags.isSoftlyPurged(mark));
  }

  /** Not live, but good for who takes it stale. */
  isStale(slot: number): boolean {
    return this.#leavesAt(slot) > this.time.now() && !this.#isPurged(slot);
  }

  value(slot: number): Stored {
    return this.#slots.value(slot);
  }

  /**
   * The value of a live entry, undefined when it is not live: all that a hit needs, in one look at the
   * slot. What is rare, tags in the store above all, is left to {@link isLive}.
   */
  liveValue(slot: number): Stored {
    const chunk = this.#slots.chunk(slot);
    const index = slot & IN_CHUNK;
    const deadline = chunk.deadlines[index]!;
    if (deadline !== Infinity && !(deadline > this.time.now())) return undefined;
    if (this.#slots.areTagged && !this.isLive(slot)) return undefined;
    return chunk.values[index];
  }

  /** An entry was read. */
  noteHit(slot: number): void {
    this.counts.hits++;
    this.policy.hit(slot);
    if (this.events.areHitsHeard) this.publish('hit', this.fullKey(slot));
  }

  deadline(slot: number): number {
    return this.#slots.deadline(slot);
  }

  /** All there is to an entry, to put it elsewhere. */
  entry(slot: number): NewEntry {
    return {
      value: this.#slots.value(slot),
      deadlineMs: this.#slots.deadline(slot),
      staleUntilMs: this.#slots.staleUntil(slot),
      tags: this.#slots.tagMark(slot),
    };
  }

  space(slot: number): KeySpace {
    return this.#slots.space(slot);
  }

  key(slot: number): string {
    return this.#slots.key(slot);
  }

  /** `prefix:version:key`, or what the key function made of it. */
  fullKey(slot: number): string {
    return this.#slots.space(slot).fullKey(this.#slots.key(slot));
  }

  // ---- writing -------------------------------------------------------------------------------

  insert(space: KeySpace, key: string, entry: NewEntry): number {
    const slot = this.#slots.allocate(space, key);
    space.slots.add(key, slot);
    this.size++;
    this.#fill(slot, entry);
    this.policy.inserted(slot);
    return slot;
  }

  overwrite(slot: number, entry: NewEntry): void {
    this.#drain(slot);
    this.#fill(slot, entry);
    this.policy.overwritten(slot);
  }

  /** A new value for the same entry: its expiry and tags stay (Django `incr`). */
  replaceValue(slot: number, value: Stored): void {
    if (this.#bytes !== undefined) this.#bytes += weigh(value) - weigh(this.#slots.value(slot));
    this.#slots.setValue(slot, value);
    this.policy.overwritten(slot);
  }

  setDeadline(slot: number, deadlineMs: number, staleUntilMs: number | undefined): void {
    this.#slots.setDeadline(slot, deadlineMs);
    this.#slots.setStaleUntil(slot, staleUntilMs);
    if (deadlineMs < this.#earliestDeadlineMs) this.#earliestDeadlineMs = deadlineMs;
    if (deadlineMs === Infinity) return;
    if (this.#wheel) this.#wheel.file(slot, staleUntilMs ?? deadlineMs);
    else if (this.size > SMALL_STORE) this.#fileAll();
    if (this.isSwept) housekeeper.watch(this);
  }

  remove(slot: number): void {
    const space = this.#slots.space(slot);
    space.forget(this.#slots.key(slot));
    this.policy.removed(slot);
    this.#drain(slot);
    this.#slots.release(slot);
    this.size--;
    if (space.slots.size === 0) this.spaces.noteIdle(space);
  }

  /** Removes what has expired or was purged. */
  bury(slot: number): void {
    const reason = this.#isPurged(slot) ? 'tag' : 'timeout';
    this.counts.expiries[reason]++;
    if (this.events.isHeard('expire')) this.publish('expire', this.fullKey(slot), { reason });
    this.remove(slot);
  }

  evict(slot: number, reason: EvictionReason): void {
    this.counts.evictions[reason]++;
    if (this.events.isHeard('evict')) this.publish('evict', this.fullKey(slot), { reason });
    this.remove(slot);
  }

  /** Everything, for every prefix, version and handle (Django: `clear` of one LOCATION). */
  clear(): void {
    for (const slot of this.#slots.inUse()) this.remove(slot);
    for (const space of this.spaces) space.dropPending();
  }

  /** What was written under this prefix and version, undefined standing for any. */
  clearMatching(keyPrefix: string | undefined, version: number | undefined): void {
    for (const space of this.spaces) {
      if (!space.mayHold(keyPrefix, version)) continue;
      for (const slot of space.matching(keyPrefix, version)) this.remove(slot);
      space.dropPending();
    }
  }

  deleteByTag(names: readonly string[], isSoft: boolean): void {
    this.tags.purge(names, isSoft ? 'soft' : 'hard');
    if (isSoft) return;
    this.#mayHoldPurged = true;
    if (this.isSwept) housekeeper.watch(this);
  }

  // ---- expiry --------------------------------------------------------------------------------

  /**
   * Removes dead entries, in at most so many steps; of a small store all of them.
   *
   * @returns whether there may be more
   */
  sweep(steps: number): boolean {
    if (this.size <= SMALL_STORE) {
      if (this.#purgeScan) this.#mayHoldPurged = true; // it has shrunk meanwhile
      this.#purgeScan = undefined;
      this.#sweepAll();
      return false;
    }
    const isMorePurged = this.#sweepPurged(steps);
    const nowMs = this.time.exact();
    const isMoreDue = this.#wheel?.collect(nowMs, steps, (slot) => this.#judge(slot, nowMs));
    return isMorePurged || isMoreDue === true;
  }

  /** Whether time or a purge may leave dead entries here. */
  get canHoldDead(): boolean {
    if (this.#mayHoldPurged || this.#purgeScan !== undefined) return true;
    return this.#wheel ? !this.#wheel.isEmpty : this.#earliestDeadlineMs !== Infinity;
  }

  #sweepAll(): void {
    const nowMs = this.time.exact();
    if (this.#earliestDeadlineMs > nowMs && !this.#mayHoldPurged) return;
    let earliest = Infinity;
    for (const slot of this.#slots.inUse()) {
      const dueMs = this.#judge(slot, nowMs);
      if (dueMs !== undefined && dueMs < earliest) earliest = dueMs;
    }
    this.#earliestDeadlineMs = earliest;
    this.#mayHoldPurged = false;
  }

  #fileAll(): void {
    this.#wheel = new ExpiryWheel(this.time.exact());
    for (const slot of this.#slots.inUse()) {
      const dueMs = this.#leavesAt(slot);
      if (dueMs !== Infinity) this.#wheel.file(slot, dueMs);
    }
  }

  /** Goes through the tagged entries once after a purge. @returns whether it is still about it */
  #sweepPurged(steps: number): boolean {
    if (this.#mayHoldPurged && !this.#purgeScan) {
      this.#purgeScan = this.#slots.tagged()[Symbol.iterator]();
      this.#mayHoldPurged = false;
    }
    while (this.#purgeScan && steps-- > 0) {
      const next = this.#purgeScan.next();
      if (next.done) this.#purgeScan = undefined;
      else if (this.#isPurged(next.value)) this.bury(next.value);
    }
    return this.#purgeScan !== undefined || this.#mayHoldPurged;
  }

  /** Buries a slot whose time is over. @returns when it will be, otherwise */
  #judge(slot: number, nowMs: number): number | undefined {
    if (!this.#slots.isInUse(slot)) return undefined;
    const dueMs = this.#leavesAt(slot);
    if (dueMs > nowMs && !this.#isPurged(slot)) return dueMs === Infinity ? undefined : dueMs;
    this.bury(slot);
    return undefined;
  }

  /** When nobody may have it any more, not even stale. */
  #leavesAt(slot: number): number {
    return this.#slots.staleUntil(slot) ?? this.#slots.deadline(slot);
  }

  #isPurged(slot: number): boolean {
    const mark = this.#slots.tagMark(slot);
    return mark !== undefined && this.tags.isPurged(mark);
  }

  // ---- what is seen of it --------------------------------------------------------------------

  noteMiss(space: KeySpace, spaceKey: string): void {
    this.counts.misses++;
    if (this.events.isHeard('miss')) this.publish('miss', space.fullKey(spaceKey));
  }

  /** Hits and misses of the last so many milliseconds. */
  hitWindow(spanMs: number): HitWindow {
    const nowMs = this.time.exact();
    this.#windows.note(nowMs, this.counts);
    return this.#windows.last(spanMs, nowMs, this.counts);
  }

  publish(type: CacheEventType, fullKey: string, more?: Partial<CacheEvent>): void {
    this.events.publish({ type, store: this.name, fullKey, ...more });
  }

  /** Bytes held, by estimate. The first look weighs everything, O(n); from then on it is kept up. */
  get bytes(): number {
    if (this.#bytes !== undefined) return this.#bytes;
    let bytes = 0;
    for (const slot of this.#slots.inUse()) bytes += this.#weighSlot(slot);
    return (this.#bytes = bytes);
  }

  #weighSlot(slot: number): number {
    return weighKey(this.#slots.key(slot)) + weigh(this.#slots.value(slot));
  }

  // ---- contents of a slot --------------------------------------------------------------------

  #fill(slot: number, { value, deadlineMs, staleUntilMs, tags }: NewEntry): void {
    this.#windows.note(this.time.now(), this.counts);
    this.#slots.setValue(slot, value);
    this.#slots.setTagMark(slot, tags);
    if (this.#bytes !== undefined) this.#bytes += this.#weighSlot(slot);
    this.setDeadline(slot, deadlineMs, staleUntilMs);
  }

  #drain(slot: number): void {
    const mark = this.#slots.tagMark(slot);
    if (mark) this.tags.release(mark);
    if (this.#bytes !== undefined) this.#bytes -= this.#weighSlot(slot);
  }
}
