/**
 * A named store: the entries, whatever cache of whatever prefix wrote them, their order of eviction,
 * their expiry and their weight. It knows no options of a cache; what differs between caches that share
 * a store comes in as an argument.
 */
import type { Clock, Timekeeper } from './clock.js';
import { timekeeper } from './clock.js';
import { Counts, type EvictionReason } from './counts.js';
import {
  Events,
  HIT_CHANNEL,
  SET_CHANNEL,
  type CacheEvent,
  type CacheEventType,
  type CacheListener,
} from './events.js';
import { ExpiryWheel } from './expiry-wheel.js';
import { HitWindows, type HitWindow } from './hit-windows.js';
import { housekeeper, type Sweepable } from './housekeeper.js';
import { reveal, weigh, type Stored } from './isolation/stored.js';
import { weighKey } from './isolation/weigh.js';
import { fromNow, isFromNow, LateDeadlines } from './late-deadlines.js';
import { KeySpaces, type KeySpace } from './key-space.js';
import { makePolicy, type PolicyName } from './policy/choice.js';
import type { EvictionPolicy, PolicyFactory } from './policy/policy.js';
import { RWLock } from './rwlock.js';
import { CHUNK_BITS, CHUNK_SLOTS, IN_CHUNK, Slots, type Chunk, type Terms } from './slots.js';
import { TagRegistry } from './tags.js';

/** Up to this many entries, looking at all of them for dead ones costs next to nothing. */
const SMALL_STORE = 1_000;

/** Uses that may rely on one reading of the clock, while one callback keeps its tick from coming. */
const USES_PER_READING = 256; // a power of two

/** Nothing is after NaN. */
const SEES_NOBODY = { reading: NaN };

/** An entry on its way in. */
export interface NewEntry extends Terms {
  readonly value: Stored;
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
  policy: EvictionPolicy;
  readonly time: Timekeeper;
  readonly spaces: KeySpaces;
  /** A write was cut short: see {@link mend}. */
  isTorn = false;
  /** Physically held, dead entries that nobody has met yet included. */
  size = 0;

