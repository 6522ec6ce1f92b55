/**
 * A named store: the entries, whatever cache of whatever prefix wrote them, their order of eviction
 * and their weight. It knows no options of a cache; what differs between caches that share a store
 * comes in as an argument.
 *
 * An entry is a slot: a number that indexes parallel arrays. That is some forty bytes an entry less
 * than an object each, and a hit touches only the arrays it needs.
 */
import type { Clock, Timekeeper } from './clock.js';
import { timekeeper } from './clock.js';
import type { Stored } from './isolation/stored.js';
import { FullKeySpace, KeySpace } from './key-space.js';
import type { PolicyName } from './options.js';
import { CullPolicy } from './policy/cull.js';
import { LruPolicy } from './policy/lru.js';
import type { EvictionPolicy } from './policy/policy.js';
import { TagRegistry, type TagMark } from './tags.js';

/** Empty key spaces that may lie about before they are let go. */
const MAX_IDLE_SPACES = 64;

/** An entry on its way in. */
export interface NewEntry {
  readonly value: Stored;
  /** On the store's clock; Infinity = never. */
  readonly deadlineMs: number;
  readonly bytes: number;
  readonly tags: TagMark | undefined;
}

/** How much a cache lets a store hold when it writes. */
export interface Limits {
  readonly maxEntries: number;
  readonly cullFrequency: number;
  readonly maxBytes: number;
}

export class Store {
  readonly tags = new TagRegistry();
  readonly fullKeys = new FullKeySpace();
  readonly policy: EvictionPolicy;
  readonly time: Timekeeper;
  /** Warnings that the process has already heard about this store. */
  readonly warned = new Set<string>();

  /** Physically held, dead entries that nobody has met yet included. */
  size = 0;
  bytes = 0;

  // By slot. Slot 0 is never used: it can stand for "no slot".
  readonly #keys: string[] = [''];
  readonly #spaces: KeySpace[] = [this.fullKeys];
  readonly #values: Stored[] = [undefined];
  readonly #tagMarks: (TagMark | undefined)[] = [undefined];
  #deadlines = new Float64Array(16);
  #weights = new Float64Array(16);
  readonly #freeSlots: number[] = [];

  readonly #keySpaces = new Map<string, Map<number, KeySpace>>();
  readonly #idleSpaces = new Set<KeySpace>();

  /** No entry's deadline is earlier; a sweep before it would find nothing. */
  #earliestDeadline = Infinity;

  constructor(
    readonly name: string,
    readonly policyName: PolicyName,
    readonly clock: Clock | undefined,
    /** Those of the cache that opened it; each cache writes under its own. */
    readonly firstLimits: Limits,
  ) {
    this.policy = policyName === 'lru' ? new LruPolicy() : new CullPolicy();
    this.time = timekeeper(clock);
  }

  // ---- reading -------------------------------------------------------------------------------

  /** The clock is looked at only for an entry that can expire. */
  isLive(slot: number): boolean {
    const deadline = this.#deadlines[slot]!;
    if (deadline !== Infinity && deadline <= this.time.now()) return false;
    const mark = this.#tagMarks[slot];
    return mark === undefined || this.tags.isCurrent(mark);
  }

  value(slot: number): Stored {
    return this.#values[slot];
  }

  deadline(slot: number): number {
    return this.#deadlines[slot]!;
  }

  tagMark(slot: number): TagMark | undefined {
    return this.#tagMarks[slot];
  }

  weight(slot: number): number {
    return this.#weights[slot]!;
  }

  key(slot: number): string {
    return this.#keys[slot]!;
  }

  /** `prefix:version:key`, or what the key function made of it. */
  fullKey(slot: number): string {
    return this.#spaces[slot]!.fullKey(this.#keys[slot]!);
  }

  // ---- writing -------------------------------------------------------------------------------

  insert(space: KeySpace, key: string, entry: NewEntry): number {
    const slot = this.#freeSlots.pop() ?? this.#newSlot();
    this.#keys[slot] = key;
    this.#spaces[slot] = space;
    space.slots.set(key, slot);
    this.size++;
    this.#fill(slot, entry);
    this.policy.inserted(slot);
    return slot;
  }

  overwrite(slot: number, entry: NewEntry): void {
    this.#empty(slot);
    this.#fill(slot, entry);
    this.policy.overwritten(slot);
  }

  /** A new value for the same entry: its expiry and tags stay (Django `incr`). */
  replaceValue(slot: number, value: Stored, bytes: number): void {
    this.bytes += bytes - this.#weights[slot]!;
    this.#weights[slot] = bytes;
    this.#values[slot] = value;
    this.policy.overwritten(slot);
  }

