/**
 * Django's DummyCache: the whole contract, and nothing is ever there. For development and tests, so wrong
 * keys and options are refused here as they are there; only values are not looked at.
 */
import { types } from 'node:util';
import { Addressing } from './addressing.js';
import { DJANGO, MENDED } from './behaviour.js';
import {
  checkKeys,
  checkNewVersion,
  checkVersionDelta,
  entriesOf,
  isOfAll,
  keyPrefixOf,
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
import { DeadlineError, InvalidOptionError, KeyNotFoundError } from './errors.js';
import { KeySpaces } from './key-space.js';
import type { Direction } from './numeric.js';
import { resolveOptions, type LocMemOptions } from './options.js';
import { Slots } from './slots.js';
import { parseTimeout } from './timeout.js';
import { isThenable, withPatience } from './waiting.js';
import { warn } from './warnings.js';

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
  readonly #version: number;
  readonly #addressing: Addressing;
  readonly #time: Timekeeper;

  /** @param options checked as those of a LocMemCache, and of effect on keys and deadlines only */
  constructor(name = 'default', options: LocMemOptions = {}) {
    if (typeof (name as unknown) !== 'string') {
      throw new InvalidOptionError('DummyCache', 'name', 'must be a string', name);
    }
    this.name = name;
    const resolved = resolveOptions(options);
    const { version, compat, clock, onWarning } = resolved;
    this.#version = version;
    this.#time = timekeeper(clock);
    const slots = new Slots();
    const nothing = { name, spaces: new KeySpaces(slots), key: (slot: number) => slots.key(slot) };
    const told = new Set<string>();
    const behaviour = compat ? DJANGO : MENDED;
    this.#addressing = new Addressing(nothing, resolved, behaviour, (code, message) => {
      warn({ code, store: name, message }, told, onWarning);
    });
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
    const isLoad = typeof valueOrLoader === 'function' || types.isPromise(valueOrLoader);
    if (!isLoad) return valueOrLoader;
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    const loaded: unknown =
      typeof valueOrLoader === 'function' ? (valueOrLoader as () => unknown)() : valueOrLoader;
    if (!isThenable(loaded)) return loaded;
    const deadline = seconds !== undefined && {
      afterMs: seconds * 1000,
      time: this.#time,
      tooLate: () => new DeadlineError(this.name, key, seconds),
    };
    return withPatience(Promise.resolve(loaded), { signal, deadline: deadline || undefined });
  }

  update<T>(
    key: string,
    fn: (old: T | undefined) => T | Promise<T>,
    options?: UpdateOptions,
  ): Promise<T> {
    this.#check('update', key, options);
    const signal = signalOf('update', options?.signal);
    const run = async () => {
      signal?.throwIfAborted();
      return fn(undefined);
    };
    return run();
  }

  incrVersion(key: string, delta = 1, options?: ReadOptions): number {
    return this.#move('incrVersion', key, delta, options, 1);
  }

  decrVersion(key: string, delta = 1, options?: ReadOptions): number {
    return this.#move('decrVersion', key, delta, options, -1);
  }

  ttl(key: string, options?: ReadOptions): undefined {
    this.#check('ttl', key, options);
    return undefined;
  }

  clear(options?: ClearOptions): void {
    versionOf('clear', options);
    keyPrefixOf(options);
  }

  keys(options: KeysOptions = {}): Iterable<string> {
    isOfAll(options);
    return [];
  }

  makeKey(key: string, options?: ReadOptions): string {
    return this.#addressing.fullKey(key, versionOf('makeKey', options));
  }

  close(): void {
    // Nothing to let go.
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #checkAll(call: Call, keys: Iterable<string>, options: WriteOptions | undefined): void {
    versionOf(call, options);
    for (const key of keys) this.#check(call, key, options);
  }

  #check(call: Call, key: string, options: WriteOptions | undefined): void {
    const version = versionOf(call, options);
    tagsOf(call, options);
    for (const option of TIMES) secondsOf(options, option);
    this.#addressing.keyInSpace(key, version);
    this.#addressing.check(key, version);
  }

  #move(
    call: Call,
    key: string,
    delta: number,
    options: ReadOptions | undefined,
    direction: Direction,
  ): never {
    const from = versionOf(call, options) ?? this.#version;
    checkNewVersion(call, from + checkVersionDelta(call, delta) * direction);
    this.#check(call, key, options);
    throw new KeyNotFoundError(this.name, key);
  }
}

const TIMES = ['timeout', 'stale', 'refreshAhead', 'negativeTimeout', 'deadline'] as const;

/** What a time span of a call means, undefined when it is not given or has no end. */
function secondsOf(options: LoadOptions | undefined, option: (typeof TIMES)[number]) {
  const value = options?.[option];
  return value === undefined ? undefined : (parseTimeout(value, option) ?? undefined);
}
