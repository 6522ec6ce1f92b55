/**
 * LocMemCache: one method for each of Django's, in one rhythm: options, key, entry, answer. What a
 * method must refuse it refuses before anything changes.
 */
import { types } from 'node:util';
import { NOWHERE } from './addressing.js';
import {
  checkKeys,
  checkNewVersion,
  checkVersionDelta,
  entriesOf,
  isOfAll,
  keyPrefixOf,
  purgeOf,
  versionOf,
  type Call,
} from './call-options.js';
import type {
  ClearOptions,
  GetOptions,
  KeysOptions,
  LoadOptions,
  Loads,
  Pairs,
  PurgeOptions,
  ReadOptions,
  SyncCache,
  TouchOptions,
  UpdateOptions,
  ValueOrLoader,
  WriteOptions,
} from './contract.js';
import { Engine, type Address } from './engine.js';
import { InvalidOptionError, KeyNotFoundError } from './errors.js';
import type { KeySpace } from './key-space.js';
import {
  isEventType,
  type CacheEvents,
  type CacheEventType,
  type CacheListener,
} from './events.js';
import { reveal } from './isolation/stored.js';
import { getOrSet } from './loading.js';
import { count, type Direction } from './numeric.js';
import { resolveOptions, type LocMemOptions } from './options.js';
import type { RWLock } from './rwlock.js';
import { restore, save } from './snapshot.js';
import { statsOf, type CacheStats } from './stats.js';
import type { Store } from './store.js';
import { update } from './updating.js';
import { ALREADY_EXPIRED } from './writer.js';

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

  readonly #engine: Engine;
  /** The engine's, within reach of a hit. */
  readonly #store: Store;
  /** Where keys without options are, bare; may have been let go, then nothing is found there. */
  #home: KeySpace;

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
    this.#engine = new Engine(name, resolveOptions(options));
    this.#store = this.#engine.store;
    this.#home = this.#engine.addressing.home;
    this.#engine.warnOfMilliseconds(options.timeout);
  }

  /** Entries physically held in the whole named store, dead ones not yet met included. */
  get size(): number {
    return this.#engine.store.size;
  }

  /** Bytes held in the whole named store, by estimate, dead entries not yet met included. */
  get bytes(): number {
    return this.#engine.store.bytes;
  }

  /** The lock of the named store: many readers or one writer, across awaits. */
  get lock(): RWLock {
    return this.#engine.store.lock;
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
    // Kept small for the compiler, which makes one piece of it and all that a hit calls.
    const space = options === undefined ? this.#home : this.#spaceFor('get', options);
    const slot = space.slots.get(key);
    if (slot !== undefined) {
      const value = this.#store.read(slot);
      if (value !== undefined) return value as T;
    } else if (!space.isRetired) {
      return this.#missPlainly(space, key, options);
    }
    return this.#getWithCare(key, options);
  }

  /** As {@link #miss}; what is missed is often set next, which then need not look again. */
  #missPlainly<T>(space: KeySpace, key: string, options: GetOptions<T> | undefined) {
    if (!this.#engine.addressing.isUsual(key)) return this.#miss(space, key, key, options);
    this.#store.noteMiss(space, key);
    space.slots.lastMissed = key;
    return options?.default;
  }

  /** As `get`, for keys that are not looked up as they are, for dead entries, and when home has moved. */
  #getWithCare<T>(key: string, options: GetOptions<T> | undefined): T | undefined {
    const { store, addressing } = this.#engine;
    this.#home = addressing.home;
    const version = options?.version;
    const space = addressing.space(version);
    const spaceKey = addressing.keyInSpace(key, version);
    const slot = space.slots.get(spaceKey);
    if (slot !== undefined) {
      const value = store.read(slot);
      if (value !== undefined) return value as T;
      this.#engine.live(space, spaceKey); // removes it
    }
    return this.#miss(space, spaceKey, key, options);
  }

  #miss<T>(space: KeySpace, spaceKey: string, key: string, options: GetOptions<T> | undefined) {
    this.#store.noteMiss(space, spaceKey);
    this.#engine.addressing.check(key, options?.version);
    return options?.default;
  }

  /** Where the keys of a call are, bare; one in which nothing is, when they are not looked up as they are. */
  #spaceFor(call: Call, options: ReadOptions): KeySpace {
    return this.#engine.addressing.plainSpace(versionOf(call, options));
  }

  /** As {@link #spaceFor}; where a hit may begin a load, nothing is found in passing. */
  #spaceForLoad(options: LoadOptions): KeySpace {
    const space = this.#spaceFor('getOrSet', options);
    return options.refreshAhead === undefined ? space : NOWHERE;
  }

  /** Whether the key is there and alive (Django `has_key`, `in`). Does not count as use. */
  has(key: string, options?: ReadOptions): boolean {
    const version = versionOf('has', options);
    return this.#engine.liveAt(this.#engine.address(key, version)) !== undefined;
  }

  /**
   * Stores only what is not there yet (Django `add`).
   *
   * @returns whether it was stored
   * @throws {NotSerializableError} when the value cannot be copied, even if it would not be stored
   */
  add(key: string, value: unknown, options?: WriteOptions): boolean {
    const write = this.#engine.prepare('add', key, value, options);
    // A dead entry is not removed but overwritten: under 'cull' its key keeps its place, as in Django.
    const slot = write.space.slots.get(write.spaceKey);
    if (slot !== undefined && this.#engine.store.isLive(slot)) return false;
    return this.#engine.commit(write);
  }

  /**
   * Stores a value, whatever was there (Django `set`).
   *
   * @throws {NotSerializableError} when the value cannot be copied; the cache is then unchanged
   */
  set(key: string, value: unknown, options?: WriteOptions): void {
    // As `get`, kept small for the compiler.
    if (typeof value === 'string' || typeof value === 'number') {
      const space = options === undefined ? this.#home : this.#plainSpaceFor(options);
      if (this.#engine.putPlainly(space, key, value)) return;
    }
    this.#engine.commit(this.#engine.prepare('set', key, value, options));
  }

  /**
   * Gives a live entry a new timeout, the cache's own when none is given (Django `touch`).
   *
   * @returns whether the key was there
   */
  touch(key: string, options?: TouchOptions): boolean {
    const { store, behaviour, addressing } = this.#engine;
    const version = versionOf('touch', options);
    const deadlineMs = this.#engine.deadline(options?.timeout);
    const { space, spaceKey } = this.#engine.address(key, version);
    const slot = space.slots.get(spaceKey);
    // Django does not remove the dead entry that it meets here.
    if (slot === undefined || !store.isLive(slot)) {
      addressing.check(key, version);
      return false;
    }
    store.setDeadline(slot, deadlineMs);
    if (deadlineMs === ALREADY_EXPIRED && !behaviour.keepsDead) store.remove(slot);
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
    const slot = this.#engine.liveAt(this.#engine.address(key, version));
    if (slot === undefined) return undefined;
    const { store } = this.#engine;
    const deadlineMs = store.deadline(slot);
    return deadlineMs === Infinity ? null : (deadlineMs - store.time.exact()) / 1000;
  }

  /**
   * Reads a value or, when it is missing, makes, stores and returns it (Django `get_or_set`). While a
   * promise of a loader is pending, every caller of the key waits for it; a load that fails reaches
   * them all and is not kept. A loader's undefined is returned, not stored.
   *
   * @param valueOrLoader the value, or a function that returns it or a promise of it; a promise itself
   *   is a load that has begun already, and is left alone when the key is there
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
  getOrSet<T>(key: string, loader: Loads<T>, options?: LoadOptions): T | Promise<T>;
  getOrSet<T>(key: string, valueOrLoader: ValueOrLoader<T>, options?: LoadOptions): T;
  getOrSet(key: string, valueOrLoader: unknown, options?: LoadOptions): unknown {
    const space = options === undefined ? this.#home : this.#spaceForLoad(options);
    const slot = space.slots.get(key);
    const value = slot === undefined ? undefined : this.#store.read(slot);
    if (value !== undefined) return value;
    return getOrSet(this.#engine, key, valueOrLoader, options);
  }

  /**
   * Reads, changes and writes a value, one update of a key at a time, however long the function takes.
   * Updates wait in the order in which they came. A plain `set` or `delete` is not held up by them, and
   * is overwritten. Without a timeout or tags of its own, an update keeps those of the entry.
   *
   * @param fn gets a copy of the value, undefined when there is none, and returns the new one
   * @returns the new value
   * @throws whatever the function throws, the entry then unchanged; the signal's reason, when it
   *   aborts before the turn has come
   *
   * @example
   * ```ts
   * import assert from 'node:assert/strict';
   * import { LocMemCache } from '@locmem/core';
   *
   * const cache = new LocMemCache('carts');
   * const add = (item: string) =>
   *   cache.update<string[]>('cart:7', async (cart = []) => [...cart, item]);
   *
   * await Promise.all([add('tea'), add('milk')]);
   * assert.deepEqual(cache.get('cart:7'), ['tea', 'milk']);
   * ```
   */
  update<T>(
    key: string,
    fn: (old: T | undefined) => T | Promise<T>,
    options: UpdateOptions = {},
  ): Promise<T> {
    const version = versionOf('update', options);
    const address = this.#engine.address(key, version);
    this.#engine.addressing.check(key, version);
    return update(this.#engine, address, fn, options);
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
      this.#engine.prepare('setMany', key, value, options),
    );
    // Their spaces once more: preparing the others may have run code of the user's.
    const refused = writes.filter((write) => !this.#engine.commit(this.#engine.current(write)));
    return refused.map(({ key }) => key);
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
   * tag. A load under way with such a tag is not kept. With `{ soft: true }` as the last argument the
   * entries are only stale: `getOrSet` with `stale` may serve them while it refreshes.
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
  deleteByTag(...tags: (string | PurgeOptions)[]): void {
    const purge = purgeOf(tags);
    this.#engine.store.deleteByTag(purge.tags, purge.soft);
  }

  /**
   * Empties the named store for everybody who shares it (Django `clear`), or only what was written
   * under a version, a key prefix, or both. Loads under way are not kept.
   */
  clear(options?: ClearOptions): void {
    const version = versionOf('clear', options);
    const keyPrefix = keyPrefixOf(options);
    if (version === undefined && keyPrefix === undefined) this.#engine.store.clear();
    else this.#engine.store.clearMatching(keyPrefix, version);
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
  keys(options: KeysOptions = {}): Iterable<string> {
    const { store, addressing } = this.#engine;
    // Taken down at once: who writes while going through them must not go on for ever.
    if (isOfAll(options)) {
      return [...store.policy.victims()]
        .filter((slot) => store.isLive(slot))
        .map((slot) => store.fullKey(slot));
    }
    return [...addressing.ownKeys()].filter(([, slot]) => store.isLive(slot)).map(([key]) => key);
  }

  /** The live entries of this cache's prefix and version: bare keys and values. Not a use of them. */
  *entries<T = unknown>(): Generator<[key: string, value: T]> {
    const { store, addressing } = this.#engine;
    // Not by their keys once more: another cache may have written some that this one refuses.
    const found = [...addressing.ownKeys()].map(([key, slot]): Address => {
      return { key, version: undefined, space: store.space(slot), spaceKey: store.key(slot) };
    });
    for (const address of found) {
      const { key, space, spaceKey } = this.#engine.current(address);
      const slot = space.slots.get(spaceKey);
      if (slot === undefined || !store.isLive(slot)) continue;
      yield [key, reveal(store.value(slot)) as T];
    }
  }

  /** The full key, as a key function made it or `prefix:version:key` (Django `make_key`). */
  makeKey(key: string, options?: ReadOptions): string {
    return this.#engine.addressing.fullKey(key, versionOf('makeKey', options));
  }

  // ---- seeing inside -------------------------------------------------------------------------

  /** Counts of the named store since it was made, whoever used it. */
  stats(): CacheStats {
    return statsOf(this.#engine.store);
  }

  /**
   * Listens to what happens in the named store, whoever does it. Listeners are told in order, once the
   * operation is over and the code that called it has run on. For all stores of the process there
   * are Node's diagnostics channels `locmem:hit`, `locmem:miss` and so on.
   *
   * @throws {InvalidOptionError} when there is no such event
   *
   * @example
   * ```ts
   * import assert from 'node:assert/strict';
   * import { LocMemCache } from '@locmem/core';
   *
   * const cache = new LocMemCache('watched', { maxEntries: 1 });
   * const evicted: string[] = [];
   * cache.on('evict', ({ fullKey, reason }) => evicted.push(`${fullKey} (${reason})`));
   * cache.set('a', 1);
   * cache.set('b', 2);
   * await Promise.resolve();
   * assert.deepEqual(evicted, [':1:a (entries)']);
   * assert.equal(cache.stats().evictions.entries, 1);
   * ```
   */
  on<Type extends CacheEventType>(type: Type, listener: CacheListener<CacheEvents[Type]>): this {
    checkEvent(type);
    if (typeof (listener as unknown) !== 'function') {
      throw new InvalidOptionError('LocMemCache.on', 'listener', 'must be a function', listener);
    }
    this.#engine.store.listen(type, listener as CacheListener);
    return this;
  }

  /** Stops listening. */
  off<Type extends CacheEventType>(type: Type, listener: CacheListener<CacheEvents[Type]>): this {
    checkEvent(type);
    this.#engine.store.unlisten(type, listener as CacheListener);
    return this;
  }

  /**
   * The live entries of the whole named store as bytes, for {@link restore} after a restart. Entries
   * whose values V8's serializer would change (class instances, errors, fields on a Map or Date) are left
   * out, with the warning LOCMEM_SNAPSHOT_INCOMPLETE.
   *
   * @example
   * ```ts
   * import assert from 'node:assert/strict';
   * import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
   * import { tmpdir } from 'node:os';
   * import { join } from 'node:path';
   * import { LocMemCache } from '@locmem/core';
   *
   * const file = join(mkdtempSync(join(tmpdir(), 'cache-')), 'snapshot');
   * const cache = new LocMemCache('warm');
   * cache.set('k', { since: new Date(0) }, { timeout: '1h', tags: ['t'] });
   * writeFileSync(file, cache.snapshot());
   *
   * cache.clear(); // as a restart would
   * assert.equal(cache.restore(readFileSync(file)), 1);
   * assert.deepEqual(cache.get('k'), { since: new Date(0) });
   * ```
   */
  snapshot(): Buffer {
    const { data, skipped } = save(this.#engine.store);
    if (skipped > 0) {
      const message = `${skipped} entries of store '${this.name}' hold class instances, errors or other things that bytes cannot keep, and are not in the snapshot`;
      this.#engine.warn('LOCMEM_SNAPSHOT_INCOMPLETE', message);
    }
    return data;
  }

  /**
   * Takes in a snapshot, over what is there. The time that has passed since it was made counts; what
   * has expired meanwhile stays away. Bytes that are not a whole snapshot of this format are a cold
   * start, with the warning LOCMEM_SNAPSHOT_UNREADABLE. Only for bytes of your own making: the checksum
   * guards against accidents, not against forgery.
   *
   * @returns how many entries were taken in
   */
  restore(data: Uint8Array): number {
    if (!types.isUint8Array(data)) {
      const rule = 'must be the bytes of a snapshot';
      throw new InvalidOptionError('LocMemCache.restore', 'data', rule, data);
    }
    const restored = restore(this.#engine, data);
    if (restored !== undefined) return restored;
    const message = `The snapshot for store '${this.name}' is damaged or of another format: starting cold`;
    this.#engine.warn('LOCMEM_SNAPSHOT_UNREADABLE', message);
    return 0;
  }

  /** Does nothing: entries outlive the caches that wrote them (Django `close`). */
  close(): void {
    // A remote store would let its connection go here.
  }

  [Symbol.dispose](): void {
    this.close();
  }

  // ---- steps that two methods share ----------------------------------------------------------

  /** As {@link #spaceFor}, of a write whose entry lives as long as most do and has no tags. */
  #plainSpaceFor(options: WriteOptions): KeySpace {
    const given = options as WriteOptions | null; // null is refused by who looks closer
    const isPlain = given?.timeout === undefined && given?.tags === undefined;
    return isPlain ? this.#spaceFor('set', options) : NOWHERE;
  }

  #delete(key: string, version: number | undefined): boolean {
    const { store, behaviour, addressing } = this.#engine;
    const { space, spaceKey } = this.#engine.address(key, version);
    const slot = space.slots.get(spaceKey);
    if (slot === undefined) addressing.check(key, version); // what is refused overtakes no load
    space.overtake(spaceKey);
    if (slot === undefined) return false;
    const wasThere = behaviour.deleteSeesDead || store.isLive(slot);
    if (wasThere) {
      store.counts.deletes++;
      if (store.events.isHeard('delete')) store.publish('delete', store.fullKey(slot));
    }
    store.remove(slot);
    return wasThere;
  }

  #count(
    call: Call,
    key: string,
    delta: unknown,
    options: ReadOptions | undefined,
    direction: Direction,
  ): number | bigint {
    const step =
      delta === undefined ? direction : typeof delta === 'number' ? delta * direction : NaN;
    const home = this.#home;
    if (options === undefined && home.flights.size === 0) {
      const slot = home.slots.get(key);
      const result = slot === undefined ? undefined : this.#store.countPlainly(slot, step);
      if (result !== undefined) return result;
    }
    return this.#countWithCare(call, key, delta, options, direction);
  }

  #countWithCare(
    call: Call,
    key: string,
    delta: unknown,
    options: ReadOptions | undefined,
    direction: Direction,
  ): number | bigint {
    const { store, behaviour, addressing, name } = this.#engine;
    const version = options === undefined ? undefined : versionOf(call, options);
    const space = addressing.space(version);
    const spaceKey = addressing.keyInSpace(key, version);
    const slot = this.#engine.live(space, spaceKey);
    if (slot === undefined) {
      addressing.check(key, version);
      throw new KeyNotFoundError(name, key);
    }
    const value = reveal(store.value(slot));
    if (value === null && behaviour.incrMissesNull) throw new KeyNotFoundError(name, key);
    const result = count(name, key, value, delta, direction);
    this.#engine.replace(space, spaceKey, slot, result);
    return result;
  }

  #move(
    call: Call,
    key: string,
    delta: number,
    options: ReadOptions | undefined,
    direction: Direction,
  ): number {
    const { behaviour, name } = this.#engine;
    const from = versionOf(call, options) ?? this.#engine.options.version;
    const to = checkNewVersion(call, from + checkVersionDelta(call, delta) * direction);
    if (behaviour.moveResetsExpiry) return this.#moveAsDjango(key, from, to);

    const target = this.#engine.address(key, to);
    const slot = this.#engine.liveAt(this.#engine.address(key, from));
    if (slot === undefined) throw new KeyNotFoundError(name, key);
    if (to !== from) this.#engine.move(slot, this.#engine.current(target));
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
}

function checkEvent(type: unknown): void {
  if (isEventType(type)) return;
  throw new InvalidOptionError('LocMemCache.on', 'type', 'must be the name of an event', type);
}
