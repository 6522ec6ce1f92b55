/** The options of the method decorators: their types, and what they may be. */
import { InvalidOptionError, parseTimeout } from '@locmem/core';
import type { Timeout } from '@locmem/core';
import type { Observable } from 'rxjs';
import type { Method } from './method.js';

/** A value, or a function of the method's own parameters that makes it for each call. */
export type PerCall<M extends Method, T> = T | ((...args: Parameters<M>) => T);

/** A key as it is, or parts of one, which may be whatever arguments may be. */
export type Key = string | readonly unknown[];

/** What a method comes to: of a promise its value, of an Observable or async iterable all items. */
export type Result<R> =
  R extends Observable<infer T>
    ? readonly T[]
    : R extends AsyncIterable<infer T>
      ? readonly T[]
      : Awaited<R>;

/** Where in which cache. */
export interface PlaceOptions<M extends Method = Method> {
  /** Alias of the cache. Default: that of `@CacheDefaults`, or `'default'`. */
  cache?: string | undefined;
  /** An integer; in place of the cache's own and of `@CacheVersion`. */
  version?: PerCall<M, number> | undefined;
  /** Sets entries apart, besides what `@CacheKeyPrefix` sets apart. */
  keyPrefix?: PerCall<M, string> | undefined;
}

/** How long, and in which groups. */
export interface KeepOptions<M extends Method = Method> {
  /** How long a result is kept; default: the cache's timeout. */
  timeout?: PerCall<M, Timeout> | undefined;
  /** Groups that the entry belongs to, for `@CacheEvict({ tags })` and `deleteByTag`. */
  tags?: PerCall<M, readonly string[]> | undefined;
}

/** Options of a load, as those of `getOrSet`. */
export interface LoadingOptions {
  /** How long after its timeout a result may still be given while the method runs for a new one. */
  stale?: Timeout | undefined;
  /** A hit with less than this to live starts the method beside. */
  refreshAhead?: Timeout | undefined;
  /** How long a null is kept; default: as any result. */
  negativeTimeout?: Timeout | undefined;
  /** How long a caller waits: then `DeadlineError`. */
  deadline?: Timeout | undefined;
  /** How long an error is kept and thrown again. Default: not at all. */
  errorTimeout?: Timeout | undefined;
}

/** Options of `@CacheDefaults`, for all decorated methods of a class and of those that extend it. */
export interface CacheDefaultsOptions extends LoadingOptions {
  /** Alias of the cache. */
  cache?: string | undefined;
  /** Stands for the class in default keys. Default: the name of the class. */
  name?: string | undefined;
  version?: number | undefined;
  keyPrefix?: string | undefined;
  timeout?: Timeout | undefined;
  tags?: readonly string[] | undefined;
}

/** Options of `@Cacheable`. */
export interface CacheableOptions<M extends Method = Method>
  extends PlaceOptions<M>, KeepOptions<M>, LoadingOptions {
  /**
   * The key, or a function of the method's parameters that makes it. A string is the key in the cache
   * as it is. Default: class, method and all arguments.
   */
  key?: PerCall<M, Key> | undefined;
  /** False: the method runs, and neither finds nor leaves anything in the cache. */
  condition?: ((...args: Parameters<M>) => boolean) | undefined;
  /** True: the result is not kept. */
  unless?: ((result: Result<ReturnType<M>>, ...args: Parameters<M>) => boolean) | undefined;
}

/** Options of `@CachePut`. Exactly one of `key` and `resultKey`. */
export interface CachePutOptions<M extends Method = Method>
  extends PlaceOptions<M>, KeepOptions<M> {
  /** The key, or a function of the method's parameters that makes it. */
  key?: PerCall<M, Key> | undefined;
  /** The key by what the method has returned: `(city) => ['city', city.id]`. */
  resultKey?: ((result: Result<ReturnType<M>>, ...args: Parameters<M>) => Key) | undefined;
  /** False: nothing is stored. */
  condition?: ((...args: Parameters<M>) => boolean) | undefined;
  /** True: this result is not stored. */
  unless?: ((result: Result<ReturnType<M>>, ...args: Parameters<M>) => boolean) | undefined;
}