  setDeadline(slot: number, deadlineMs: number): void {
    this.#deadlines[slot] = deadlineMs;
    if (deadlineMs < this.#earliestDeadline) this.#earliestDeadline = deadlineMs;
  }

  remove(slot: number): void {
    const space = this.#spaces[slot]!;
    space.forget(this.#keys[slot]!);
    this.policy.removed(slot);
    this.#empty(slot);
    this.#keys[slot] = '';
    this.#spaces[slot] = this.fullKeys;
    this.#freeSlots.push(slot);
    this.size--;
    if (space.slots.size === 0 && space !== this.fullKeys) this.#idleSpaces.add(space);
  }

  removeAll(slots: Iterable<number>): void {
    for (const slot of slots) this.remove(slot);
  }

  /** Everything, for every prefix, version and handle (Django: `clear` of one LOCATION). */
  clear(): void {
    this.removeAll(this.policy.victims());
    for (const space of this.#allSpaces()) space.flights.clear();
    this.#earliestDeadline = Infinity;
  }

  /** What was written under this prefix and version, undefined standing for any. */
  clearMatching(keyPrefix: string | undefined, version: number | undefined): void {
    for (const space of this.#allSpaces()) {
      if (!space.mayHold(keyPrefix, version)) continue;
      this.removeAll(space.matching(keyPrefix, version));
      space.flights.clear();
    }
  }

  deleteByTag(names: readonly string[]): void {
    this.tags.purge(names);
    this.#earliestDeadline = -Infinity; // there may be dead now that no deadline tells of
  }

  /** Removes the dead, unless none can be. O(n), and only when there is something to find. */
  sweep(): void {
    if (this.#earliestDeadline > this.time.exact()) return;
    let earliest = Infinity;
    for (const slot of this.policy.victims()) {
      if (!this.isLive(slot)) this.remove(slot);
      else if (this.#deadlines[slot]! < earliest) earliest = this.#deadlines[slot]!;
    }
    this.#earliestDeadline = earliest;
  }

  /** Evicts until no more than this many bytes are held, sparing one slot. */
  shrinkTo(maxBytes: number, spared: number): void {
    if (this.bytes <= maxBytes) return;
    for (const slot of this.policy.victims()) {
      if (slot !== spared) this.remove(slot);
      if (this.bytes <= maxBytes) return;
    }
  }

  // ---- key spaces ----------------------------------------------------------------------------

  keySpace(keyPrefix: string, version: number): KeySpace {
    let versions = this.#keySpaces.get(keyPrefix);
    if (!versions) this.#keySpaces.set(keyPrefix, (versions = new Map<number, KeySpace>()));
    let space = versions.get(version);
    if (!space) {
      versions.set(version, (space = new KeySpace(keyPrefix, version)));
      this.#retireIdleSpaces();
      this.#idleSpaces.add(space);
    }
    return space;
  }

  *#allSpaces(): Generator<KeySpace> {
    yield this.fullKeys;
    for (const versions of this.#keySpaces.values()) yield* versions.values();
  }

  /**
   * Versions come and go (a deploy id, a user's revision): empty spaces must not pile up. They are let
   * go only here, when another one is made, so that no operation loses the space it works on.
   */
  #retireIdleSpaces(): void {
    if (this.#idleSpaces.size <= MAX_IDLE_SPACES) return;
    for (const space of this.#idleSpaces) {
      if (space.flights.size > 0) continue;
      this.#idleSpaces.delete(space);
      if (space.slots.size === 0) this.#retire(space);
    }
  }

  #retire(space: KeySpace): void {
    const versions = this.#keySpaces.get(space.keyPrefix);
    versions?.delete(space.version);
    if (versions?.size === 0) this.#keySpaces.delete(space.keyPrefix);
    space.isRetired = true;
  }

  // ---- slots ---------------------------------------------------------------------------------

  #fill(slot: number, { value, deadlineMs, bytes, tags }: NewEntry): void {
    this.#values[slot] = value;
    this.#tagMarks[slot] = tags;
    this.#weights[slot] = bytes;
    this.bytes += bytes;
    this.setDeadline(slot, deadlineMs);
  }

  #empty(slot: number): void {
    const mark = this.#tagMarks[slot];
    if (mark) this.tags.release(mark);
    this.#tagMarks[slot] = undefined;
    this.#values[slot] = undefined;
    this.bytes -= this.#weights[slot]!;
  }

  #newSlot(): number {
    const slot = this.#keys.length;
    if (slot >= this.#deadlines.length) {
      this.#deadlines = doubled(this.#deadlines);
      this.#weights = doubled(this.#weights);
    }
    return slot;
  }
}

function doubled(array: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
}
