/**
 * Django's DummyCache: the whole contract, and nothing is ever there. For development and tests, so wrong
 * keys and options are refused here as they are there; only values are not looked at.
 */
import { types } from 'node:util';
import {
  checkKeys,
  checkOptions,
  entriesOf,
  purgeOf,
  signalOf,
  tagsOf,
  versionOf,
  type Call,
} from './call-options.js';
import { timekeeper, type Timekeeper } from './clock.js';
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
import { DeadlineError, InvalidKeyError, KeyNotFoundError } from './errors.js';
import { defaultKeyFunction } from './key.js';
import { resolveOptions, type LocMemOptions, type ResolvedOptions } from './options.js';
import { parseTimeout } from './timeout.js';
import { withPatience } from './waiting.js';

/**
 * A cache that stores nothing: every read misses, every load runs.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { DummyCache } from '@locmem/core';
 *
 * const cache = new DummyCache();
 * cache.set('k', 1);
 * assert.equal(cache.get('k'), undefined);
 * assert.equal(cache.getOrSet('k', () => 2), 2);
 * ```
 */
export class DummyCache implements SyncCache {
  readonly name: string;
  readonly #options: ResolvedOptions;
  readonly #time: Timekeeper;

  /** @param options checked as those of a LocMemCache, and of effect in `makeKey` and deadlines only */
  constructor(name = 'default', options: LocMemOptions = {}) {
    this.name = name;
    this.#options = resolveOptions(options);
    this.#time = timekeeper(options.clock);
  }

  get<T>(key: string, options: GetOptions<T> & { default: T }): T;
  get<T = unknown>(key: string, options?: GetOptions<T>): T | undefined;
  get<T>(key: string, options?: GetOptions<T>): T | undefined {
    this.#check('get', key, options);
    return options?.default;
  }

  getMany<T = unknown>(keys: Iterable<string>, options?: ReadOptions): Map<string, T> {
    this.#checkAll('getMany', checkKeys('getMany', keys), options);
    return new Map();
  }

  has(key: string, options?: ReadOptions): boolean {
    this.#check('has', key, options);
    return false;
  }

  /** True: nothing was there. */
  add(key: string, _value: unknown, options?: WriteOptions): boolean {
    this.#check('add', key, options);
    return true;
  }

  set(key: string, _value: unknown, options?: WriteOptions): void {
    this.#check('set', key, options);
  }

  setMany(pairs: Pairs<unknown>, options?: WriteOptions): string[] {
    const keys = entriesOf(pairs).map(([key]) => key);
    this.#checkAll('setMany', keys, options);
    return [];
  }

  touch(key: string, options?: TouchOptions): boolean {
    this.#check('touch', key, options);
    return false;
  }

  incr(key: string, delta?: number, options?: ReadOptions): number;
  incr(key: string, delta: bigint, options?: ReadOptions): bigint;
  incr(key: string, _delta?: unknown, options?: ReadOptions): never {
    this.#check('incr', key, options);
    throw new KeyNotFoundError(this.name, key);
  }

  decr(key: string, delta?: number, options?: ReadOptions): number;
  decr(key: string, delta: bigint, options?: ReadOptions): bigint;
  decr(key: string, _delta?: unknown, options?: ReadOptions): never {
    this.#check('decr', key, options);
    throw new KeyNotFoundError(this.name, key);
  }

  delete(key: string, options?: ReadOptions): boolean {
    this.#check('delete', key, options);
    return false;
  }

  deleteMany(keys: Iterable<string>, options?: ReadOptions): number {
    this.#checkAll('deleteMany', checkKeys('deleteMany', keys), options);
    return 0;
  }

  deleteByTag(...tags: (string | PurgeOptions)[]): void {
    purgeOf(tags);
  }

  getOrSet<T>(key: string, loader: Loads<T>, options?: LoadOptions): T | Promise<T>;
  getOrSet<T>(key: string, valueOrLoader: ValueOrLoader<T>, options?: LoadOptions): T;
  getOrSet(key: string, valueOrLoader: unknown, options: LoadOptions = {}): unknown {
    this.#check('getOrSet', key, options);
    const signal = signalOf('getOrSet', options.signal);
    const seconds = secondsOf(options, 'deadline');
    if (typeof valueOrLoader !== 'function') return valueOrLoader;
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    const value = (valueOrLoader as () => unknown)();
    if (!types.isPromise(value)) return value;
    const deadline = seconds !== undefined && {
      afterMs: seconds * 1000,
      time: this.#time,
      tooLate: () => new DeadlineError(this.name, key, seconds),
    };
    return withPatience(value, { signal, deadline: deadline || undefined });
  }

  async update<T>(
    key: string,
    fn: (old: T | undefined) => T | Promise<T>,
    options?: UpdateOptions,
  ): Promise<T> {
    this.#check('update', key, options);
    signalOf('update', options?.signal)?.throwIfAborted();
    return fn(undefined);
  }

  incrVersion(key: string, _delta?: number, options?: ReadOptions): number {
    this.#check('incrVersion', key, options);
    throw new KeyNotFoundError(this.name, key);
  }

  decrVersion(key: string, _delta?: number, options?: ReadOptions): number {
    this.#check('decrVersion', key, options);
    throw new KeyNotFoundError(this.name, key);
  }

  ttl(key: string, options?: ReadOptions): undefined {
    this.#check('ttl', key, options);
    return undefined;
  }

  clear(options?: ClearOptions): void {
    versionOf('clear', options);
  }

  keys(options: KeysOptions = {}): Iterable<string> {
    checkOptions('keys', options);
    return [];
  }

  makeKey(key: string, options?: ReadOptions): string {
    const version = versionOf('makeKey', options) ?? this.#options.version;
    const makeKey = this.#options.keyFunction ?? defaultKeyFunction;
    return makeKey(key, this.#options.keyPrefix, version);
  }

  close(): void {
    // Nothing to let go.
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #checkAll(call: Call, keys: Iterable<unknown>, options: WriteOptions | undefined): void {
    versionOf(call, options);
    for (const key of keys) this.#check(call, key, options);
  }

  #check(call: Call, key: unknown, options: WriteOptions | undefined): void {
    versionOf(call, options);
    tagsOf(call, options);
    for (const option of TIMES) secondsOf(options, option);
    if (typeof key === 'string') return;
    throw new InvalidKeyError(this.name, key, 'a key must be a string');
  }
}

const TIMES = ['timeout', 'stale', 'refreshAhead', 'negativeTimeout', 'deadline'] as const;

/** What a time span of a call means, undefined when it is not given or has no end. */
function secondsOf(options: LoadOptions | undefined, option: (typeof TIMES)[number]) {
  const value = options?.[option];
  return value === undefined ? undefined : (parseTimeout(value, option) ?? undefined);
}
