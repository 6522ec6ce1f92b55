/** Django's DummyCache: the whole contract, and nothing is ever there. For development and tests. */
import { versionOf } from './call-options.js';
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
import { KeyNotFoundError } from './errors.js';
import { defaultKeyFunction } from './key.js';
import { resolveOptions, type LocMemOptions, type ResolvedOptions } from './options.js';

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

  /** @param options checked as those of a LocMemCache, and of effect in `makeKey` only */
  constructor(name = 'default', options: LocMemOptions = {}) {
    this.name = name;
    this.#options = resolveOptions(options);
  }

  get<T>(key: string, options: GetOptions<T> & { default: T }): T;
  get<T = unknown>(key: string, options?: GetOptions<T>): T | undefined;
  get<T>(_key: string, options?: GetOptions<T>): T | undefined {
    return options?.default;
  }

  getMany<T = unknown>(_keys: Iterable<string>, _options?: ReadOptions): Map<string, T> {
    return new Map();
  }

  has(_key: string, _options?: ReadOptions): boolean {
    return false;
  }

  /** True: nothing was there. */
  add(_key: string, _value: unknown, _options?: WriteOptions): boolean {
    return true;
  }

  set(_key: string, _value: unknown, _options?: WriteOptions): void {
    // Stores nothing.
  }

  setMany(_pairs: Pairs<unknown>, _options?: WriteOptions): string[] {
    return [];
  }

  touch(_key: string, _options?: TouchOptions): boolean {
    return false;
  }

  incr(key: string, delta?: number, options?: ReadOptions): number;
  incr(key: string, delta: bigint, options?: ReadOptions): bigint;
  incr(key: string): never {
    throw new KeyNotFoundError(this.name, key);
  }

  decr(key: string, delta?: number, options?: ReadOptions): number;
  decr(key: string, delta: bigint, options?: ReadOptions): bigint;
  decr(key: string): never {
    throw new KeyNotFoundError(this.name, key);
  }

  delete(_key: string, _options?: ReadOptions): boolean {
    return false;
  }

  deleteMany(_keys: Iterable<string>, _options?: ReadOptions): number {
    return 0;
  }

  deleteByTag(..._tags: (string | PurgeOptions)[]): void {
    // Nothing is there.
  }

  getOrSet<T>(key: string, loader: Loads<T>, options?: LoadOptions): T | Promise<T>;
  getOrSet<T>(key: string, valueOrLoader: ValueOrLoader<T>, options?: LoadOptions): T;
  getOrSet(_key: string, valueOrLoader: unknown): unknown {
    return typeof valueOrLoader === 'function' ? (valueOrLoader as () => unknown)() : valueOrLoader;
  }

  async update<T>(
    _key: string,
    fn: (old: T | undefined) => T | Promise<T>,
    _options?: UpdateOptions,
  ): Promise<T> {
    return fn(undefined);
  }

  incrVersion(key: string, _delta?: number, _options?: ReadOptions): number {
    throw new KeyNotFoundError(this.name, key);
  }

  decrVersion(key: string, _delta?: number, _options?: ReadOptions): number {
    throw new KeyNotFoundError(this.name, key);
  }

  ttl(_key: string, _options?: ReadOptions): undefined {
    return undefined;
  }

  clear(_options?: ClearOptions): void {
    // Nothing is there.
  }

  keys(_options?: KeysOptions): Iterable<string> {
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
}
