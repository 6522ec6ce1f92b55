/**
 * What a cache can do, apart from where it keeps things. {@link SyncCache} answers at once;
 * {@link AsyncCache} has the same names and meanings and answers with promises.
 */
import type { Timeout } from './timeout.js';

/** Options of a call that reads. */
export interface ReadOptions {
  /** Version of the key; default: the cache's. */
  version?: number | undefined;
}

/** Options of `get`. */
export interface GetOptions<T> extends ReadOptions {
  /** Returned instead of undefined on a miss. */
  default?: T | undefined;
}

/** Options of `touch`. */
export interface TouchOptions extends ReadOptions {
  /** How long from now; default: the cache's timeout. */
  timeout?: Timeout | undefined;
}

/** Options of a call that writes. */
export interface WriteOptions extends TouchOptions {
  /** Groups this entry belongs to, for `deleteByTag`. */
  tags?: readonly string[] | undefined;
}

/** Options of `getOrSet`. */
export interface LoadOptions extends WriteOptions {
  /**
   * How long after its timeout a value may still be served while one refresh runs, or when the loader
   * fails. Default: not at all.
   */
  stale?: Timeout | undefined;
  /** On a hit with less than this to live, a refresh is started beside. Default: none. */
  refreshAhead?: Timeout | undefined;
  /** How long a loaded null is kept; default: as any value. (An undefined is never kept.) */
  negativeTimeout?: Timeout | undefined;
  /**
   * How long this caller waits for a load: then `DeadlineError`. A later caller may load anew beside it;
   * a refresh that takes longer is tried again, too.
   */
  deadline?: Timeout | undefined;
  /** Ends this caller's wait; the load goes on for the others. */
  signal?: AbortSignal | undefined;
}

/** Options of `update`. */
export interface UpdateOptions extends WriteOptions {
  /** Ends the wait for one's turn. */
  signal?: AbortSignal | undefined;
}

/** Options of `deleteByTag`. */
export interface PurgeOptions {
  /** Only marks the entries stale: `getOrSet` with `stale` may still serve them while it refreshes. */
  soft?: boolean | undefined;
}

/** Options of `clear`; what is left out stands for all. */
export interface ClearOptions extends ReadOptions {
  /** Only what was written under this prefix. */
  keyPrefix?: string | undefined;
}

/** Options of `keys`. */
export interface KeysOptions {
  /** The whole named store, full keys, the next victim first. */
  all?: boolean | undefined;
}

/** Pairs (a Map, an array of pairs) or an object, whose integer-like keys come first. */
export type Pairs<T> = Iterable<readonly [string, T]> | Readonly<Record<string, T>>;

/** A function that begins a load, or a load that has begun. */
export type Loads<T> = Promise<T> | (() => Promise<T>);

/** A value or the function that makes it. */
export type ValueOrLoader<T> = T | (() => T);

/** A cache that answers at once. */
export interface SyncCache {
  get<T>(key: string, options: GetOptions<T> & { default: T }): T;
  get<T = unknown>(key: string, options?: GetOptions<T>): T | undefined;
  getMany<T = unknown>(keys: Iterable<string>, options?: ReadOptions): Map<string, T>;
  has(key: string, options?: ReadOptions): boolean;
  add(key: string, value: unknown, options?: WriteOptions): boolean;
  set(key: string, value: unknown, options?: WriteOptions): void;
  setMany(pairs: Pairs<unknown>, options?: WriteOptions): string[];
  touch(key: string, options?: TouchOptions): boolean;
  incr(key: string, delta?: number, options?: ReadOptions): number;
  incr(key: string, delta: bigint, options?: ReadOptions): bigint;
  decr(key: string, delta?: number, options?: ReadOptions): number;
  decr(key: string, delta: bigint, options?: ReadOptions): bigint;
  delete(key: string, options?: ReadOptions): boolean;
  deleteMany(keys: Iterable<string>, options?: ReadOptions): number;
  deleteByTag(...tags: (string | PurgeOptions)[]): void;
  getOrSet<T>(key: string, loader: Loads<T>, options?: LoadOptions): T | Promise<T>;
  getOrSet<T>(key: string, valueOrLoader: ValueOrLoader<T>, options?: LoadOptions): T;
  update<T>(
    key: string,
    fn: (old: T | undefined) => T | Promise<T>,
    options?: UpdateOptions,
  ): Promise<T>;
  incrVersion(key: string, delta?: number, options?: ReadOptions): number;
  decrVersion(key: string, delta?: number, options?: ReadOptions): number;
  ttl(key: string, options?: ReadOptions): number | null | undefined;
  clear(options?: ClearOptions): void;
  keys(options?: KeysOptions): Iterable<string>;
  makeKey(key: string, options?: ReadOptions): string;
  close(): void;
}

/** A cache that answers with promises: what every remote store implements. */
export interface AsyncCache {
  get<T>(key: string, options: GetOptions<T> & { default: T }): Promise<T>;
  get<T = unknown>(key: string, options?: GetOptions<T>): Promise<T | undefined>;
  getMany<T = unknown>(keys: Iterable<string>, options?: ReadOptions): Promise<Map<string, T>>;
  has(key: string, options?: ReadOptions): Promise<boolean>;
  add(key: string, value: unknown, options?: WriteOptions): Promise<boolean>;
  set(key: string, value: unknown, options?: WriteOptions): Promise<void>;
  setMany(pairs: Pairs<unknown>, options?: WriteOptions): Promise<string[]>;
  touch(key: string, options?: TouchOptions): Promise<boolean>;
  incr(key: string, delta?: number, options?: ReadOptions): Promise<number>;
  decr(key: string, delta?: number, options?: ReadOptions): Promise<number>;
  delete(key: string, options?: ReadOptions): Promise<boolean>;
  deleteMany(keys: Iterable<string>, options?: ReadOptions): Promise<number>;
  deleteByTag(...tags: (string | PurgeOptions)[]): Promise<void>;
  getOrSet<T>(
    key: string,
    valueOrLoader: ValueOrLoader<T | Promise<T>>,
    options?: LoadOptions,
  ): Promise<T>;
  update<T>(
    key: string,
    fn: (old: T | undefined) => T | Promise<T>,
    options?: UpdateOptions,
  ): Promise<T>;
  incrVersion(key: string, delta?: number, options?: ReadOptions): Promise<number>;
  decrVersion(key: string, delta?: number, options?: ReadOptions): Promise<number>;
  ttl(key: string, options?: ReadOptions): Promise<number | null | undefined>;
  clear(options?: ClearOptions): Promise<void>;
  keys(options?: KeysOptions): AsyncIterable<string>;
  makeKey(key: string, options?: ReadOptions): string;
  close(): Promise<void>;
}

/** Either kind: code that takes a cache takes both. */
export type Cache = SyncCache | AsyncCache;
