/**
 * The contract over a {@link Backend}: options and keys checked, values sealed and opened, tags, loads and
 * updates, in the same rhythm as LocMemCache. Backends only store bytes.
 *
 * A store that is not to be had never reaches the caller: reads miss, writes are dropped, both are
 * counted. What the caller did wrong is thrown, as everywhere.
 */
import {
  checkKeys,
  checkNewVersion,
  checkOptions,
  checkVersionDelta,
  purgeOf,
  tagsOf,
  versionOf,
  type Call,
} from '../call-options.js';
import type { Timekeeper } from '../clock.js';
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
import { InvalidOptionError, KeyNotFoundError, NotNumericError } from '../errors.js';
import { count, type Direction } from '../numeric.js';
import { LONGEST_USUAL_TIMEOUT_SECONDS, parseTimeout, type Timeout } from '../timeout.js';
import { warn, type LocMemWarningCode } from '../warnings.js';
import type { Backend, Ending, Lifetime, TagVersion } from './backend.js';
import { inTime, LateError } from './budget.js';
import { RemoteCounts, remoteStatsOf, type RemoteStats } from './counts.js';
import { Entries, type Found } from './entries.js';
import { Envelope, type Packed } from './envelope.js';
import { Keys, type KeyParts } from './keys.js';
import { Loads, type Contain } from './loads.js';
import { Lookup } from './lookup.js';
import type { ResolvedRemoteOptions } from './options.js';
import { pagesOf } from './pages.js';
import { Queues } from './queues.js';
import { Updates } from './updates.js';