  readonly #slots = new Slots();
  /** The clock; where each hit has to be published, one by which none passes for alive at a glance. */
  #glance: Pick<Timekeeper, 'reading'>;
  /** Where a small store is whole, within reach of a hit. */
  readonly #firstChunk: Chunk = this.#slots.chunk(0);
  readonly #windows: HitWindows;
  readonly #late: LateDeadlines;
  #lock: RWLock | undefined;
  #warned: Set<string> | undefined;
  /** Undefined until somebody asks: a cache with a limit in bytes, or a look at them. */
  #bytes: number | undefined;
  /** Not before the store has grown beyond {@link SMALL_STORE}. */
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
    this.time = timekeeper(clock);
    this.#glance = this.time;
    this.policy = this.#newPolicy();
    this.#windows = new HitWindows(this.time.exact());
    this.#late = new LateDeadlines(this.time, (...waiting) => {
      this.#reckon(...waiting);
    });
    this.spaces = new KeySpaces(this.#slots);
  }

  listen(type: CacheEventType, listener: CacheListener): void {
    this.events.add(type, listener);
    this.#glance = this.events.areHitsHeard ? SEES_NOBODY : this.time;
  }

  unlisten(type: CacheEventType, listener: CacheListener): void {
    this.events.remove(type, listener);
    this.#glance = this.events.areHitsHeard ? SEES_NOBODY : this.time;
  }

  get lock(): RWLock {
    return (this.#lock ??= new RWLock());
  }

  /** Warnings that the process has already heard about this store. */
  get warned(): Set<string> {
    return (this.#warned ??= new Set());
  }

  // ---- after a write that was cut short ------------------------------------------------------

  /**
   * Brings index, order, counts and expiry in line with the slots. A write can be cut short anywhere when
   * the stack overflows (a cache that is used in an endless recursion), or by a policy or clock of the
   * user's that throws. Whoever comes next mends the store first; what the policy had learned is lost.
   */
  mend(): void {
    this.#slots.mend();
    for (const space of this.spaces) space.slots.clear();
    this.policy = this.#newPolicy();
    this.policy.expectEvictions?.();
    this.#bytes = undefined;
    this.#wheel = undefined;
    this.size = 0;
    for (const slot of this.#slots.inUse()) {
      const space = this.#slots.space(slot);
      const key = this.#slots.key(slot);
      if (!space.mayHoldKey(key)) {
        this.#slots.release(slot);
        continue;
      }
      space.slots.add(key, slot);
      this.size++;
      this.policy.inserted(slot);
    }
    for (const space of this.spaces) if (space.slots.size === 0) this.spaces.noteIdle(space);
    this.#earliestDeadlineMs = -Infinity; // not known any more
    this.#mayHoldPurged = true;
    this.#purgeScan = undefined;
    if (this.size > SMALL_STORE) this.#fileAll();
    this.isTorn = false;
  }

  #newPolicy(): EvictionPolicy {
    return makePolicy(this.policyChoice, (slot) => this.#slots.hash(slot), this.#slots);
  }

  // ---- reading -------------------------------------------------------------------------------

  /** The clock is looked at only for an entry that can expire. */
  isLive(slot: number): boolean {
    const deadline = this.deadline(slot);
    // Put so that a clock which has become NaN makes entries dead, not immortal.
    if (deadline !== Infinity && !(deadline > this.time.now())) return false;
    const mark = this.#slots.aside(slot)?.tags;
    return mark === undefined || this.tags.isCurrent(mark);
  }

  /** Not live, but good for who takes it stale. */
  isStale(slot: number): boolean {
    return this.#leavesAt(slot) > this.time.now() && !this.#isPurged(slot);
  }

  value(slot: number): Stored {
    return this.#slots.value(slot);
  }

  /**
   * A read: the value of a live entry as a caller may have it, undefined when it is not live. The usual
   * case takes one look at the slot: the last reading of the clock has not reached the deadline, no
   * {@link Terms} are aside, nobody listens to hits, and in a chunk of nothing but immutables not even the value
   * has to be looked at. It must do what {@link #readWithCare} does.
   */
  read(slot: number): unknown {
    const chunk = this.#chunkOf(slot);
    const index = slot & IN_CHUNK;
    if (!(chunk.deadlines[index << 1]! > this.#glance.reading) || HIT_CHANNEL.hasSubscribers) {
      return this.#readWithCare(slot);
    }
    this.counts.hits++;
    if (this.policy.wantsUses === false) chunk.words[(index << 2) + 2] = this.#use();
    else this.noteUse(slot);
    const value = chunk.values[index];
    return chunk.holdsObjects ? reveal(value) : value;
  }

  #readWithCare(slot: number): unknown {
    if (!this.isLive(slot)) return undefined;
    this.counts.hits++;
    this.noteUse(slot);
    if (this.events.isHeard('hit')) this.publish('hit', this.fullKey(slot));
    return reveal(this.value(slot));
  }

  /** A use that is no hit. */
  noteUse(slot: number): void {
    this.#use();
    this.policy.hit(slot);
  }

  #noteOverwrite(slot: number): void {
    if (this.policy.wantsUses === false) {
      this.#chunkOf(slot).words[((slot & IN_CHUNK) << 2) + 2] = this.#use();
    } else {
      this.#tellOverwritten(slot);
    }
  }

  #tellOverwritten(slot: number): void {
    this.#use();
    this.policy.overwritten(slot);
  }

  /** Nobody listens to this very store, nor has asked for its bytes. */
  get #isUnobserved(): boolean {
    return this.#bytes === undefined && this.events.isSilent;
  }

  /** The slots' chunk of this number, a step nearer for a small store. */
  #chunkOf(slot: number): Chunk {
    return slot < CHUNK_SLOTS ? this.#firstChunk : this.#slots.chunk(slot);
  }

  /** The policy's time goes on with each use, and after so many of them the clock is read again. */
  #use(): number {
    const now = (this.#slots.uses + 1) | 0;
    this.#slots.uses = now;
    if ((now & (USES_PER_READING - 1)) === 0) this.time.distrust();
    return now;
  }

  /** On the store's clock, milliseconds; Infinity = never. */
  deadline(slot: number): number {
    const deadline = this.#slots.deadline(slot);
    if (!this.#late.isLate(deadline)) return deadline;
    this.#late.settle();
    return this.#slots.deadline(slot);
  }

  /** All there is to an entry, to put it elsewhere. */
  entry(slot: number): NewEntry {
    return {
      value: this.#slots.value(slot),
      deadlineMs: this.deadline(slot),
      staleUntilMs: this.#slots.aside(slot)?.staleUntilMs,
      tags: this.#slots.aside(slot)?.tags,
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

  /** The deadline of what lives for so long from now on; it may be reckoned later. */
  deadlineIn(milliseconds: number): number {
    return this.#late.areAllowed ? fromNow(milliseconds) : this.time.exact() + milliseconds;
  }

  /** A deadline that somebody wants to reckon with at once. */
  reckoned(deadlineMs: number): number {
    const isLate = isFromNow(deadlineMs) && this.#late.areAllowed;
    return isLate ? this.time.exact() - deadlineMs : deadlineMs;
  }

  insert(space: KeySpace, key: string, entry: NewEntry): number {
    let slot = 0;
    try {
      slot = this.#slots.allocate(space, key);
      space.slots.add(key, slot);
      this.size++;
      this.#fill(slot, entry);
      this.#use();
      this.policy.inserted(slot);
      return slot;
    } catch (error) {
      // No calls here: there may be no stack for them.
      this.isTorn = true;
      if (slot > 0) this.#slots.chunks[slot >>> CHUNK_BITS]!.values[slot & IN_CHUNK] = undefined;
      throw error;
    }
  }

  /** Whether {@link replacePlainly} would do what evicting and inserting do: nobody is dead, weighs or listens. */
  canReplacePlainly(keepsDead: boolean): boolean {
    if (this.#bytes !== undefined || !this.#late.areAllowed) return false;
    return !this.events.isHeard('evict') && (keepsDead || !this.#isSweepDue());
  }

  /**
   * {@link evict} for want of room and {@link insert} in one, in the same slot, where the one who goes has
   * nothing aside and {@link canReplacePlainly}: the entry lives for so long.
   *
   * @returns whether it was that; otherwise nothing has changed
   */
  replacePlainly(
    slot: number,
    space: KeySpace,
    key: string,
    value: Stored,
    milliseconds: number,
  ): boolean {
    const chunk = this.#chunkOf(slot);
    const index = slot & IN_CHUNK;
    if (Number.isNaN(chunk.deadlines[index << 1]!)) return false;
    try {
      this.counts.evictions.entries++;
      const from = this.#slots.space(slot);
      from.forget(chunk.keys[index]!);
      this.policy.removed(slot);
      if (from !== space) {
        chunk.setSpace(index, space.id);
        if (from.slots.size === 0) this.spaces.noteIdle(from);
      }
      chunk.keys[index] = key;
      space.slots.add(key, slot);
      chunk.setValue(index, value);
      chunk.deadlines[index << 1] = fromNow(milliseconds);
      this.#late.add(slot, milliseconds);
      this.#use();
      this.policy.inserted(slot);
      return true;
    } catch (error) {
      // No calls here: there may be no stack for them. Neither the old entry is there nor the new one.
      this.isTorn = true;
      chunk.values[index] = undefined;
      throw error;
    }
  }

  overwrite(slot: number, entry: NewEntry): void {
    const { values } = this.#chunkOf(slot);
    try {
      this.#drain(slot);
      this.#fill(slot, entry);
      this.#noteOverwrite(slot);
    } catch (error) {
      this.isTorn = true;
      values[slot & IN_CHUNK] = undefined; // neither the old entry nor the new one
      throw error;
    }
  }

  /**
   * {@link overwrite} by an immutable value that lives for so long, where that is a matter of two stores
   * to memory: the entry has nothing aside, nobody has asked for bytes, nobody listens.
   *
   * @returns whether it was
   */
  overwritePlainly(slot: number, value: Stored, milliseconds: number): boolean {
    const { deadlines, values, words } = this.#chunkOf(slot);
    const index = slot & IN_CHUNK;
    const late = this.#late;
    const before = deadlines[index << 1]!;
    const { provisionalMs } = late;
    const isProlonged = before > 0 && before <= provisionalMs && milliseconds === late.lifeMs;
    // Filed and watched already, and not to be found late: it may have the provisional deadline.
    if (!isProlonged || SET_CHANNEL.hasSubscribers || !this.#isUnobserved) {
      return this.#overwriteLate(slot, value, milliseconds);
    }
    try {
      values[index] = value;
      deadlines[index << 1] = provisionalMs;
      this.counts.sets++;
      late.addProvisional(slot);
      if (this.policy.wantsUses === false) words[(index << 2) + 2] = this.#use();
      else this.#tellOverwritten(slot);
      return true;
    } catch (error) {
      this.isTorn = true;
      values[index] = undefined;
      throw error;
    }
  }

  /** The same where the deadline has to be reckoned, if it is a plain overwrite at all. */
  #overwriteLate(slot: number, value: Stored, milliseconds: number): boolean {
    const { deadlines, values } = this.#chunkOf(slot);
    const index = slot & IN_CHUNK;
    const hasAside = Number.isNaN(deadlines[index << 1]!);
    if (hasAside || Number.isNaN(milliseconds) || !this.#late.areAllowed) return false;
    if (SET_CHANNEL.hasSubscribers || !this.#isUnobserved) return false;
    try {
      values[index] = value;
      deadlines[index << 1] = fromNow(milliseconds);
      this.#late.add(slot, milliseconds);
      this.counts.sets++;
      this.#noteOverwrite(slot);
      return true;
    } catch (error) {
      this.isTorn = true;
      values[index] = undefined;
      throw error;
    }
  }

  /**
   * {@link replaceValue} of a live number by the sum of it and a step, where that is a matter of one store
   * to memory: the entry has nothing aside, nobody has asked for bytes, nothing is to be refused.
   *
   * @returns the sum; undefined when it was not that, and nothing has changed
   */
  countPlainly(slot: number, step: number): number | undefined {
    const { deadlines, values } = this.#chunkOf(slot);
    const index = slot & IN_CHUNK;
    const value = values[index];
    const isAlive = deadlines[index << 1]! > this.time.reading;
    if (!isAlive || typeof value !== 'number' || this.#bytes !== undefined || this.isTorn) {
      return undefined;
    }
    const sum = value + step;
    if (!Number.isFinite(sum)) return undefined; // one of the three is not
    this.#noteOverwrite(slot);
    values[index] = sum;
    return sum;
  }

  /** A new value for the same entry: its expiry and tags stay (Django `incr`). */
  replaceValue(slot: number, value: Stored): void {
    const chunk = this.#chunkOf(slot);
    this.#noteOverwrite(slot);
    const more = this.#bytes === undefined ? 0 : weigh(value) - weigh(this.#slots.value(slot));
    chunk.setValue(slot & IN_CHUNK, value);
    if (this.#bytes !== undefined) this.#bytes += more;
  }

  /** Another time to live; what was to be served stale no longer is. */
  setDeadline(slot: number, deadlineMs: number): void {
    const tags = this.#slots.aside(slot)?.tags;
    this.#setTerms(slot, { deadlineMs, staleUntilMs: undefined, tags });
  }

  #setTerms(slot: number, { deadlineMs, staleUntilMs, tags }: Terms): void {
    const isPlain = staleUntilMs === undefined && tags === undefined;
    if (isPlain && isFromNow(deadlineMs) && this.#late.areAllowed) {
      this.#slots.setTerms(slot, deadlineMs);
      this.#late.add(slot, -deadlineMs);
      return;
    }
    const exactMs = this.reckoned(deadlineMs);
    this.#slots.setTerms(slot, exactMs, staleUntilMs, tags);
    if (exactMs === Infinity) {
      this.#fileWhenLarge();
      return;
    }
    this.#wheel?.file(slot, staleUntilMs ?? exactMs);
    this.#expectDead(exactMs);
  }

  /** See {@link Reckon}. */
  #reckon(
    slots: Uint32Array,
    count: number,
    nowMs: number,
    provisionalMs: number,
    insteadMs: number,
  ): void {
    this.#windows.note(nowMs, this.counts);
    const wheel = this.#wheel;
    let earliest = this.#earliestDeadlineMs;
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!;
      const { deadlines } = this.#chunkOf(slot);
      const at = (slot & IN_CHUNK) << 1;
      const deadline = deadlines[at]!;
      const isUnknown = isFromNow(deadline);
      if (!isUnknown && deadline !== provisionalMs) continue; // gone, or written anew
      const deadlineMs = isUnknown ? nowMs - deadline : insteadMs;
      deadlines[at] = deadlineMs;
      if (deadlineMs < earliest) earliest = deadlineMs;
      if (wheel) wheel.file(slot, deadlineMs);
    }
    this.#expectDead(earliest);
  }

  /** From this moment on something may be dead, and must be met. */
  #expectDead(earliestMs: number): void {
    if (earliestMs < this.#earliestDeadlineMs) this.#earliestDeadlineMs = earliestMs;
    this.#fileWhenLarge();
    if (this.isSwept) housekeeper.watch(this);
  }

  /** From that size on a sweep looks at who is filed only; the store may have grown by what never dies. */
  #fileWhenLarge(): void {
    if (this.#wheel || this.size <= SMALL_STORE) return;
    if (this.#earliestDeadlineMs !== Infinity) this.#fileAll();
  }

  remove(slot: number): void {
    try {
      const space = this.#slots.space(slot);
      space.forget(this.#slots.key(slot));
      this.policy.removed(slot);
      this.#drain(slot);
      this.#slots.release(slot);
      this.size--;
      if (space.slots.size === 0) this.spaces.noteIdle(space);
    } catch (error) {
      this.isTorn = true;
      throw error;
    }
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
    this.#windows.note(this.time.now(), this.counts);
    if (!this.#isSweepDue()) return false;
    if (this.size <= SMALL_STORE) {
      if (this.#purgeScan) this.#mayHoldPurged = true; // it has shrunk meanwhile
      this.#purgeScan = undefined;
      this.#sweepAll();
      return false;
    }
    const nowMs = this.time.now();
    const isMorePurged = this.#sweepPurged(steps);
    const isMoreDue = this.#wheel?.collect(nowMs, steps, (slot) => this.#judge(slot, nowMs));
    return isMorePurged || isMoreDue === true;
  }

  /** Whether {@link sweep} may find anything to do now. */
  #isSweepDue(): boolean {
    if (this.#mayHoldPurged || this.#purgeScan !== undefined) return true;
    const nowMs = this.time.now();
    if (this.size <= SMALL_STORE) return this.#earliestDeadlineMs <= nowMs;
    return this.#wheel?.isDue(nowMs) === true;
  }

  /** Whether time or a purge may leave dead entries here. */
  get canHoldDead(): boolean {
    if (this.#mayHoldPurged || this.#purgeScan !== undefined) return true;
    return this.#wheel ? !this.#wheel.isEmpty : this.#earliestDeadlineMs !== Infinity;
  }

  #sweepAll(): void {
    const nowMs = this.time.now();
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
    return this.#slots.aside(slot)?.staleUntilMs ?? this.deadline(slot);
  }

  #isPurged(slot: number): boolean {
    const mark = this.#slots.aside(slot)?.tags;
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

  #fill(slot: number, entry: NewEntry): void {
    this.#windows.note(this.time.now(), this.counts);
    this.#slots.setValue(slot, entry.value);
    if (this.#bytes !== undefined) this.#bytes += this.#weighSlot(slot);
    this.#setTerms(slot, entry);
  }

  #drain(slot: number): void {
    const mark = this.#slots.aside(slot)?.tags;
    if (mark) this.tags.release(mark);
    if (this.#bytes !== undefined) this.#bytes -= this.#weighSlot(slot);
  }
}
