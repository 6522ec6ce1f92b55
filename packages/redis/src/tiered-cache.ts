/**
 * A LocMem in front of a store behind. Reads that the front can answer go no further; everything else is the
 * back's. Writes go to the back only, and take the entry out of all fronts: the next read brings it there.
 */
import {
  InvalidOptionError,
  parseTimeout,
  type LocMemCache,
  type AsyncCache,
  type CacheStats,
  type ClearOptions,
  type DeadlineError,
  type GetOptions,
  type InvalidKeyError,
  type KeyNotFoundError,
  type KeysOptions,
  type LoadOptions,
  type Pairs,
  type PurgeOptions,
  type ReadOptions,
  type Timeout,
  type TouchOptions,
  type UpdateOptions,
  type ValueOrLoader,
  type WriteOptions,
} from '@locmem/core';
import { Door, RemoteCache, type Inspected, type RemoteStats } from '@locmem/core/remote';
import { Bus, type BusState, type Change } from './bus.js';
import { Fills, type Fill } from './fills.js';
import { insideOf, type Inside } from './redis-cache.js';

/** Options of {@link TieredCache}; all but `front` and `back` may be left out. */
export interface TieredCacheOptions<B extends RemoteCache = RemoteCache> {
  /** A LocMemCache for this alone, with the key prefix and version of `back`. */
  front: LocMemCache;
  /** A RedisCache; or another remote cache, of which nothing is heard. */
  back: B;
  /**
   * How the front hears what others change. `'tracking'` (default): from the server, of every change; where
   * it does not allow that, as `'pubsub'`: from other TieredCaches. `'none'`: not at all.
   */
  bus?: 'tracking' | 'pubsub' | 'none' | undefined;
  /** The longest that an entry stays in the front. Default `'5m'`. */
  frontTimeout?: Timeout | undefined;
  /** The same while nothing is heard. Default `'1s'`; 0 = not at all. */
  deafTimeout?: Timeout | undefined;
  /** How often it is tried whether anything is heard. Default `'1s'`. */
  heartbeat?: Timeout | undefined;
}

/** Counts of a {@link TieredCache}. */
export interface TieredStats {
  /** Of the named store of the front. */
  readonly front: CacheStats;
  readonly back: RemoteStats;
  readonly bus: {
    readonly state: BusState;
    /** How long the last heartbeat was under way, milliseconds: how late changes are heard. */
    readonly lagMs: number | undefined;
    /** Changes heard, of entries and tags, and how often the whole front was given up. */
    readonly entriesHeard: number;
    readonly tagsHeard: number;
    readonly frontsCleared: number;
  };
}

const PLACE = 'TieredCache';
const DOOR = new Door(PLACE);
const TIME_OPTIONS = ['frontTimeout', 'deafTimeout', 'heartbeat'];

export class TieredCache<B extends RemoteCache = RemoteCache> implements AsyncCache {
  readonly name: string;
  readonly front: LocMemCache;
  readonly back: B;

  readonly #inside: Inside | undefined;
  readonly #bus: Bus | undefined;
  readonly #fills = new Fills();
  readonly #fetches = new Map<string, Promise<Inspected | undefined>>();
  readonly #frontSeconds: number;
  readonly #deafSeconds: number;
  #entriesHeard = 0;
  #tagsHeard = 0;
  #frontsCleared = 0;

  /**
   * @param name what its messages go by; the same in all processes
   * @throws {InvalidOptionError} when an option does not exist or breaks its rule
   */
  constructor(name: string, options: TieredCacheOptions<B>) {
    if (typeof (name as unknown) !== 'string' || name === '') {
      throw new InvalidOptionError(PLACE, 'name', 'must be a non-empty string', name);
    }
    checkOptions(options);
    this.name = name;
    this.front = options.front;
    this.back = options.back;
    this.#frontSeconds = secondsOf('frontTimeout', options.frontTimeout, 300);
    this.#deafSeconds = secondsOf('deafTimeout', options.deafTimeout, 1);
    this.#inside = insideOf.get(options.back);
    this.#bus = this.#listen(options);
  }

