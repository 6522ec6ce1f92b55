/**
 * LocMemCache: one method for each of Django's, in one rhythm: options, key, entry, answer. What a
 * method must refuse it refuses before anything changes.
 */
import { Addressing } from './addressing.js';
import { DJANGO, DJANGO_BEFORE_2_1, MENDED, type Behaviour } from './behaviour.js';
import {
  checkKeys,
  checkOptions,
  checkVersionDelta,
  tagsOf,
  versionOf,
  type Call,
} from './call-options.js';
import type {
  ClearOptions,
  GetOptions,
  KeysOptions,
  Pairs,
  ReadOptions,
  SyncCache,
  TouchOptions,
  ValueOrLoader,
  WriteOptions,
} from './contract.js';
import { InvalidOptionError, KeyNotFoundError } from './errors.js';
import { isolate, reveal, weigh, type Stored } from './isolation/stored.js';
import { weighKey } from './isolation/weigh.js';
import type { KeySpace } from './key-space.js';
import { differingLimits, openStore } from './named-stores.js';
import { count, type Direction } from './numeric.js';
import { resolveOptions, type LocMemOptions, type ResolvedOptions } from './options.js';
import { takeOff } from './single-flight.js';
import type { Store } from './store.js';
import { LONGEST_USUAL_TIMEOUT_SECONDS, parseTimeout, type Timeout } from './timeout.js';
import { warn, type LocMemWarningCode } from './warnings.js';
import { ALREADY_EXPIRED, Writer, type Draft } from './writer.js';

/**
 * Django's LocMemCache. Caches of one name share one store in the process; each has its own prefix,
 * version, timeout and limits.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { LocMemCache } from '@locmem/core';
 *
 * const cache = new LocMemCache('users', { timeout: '5m', maxEntries: 1000 });
 * cache.set('42', { name: 'Ada', roles: ['admin'] });
 *
 * const user = cache.get<{ name: string; roles: string[] }>('42');
 * user?.roles.push('root'); // a copy: nobody shares an object with the cache
 * assert.deepEqual(cache.get('42'), { name: 'Ada', roles: ['admin'] });
 * assert.equal(cache.get('43'), undefined);
 * ```
 */
export class LocMemCache implements SyncCache {
  /** The name of the store that this cache shares. */
  readonly name: string;

  readonly #options: ResolvedOptions;
  readonly #behaviour: Behaviour;
  readonly #store: Store;
  readonly #address: Addressing;
  readonly #writer: Writer;

