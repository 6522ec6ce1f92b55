/**
 * A LocMemCache as a storage adapter of Keyv 5, and so of whatever stands on Keyv: cache-manager, Nest's
 * CacheModule, got, … Nothing of Keyv is needed to run it.
 *
 * Keyv's units meet ours here: a ttl is milliseconds, and none means for ever. Keyv puts its namespace
 * before the keys itself (`keyv:foo`) and tells the adapter its name: that is what `clear` and `iterator`
 * keep to. So a Keyv with `useKeyPrefix: false`, which does not, is neither emptied nor listed.
 */
import { LocMemCache } from './cache.js';
import type { LocMemOptions } from './options.js';
import type { Duration } from './timeout.js';

/** One of several values to store. */
export interface KeyvEntry {
  readonly key: string;
  readonly value: unknown;
  /** Milliseconds; none = the cache's own timeout. */
  readonly ttl?: number | undefined;
}

/**
 * A Keyv storage adapter over a named store of this process.
 *
 * Keyv turns values into JSON before it hands them over, unless told not to: with `serialize: undefined`
 * and `deserialize: undefined` a Date stays a Date, and values are isolated by the cache's own copies.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { LocMemKeyv } from '@locmem/core/keyv';
 *
 * const store = new LocMemKeyv('sessions', { keyPrefix: 'app', version: 2, maxEntries: 10_000 });
 * // Given to Keyv: new Keyv({ store }); to cache-manager: createCache({ stores: [new Keyv({ store })] })
 *
 * await store.set('user:1', { name: 'Ada' }, 60_000);
 * assert.deepEqual(await store.get('user:1'), { name: 'Ada' });
 * assert.ok((store.cache.ttl('user:1') ?? 0) <= 60);
 *
 * await store.clear(); // only what this prefix and version wrote
 * assert.equal(await store.has('user:1'), false);
 * ```
 */
export class LocMemKeyv {
  /** The cache itself: `stats()`, `keys()`, tags and the rest. */
  readonly cache: LocMemCache;

  /**
   * Keyv 5 gives an iterator only to adapters whose `dialect` is on a list of its own. Nothing else
   * looks at it: it says "a store whose keys can be listed".
   */
  readonly opts: { readonly dialect: 'sqlite'; readonly url: string };

  /** Set by Keyv. */
  namespace: string | undefined;

  readonly #own: { readonly keyPrefix: string; readonly version: number };

  /**
   * @param name the named store, shared with every LocMemCache of that name
   * @param options those of a LocMemCache; only `timeout` is for ever by default, as in Keyv
   * @throws {InvalidOptionError} as the constructor of LocMemCache does
   */
  constructor(name = 'default', options: LocMemOptions = {}) {
    const { timeout = null, keyPrefix = '', version = 1 } = options;
    this.cache = new LocMemCache(name, { ...options, timeout });
    this.opts = { dialect: 'sqlite', url: `locmem://${encodeURIComponent(name)}` };
    this.#own = { keyPrefix, version };
  }

  /** For Keyv, which listens for errors of connections: there is none. What fails here, rejects. */
  on(_event: string, _listener: (...args: never[]) => void): this {
    return this;
  }

  get<T>(key: string): Promise<T | undefined> {
    return answer(() => this.cache.get<T>(key));
  }

  /** In the order of the keys, undefined where there is nothing. */
  getMany<T>(keys: readonly string[]): Promise<(T | undefined)[]> {
    return answer(() => {
      const found = this.cache.getMany<T>(keys);
      return keys.map((key) => found.get(key));
    });
  }

  has(key: string): Promise<boolean> {
    return answer(() => this.cache.has(key));
  }

  hasMany(keys: readonly string[]): Promise<boolean[]> {
    return answer(() => keys.map((key) => this.cache.has(key)));
  }

  /** @returns false when the value is larger than the cache allows */
  set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    return answer(() => this.#set({ key, value, ttl }));
  }

  /**
   * Stores several values, each with its own ttl.
   *
   * @returns for each whether it was stored. Keyv's type of an adapter says void, Keyv's code hands on
   *   what it gets as its own answer
   */
  setMany(entries: readonly KeyvEntry[]): Promise<void> {
    return answer(() => entries.map((entry) => this.#set(entry)) as unknown as undefined);
  }

  delete(key: string): Promise<boolean> {
    return answer(() => this.cache.delete(key));
  }

  /** @returns whether any of them was there */
  deleteMany(keys: readonly string[]): Promise<boolean> {
    return answer(() => this.cache.deleteMany(keys) > 0);
  }

  /** Empties Keyv's namespace; without one, all of this adapter's key prefix and version. */
  clear(): Promise<void> {
    return answer(() => {
      if (this.namespace === undefined) this.cache.clear(this.#own);
      else this.cache.deleteMany([...this.#keysOf(this.namespace)]);
    });
  }

  /** Keys and values of a namespace; of all there is under this prefix and version, without one. */
  async *iterator<T>(
    namespace?: string,
  ): AsyncGenerator<(string | Awaited<T> | undefined)[], void> {
    for (const key of [...this.#keysOf(namespace)]) {
      const value = await this.get<T>(key);
      if (value !== undefined) yield [key, value];
    }
  }

  /** The store stays: others may share it. */
  disconnect(): Promise<void> {
    return answer(() => {
      this.cache.close();
    });
  }

  #set({ key, value, ttl }: KeyvEntry): boolean {
    return this.cache.setMany([[key, value]], { timeout: timeoutOf(ttl) }).length === 0;
  }

  *#keysOf(namespace: string | undefined): Generator<string> {
    const start = namespace === undefined ? '' : `${namespace}:`;
    for (const key of this.cache.keys()) if (key.startsWith(start)) yield key;
  }
}

/** Thirty billion years; from here on numbers are written with an exponent. */
const FOR_EVER_MS = 1e21;

/** Keyv counts in milliseconds, and 0 is no ttl to it. */
function timeoutOf(ttl: number | null | undefined): Duration | null | undefined {
  if (ttl === undefined || ttl === null || ttl === 0) return undefined;
  // A string with its unit: a ttl of months must not look like a mistaken number of seconds.
  return ttl >= FOR_EVER_MS ? null : (`${ttl.toFixed(3)}ms` as Duration);
}

/** What a synchronous cache says, as a promise: what it throws, rejects. */
function answer<T>(ask: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(ask());
  });
}

export { KeyvCache, type KeyvCacheOptions } from './remote/keyv-cache.js';
export type { KeyvLike } from './remote/keyv-backend.js';