  // ---- one entry -----------------------------------------------------------------------------

  /** Reads a value (Django `get`): from the front when it is there, else from the back. */
  get<T>(key: string, options: GetOptions<T> & { default: T }): Promise<T>;
  get<T = unknown>(key: string, options?: GetOptions<T>): Promise<T | undefined>;
  get<T>(key: string, options?: GetOptions<T>): Promise<T | undefined> {
    let value: T | undefined;
    try {
      value = this.#peek<T>(key, options);
    } catch {
      return named(this.back.get<T>(key, options)); // which refuses it, too, in our name
    }
    // Not an async function: a hit costs one promise.
    if (value !== undefined) return Promise.resolve(value);
    return this.#fetched<T>(key, options?.version).then((fetched) =>
      fetched === undefined ? options?.default : fetched,
    );
  }

  /** What the front has, at once; undefined when it has nothing, whatever the back has. */
  peek(key: string, options?: ReadOptions): unknown {
    DOOR.version('get', options);
    try {
      return this.#peek(key, options);
    } catch (error) {
      throw inOurName(error);
    }
  }

  async has(key: string, options?: ReadOptions): Promise<boolean> {
    DOOR.version('has', options);
    const isNear = this.#near(() => this.front.has(key, options)) === true;
    return isNear || named(this.back.has(key, options));
  }

  async add(key: string, value: unknown, options?: WriteOptions): Promise<boolean> {
    return named(this.#changing([key], options, () => this.back.add(key, value, options)));
  }

  async set(key: string, value: unknown, options?: WriteOptions): Promise<void> {
    return named(this.#changing([key], options, () => this.back.set(key, value, options)));
  }

  async touch(key: string, options?: TouchOptions): Promise<boolean> {
    return named(this.#changing([key], options, () => this.back.touch(key, options)));
  }

  async incr(key: string, delta?: number, options?: ReadOptions): Promise<number> {
    return named(this.#changing([key], options, () => this.back.incr(key, delta, options)));
  }

  async decr(key: string, delta?: number, options?: ReadOptions): Promise<number> {
    return named(this.#changing([key], options, () => this.back.decr(key, delta, options)));
  }

  async delete(key: string, options?: ReadOptions): Promise<boolean> {
    return named(this.#changing([key], options, () => this.back.delete(key, options)));
  }

  /** The seconds an entry has left, as the back knows it. */
  async ttl(key: string, options?: ReadOptions): Promise<number | null | undefined> {
    return named(this.back.ttl(key, options));
  }

  /**
   * Reads a value or, when it is missing, makes, stores and returns it (Django `get_or_set`). While the bus
   * is deaf, what was loaded stays in the front for `deafTimeout`, so that a lost server does not put every
   * read on the source.
   */
  async getOrSet<T>(
    key: string,
    valueOrLoader: ValueOrLoader<T | Promise<T>>,
    options?: LoadOptions,
  ): Promise<T> {
    checkWrite('getOrSet', options);
    // How long an entry has left, and so whether to refresh it ahead, is the back's to know.
    const found =
      options?.refreshAhead === undefined
        ? this.#near(() => this.#peek<T>(key, options && { version: options.version }))
        : undefined;
    if (found !== undefined) return found;
    const at = this.makeKey(key, { version: options?.version });
    const fill = this.#fills.begin(at);
    try {
      const value = await this.#named(key, this.back.getOrSet<T>(key, valueOrLoader, options));
      if (this.#isDeaf) this.#keep(fill, key, value, this.#seconds(timeoutOf(options)), options);
      else void this.#fetched(key, options?.version);
      return value;
    } finally {
      this.#fills.end(at, fill);
    }
  }

  async update<T>(
    key: string,
    fn: (old: T | undefined) => T | Promise<T>,
    options?: UpdateOptions,
  ): Promise<T> {
    checkWrite('update', options);
    return this.#changing([key], options, () =>
      this.#named(key, this.back.update(key, fn, options)),
    );
  }

  // ---- several entries -----------------------------------------------------------------------

  async getMany<T = unknown>(
    keys: Iterable<string>,
    options?: ReadOptions,
  ): Promise<Map<string, T>> {
    DOOR.version('getMany', options);
    const wanted = DOOR.keys('getMany', keys);
    const near = this.#near(() => this.front.getMany<T>(wanted, options));
    const far = await Promise.all(
      wanted.map(async (key) =>
        near?.has(key) ? near.get(key) : this.#fetched<T>(key, options?.version),
      ),
    );
    const found = new Map<string, T>();
    for (const [i, key] of wanted.entries()) {
      const value = far[i];
      if (value !== undefined) found.set(key, value);
    }
    return found;
  }

  async setMany(pairs: Pairs<unknown>, options?: WriteOptions): Promise<string[]> {
    const entries = DOOR.pairs(pairs);
    const keys = entries.map(([key]) => key);
    return named(this.#changing(keys, options, () => this.back.setMany(entries, options)));
  }

  async deleteMany(keys: Iterable<string>, options?: ReadOptions): Promise<number> {
    const wanted = DOOR.keys('deleteMany', keys);
    return named(this.#changing(wanted, options, () => this.back.deleteMany(wanted, options)));
  }

  async deleteByTag(...tags: (string | PurgeOptions)[]): Promise<void> {
    const { tags: names } = DOOR.purge(tags);
    const forget = () => {
      this.#forgetTags(names);
    };
    await this.#around(
      forget,
      () => ({ tags: names }),
      () => this.back.deleteByTag(...tags),
    );
  }

  async clear(options?: ClearOptions): Promise<void> {
    const forget = () => {
      this.#forgetAll();
    };
    const clearing = this.#around(
      forget,
      () => ({ everything: true }),
      () => this.back.clear(options),
    );
    await named(clearing);
  }

  async incrVersion(key: string, delta?: number, options?: ReadOptions): Promise<number> {
    return named(this.#moving(key, options, () => this.back.incrVersion(key, delta, options)));
  }

  async decrVersion(key: string, delta?: number, options?: ReadOptions): Promise<number> {
    return named(this.#moving(key, options, () => this.back.decrVersion(key, delta, options)));
  }

  async *keys(options: KeysOptions = {}): AsyncGenerator<string, void> {
    DOOR.all(options);
    const keys = this.back.keys(options);
    // Only the first step can refuse anything.
    const first = await named(keys.next());
    if (first.done) return;
    yield first.value;
    yield* keys;
  }

  makeKey(key: string, options?: ReadOptions): string {
    DOOR.version('makeKey', options);
    try {
      return this.back.makeKey(key, options);
    } catch (error) {
      throw inOurName(error);
    }
  }

  // ---- seeing inside -------------------------------------------------------------------------

  stats(): TieredStats & { readonly back: ReturnType<B['stats']> } {
    return Object.freeze({
      front: this.front.stats(),
      back: this.back.stats() as ReturnType<B['stats']>,
      bus: Object.freeze({
        ...{ state: this.#bus?.state ?? 'deaf', lagMs: this.#bus?.lagMs },
        ...{ entriesHeard: this.#entriesHeard, tagsHeard: this.#tagsHeard },
        frontsCleared: this.#frontsCleared,
      }),
    });
  }

  /** Closes the connection that it listens by, and the back. The client of the back stays its owner's. */
  async close(): Promise<void> {
    this.#bus?.close();
    this.#forgetAll();
    await this.back.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  // ---- reading -------------------------------------------------------------------------------

  /** What the front refuses, the back refuses, too: there it is told. */
  #near<T>(look: () => T): T | undefined {
    try {
      return look();
    } catch {
      return undefined;
    }
  }

  /** For what runs a function of the caller's, whose errors are its own: only what is about the call itself. */
  async #named<T>(called: string, answer: Promise<T>): Promise<T> {
    return answer.catch((error: unknown) => {
      const { code, store, key } = (error ?? {}) as Partial<DeadlineError | InvalidKeyError>;
      const isOurs = code === 'ERR_LOCMEM_DEADLINE' || code === 'ERR_LOCMEM_INVALID_KEY';
      throw isOurs && store === this.back.name && key === called ? inOurName(error) : error;
    });
  }

  #peek<T>(key: string, options: GetOptions<T> | undefined): T | undefined {
    if (options === undefined) return this.front.get<T>(key);
    return this.front.get<T>(
      key,
      options.default === undefined ? options : { ...options, default: undefined },
    );
  }

  /** From the back, by one reading for all who ask at once; each gets an object of its own. */
  async #fetched<T>(key: string, version: number | undefined): Promise<T | undefined> {
    const at = this.makeKey(key, { version });
    let fetching = this.#fetches.get(at);
    if (!fetching) {
      fetching = this.#fetch(at, key, version).finally(() => {
        if (this.#fetches.get(at) === fetching) this.#fetches.delete(at);
      });
      this.#fetches.set(at, fetching);
    }
    return (await fetching)?.read() as T | undefined;
  }

  async #fetch(
    at: string,
    key: string,
    version: number | undefined,
  ): Promise<Inspected | undefined> {
    const fill = this.#fills.begin(at);
    try {
      const found = await named(this.back.inspect(key, { version }));
      if (found) {
        this.#keep(fill, key, found.read(), this.#seconds(found.timeLeft), {
          version,
          tags: found.tags,
        });
      }
      return found;
    } finally {
      this.#fills.end(at, fill);
    }
  }

  #keep(
    fill: Fill,
    key: string,
    value: unknown,
    seconds: number,
    { version, tags }: WriteOptions = {},
  ): void {
    if (fill.isSpoilt || seconds <= 0 || value === undefined) return;
    try {
      this.front.set(key, value, { version, tags, timeout: seconds });
    } catch {
      // What the front cannot hold (a class instance of another codec) is read from the back each time.
    }
  }

  get #isDeaf(): boolean {
    return this.#bus === undefined || this.#bus.state === 'deaf';
  }

  #seconds(timeLeft: number | null): number {
    const longest = this.#isDeaf ? this.#deafSeconds : this.#frontSeconds;
    return timeLeft === null ? longest : Math.min(timeLeft, longest);
  }

  // ---- writing -------------------------------------------------------------------------------

  #changing<R>(
    keys: readonly string[],
    options: ReadOptions | undefined,
    change: () => Promise<R>,
  ): Promise<R> {
    const version = options?.version;
    const forget = () => {
      for (const key of keys) this.#forget(key, version);
    };
    return this.#around(forget, () => ({ entries: this.#atAll(keys, version) }), change);
  }

  async #moving(
    key: string,
    options: ReadOptions | undefined,
    move: () => Promise<number>,
  ): Promise<number> {
    const version = await this.#changing([key], options, move);
    this.#forget(key, version);
    this.#bus?.tell({ entries: this.#atAll([key], version) });
    return version;
  }

  /**
   * Out of the front before, so that nobody reads what is about to change; and after, as somebody may have
   * read it from the back in between.
   */
  async #around<R>(forget: () => void, change: () => Change, make: () => Promise<R>): Promise<R> {
    forget();
    try {
      return await make();
    } finally {
      forget();
      this.#bus?.tell(change());
    }
  }

  #forget(key: string, version: number | undefined): void {
    // What is no key or version, the back will refuse.
    if (typeof (key as unknown) !== 'string') return;
    if (version !== undefined && !Number.isSafeInteger(version)) return;
    this.front.delete(key, version === undefined ? undefined : { version });
    const at = this.makeKey(key, { version });
    this.#fills.spoil(at);
    this.#fetches.delete(at);
  }

  #atAll(keys: readonly string[], version: number | undefined): string[] {
    return keys.map((key) => this.#inside!.atOf(key, version));
  }

  #forgetTags(tags: readonly string[]): void {
    this.#fills.spoilAll();
    this.#fetches.clear();
    const names = tags.filter((tag) => tag !== '');
    if (names.length > 0) this.front.deleteByTag(...names);
  }

  #forgetAll(): void {
    this.#fills.spoilAll();
    this.#fetches.clear();
    this.front.clear();
  }

  // ---- hearing -------------------------------------------------------------------------------

  #listen({ bus = 'tracking', heartbeat }: TieredCacheOptions<B>): Bus | undefined {
    const inside = this.#inside;
    const heartbeatMs = secondsOf('heartbeat', heartbeat, 1) * 1000;
    const subscriber = inside?.connection.subscriber;
    if (bus === 'none' || !inside || !subscriber) return undefined;
    // A connection of a cluster hears of the keys of one server only.
    const tracks = bus === 'tracking' && !inside.connection.isCluster;
    return new Bus({
      ...{ connection: inside.connection, names: inside.names, time: inside.time, heartbeatMs },
      ...{ subscriber, tracks, channel: `locmem-bus:${this.name}` },
      listener: {
        entryChanged: (at) => {
          this.#entriesHeard++;
          const parts = inside.partsOf(at);
          if (!parts)
            this.#forgetAll(); // made by a key function: which one it is cannot be told
          else if (parts.keyPrefix === inside.keyPrefix) this.#forget(parts.key, parts.version);
        },
        tagChanged: (tag) => {
          this.#tagsHeard++;
          this.#forgetTags([tag]);
        },
        anythingChanged: () => {
          this.#frontsCleared++;
          this.#forgetAll();
        },
      },
    });
  }
}

