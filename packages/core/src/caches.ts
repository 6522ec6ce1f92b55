/** Django's CACHES: the caches of an application, named once, made when first asked for. */
import { LocMemCache } from './cache.js';
import type { Cache } from './contract.js';
import { DummyCache } from './dummy-cache.js';
import { InvalidOptionError, UnknownCacheError } from './errors.js';
import type { LocMemOptions } from './options.js';
import { checkOptionNames } from './option-names.js';

/** Makes a cache: a class with this constructor, or one of ours by name. */
export type Backend =
  'locmem' | 'dummy' | (new (location: string, options: LocMemOptions) => Cache);

/** One cache in the configuration. */
export interface CacheConfig extends Pick<
  LocMemOptions,
  'timeout' | 'keyPrefix' | 'version' | 'keyFunction'
> {
  /** Default `'locmem'`. */
  backend?: Backend | undefined;
  /** Name of the store; caches of one location share their entries. Default: the alias. */
  location?: string | undefined;
  /** All other options of the backend: `maxEntries`, `policy`, … */
  options?: Omit<LocMemOptions, 'timeout' | 'keyPrefix' | 'version' | 'keyFunction'> | undefined;
}

/** What a configured backend makes. */
type MadeBy<C extends CacheConfig> = C extends { backend: new (...args: never[]) => infer B }
  ? B
  : C extends { backend: 'dummy' }
    ? DummyCache
    : LocMemCache;

/** The caches of an application. */
export interface Caches<C extends Record<string, CacheConfig> = Record<string, CacheConfig>> {
  /**
   * The cache of this alias, the same one each time.
   *
   * @throws {UnknownCacheError} naming the alias and those there are
   */
  get<A extends keyof C & string>(alias: A): MadeBy<C[A]>;
  /** The cache of the alias `default`. */
  readonly default: 'default' extends keyof C ? MadeBy<C['default']> : Cache;
  /** Closes every cache that was made, all of them even if one fails. */
  closeAll(): Promise<void>;
}

const CONFIG_NAMES: ReadonlySet<string> = new Set([
  ...['backend', 'location', 'timeout', 'keyPrefix', 'version', 'keyFunction', 'options'],
]);

/** Would be overruled, were they in it. */
const BESIDE_OPTIONS = ['timeout', 'keyPrefix', 'version', 'keyFunction'];

const BACKENDS = { locmem: LocMemCache, dummy: DummyCache };

/**
 * The caches of an application, by alias (Django: CACHES and `caches`).
 *
 * @throws {InvalidOptionError} when the configuration of an alias is wrong: at once, not at first use
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { createCaches } from '@locmem/core';
 *
 * const caches = createCaches({
 *   default: { timeout: '5m', options: { maxEntries: 1000 } },
 *   sessions: { keyPrefix: 's', timeout: '2h' },
 *   debug: { backend: 'dummy' },
 * });
 * caches.get('sessions').set('abc', { user: 7 });
 * assert.deepEqual(caches.get('sessions').get('abc'), { user: 7 });
 * assert.equal(caches.default.get('abc'), undefined);
 * assert.throws(() => caches.get('basket' as 'default'), { code: 'ERR_LOCMEM_UNKNOWN_CACHE' });
 * await caches.closeAll();
 * ```
 */
export function createCaches<const C extends Record<string, CacheConfig>>(config: C): Caches<C> {
  const configs = new Map<string, CacheConfig>();
  for (const [alias, one] of aliasesOf(config)) {
    configs.set(alias, checkedConfig(alias, one));
  }
  const made = new Map<string, Cache>();

  function get(alias: string): Cache {
    let cache = made.get(alias);
    if (!cache) {
      const one = configs.get(alias);
      if (!one) throw new UnknownCacheError(alias, [...configs.keys()]);
      made.set(alias, (cache = make(alias, one)));
    }
    return cache;
  }

  const caches = {
    get,
    get default() {
      return get('default');
    },
    async closeAll() {
      const closing = await Promise.allSettled(
        [...made.values()].map(async (cache) => cache.close()),
      );
      const failed = closing.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason as Error;
    },
  };
  return caches as unknown as Caches<C>;
}

function aliasesOf(config: unknown): [string, CacheConfig][] {
  if (typeof config === 'object' && config !== null) {
    return Object.entries(config as Record<string, CacheConfig>);
  }
  throw new InvalidOptionError('createCaches', 'config', 'must be an object', config);
}

/** A copy: what is changed afterwards was not checked. */
function checkedConfig(alias: string, given: CacheConfig): CacheConfig {
  const place = `createCaches, cache '${alias}'`;
  checkOptionNames(place, given, CONFIG_NAMES);
  const config = { ...given, options: checkedOptions(place, given.options) };
  const { backend = 'locmem', location = alias } = config;
  if (typeof backend !== 'function' && !Object.hasOwn(BACKENDS, backend)) {
    const rule = "must be 'locmem', 'dummy' or a class";
    throw new InvalidOptionError(place, 'backend', rule, backend);
  }
  if (typeof (location as unknown) !== 'string') {
    throw new InvalidOptionError(place, 'location', 'must be a string', location);
  }
  // Our own options are checked now; a foreign backend checks its own when it is made.
  if (typeof backend !== 'function') new DummyCache(location, optionsOf(config));
  return config;
}

function checkedOptions(place: string, options: unknown = {}): LocMemOptions {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionError(place, 'options', 'must be an object', options);
  }
  for (const name of BESIDE_OPTIONS) {
    const value: unknown = Reflect.get(options, name);
    if (value === undefined) continue;
    throw new InvalidOptionError(
      place,
      `options.${name}`,
      'belongs beside options, not in it',
      value,
    );
  }
  return { ...options };
}

function make(alias: string, config: CacheConfig): Cache {
  const { backend = 'locmem', location = alias } = config;
  const Backend = typeof backend === 'function' ? backend : BACKENDS[backend];
  return new Backend(location, optionsOf(config));
}

function optionsOf({
  timeout,
  keyPrefix,
  version,
  keyFunction,
  options,
}: CacheConfig): LocMemOptions {
  return { ...options, timeout, keyPrefix, version, keyFunction };
}
