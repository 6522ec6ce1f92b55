/**
 * Where a {@link RemoteCache} keeps its entries: a store of bytes, reached by promises. Everything that
 * must happen in one step there is one method here.
 *
 * A method that rejects says that the store is not to be had, whatever the reason: the cache makes of it
 * a miss or a write that is dropped, and counts it.
 */

/** How long the store keeps an entry, milliseconds; null = for ever. */
export type Lifetime = number | null;

/** A tag and its version: entries written under an older version are gone. */
export type TagVersion = readonly [tag: string, version: string];

/** An entry as it lies there. */
export interface Held {
  readonly bytes: Buffer;
  readonly leftMs: Lifetime;
}

/** What becomes of the store's answer, said when it is asked: that saves each call a promise or two. */
export interface Ending<T> {
  /** May not throw. */
  done(answer: unknown): T | Promise<T>;
  /** The store is not to be had. */
  failed(): T;
}

/** For a store, or a moment, in which it saves nothing. */
export function ended<T>(answer: Promise<unknown>, ending: Ending<T>): Promise<T> {
  return answer.then(
    (value) => ending.done(value),
    () => ending.failed(),
  );
}

export interface Backend {
  /** The entries under these keys, in their order. */
  get(keys: readonly string[]): Promise<readonly (Buffer | undefined)[]>;
  getOne(key: string): Promise<Buffer | undefined>;
  /**
   * One entry, the way of most calls.
   *
   * @param ending is given the bytes; whatever else the answer is, there is no entry
   * @returns what `ending` makes of it; never rejects
   */
  lookUp<T>(key: string, ending: Ending<T>): Promise<T>;
  /** How long they have left; undefined = not there. */
  lifetimes(keys: readonly string[]): Promise<readonly (Lifetime | undefined)[]>;

  put(key: string, bytes: string | Buffer, lifetime: Lifetime): Promise<unknown>;
  /** The same, with an ending as {@link lookUp}. */
  store<T>(key: string, bytes: string | Buffer, lifetime: Lifetime, ending: Ending<T>): Promise<T>;
  putIfAbsent(key: string, bytes: string | Buffer, lifetime: Lifetime): Promise<boolean>;
  /**
   * Replaces exactly these bytes.
   *
   * @param lifetime undefined = what it has left
   * @returns false when something else is there by now
   */
  replace(
    key: string,
    seen: Buffer,
    bytes: string | Buffer,
    lifetime: Lifetime | undefined,
  ): Promise<boolean>;
  /** Removes what is there, and with it the leases on the key. */
  remove(keys: readonly string[]): Promise<readonly (Held | undefined)[]>;
  /**
   * Gives a lifetime to an entry that is nothing but a value.
   *
   * @returns 'unsure' when there is more to know of the entry, or this store cannot look inside
   */
  touch(key: string, lifetime: Lifetime): Promise<'done' | 'missing' | 'unsure'>;
  /** Adds to an entry that is nothing but a number; otherwise as {@link touch}. */
  count(key: string, delta: number): Promise<number | 'missing' | 'unsure'>;

  /**
   * Takes the lease on loading a key, unless somebody has it.
   *
   * @returns whether it was taken, and what lies under the key at that very moment
   */
  claim(key: string, token: string, leaseMs: number): Promise<Claim>;
  /** Writes what was loaded under a lease, if that still holds and the entry is as it was, and ends the lease. */
  fill(key: string, claim: LeaseHold, bytes: string | Buffer, lifetime: Lifetime): Promise<boolean>;
  renew(key: string, token: string, leaseMs: number): Promise<unknown>;
  release(key: string, token: string): Promise<unknown>;
  /** A lock for updates of a key: whether it was taken. Ended and renewed as a lease. */
  lock(key: string, token: string, leaseMs: number): Promise<boolean>;
  renewLock(key: string, token: string, leaseMs: number): Promise<unknown>;
  unlock(key: string, token: string): Promise<unknown>;

  /** The versions of tags, made where there are none, and kept at least that long. */
  markTags(tags: readonly string[], lifetime: Lifetime): Promise<readonly TagVersion[]>;
  /** The versions of tags that have one. */
  tagVersions(tags: readonly string[]): Promise<ReadonlyMap<string, string>>;
  purgeTags(tags: readonly string[], soft: boolean): Promise<unknown>;

  /** The keys that begin so, in pages. Those that come or go meanwhile may be there or not. */
  scan(start: string): AsyncIterable<readonly string[]>;
  /** Removes every key that begins so and passes, with its leases. */
  clear(start: string, passes: ((key: string) => boolean) | undefined): Promise<unknown>;

  close(): Promise<void>;
}

/** What {@link Backend.claim} found. */
export interface Claim {
  readonly isTaken: boolean;
  /** Whose lease it is: the given token, or that of who was first. */
  readonly token: string | undefined;
  readonly bytes: Buffer | undefined;
}

/** What {@link Backend.fill} goes by. */
export interface LeaseHold {
  readonly token: string;
  /** What lay under the key when the load began. */
  readonly seen: Buffer | undefined;
  /** Whether the lease is the caller's own, and ends here. */
  readonly isOwn: boolean;
}
