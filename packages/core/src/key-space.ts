/**
 * Entries live in key spaces, one for each key prefix and version. A lookup takes the caller's bare
 * key in the space's own Map: no full key is built, which would cost more than the whole lookup,
 * and prefix `p` with key `1:x` cannot meet prefix `p:1` with key `x`, as it does in Django.
 */
import { defaultKeyFunction } from './key.js';
import { KeyIndex } from './key-index.js';
import { LazyMap } from './lazy-map.js';
import type { Flight } from './single-flight.js';
import type { Slots } from './slots.js';

/** Empty key spaces that may lie about before they are let go. */
const MAX_IDLE_SPACES = 64;

export class KeySpace {
  /** Slot of each key. */
  readonly slots = new KeyIndex();
  /** Loads under way, by key. Taken out when the key is deleted: their results come too late then. */
  readonly flights = new LazyMap<string, Flight>();
  /** Updates under way or waiting, by key: the last of each queue. */
  readonly updates = new LazyMap<string, Promise<unknown>>();
  /** Whether each key in here is known to be one that any cache could hold: it need not be checked again. */
  isPortable = true;
  /** No longer known to its store; whoever holds it asks the store again. */
  isRetired = false;

  constructor(
    /** The number by which slots refer to it. */
    readonly id: number,
    readonly keyPrefix: string,
    readonly version: number,
  ) {}

  /** Whether something under way will come back to this space. */
  get isAwaited(): boolean {
    return this.flights.size > 0 || this.updates.size > 0;
  }

  fullKey(key: string): string {
    return defaultKeyFunction(key, this.keyPrefix, this.version);
  }

  /** Whether entries of this prefix and version may be here, undefined standing for any. */
  mayHold(keyPrefix: string | undefined, version: number | undefined): boolean {
    const isPrefix = keyPrefix === undefined || keyPrefix === this.keyPrefix;
    return isPrefix && (version === undefined || version === this.version);
  }

  /** The slots of that prefix and version, where {@link mayHold}. */
  matching(_keyPrefix: string | undefined, _version: number | undefined): Iterable<number> {
    return slotsOf(this.slots);
  }

  /** Whether all that is to be known of a key in here is known. */
  mayHoldKey(_key: string): boolean {
    return true;
  }

  forget(key: string): void {
    this.slots.delete(key);
  }

  /** What is being loaded for this key comes too late. */
  overtake(key: string): void {
    if (this.flights.size === 0) return;
    for (let flight = this.flights.get(key); flight; flight = flight.older)
      flight.isOvertaken = true;
    this.flights.delete(key);
  }

  /** What is being loaded for any key comes too late. */
  dropPending(): void {
    for (const key of [...this.flights.keys()]) this.overtake(key);
  }
}

function* slotsOf(index: Iterable<[string, number]>): Generator<number> {
  for (const [, slot] of index) yield slot;
}

/** Where a full key came from. */
interface Origin {
  readonly key: string;
  readonly keyPrefix: string;
  readonly version: number;
}

/**
 * The one space of a store for full keys that a key function made. What prefix, version and bare key
 * they were made of cannot be told from them, so it is noted beside.
 */
export class FullKeySpace extends KeySpace {
  readonly #origins = new LazyMap<string, Origin>();

  constructor(id: number) {
    super(id, '', 0);
  }

  override fullKey(fullKey: string): string {
    return fullKey;
  }

  note(fullKey: string, origin: Origin): void {
    this.#origins.set(fullKey, origin);
  }

  origin(fullKey: string): Origin | undefined {
    return this.#origins.get(fullKey);
  }

  override mayHold(): boolean {
    return true;
  }

  override *matching(keyPrefix?: string, version?: number): Generator<number> {
    for (const [fullKey, slot] of this.slots) {
      const origin = this.#origins.get(fullKey);
      if (!origin) continue;
      if (keyPrefix !== undefined && keyPrefix !== origin.keyPrefix) continue;
      if (version === undefined || version === origin.version) yield slot;
    }
  }

  override mayHoldKey(fullKey: string): boolean {
    return this.#origins.has(fullKey);
  }

  override forget(fullKey: string): void {
    super.forget(fullKey);
    this.#origins.delete(fullKey);
  }
}

/** The key spaces of a store. */
export class KeySpaces {
  #fullKeys: FullKeySpace | undefined;
  readonly #slots: Slots;
  /** Most stores have no other: it stays for good, and needs no Map to be found in. */
  #first: KeySpace | undefined;
  readonly #byPrefix = new LazyMap<string, Map<number, KeySpace>>();
  #idle: Set<KeySpace> | undefined;

  constructor(slots: Slots) {
    this.#slots = slots;
  }

  /** Made at first sight: few caches have a key function. */
  get fullKeys(): FullKeySpace {
    return (this.#fullKeys ??= this.#slots.enlist((id) => new FullKeySpace(id)));
  }

  *[Symbol.iterator](): Generator<KeySpace> {
    if (this.#fullKeys) yield this.#fullKeys;
    if (this.#first) yield this.#first;
    for (const versions of this.#byPrefix.values()) yield* versions.values();
  }

  /** The space of this prefix and version, made at first sight. */
  find(keyPrefix: string, version: number): KeySpace {
    const first = this.#first;
    if (first?.version === version && first.keyPrefix === keyPrefix) return first;
    return this.#byPrefix.get(keyPrefix)?.get(version) ?? this.#make(keyPrefix, version);
  }

  /** The last entry of the space is gone. */
  noteIdle(space: KeySpace): void {
    if (space !== this.#fullKeys && space !== this.#first) (this.#idle ??= new Set()).add(space);
  }

  #make(keyPrefix: string, version: number): KeySpace {
    if (this.#idle) this.#retireIdle(this.#idle);
    const space = this.#slots.enlist((id) => new KeySpace(id, keyPrefix, version));
    if (!this.#first) return (this.#first = space);
    const versions = this.#byPrefix.get(keyPrefix) ?? new Map<number, KeySpace>();
    this.#byPrefix.set(keyPrefix, versions.set(version, space));
    this.noteIdle(space);
    return space;
  }

  /**
   * Versions come and go (a deploy id, a user's revision): empty spaces must not pile up. They are let
   * go only here, when another one is made, so that no operation loses the space it works on.
   */
  #retireIdle(idle: Set<KeySpace>): void {
    if (idle.size <= MAX_IDLE_SPACES) return;
    for (const space of idle) {
      if (space.isAwaited) continue;
      idle.delete(space);
      if (space.slots.size === 0) this.#retire(space);
    }
  }

  #retire(space: KeySpace): void {
    const versions = this.#byPrefix.get(space.keyPrefix);
    versions?.delete(space.version);
    if (versions?.size === 0) this.#byPrefix.delete(space.keyPrefix);
    space.isRetired = true;
    this.#slots.dismiss(space);
  }
}
