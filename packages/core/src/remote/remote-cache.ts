/**
 * The contract over a {@link Backend}: options and keys checked, values sealed and opened, tags, loads and
 * updates, in the same rhythm as LocMemCache. Backends only store bytes.
 *
 * A store that is not to be had never reaches the caller: reads miss, writes are dropped, both are
 * counted. What the caller did wrong is thrown, as everywhere.
 */
import type { Call } from '../call-options.js';
import type {
  AsyncCache,
  ClearOptions,
  GetOptions,
  KeysOptions,
  LoadOptions,
  Pairs,
  PurgeOptions,
  ReadOptions,
  TouchOptions,
  UpdateOptions,
  ValueOrLoader,
  WriteOptions,
} from '../contract.js';
import { KeyNotFoundError, NotNumericError } from '../errors.js';
import type { Direction } from '../numeric.js';
import type { Backend, Lifetime } from './backend.js';
import type { Budget } from './budget.js';
import { Changing } from './changing.js';
import { remoteStatsOf, type RemoteCounts, type RemoteStats } from './counts.js';
import { Door } from './door.js';
import type { Entries, Found } from './entries.js';
import { Keys, type KeyParts } from './keys.js';
import { Loads } from './loads.js';
import { Lookup } from './lookup.js';
import type { ResolvedRemoteOptions } from './options.js';
import { Reach } from './reach.js';
import { Updates } from './updates.js';
import { Writing } from './writing.js';

/** An entry with what a cache in front of this one needs to know of it. */
export interface Inspected<T = unknown> {
  /** Its value, another object for each who asks. */
  read(): T;
  /** Seconds it has left; null = for ever. */
  readonly timeLeft: number | null;
  readonly tags: readonly string[];
}

export class RemoteCache implements AsyncCache {
  /** The name of the store that this cache shares with all others of that name. */
  readonly name: string;

  readonly #options: ResolvedRemoteOptions;
  readonly #door: Door;
  readonly #keys: Keys;
  readonly #reach: Reach;
  readonly #loads: Loads;
  readonly #writing: Writing;
  readonly #changing: Changing;
  readonly #updates: Updates;