/** How often a change is tried again because other processes were faster. */
const MOST_TRIES = 100;

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
  readonly #keys: Keys;
  readonly #entries: Entries;
  readonly #counts = new RemoteCounts();
  readonly #loads: Loads;
  readonly #updates: Updates;
  readonly #changes = new Queues();
  readonly #warned = new Set<string>();
  /** What becomes of a plain `set`: the same for all of them. */
  readonly #storing: Ending<void> = {
    done: () => {
      this.#counts.sets++;
    },
    failed: () => {
      this.#counts.droppedWrites++;
    },
  };

  protected constructor(name: string, options: ResolvedRemoteOptions, backend: Backend) {
    this.name = name;
    this.#options = options;
    this.#keys = new Keys(name, options, (code, message) => {
      this.#warn(code, message);
    });
    this.#entries = new Entries(backend, new Envelope({ ...options, store: name }), this.#counts);
    const contain: Contain = (what, attempt, otherwise) =>
      this.#contained(what, attempt, otherwise);
    this.#loads = new Loads(name, this.#entries, options, {
      contain,
      lifetime: (timeout) => this.#lifetime(timeout),
      isTooLarge: (key, sealed) => this.#isTooLarge(key, sealed),
    });
    this.#updates = new Updates(backend, options.time, contain);
  }

  // ---- one entry -----------------------------------------------------------------------------

  /** Reads a value (Django `get`). A stored null is a hit; undefined is a miss and cannot be stored. */
  get<T>(key: string, options: GetOptions<T> & { default: T }): Promise<T>;
  get<T = unknown>(key: string, options?: GetOptions<T>): Promise<T | undefined>;
  get<T>(key: string, options?: GetOptions<T>): Promise<T | undefined> {
    try {
      const version = options === undefined ? undefined : versionOf('get', options);
      const at = this.#keys.full(key, version);
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
    const at = this.#keys.full(key, versionOf('get', options));
    const [found, leftMs] = await this.#contained('read', this.#timed(at), [undefined, undefined]);
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
    const found = await this.#live(this.#keys.full(key, versionOf('has', options)));
    return found !== undefined;
  }

  /**
   * Stores only what is not there yet (Django `add`), in one step.
   *
   * @returns whether it was stored; false also when the store is not to be had
   * @throws {NotSerializableError} when the value cannot be encoded, even if it would not be stored
   */
  async add(key: string, value: unknown, options?: WriteOptions): Promise<boolean> {
    const write = this.#prepare('add', key, value, options);
    return this.#contained('write', this.#add(write), false);
  }

  /**
   * Stores a value, whatever was there (Django `set`).
   *
   * @throws {NotSerializableError} when the value cannot be encoded; nothing has changed then
   */
  set(key: string, value: unknown, options?: WriteOptions): Promise<void> {
    try {
      const write = this.#prepare('set', key, value, options);
      // Without tags there is nothing to wait for: the entry goes out within this call, in one step.
      if (write.tags !== undefined || isOver(write.lifetime)) {
        return this.#contained<unknown>('write', this.#put(write), undefined).then(() => undefined);
      }
      const sealed = this.#envelope.seal(write.at, write.packed);
      if (this.#isTooLarge(key, sealed)) return Promise.resolve();
      return this.#backend.store(write.at, sealed, write.lifetime, this.#storing);
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
    const at = this.#keys.full(key, versionOf('touch', options));
    const lifetime = this.#lifetime(options?.timeout);
    const touching = isOver(lifetime) ? this.#remove([at]) : this.#touch(at, lifetime);
    return (await this.#contained<boolean | number>('write', touching, false)) !== false;
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
    const at = this.#keys.full(key, versionOf('delete', options));
    return (await this.#contained('write', this.#remove([at]), 0)) === 1;
  }

  /**
   * The seconds an entry has left.
   *
   * @returns null when it lives for ever, undefined when it is not there
   */
  async ttl(key: string, options?: ReadOptions): Promise<number | null | undefined> {
    const at = this.#keys.full(key, versionOf('ttl', options));
    const [found, leftMs] = await this.#contained('read', this.#timed(at), [undefined, undefined]);
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
    const version = versionOf('getOrSet', options);
    const at = this.#keys.full(key, version);
    const { timeout, negativeTimeout } = options;
    this.#lifetime(timeout);
    if (negativeTimeout !== undefined) this.#lifetime(negativeTimeout, 'negativeTimeout');
    tagsOf('getOrSet', options);
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
    const version = versionOf('update', options);
    const at = this.#keys.full(key, version);
    this.#lifetime(options.timeout); // wrong options are told before the function has run
    tagsOf('update', options);
    return this.#updates.run(at, options.signal, async (isLocked) => {
      // Without a lock the store is not to be had: it is not asked again and again within one call.
      const old = isLocked ? await this.#live(at) : undefined;
      const value = await fn(old?.value() as T | undefined);
      return this.#writeUpdate(key, at, value, options, isLocked);
    });
  }

  // ---- several entries -----------------------------------------------------------------------

  /** The hits among these keys, in their order (Django `get_many`), fetched together. */
  async getMany<T = unknown>(
    keys: Iterable<string>,
    options?: ReadOptions,
  ): Promise<Map<string, T>> {
    const version = versionOf('getMany', options);
    const wanted = [...new Set(checkKeys('getMany', keys))];
    const at = wanted.map((key) => this.#keys.full(key, version));
    const values = await this.#contained('read', this.#liveValues(at), []);
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
    const writes = entriesOf(pairs).map(([key, value]) =>
      this.#prepare('setMany', key, value, options),
    );
    const first = writes[0];
    if (!first) return [];
    const marking: Promise<Marks | 'failed'> = this.#marks(first);
    const tags = await this.#contained('write', marking, 'failed');
    if (tags === 'failed') return writes.map(({ key }) => key);
    const stored: boolean[] = [];
    for (const page of pagesOf(writes)) {
      const putting = page.map(async (write) => this.#dropped(this.#putSealed(write, tags), false));
      stored.push(...(await Promise.all(putting)));
    }
    return writes.filter((_write, i) => !stored[i]).map(({ key }) => key);
  }

  /**
   * Removes several entries (Django `delete_many`).
   *
   * @returns how many were there and alive
   */
  async deleteMany(keys: Iterable<string>, options?: ReadOptions): Promise<number> {
    const version = versionOf('deleteMany', options);
    const at = [...new Set(checkKeys('deleteMany', keys))].map((key) =>
      this.#keys.full(key, version),
    );
    if (at.length === 0) return 0;
    return this.#contained('write', this.#remove(at), 0);
  }

  /**
   * Makes every entry of the store that was written with one of these tags as good as not there, in one
   * step for each tag however many entries carry it. A load under way with such a tag is not kept. With
   * `{ soft: true }` as the last argument the entries are only stale.
   */
  async deleteByTag(...tags: (string | PurgeOptions)[]): Promise<void> {
    const purge = purgeOf(tags);
    if (purge.tags.length === 0) return;
    this.#loads.overtakeAll(purge.tags);
    await this.#contained<unknown>(
      ...(['write', this.#backend.purgeTags(purge.tags, purge.soft), undefined] as const),
    );
  }

  /**
   * Empties the store of this name for everybody who shares it (Django `clear`), or only what was written
   * under a version, a key prefix, or both; never anything else in the same database.
   *
   * @throws {InvalidOptionError} a part of it cannot be told from the rest under a `keyFunction`
   */
  async clear(options?: ClearOptions): Promise<void> {
    const version = versionOf('clear', options);
    const keyPrefix: unknown = options?.keyPrefix;
    if (keyPrefix !== undefined && typeof keyPrefix !== 'string') {
      throw new InvalidOptionError('LocMemCache.clear', 'keyPrefix', 'must be a string', keyPrefix);
    }
    const { start, passes } = this.#keys.range(keyPrefix, version);
    this.#loads.overtakeAll();
    await this.#dropped<unknown>(this.#backend.clear(start, passes), undefined);
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
    checkOptions('keys', options);
    const { all }: { all?: unknown } = options;
    if (all !== undefined && typeof all !== 'boolean') {
      throw new InvalidOptionError('LocMemCache.keys', 'all', 'must be true or false', all);
    }
    const { start, passes, bare } = all === true ? this.#keys.everything() : this.#keys.own();
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
    return this.#keys.shown(key, versionOf('makeKey', options));
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
    return this.#entries.backend;
  }

  get #envelope(): Envelope {
    return this.#entries.envelope;
  }

  /** Then nothing is done inside the store, which cannot tell who signed an entry. */
  get #isSigned(): boolean {
    return this.#options.secrets.length > 0;
  }

  async #live(at: string): Promise<Found | undefined> {
    const found = await this.#contained('read', this.#entries.one(at), undefined);
    return found?.isLive && found.value() !== undefined ? found : undefined;
  }

  async #liveValues(at: readonly string[]): Promise<unknown[]> {
    const all = await this.#backend.get(at);
    const values = all.map((bytes) => bytes && this.#envelope.plainValue(bytes));
    // What is left has more to it, and is looked at together.
    const rest = at.map((_key, i) => i).filter((i) => all[i] && values[i] === undefined);
    if (rest.length === 0) return values;
    const found = await this.#entries.judgeAll(
      rest.map((i) => at[i]!),
      rest.map((i) => all[i]),
    );
    for (const [n, i] of rest.entries()) {
      const one = found[n];
      values[i] = one?.isLive ? one.value() : undefined;
    }
    return values;
  }

  async #timed(at: string): Promise<[Found | undefined, Lifetime | undefined]> {
    const [found, [leftMs]] = await Promise.all([
      this.#entries.one(at),
      this.#backend.lifetimes([at]),
    ]);
    return [leftMs === undefined ? undefined : found, leftMs];
  }

  /** Everything that can be refused, before anything changes. */
  #prepare(call: Call, key: string, value: unknown, options: WriteOptions | undefined): Write {
    const version = options === undefined ? undefined : versionOf(call, options);
    const tags = options === undefined ? undefined : tagsOf(call, options);
    const lifetime = this.#lifetime(options?.timeout);
    const at = this.#keys.full(key, version);
    // Packed now: the value is the caller's, who may change it at any time.
    return { key, at, packed: this.#envelope.pack(value), lifetime, tags };
  }

  async #marks({ tags, lifetime }: Write): Promise<Marks> {
    return tags && !isOver(lifetime) ? this.#backend.markTags(tags, lifetime) : undefined;
  }

  async #put(write: Write): Promise<boolean> {
    return this.#putSealed(write, await this.#marks(write));
  }

  async #putSealed(write: Write, tags: Marks): Promise<boolean> {
    const { at, lifetime } = write;
    const sealed = this.#envelope.seal(at, write.packed, { tags });
    if (isOver(lifetime)) await this.#backend.remove([at]);
    else if (this.#isTooLarge(write.key, sealed)) return false;
    else await this.#backend.put(at, sealed, lifetime);
    this.#counts.sets++;
    return true;
  }

  #isTooLarge(key: string, sealed: string | Buffer): boolean {
    const { maxEntryBytes } = this.#options;
    // A UTF-16 unit is three bytes at most: most need not be counted.
    if (sealed.length * 3 <= maxEntryBytes || Buffer.byteLength(sealed) <= maxEntryBytes)
      return false;
    this.#counts.refusals++;
    this.#warn('LOCMEM_ENTRY_TOO_LARGE', `Entry '${key}' exceeds maxEntryBytes: not stored`);
    return true;
  }

  async #add(write: Write): Promise<boolean> {
    const { at, lifetime } = write;
    if (isOver(lifetime)) return (await this.#entries.one(at))?.isLive !== true;
    const tags = await this.#marks(write);
    const sealed = this.#envelope.seal(at, write.packed, { tags });
    if (this.#isTooLarge(write.key, sealed)) return false;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      if (await this.#backend.putIfAbsent(at, sealed, lifetime)) break;
      // Something is there; it may be as good as not there.
      const bytes = await this.#backend.getOne(at);
      if (bytes === undefined) continue;
      if ((await this.#entries.judge(at, bytes))?.isLive) return false;
      if (await this.#backend.replace(at, bytes, sealed, lifetime)) break;
    }
    this.#counts.sets++;
    return true;
  }

  async #touch(at: string, lifetime: Lifetime): Promise<boolean> {
    const endMs = this.#endMs;
    const touched = this.#isSigned ? 'unsure' : await this.#backend.touch(at, lifetime);
    if (touched !== 'unsure') return touched === 'done';
    return this.#change(at, lifetime, endMs, (found) => found.packed);
  }

  /** When a call that begins now is over. */
  get #endMs(): number {
    return this.#options.time.exact() + this.#options.deadlineMs;
  }

  /**
   * Puts another value in the place of a live one, which keeps its tags. One change of a key at a time:
   * those of one process would only be in each other's way.
   *
   * @param lifetime undefined = what it has left
   * @param endMs when its caller is told that it failed: nothing is changed from then on
   * @returns false when there is nothing alive
   */
  #change(
    at: string,
    lifetime: Lifetime | undefined,
    endMs: number,
    next: (found: Found) => Packed | undefined,
  ): Promise<boolean> {
    const { time } = this.#options;
    return this.#changes.run(at, async () => {
      refuseLate(time, endMs);
      // A store that does not answer must not hold up those who come after.
      return inTime(time, endMs - time.exact(), this.#changeNow(at, lifetime, endMs, next));
    });
  }

  async #changeNow(
    at: string,
    lifetime: Lifetime | undefined,
    endMs: number,
    next: (found: Found) => Packed | undefined,
  ): Promise<boolean> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const found = await this.#entries.one(at);
      if (!found?.isLive) return false;
      const packed = next(found);
      if (packed === undefined) return false;
      const tags = found.meta.tags;
      // Only one that is given a new lifetime loses the time to be stale.
      const meta = lifetime === undefined ? found.meta : { tags };
      if (tags && lifetime !== undefined)
        await this.#backend.markTags(
          tags.map(([tag]) => tag),
          lifetime,
        );
      const sealed = this.#envelope.seal(at, packed, meta);
      refuseLate(this.#options.time, endMs);
      if (await this.#backend.replace(at, found.bytes, sealed, lifetime)) return true;
    }
    throw new Error('others change the entry all the time');
  }

  async #count(
    call: Call,
    key: string,
    delta: number,
    options: ReadOptions | undefined,
    direction: Direction,
  ): Promise<number> {
    const at = this.#keys.full(key, options === undefined ? undefined : versionOf(call, options));
    if (typeof (delta as unknown) !== 'bigint' && !Number.isFinite(delta)) {
      const rule = 'the delta to a stored number must be a finite number';
      throw new NotNumericError(this.name, key, delta, rule);
    }
    const result = await this.#counted(key, at, delta, direction);
    if (result === undefined) throw new KeyNotFoundError(this.name, key);
    return result;
  }

  async #counted(
    key: string,
    at: string,
    delta: number,
    direction: Direction,
  ): Promise<number | undefined> {
    let refusal: NotNumericError | undefined;
    const endMs = this.#endMs;
    const counting = (async () => {
      const isForStore = typeof delta === 'number' && !this.#isSigned;
      const counted = isForStore ? await this.#backend.count(at, delta * direction) : 'unsure';
      if (counted !== 'unsure') return counted === 'missing' ? undefined : counted;
      let result: number | undefined;
      await this.#change(at, undefined, endMs, (found) => {
        const value = found.value();
        if (value === undefined) return undefined; // unreadable: as good as not there
        try {
          result = count(this.name, key, value, delta, direction) as number;
        } catch (error) {
          refusal = error as NotNumericError;
          return undefined;
        }
        return this.#envelope.pack(result);
      });
      return result;
    })();
    const result = await this.#contained('write', counting, undefined);
    if (refusal) throw refusal;
    return result;
  }

  /** @returns how many of them were alive */
  async #remove(at: readonly string[]): Promise<number> {
    for (const one of at) this.#loads.overtake(one);
    const removed = await this.#backend.remove(at);
    const live = (await this.#entries.wereLive(at, removed)).filter(Boolean).length;
    this.#counts.deletes += live;
    return live;
  }

  async #writeUpdate<T>(
    key: string,
    at: string,
    value: T,
    options: UpdateOptions,
    isLocked: boolean,
  ): Promise<T> {
    const { timeout, tags, version } = options;
    const write = this.#prepare('set', key, value, { version, timeout, tags });
    const isKept = timeout === undefined && tags === undefined;
    const changing = async () =>
      (isKept && (await this.#change(at, undefined, this.#endMs, () => write.packed))) ||
      this.#put(write);
    if (isLocked) await this.#contained('write', changing(), false);
    else this.#counts.droppedWrites++;
    return this.#envelope.unpack(write.packed) as T;
  }

  async #move(
    call: Call,
    key: string,
    delta: number,
    options: ReadOptions | undefined,
    direction: Direction,
  ): Promise<number> {
    const from = versionOf(call, options) ?? this.#options.version;
    const to = checkNewVersion(call, from + checkVersionDelta(call, delta) * direction);
    const source = this.#keys.full(key, from);
    const target = this.#keys.full(key, to);
    const moving = (async () => {
      const [found, leftMs] = await this.#timed(source);
      const value = found?.isLive ? found.value() : undefined;
      if (!found || value === undefined || leftMs === undefined) return false;
      if (to === from) return true;
      const sealed = this.#envelope.seal(target, found.packed, found.meta);
      await this.#backend.put(target, sealed, leftMs);
      await this.#remove([source]);
      return true;
    })();
    if (await this.#contained('write', moving, false)) return to;
    throw new KeyNotFoundError(this.name, key);
  }

  /** Milliseconds from now; zero and less = over already. */
  #lifetime(timeout: Timeout | undefined, option = 'timeout'): Lifetime {
    const seconds =
      timeout === undefined ? this.#options.timeoutSeconds : parseTimeout(timeout, option);
    if (
      typeof timeout === 'number' &&
      timeout > LONGEST_USUAL_TIMEOUT_SECONDS &&
      timeout !== Infinity
    ) {
      const message = `A timeout of ${timeout} seconds looks like milliseconds; write it with its unit, such as '${timeout}ms' or '30d'`;
      this.#warn('LOCMEM_TIMEOUT_LOOKS_LIKE_MS', message);
    }
    return seconds === null ? null : Math.ceil(seconds * 1000);
  }

  /** The outcome, or what stands for it when the store is not to be had. */
  async #contained<T>(what: 'read' | 'write', attempt: Promise<T>, otherwise: T): Promise<T> {
    const { time, deadlineMs } = this.#options;
    const timed = inTime(time, deadlineMs, attempt);
    if (what === 'write') return this.#dropped(timed, otherwise);
    try {
      return await timed;
    } catch {
      this.#counts.failedReads++;
      return otherwise;
    }
  }

  /** The same for a write of one step, or of as many as there are keys: each step has the deadline. */
  async #dropped<T>(attempt: Promise<T>, otherwise: T): Promise<T> {
    try {
      return await attempt;
    } catch {
      this.#counts.droppedWrites++;
      return otherwise;
    }
  }

  #warn(code: LocMemWarningCode, message: string): void {
    warn({ code, store: this.name, message }, this.#warned, this.#options.onWarning);
  }
}

/** The versions of a write's tags; undefined when it has none. */
type Marks = readonly TagVersion[] | undefined;

/** A write that nothing can refuse any more but its size. */
interface Write {
  readonly key: string;
  readonly at: string;
  readonly packed: Packed;
  readonly lifetime: Lifetime;
  readonly tags: readonly string[] | undefined;
}

/** What the caller did wrong rejects, in methods that are not async as in those that are. */
function refused(error: unknown): Promise<never> {
  const refusal = error as Error;
  return Promise.reject(refusal);
}

/** @throws {LateError} */
function refuseLate(time: Timekeeper, endMs: number): void {
  if (time.exact() >= endMs) throw new LateError('Its time was over before its turn came');
}

function isOver(lifetime: Lifetime): boolean {
  return lifetime !== null && lifetime <= 0;
}

function freshSeconds(leftMs: Lifetime, { meta }: Found): number | null {
  return leftMs === null ? null : (leftMs - (meta.staleMs ?? 0)) / 1000;
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