/** What front or back refuse is refused in the name of the class whose method was called. */
function named<T>(answer: Promise<T>): Promise<T> {
  return answer.catch((error: unknown) => {
    throw inOurName(error);
  });
}

/** By what it can do: there may be two copies of its class in the process. */
function inOurName(error: unknown): unknown {
  const { inNameOf } = (error ?? {}) as Partial<KeyNotFoundError>;
  return typeof inNameOf === 'function' ? inNameOf.call(error as KeyNotFoundError, PLACE) : error;
}

/** What runs a function of the caller's, whose errors are its own, is checked beforehand. */
function checkWrite(call: 'getOrSet' | 'update', options: LoadOptions & UpdateOptions = {}): void {
  DOOR.version(call, options);
  DOOR.tags(call, options);
  DOOR.signal(call, options);
}

function checkOptions({ front, back, bus, ...others }: TieredCacheOptions): void {
  for (const [option, value] of Object.entries(others)) {
    if (TIME_OPTIONS.includes(option)) continue;
    const rule = `is no option; there are: front, back, bus, ${TIME_OPTIONS.join(', ')}`;
    throw new InvalidOptionError(PLACE, option, rule, value);
  }
  if (!isLocMem(front)) {
    throw new InvalidOptionError(PLACE, 'front', 'must be a LocMemCache', front);
  }
  if (!isRemote(back)) {
    throw new InvalidOptionError(PLACE, 'back', 'must be a RedisCache or KeyvCache', back);
  }
  if (front.makeKey('key') !== back.makeKey('key')) {
    const rule = 'must have the keyPrefix, version and keyFunction of back';
    throw new InvalidOptionError(PLACE, 'front', rule, front.makeKey('key'));
  }
  if (bus !== undefined && !['tracking', 'pubsub', 'none'].includes(bus)) {
    throw new InvalidOptionError(PLACE, 'bus', "must be 'tracking', 'pubsub' or 'none'", bus);
  }
}

function isLocMem(front: unknown): boolean {
  const { snapshot, deleteByTag } = (front ?? {}) as Partial<LocMemCache>;
  return typeof snapshot === 'function' && typeof deleteByTag === 'function';
}

/** By what it can do: there may be two copies of its class in the process. */
function isRemote(back: unknown): boolean {
  const { inspect, getOrSet } = (back ?? {}) as Partial<RemoteCache>;
  return typeof inspect === 'function' && typeof getOrSet === 'function';
}

function secondsOf(option: string, span: Timeout | undefined, otherwise: number): number {
  const seconds = span === undefined ? otherwise : parseTimeout(span, option);
  if (seconds === null) return Infinity;
  if (seconds >= 0) return seconds;
  throw new InvalidOptionError(PLACE, option, 'must be a time from 0', span);
}

function timeoutOf(options: LoadOptions | undefined): number | null {
  return options?.timeout === undefined ? null : parseTimeout(options.timeout);
}