  protected constructor(name: string, options: ResolvedRemoteOptions, backend: Backend) {
    this.name = name;
    this.#options = options;
    this.#door = new Door(options.place);
    this.#reach = new Reach(name, options, backend);
    this.#keys = new Keys(name, options, (code, message) => {
      this.#reach.warn(code, message);
    });
    this.#loads = new Loads(this.#reach, this.#door);
    this.#writing = new Writing(this.#reach, this.#keys, this.#door, (at) => {
      this.#loads.overtake(at);
    });
    this.#changing = new Changing(this.#reach, this.#writing);
    this.#updates = new Updates(this.#reach);
  }

  // ---- one entry -----------------------------------------------------------------------------

  /** Reads a value (Django `get`). A stored null is a hit; undefined is a miss and cannot be stored. */
  get<T>(key: string, options: GetOptions<T> & { default: T }): Promise<T>;
  get<T = unknown>(key: string, options?: GetOptions<T>): Promise<T | undefined>;
  get<T>(key: string, options?: GetOptions<T>): Promise<T | undefined> {
    try {
      const at = this.#keys.full(key, this.#door.version('get', options));
      const lookup = new Lookup(this.#entries, this.#options, at, options?.default);
      return this.#backend.lookUp(at, lookup);
    } catch (error) {
      return refused(error);
    }
  }

  /** Reads a value and what there is to know of its entry; undefined on a miss. */
  async inspect<T = unknown>(
    key: string,
    options?: ReadOptions,
  ): Promise<Inspected<T> | undefined> {
    const at = this.#keys.full(key, this.#door.version('get', options));
    const [found, leftMs] = await this.#timed(at);
    const value = found?.isLive ? found.value() : undefined;
    this.#counts[value === undefined ? 'misses' : 'hits']++;
    if (!found || value === undefined || leftMs === undefined) return undefined;
    const tags = (found.meta.tags ?? []).map(([tag]) => tag);
    let first: unknown = value;
    const read = () => {
      const mine = first ?? found.value();
      first = undefined;
      return mine as T;
    };
    return { read, timeLeft: freshSeconds(leftMs, found), tags };
  }

  /** Whether the key is there and alive (Django `has_key`, `in`). */
  async has(key: string, options?: ReadOptions): Promise<boolean> {
    const at = this.#keys.full(key, this.#door.version('has', options));
    const found = await this.#live(at, this.#reach.budget());
    return found !== undefined;
  }

  /**
   * Stores only what is not there yet (Django `add`), in one step.
   *
   * @returns whether it was stored; false also when the store is not to be had
   * @throws {NotSerializableError} when the value cannot be encoded, even if it would not be stored
   */
  async add(key: string, value: unknown, options?: WriteOptions): Promise<boolean> {
    const write = this.#writing.prepare('add', key, value, options);
    const kind = write.tags ? 'alone' : 'add';
    return this.#writing.inOrder([write.at], kind, false, (endMs) =>
      this.#writing.add(write, endMs),
    );
  }

  /**
   * Stores a value, whatever was there (Django `set`).
   *
   * @throws {NotSerializableError} when the value cannot be encoded; nothing has changed then
   */
  set(key: string, value: unknown, options?: WriteOptions): Promise<void> {
    try {
      return this.#writing.set(this.#writing.prepare('set', key, value, options));
    } catch (error) {
      return refused(error);
    }
  }

  /**
   * Gives a live entry a new timeout, the cache's own when none is given (Django `touch`).
   *
   * @returns whether the key was there
   */
  async touch(key: string, options?: TouchOptions): Promise<boolean> {
    const at = this.#keys.full(key, this.#door.version('touch', options));
    return this.#changing.touch(at, this.#reach.lifetime(options?.timeout));
  }

  /**
   * Adds to a stored number and keeps its expiry (Django `incr`), in one step.
   *
   * @returns the new value
   * @throws {KeyNotFoundError} when the key is not there; also when the store is not to be had
   * @throws {NotNumericError} when value or delta is no finite number
   */
  async incr(key: string, delta = 1, options?: ReadOptions): Promise<number> {
    return this.#count('incr', key, delta, options, 1);
  }

  /** Subtracts, otherwise as {@link incr} (Django `decr`). */
  async decr(key: string, delta = 1, options?: ReadOptions): Promise<number> {
    return this.#count('decr', key, delta, options, -1);
  }

  /**
   * Removes an entry (Django `delete`). A load of the key that is under way, in whatever process, is not
   * kept.
   *
   * @returns whether it was there and alive
   */
  async delete(key: string, options?: ReadOptions): Promise<boolean> {
    const at = this.#keys.full(key, this.#door.version('delete', options));
    return (await this.#writing.remove([at])) === 1;
  }

  /**
   * The seconds an entry has left.
   *
   * @returns null when it lives for ever, undefined when it is not there
   */
  async ttl(key: string, options?: ReadOptions): Promise<number | null | undefined> {
    const at = this.#keys.full(key, this.#door.version('ttl', options));
    const [found, leftMs] = await this.#timed(at);
    return found?.isLive && leftMs !== undefined ? freshSeconds(leftMs, found) : undefined;
  }

  /**
   * Reads a value or, when it is missing, makes, stores and returns it (Django `get_or_set`). While one
   * caller loads a key, all others wait: those of this process for the same promise, those of other
   * processes for the entry, as long as `leaseWait` says. When the store is not to be had, each process
   * loads for itself.
   *
   * @throws whatever the loader throws
   */
  async getOrSet<T>(
    key: string,
    valueOrLoader: ValueOrLoader<T | Promise<T>>,
    options: LoadOptions = {},
  ): Promise<T> {
    const version = this.#door.version('getOrSet', options);
    const at = this.#keys.full(key, version);
    const { timeout, negativeTimeout } = options;
    this.#reach.lifetime(timeout);
    if (negativeTimeout !== undefined) this.#reach.lifetime(negativeTimeout, 'negativeTimeout');
    this.#door.tags('getOrSet', options);
    const loader =
      typeof valueOrLoader === 'function' ? (valueOrLoader as () => unknown) : () => valueOrLoader;
    return this.#loads.getOrSet(key, at, loader, options) as Promise<T>;
  }

  /**
   * Reads, changes and writes a value, one update of a key at a time among all processes, however long
   * the function takes. A plain `set` or `delete` is not held up, and is overwritten. Without a timeout
   * or tags of its own, an update keeps those of the entry.
   *
   * @returns the new value
   * @throws whatever the function throws, the entry then unchanged; the signal's reason, when it aborts
   *   before the turn has come
   */
  async update<T>(
    key: string,
    fn: (old: T | undefined) => T | Promise<T>,
    options: UpdateOptions = {},
  ): Promise<T> {
    const version = this.#door.version('update', options);
    const at = this.#keys.full(key, version);
    this.#reach.lifetime(options.timeout); // wrong options are told before the function has run
    this.#door.tags('update', options);
    const budget = this.#reach.budget();
    return this.#updates.run(at, this.#door.signal('update', options), budget, async (isLocked) => {
      // Without a lock the store is not to be had: it is not asked again and again within one call.
      const old = isLocked ? await this.#live(at, budget) : undefined;
      const value = await fn(old?.value() as T | undefined);
      const { timeout, tags } = options;
      const write = this.#writing.prepare('update', key, value, { version, timeout, tags });
      if (isLocked) await this.#changing.update(write, options, budget);
      else this.#counts.droppedWrites++;
      return this.#reach.envelope.unpack(write.packed) as T;
    });
  }

  // ---- several entries -----------------------------------------------------------------------

  /** The hits among these keys, in their order (Django `get_many`), fetched together. */
  async getMany<T = unknown>(
    keys: Iterable<string>,
    options?: ReadOptions,
  ): Promise<Map<string, T>> {
    const version = this.#door.version('getMany', options);
    const wanted = this.#door.keys('getMany', keys);
    const at = wanted.map((key) => this.#keys.full(key, version));
    const values = await this.#reach.contained('read', this.#entries.liveValues(at), []);
    const hits = new Map<string, T>();
    for (let i = 0; i < wanted.length; i++) {
      if (values[i] !== undefined) hits.set(wanted[i]!, values[i] as T);
    }
    this.#counts.hits += hits.size;
    this.#counts.misses += wanted.length - hits.size;
    return hits;
  }

  /**
   * Stores several values (Django `set_many`), sent together, once all are known to be good.
   *
   * @returns the keys that were not stored: too large, or the store was not to be had
   * @throws {NotSerializableError} when any value cannot be encoded; nothing has changed then
   */
  async setMany(pairs: Pairs<unknown>, options?: WriteOptions): Promise<string[]> {
    const writes = this.#door
      .pairs(pairs)
      .map(([key, value]) => this.#writing.prepare('setMany', key, value, options));
    return this.#writing.setMany(writes);
  }

  /**
   * Removes several entries (Django `delete_many`).
   *
   * @returns how many were there and alive
   */
  async deleteMany(keys: Iterable<string>, options?: ReadOptions): Promise<number> {
    const version = this.#door.version('deleteMany', options);
    const at = this.#door.keys('deleteMany', keys).map((key) => this.#keys.full(key, version));
    return at.length === 0 ? 0 : this.#writing.remove(at);
  }

  /**
   * Makes every entry of the store that was written with one of these tags as good as not there, in one
   * step for each tag however many entries carry it. A load under way with such a tag is not kept. With
   * `{ soft: true }` as the last argument the entries are only stale.
   */
  async deleteByTag(...tags: (string | PurgeOptions)[]): Promise<void> {
    const purge = this.#door.purge(tags);
    if (purge.tags.length === 0) return;
    this.#loads.overtakeAll(purge.tags);
    const purging = this.#backend.purgeTags(purge.tags, purge.soft);
    await this.#reach.contained<unknown>('write', purging, undefined);
  }

  /**
   * Empties the store of this name for everybody who shares it (Django `clear`), or only what was written
   * under a version, a key prefix, or both; never anything else in the same database.
   *
   * @throws {InvalidOptionError} a part of it cannot be told from the rest under a `keyFunction`
   */
  async clear(options?: ClearOptions): Promise<void> {
    const version = this.#door.version('clear', options);
    const { start, passes } = this.#keys.range(this.#door.keyPrefix(options), version);
    this.#loads.overtakeAll();
    try {
      await this.#backend.clear(start, passes);
    } catch {
      this.#counts.droppedWrites++;
    }
  }

  // ---- versions ------------------------------------------------------------------------------

  /**
   * Moves an entry to another version of its key, with its value, tags and remaining time (Django
   * `incr_version`): written there, then removed here, as the two may lie on different servers.
   *
   * @returns the new version
   * @throws {KeyNotFoundError} when the key is not there
   */
  async incrVersion(key: string, delta = 1, options?: ReadOptions): Promise<number> {
    return this.#move('incrVersion', key, delta, options, 1);
  }

  /** Moves an entry the other way, otherwise as {@link incrVersion} (Django `decr_version`). */
  async decrVersion(key: string, delta = 1, options?: ReadOptions): Promise<number> {
    return this.#move('decrVersion', key, delta, options, -1);
  }

  // ---- keys ----------------------------------------------------------------------------------

  /**
   * The keys of live entries, in no order: those of this cache's prefix and version, bare; or with `all`
   * those of the whole store, full. It walks through the database in steps; what is written meanwhile may
   * be among them or not.
   *
   * @throws {InvalidOptionError} bare keys cannot be told under a `keyFunction`
   */
  async *keys(options: KeysOptions = {}): AsyncGenerator<string, void> {
    const isAll = this.#door.all(options);
    const { start, passes, bare } = isAll ? this.#keys.everything() : this.#keys.own();
    const seen = new Set<string>();
    try {
      for await (const page of this.#backend.scan(start)) {
        const fresh = page.filter((at) => !seen.has(at) && (passes?.(at) ?? true));
        for (const at of fresh) seen.add(at);
        const found = await this.#entries.many(fresh);
        for (const [i, at] of fresh.entries()) if (found[i]?.isLive) yield bare(at);
      }
    } catch {
      this.#counts.failedReads++;
    }
  }

  /** The key as the backend gets it. */
  protected storeKey(key: string, version: number | undefined): string {
    return this.#keys.full(key, version);
  }

  /** What a key of the store was made of; undefined when a key function made it. */
  protected parseKey(at: string): KeyParts | undefined {
    return this.#keys.parts(at);
  }

  /** The full key, as a key function made it or `prefix:version:key` (Django `make_key`). */
  makeKey(key: string, options?: ReadOptions): string {
    return this.#keys.shown(key, this.#door.version('makeKey', options));
  }

  // ---- seeing inside -------------------------------------------------------------------------

  /** Counts of this cache object since it was made. */
  stats(): RemoteStats {
    return remoteStatsOf(this.#counts);
  }

  /** Lets go of what this cache opened itself. Entries stay (Django `close`). */
  async close(): Promise<void> {
    await this.#backend.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  // ---- steps -------------------------------------------------------------------------------------

  get #backend(): Backend {
    return this.#reach.backend;
  }

  get #entries(): Entries {
    return this.#reach.entries;
  }

  get #counts(): RemoteCounts {
    return this.#reach.counts;
  }

  async #live(at: string, budget: Budget): Promise<Found | undefined> {
    const found = await budget.contained('read', this.#entries.one(at), undefined);
    return found?.isLive && found.value() !== undefined ? found : undefined;
  }

  #timed(at: string): Promise<[Found | undefined, Lifetime | undefined]> {
    return this.#reach.contained('read', this.#entries.timed(at), [undefined, undefined]);
  }

  async #count(
    call: Call,
    key: string,
    delta: number,
    options: ReadOptions | undefined,
    direction: Direction,
  ): Promise<number> {
    const at = this.#keys.full(key, this.#door.version(call, options));
    if (typeof (delta as unknown) !== 'bigint' && !Number.isFinite(delta)) {
      const rule = 'the delta to a stored number must be a finite number';
      throw new NotNumericError(this.name, key, delta, rule, this.#options.place);
    }
    const result = await this.#changing.count(key, at, delta, direction);
    if (result === undefined) throw new KeyNotFoundError(this.name, key, this.#options.place);
    return result;
  }

  async #move(
    call: Call,
    key: string,
    delta: number,
    options: ReadOptions | undefined,
    direction: Direction,
  ): Promise<number> {
    const from = this.#door.version(call, options) ?? this.#options.version;
    const to = this.#door.versionBy(call, from, delta, direction);
    const isMoved = await this.#changing.move(this.#keys.full(key, from), this.#keys.full(key, to));
    if (isMoved) return to;
    throw new KeyNotFoundError(this.name, key, this.#options.place);
  }
}

/** What the caller did wrong rejects, in methods that are not async as in those that are. */
function refused(error: unknown): Promise<never> {
  const refusal = error as Error;
  return Promise.reject(refusal);
}

function freshSeconds(leftMs: Lifetime, { meta }: Found): number | null {
  return leftMs === null ? null : (leftMs - (meta.staleMs ?? 0)) / 1000;
}