  /**
   * @param name the named store to share; made when it is not there yet
   * @throws {InvalidOptionError} when an option does not exist, breaks its rule, or contradicts the
   *   store: policy and clock are those of the first cache that opened it
   * @throws {InvalidTimeoutError} when the timeout is no time span
   */
  constructor(name = 'default', options: LocMemOptions = {}) {
    if (typeof (name as unknown) !== 'string') {
      throw new InvalidOptionError('LocMemCache', 'name', 'must be a string', name);
    }
    this.name = name;
    this.#options = resolveOptions(options);
    this.#store = openStore(name, this.#options);
    this.#behaviour = behaviourOf(this.#options, this.#store);
    this.#address = new Addressing(this.#store, this.#options, this.#behaviour, (code, message) => {
      this.#warn(code, message);
    });
    this.#writer = new Writer(this.#store, this.#options, this.#behaviour);
    this.#warnOfMilliseconds(options.timeout);
    this.#warnOfOtherLimits();
  }

  /** Entries physically held in the whole named store, dead ones not yet met included. */
  get size(): number {
    return this.#store.size;
  }

  /** Bytes held in the whole named store, by estimate, dead entries not yet met included. */
  get bytes(): number {
    return this.#store.bytes;
  }

  // ---- one entry -----------------------------------------------------------------------------

  /**
   * Reads a value (Django `get`). A stored null is a hit; undefined is a miss and cannot be stored.
   *
   * @returns a copy, the object itself under `isolation: 'share'`, or on a miss the `default`
   */
  get<T>(key: string, options: GetOptions<T> & { default: T }): T;
  get<T = unknown>(key: string, options?: GetOptions<T>): T | undefined;
  get<T>(key: string, options?: GetOptions<T>): T | undefined {
    const version = versionOf('get', options);
    const space = this.#address.space(version);
    const slot = this.#live(space, this.#address.keyInSpace(key, version));
    if (slot === undefined) {
      this.#address.check(key, version);
      return options?.default;
    }
    this.#store.policy.hit(slot);
    return reveal(this.#store.value(slot)) as T;
  }

  /** Whether the key is there and alive (Django `has_key`, `in`). Does not count as use. */
  has(key: string, options?: ReadOptions): boolean {
    const version = versionOf('has', options);
    const space = this.#address.space(version);
    if (this.#live(space, this.#address.keyInSpace(key, version)) !== undefined) return true;
    this.#address.check(key, version);
    return false;
  }

  /**
   * Stores only what is not there yet (Django `add`).
   *
   * @returns whether it was stored
   * @throws {NotSerializableError} when the value cannot be copied, even if it would not be stored
   */
  add(key: string, value: unknown, options?: WriteOptions): boolean {
    const write = this.#prepare('add', key, value, options);
    // A dead entry is not removed but overwritten: under 'cull' its key keeps its place, as in Django.
    const slot = write.space.slots.get(write.spaceKey);
    if (slot !== undefined && this.#store.isLive(slot)) return false;
    return this.#commit(write);
  }

  /**
   * Stores a value, whatever was there (Django `set`).
   *
   * @throws {NotSerializableError} when the value cannot be copied; the cache is then unchanged
   */
  set(key: string, value: unknown, options?: WriteOptions): void {
    this.#commit(this.#prepare('set', key, value, options));
  }

  /**
   * Gives a live entry a new timeout, the cache's own when none is given (Django `touch`).
   *
   * @returns whether the key was there
   */
  touch(key: string, options?: TouchOptions): boolean {
    const version = versionOf('touch', options);
    const deadlineMs = this.#deadline(options?.timeout);
    const spaceKey = this.#address.keyInSpace(key, version);
    const slot = this.#address.space(version).slots.get(spaceKey);
    if (slot === undefined || !this.#store.isLive(slot)) {
      this.#address.check(key, version);
      return false;
    }
    this.#store.setDeadline(slot, deadlineMs);
    if (deadlineMs === ALREADY_EXPIRED && !this.#behaviour.keepsDead) this.#store.remove(slot);
    return true;
  }

  /**
   * Adds to a stored number or bigint and keeps its expiry (Django `incr`).
   *
   * @returns the new value
   * @throws {KeyNotFoundError} when the key is not there
   * @throws {NotNumericError} when value or delta is no finite number, or not of one kind
   */
  incr(key: string, delta?: number, options?: ReadOptions): number;
  incr(key: string, delta: bigint, options?: ReadOptions): bigint;
  incr(key: string, delta?: number | bigint, options?: ReadOptions): number | bigint {
    return this.#count('incr', key, delta, options, 1);
  }

  /** Subtracts, otherwise as {@link incr} (Django `decr`). May go below zero. */
  decr(key: string, delta?: number, options?: ReadOptions): number;
  decr(key: string, delta: bigint, options?: ReadOptions): bigint;
  decr(key: string, delta?: number | bigint, options?: ReadOptions): number | bigint {
    return this.#count('decr', key, delta, options, -1);
  }

  /**
   * Removes an entry (Django `delete`). A load of the key that is under way is not kept.
   *
   * @returns whether it was there and alive
   */
  delete(key: string, options?: ReadOptions): boolean {
    const version = versionOf('delete', options);
    return this.#delete(key, version);
  }

  /**
   * The seconds an entry has left.
   *
   * @returns null when it lives for ever, undefined when it is not there
   */
  ttl(key: string, options?: ReadOptions): number | null | undefined {
    const version = versionOf('ttl', options);
    const space = this.#address.space(version);
    const slot = this.#live(space, this.#address.keyInSpace(key, version));
    if (slot === undefined) {
      this.#address.check(key, version);
      return undefined;
    }
    const deadlineMs = this.#store.deadline(slot);
    return deadlineMs === Infinity ? null : (deadlineMs - this.#store.time.exact()) / 1000;
  }

  /**
   * Reads a value or, when it is missing, makes, stores and returns it (Django `get_or_set`). While a
   * promise of a loader is pending, every caller of the key waits for it; a load that fails reaches
   * them all and is not kept. A loader's undefined is returned, not stored.
   *
   * @param valueOrLoader the value, or a function that returns it or a promise of it
   * @returns the value; a promise of it when the loader gave one and it had to be loaded
   * @throws whatever the loader throws
   *
   * @example
   * ```ts
   * import assert from 'node:assert/strict';
   * import { LocMemCache } from '@locmem/core';
   *
   * const cache = new LocMemCache('rates');
   * let calls = 0;
   * const load = async () => ({ eur: 1, usd: 1.09, call: ++calls });
   *
   * const [a, b] = await Promise.all([cache.getOrSet('ecb', load), cache.getOrSet('ecb', load)]);
   * assert.deepEqual(a, b);
   * assert.equal(calls, 1);
   * ```
   */
  getOrSet<T>(key: string, loader: () => Promise<T>, options?: WriteOptions): T | Promise<T>;
  getOrSet<T>(key: string, valueOrLoader: ValueOrLoader<T>, options?: WriteOptions): T;
  getOrSet(key: string, valueOrLoader: unknown, options: WriteOptions = {}): unknown {
    const version = versionOf('getOrSet', options);
    const read = version === undefined ? undefined : { version };
    const found = this.get(key, read);
    if (found !== undefined) return found;

    if (typeof valueOrLoader !== 'function') return this.#addThenGet(key, valueOrLoader, options);
    const space = this.#address.space(version);
    const spaceKey = this.#address.keyInSpace(key, version);
    const waiting = space.flights.get(spaceKey);
    if (waiting) return waiting.then(reveal);

    this.#deadline(options.timeout); // a wrong timeout is told before the loader has run
    const loaded = (valueOrLoader as () => unknown)();
    if (!isThenable(loaded)) return this.#addThenGet(key, loaded, options);

    return this.#wait({ key, version, space, spaceKey }, loaded, options).then(reveal);
  }

  // ---- several entries -----------------------------------------------------------------------

  /** The hits among these keys, in their order (Django `get_many`). */
  getMany<T = unknown>(keys: Iterable<string>, options?: ReadOptions): Map<string, T> {
    versionOf('getMany', options);
    const found = new Map<string, T>();
    for (const key of checkKeys('getMany', keys)) {
      const value = this.get<T>(key, options as GetOptions<T>);
      if (value !== undefined) found.set(key, value);
    }
    return found;
  }

  /**
   * Stores several values, one after the other (Django `set_many`), once all are known to be good.
   *
   * @param pairs a Map, an array of pairs, or an object (whose integer-like keys come first)
   * @returns the keys that were not stored because they are too large
   * @throws {NotSerializableError} when any value cannot be copied; the cache is then unchanged
   */
  setMany(pairs: Pairs<unknown>, options?: WriteOptions): string[] {
    const writes = entriesOf(pairs).map(([key, value]) =>
      this.#prepare('setMany', key, value, options),
    );
    return writes.filter((write) => !this.#commit(write)).map(({ key }) => key);
  }

  /**
   * Removes several entries (Django `delete_many`).
   *
   * @returns how many were there and alive
   */
  deleteMany(keys: Iterable<string>, options?: ReadOptions): number {
    const version = versionOf('deleteMany', options);
    let deleted = 0;
    for (const key of checkKeys('deleteMany', keys)) if (this.#delete(key, version)) deleted++;
    return deleted;
  }

  /**
   * Removes every entry of the named store that was written with one of these tags, in O(1) for each
   * tag. A load under way with such a tag is not kept.
   *
   * @example
   * ```ts
   * import assert from 'node:assert/strict';
   * import { LocMemCache } from '@locmem/core';
   *
   * const cache = new LocMemCache('shop');
   * cache.set('basket:7', { total: 30 }, { tags: ['user:7'] });
   * cache.set('orders:7', [101, 102], { tags: ['user:7', 'orders'] });
   * cache.set('orders:8', [103], { tags: ['user:8', 'orders'] });
   *
   * cache.deleteByTag('user:7');
   * assert.deepEqual([...cache.keys()], ['orders:8']);
   * ```
   */
  deleteByTag(...tags: string[]): void {
    tagsOf('set', { tags });
    this.#store.deleteByTag(tags);
  }

  /**
   * Empties the named store for everybody who shares it (Django `clear`), or only what was written
   * under a version, a key prefix, or both. Loads under way are not kept.
   */
  clear(options?: ClearOptions): void {
    const version = versionOf('clear', options);
    const keyPrefix: unknown = options?.keyPrefix;
    if (keyPrefix !== undefined && typeof keyPrefix !== 'string') {
      throw new InvalidOptionError('LocMemCache.clear', 'keyPrefix', 'must be a string', keyPrefix);
    }
    if (version === undefined && keyPrefix === undefined) this.#store.clear();
    else this.#store.clearMatching(keyPrefix, version);
  }

  // ---- versions ------------------------------------------------------------------------------

  /**
   * Moves an entry to another version of its key, with its value, tags and remaining time
   * (Django `incr_version`).
   *
   * @returns the new version
   * @throws {KeyNotFoundError} when the key is not there
   */
  incrVersion(key: string, delta = 1, options?: ReadOptions): number {
    return this.#move('incrVersion', key, delta, options, 1);
  }

  /** Moves an entry the other way, otherwise as {@link incrVersion} (Django `decr_version`). */
  decrVersion(key: string, delta = 1, options?: ReadOptions): number {
    return this.#move('decrVersion', key, delta, options, -1);
  }

  // ---- keys ----------------------------------------------------------------------------------

  /**
   * The keys of live entries: those of this cache's prefix and version, bare; or with `all` those of
   * the whole named store, full, the next victim first.
   */
  *keys(options: KeysOptions = {}): Generator<string> {
    checkOptions('keys', options);
    if (options.all) {
      for (const slot of this.#store.policy.victims()) {
        if (this.#store.isLive(slot)) yield this.#store.fullKey(slot);
      }
    } else {
      for (const [key, slot] of this.#address.ownKeys()) if (this.#store.isLive(slot)) yield key;
    }
  }

  /** The full key, as a key function made it or `prefix:version:key` (Django `make_key`). */
  makeKey(key: string, options?: ReadOptions): string {
    return this.#address.fullKey(key, versionOf('makeKey', options));
  }

  /** Does nothing: entries outlive the caches that wrote them (Django `close`). */
  close(): void {
    // A remote store would let its connection go here.
  }

  [Symbol.dispose](): void {
    this.close();
  }

  // ---- the steps the methods share -----------------------------------------------------------

  /** The slot of a live entry; a dead one met on the way is removed. */
  #live(space: KeySpace, spaceKey: string): number | undefined {
    const slot = space.slots.get(spaceKey);
    if (slot === undefined || this.#store.isLive(slot)) return slot;
    this.#store.remove(slot);
    return undefined;
  }

  /** Everything that can be refused, before anything changes. */
  #prepare(call: Call, key: string, value: unknown, options: WriteOptions | undefined): Write {
    const version = versionOf(call, options);
    const deadlineMs = this.#deadline(options?.timeout);
    const tags = tagsOf(call, options);
    const spaceKey = this.#address.keyInSpace(key, version);
    this.#address.check(key, version);
    const stored = isolate(value, this.#options.isolation);
    const space = this.#address.space(version);
    return { key, version, space, spaceKey, value: stored, deadlineMs, tags };
  }

  #commit(write: Write): boolean {
    const { value, deadlineMs } = write;
    const tags = write.tags && this.#store.tags.mark(write.tags);
    return this.#put(write, { value, deadlineMs, tags });
  }

  #put(address: Address, draft: Draft): boolean {
    const { space, spaceKey, key, version } = address;
    const isStored = this.#writer.put(space, spaceKey, draft);
    if (isStored) this.#address.noteOrigin(spaceKey, key, version);
    else this.#warn('LOCMEM_ENTRY_TOO_LARGE', `Entry '${key}' exceeds maxEntryBytes: not stored`);
    return isStored;
  }

  /** Lets every caller of the key wait for a load, and keeps what it brings. */
  #wait(address: Address, loading: PromiseLike<unknown>, options: WriteOptions): Promise<unknown> {
    // Noted before the load: a tag purged while it runs must find its result, too.
    const names = tagsOf('getOrSet', options);
    const tags = names && this.#store.tags.mark(names);
    return takeOff(address.space, address.spaceKey, loading, {
      keep: (loaded, wasOvertaken) => {
        if (loaded === undefined) return undefined;
        const value = isolate(loaded, this.#options.isolation);
        // Django get_or_set: add, then read again; another caller may have won.
        const winner = this.#live(address.space, address.spaceKey);
        if (winner !== undefined) return this.#store.value(winner);
        if (!wasOvertaken) {
          if (tags) this.#store.tags.retain(tags);
          this.#put(address, { value, deadlineMs: this.#deadline(options.timeout), tags });
        }
        return value;
      },
      settled: () => {
        if (tags) this.#store.tags.release(tags);
      },
    });
  }

  #addThenGet(key: string, value: unknown, options: WriteOptions): unknown {
    if (value === undefined) return undefined;
    this.add(key, value, options);
    return this.get(key, { version: options.version, default: value });
  }

  #delete(key: string, version: number | undefined): boolean {
    const spaceKey = this.#address.keyInSpace(key, version);
    const space = this.#address.space(version);
    space.flights.delete(spaceKey);
    const slot = space.slots.get(spaceKey);
    if (slot === undefined) {
      this.#address.check(key, version);
      return false;
    }
    const wasThere = this.#behaviour.deleteSeesDead || this.#store.isLive(slot);
    this.#store.remove(slot);
    return wasThere;
  }

  #count(
    call: Call,
    key: string,
    delta: unknown,
    options: ReadOptions | undefined,
    direction: Direction,
  ): number | bigint {
    const version = versionOf(call, options);
    const spaceKey = this.#address.keyInSpace(key, version);
    const slot = this.#live(this.#address.space(version), spaceKey);
    if (slot === undefined) {
      this.#address.check(key, version);
      throw new KeyNotFoundError(this.name, key);
    }
    const value = reveal(this.#store.value(slot));
    if (value === null && this.#behaviour.incrMissesNull)
      throw new KeyNotFoundError(this.name, key);
    const result = count(this.name, key, value, delta, direction);
    this.#store.replaceValue(slot, result, weighKey(spaceKey) + weigh(result));
    return result;
  }

  #move(
    call: Call,
    key: string,
    delta: number,
    options: ReadOptions | undefined,
    direction: Direction,
  ): number {
    const from = versionOf(call, options) ?? this.#options.version;
    const to = from + checkVersionDelta(call, delta) * direction;
    if (this.#behaviour.moveResetsExpiry) return this.#moveAsDjango(key, from, to);

    const space = this.#address.space(from);
    const slot = this.#live(space, this.#address.keyInSpace(key, from));
    if (slot === undefined) {
      this.#address.check(key, from);
      throw new KeyNotFoundError(this.name, key);
    }
    if (to === from) return to;
    const value = this.#store.value(slot);
    const deadlineMs = this.#store.deadline(slot);
    const tags = this.#store.tagMark(slot);
    const spaceKey = this.#address.keyInSpace(key, to);
    if (tags) this.#store.tags.retain(tags);
    this.#store.remove(slot);
    const target = { key, version: to, space: this.#address.space(to), spaceKey };
    this.#put(target, { value, deadlineMs, tags });
    return to;
  }

  /** Django BaseCache.incr_version: read, set with the default timeout, delete; not atomic. */
  #moveAsDjango(key: string, from: number, to: number): number {
    const value = this.get(key, { version: from });
    if (value === undefined) throw new KeyNotFoundError(this.name, key);
    this.set(key, value, { version: to });
    this.delete(key, { version: from });
    return to;
  }

  #deadline(timeout: Timeout | undefined): number {
    if (timeout !== undefined) this.#warnOfMilliseconds(timeout);
    const seconds = timeout === undefined ? this.#options.timeoutSeconds : parseTimeout(timeout);
    if (seconds === null) return Infinity;
    return seconds > 0 ? this.#store.time.exact() + seconds * 1000 : ALREADY_EXPIRED;
  }

  #warnOfMilliseconds(timeout: Timeout | undefined): void {
    if (typeof timeout !== 'number' || timeout === Infinity) return;
    if (timeout <= LONGEST_USUAL_TIMEOUT_SECONDS) return;
    const message = `A timeout of ${timeout} seconds looks like milliseconds; write it with its unit, such as '${timeout}ms' or '30d'`;
    this.#warn('LOCMEM_TIMEOUT_LOOKS_LIKE_MS', message);
  }

  #warnOfOtherLimits(): void {
    const differing = differingLimits(this.#store, this.#options);
    if (differing === undefined || this.#options.compat) return;
    const message = `Caches of store '${this.name}' have different limits (${differing}); whichever writes applies its own`;
    this.#warn('LOCMEM_OPTIONS_DIFFER', message);
  }

  #warn(code: LocMemWarningCode, message: string): void {
    warn({ code, store: this.name, message }, this.#store.warned, this.#options.onWarning);
  }
}

/** Where an entry is or will be. */
interface Address {
  readonly key: string;
  readonly version: number | undefined;
  readonly space: KeySpace;
  readonly spaceKey: string;
}

/** A write that nothing can refuse any more but its size. */
interface Write extends Address {
  readonly value: Stored;
  readonly deadlineMs: number;
  readonly tags: readonly string[] | undefined;
}

function behaviourOf({ compat }: ResolvedOptions, store: Store): Behaviour {
  if (compat === undefined) return MENDED;
  return store.policyName === 'cull' ? DJANGO_BEFORE_2_1 : DJANGO;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

function entriesOf(pairs: Pairs<unknown>): (readonly [string, unknown])[] {
  if (typeof pairs !== 'object' || (pairs as object | null) === null) {
    const rule = 'must be a Map, an array of pairs, or an object';
    throw new InvalidOptionError('LocMemCache.setMany', 'pairs', rule, pairs);
  }
  return Symbol.iterator in pairs
    ? [...(pairs as Iterable<readonly [string, unknown]>)]
    : Object.entries(pairs);
}