/** Options of `@CacheEvict`. At least one of `key`, `keys`, `tags` and `allEntries`. */
export interface CacheEvictOptions<M extends Method = Method> extends PlaceOptions<M> {
  /** The key, or a function of the method's parameters that makes it. */
  key?: PerCall<M, Key> | undefined;
  /** Several keys. */
  keys?: PerCall<M, readonly Key[]> | undefined;
  /** Every entry with one of these tags, whatever its prefix. */
  tags?: PerCall<M, readonly string[]> | undefined;
  /** The whole cache; where a key prefix is in force, all that was stored under it. */
  allEntries?: boolean | undefined;
  /** Before the method runs, or after it has succeeded. Default `'after'`. */
  when?: 'before' | 'after' | undefined;
  /** False: nothing is evicted. */
  condition?: ((...args: Parameters<M>) => boolean) | undefined;
}

/** Says what is wrong with a value, or undefined. */
type Check = (value: unknown, option: string) => string | undefined;

const isFunction: Check = (value) =>
  typeof value === 'function' ? undefined : 'must be a function';

const perCall =
  (check: Check): Check =>
  (value, option) => {
    if (typeof value === 'function') return undefined;
    const rule = check(value, option);
    return rule && `${rule}, or a function`;
  };

const time: Check = (value, option) => {
  parseTimeout(value, option);
  return undefined;
};
const string: Check = (value) => (typeof value === 'string' ? undefined : 'must be a string');
const integer: Check = (value) => (Number.isSafeInteger(value) ? undefined : 'must be an integer');
const boolean: Check = (value) =>
  typeof value === 'boolean' ? undefined : 'must be true or false';
const tags: Check = (value) =>
  Array.isArray(value) && value.every((tag) => typeof tag === 'string' && tag !== '')
    ? undefined
    : 'must be a list of non-empty strings';
const key: Check = (value) =>
  typeof value === 'string' || Array.isArray(value) ? undefined : 'must be a string or a list';
const keys: Check = (value) =>
  Array.isArray(value) && value.every((one) => key(one, '') === undefined)
    ? undefined
    : 'must be a list of keys';
const alias: Check = (value) =>
  typeof value === 'string' && value !== '' ? undefined : 'must be the alias of a cache';
const className: Check = (value) =>
  typeof value === 'string' && /^[A-Za-z_$][\w$./-]*$/.test(value)
    ? undefined
    : 'must be a name of letters, digits and . / - _ $';
const moment: Check = (value) =>
  value === 'before' || value === 'after' ? undefined : "must be 'before' or 'after'";

const LOADING = {
  ...{ stale: time, refreshAhead: time, negativeTimeout: time, deadline: time },
  errorTimeout: time,
};
const PLACE = { cache: alias, version: perCall(integer), keyPrefix: perCall(string) };
const KEEP = { timeout: perCall(time), tags: perCall(tags) };

const CHECKS = {
  CacheDefaults: {
    ...{ cache: alias, name: className, version: integer, keyPrefix: string },
    ...{ timeout: time, tags, ...LOADING },
  },
  Cacheable: {
    ...{ ...PLACE, key: perCall(key), ...KEEP, ...LOADING },
    ...{ condition: isFunction, unless: isFunction },
  },
  CachePut: {
    ...{ ...PLACE, key: perCall(key), resultKey: isFunction, ...KEEP },
    ...{ condition: isFunction, unless: isFunction },
  },
  CacheEvict: {
    ...{ ...PLACE, key: perCall(key), keys: perCall(keys), tags: perCall(tags) },
    ...{ allEntries: boolean, when: moment, condition: isFunction },
  },
} as const satisfies Record<string, Record<string, Check>>;

/** The decorators that take options. */
export type DecoratorName = keyof typeof CHECKS;

/**
 * Checks the options of a decorator where it stands: a mistake is told when the class is defined.
 *
 * @throws {InvalidOptionError} naming the decorator, the option, the rule and the value
 * @throws {InvalidTimeoutError} when a time is none
 */
export function checkDecoratorOptions(decorator: DecoratorName, options: unknown): void {
  const place = `@${decorator}()`;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new InvalidOptionError(place, 'options', 'must be an object', options);
  }
  const checks: Record<string, Check> = CHECKS[decorator];
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    const rule = check
      ? value !== undefined && check(value, name)
      : `is no option; there are: ${Object.keys(checks).join(', ')}`;
    if (rule) throw new InvalidOptionError(place, name, rule, value);
  }
}

/** What a function among the options has returned must be what the option itself may be. */
export function checkedResult<T>(
  decorator: DecoratorName,
  option: string,
  value: T,
  isRight: boolean,
  rule: string,
): T {
  if (isRight) return value;
  throw new InvalidOptionError(`@${decorator}()`, option, rule, value);
}
