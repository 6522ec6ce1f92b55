/**
 * Entries live in key spaces, one for each key prefix and version. A lookup takes the caller's bare
 * key in the space's own Map: no full key is built, which would cost more than the whole lookup,
 * and prefix `p` with key `1:x` cannot meet prefix `p:1` with key `x`, as it does in Django.
 */
import { defaultKeyFunction } from './key.js';

/** A load under way; whoever else wants the key waits for it. */
export type Flight = Promise<unknown>;

export class KeySpace {
  /** Slot of each key. */
  readonly slots = new Map<string, number>();
  /** Loads under way, by key. Taken out when the key is deleted: their results come too late then. */
  readonly flights = new Map<string, Flight>();
  /** No longer known to its store; whoever holds it asks the store again. */
  isRetired = false;

  constructor(
    readonly keyPrefix: string,
    readonly version: number,
  ) {}

  fullKey(key: string): string {
    return defaultKeyFunction(key, this.keyPrefix, this.version);
  }

  /** Whether entries of this prefix and version may be here, undefined standing for any. */
  mayHold(keyPrefix: string | undefined, version: number | undefined): boolean {
    return (
      (keyPrefix ?? this.keyPrefix) === this.keyPrefix && (version ?? this.version) === this.version
    );
  }

  /** The slots of that prefix and version, where {@link mayHold}. */
  matching(_keyPrefix: string | undefined, _version: number | undefined): Iterable<number> {
    return this.slots.values();
  }

  forget(key: string): void {
    this.slots.delete(key);
  }
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
  readonly #origins = new Map<string, Origin>();

  constructor() {
    super('', 0);
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
      if ((keyPrefix ?? origin.keyPrefix) !== origin.keyPrefix) continue;
      if ((version ?? origin.version) === origin.version) yield slot;
    }
  }

  override forget(fullKey: string): void {
    super.forget(fullKey);
    this.#origins.delete(fullKey);
  }
}
