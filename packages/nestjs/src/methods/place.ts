/**
 * Where the result of a call is kept: class, method and arguments, or the key of the user's, under what
 * sets requests apart. The forms never meet:
 *
 *     city:7                     a key of the user's, as it is
 *     [Cities.find(7)]           a default key
 *     ["city",7]                 a key in parts; [#sha256:… where they are long
 *     {"acme"}…                  one of these under a prefix; {"acme",5}… where a version gave way, too
 *     {!}…                       the error of a call that failed
 *     \[…  \{…  \\…              a key of the user's that looks like another form
 */
import type { Cache } from '@locmem/core';
import { cacheGivenTo, injectInto } from '../inject-cache.decorator.js';
import { encodeArguments, encodeParts, shortened, text } from '../keys/encode.js';
import { currentRequest } from '../requests/request-scope.js';
import { DEFAULT_ALIAS, getCacheToken } from '../tokens.js';
import { withoutUndefined } from '../without-undefined.js';
import { claim } from './claims.js';
import { defaultsOf } from './defaults.js';
import type { Decorated } from './method.js';
import { checkDecoratorOptions, checkedResult } from './options.js';
import type { DecoratorName, Key, PlaceOptions } from './options.js';
import { noteUnprefixed } from './unprefixed.js';

/** What is the same for all objects of a class. */
export interface ClassPlan<O> {
  readonly constructor: unknown;
  /** Own options over those of the class. */
  readonly options: O;
  readonly alias: string;
  readonly token: symbol;
  /** What default keys begin with, without the bracket. */
  readonly name: string;
  /** The cache in which the class has been found to be the only one of its name. */
  claimedIn?: Cache;
}

/** Where a call's entries are. */
export interface Place {
  /** Goes before every key; `''` where nothing sets the call apart. */
  readonly head: string;
  /** Undefined: the cache's own. */
  readonly version: number | undefined;
  /** A tag on all that is stored under the prefix in force; undefined: there is none. */
  readonly prefixTag: string | undefined;
  /** The same of the request's prefix, where the method has one of its own within it. */
  readonly outerTag: string | undefined;
}

/** Where nothing sets a call apart. */
export const NOWHERE_ELSE: Place = Object.freeze({
  head: '',
  version: undefined,
  prefixTag: undefined,
  outerTag: undefined,
});

/** A decorated method and what its calls need to find their cache and their place in it. */
export class Site<O extends PlaceOptions> {
  readonly #decorator: DecoratorName;
  readonly #decorated: Decorated;
  readonly #own: O;
  readonly #plans = new WeakMap<object, ClassPlan<O>>();
  #latest: ClassPlan<O> | undefined;

  constructor(decorator: DecoratorName, decorated: Decorated, own: O) {
    checkDecoratorOptions(decorator, own);
    this.#decorator = decorator;
    this.#decorated = decorated;
    this.#own = own;
    injectInto(decorated.target, getCacheToken(own.cache));
    if (own.keyPrefix === undefined) noteUnprefixed(decorated.target);
  }

  /** The plan for an object's class. Nearly always the one of the call before. */
  planFor(object: object): ClassPlan<O> {
    const { constructor } = object;
    const latest = this.#latest;
    if (latest?.constructor === constructor) return latest;
    let plan = this.#plans.get(constructor);
    if (plan === undefined) this.#plans.set(constructor, (plan = this.#makePlan(constructor)));
    return (this.#latest = plan);
  }

  cacheOf(object: object, plan: ClassPlan<O>): Cache {
    const cache = (object as Record<symbol, Cache | undefined>)[plan.token];
    return cache ?? cacheGivenTo(object, plan.token, this.#decorated.place, plan.alias);
  }

  #makePlan(constructor: unknown): ClassPlan<O> {
    const defaults = defaultsOf(constructor);
    const { name, ...rest } = defaults;
    const alias = this.#own.cache ?? defaults.cache ?? DEFAULT_ALIAS;
    // What the decorator does not take, it does not look at.
    const options = { ...rest, ...withoutUndefined(this.#own) };
    const own = this.#decorated.target.constructor;
    const className = name ?? (constructor as { name: string }).name;
    // A method of a base class keeps apart what each class that extends it makes of the arguments; and
    // one that overrides it and calls it does not meet itself.
    const declaredIn = constructor === own ? '' : `<${own.name}`;
    const method = this.#decorated.name;
    const suffix = /^[\w$]+$/.test(method) ? method : text(method);
    return {
      ...{ constructor, options, alias },
      token: getCacheToken(alias),
      name: `${className}${declaredIn}.${suffix}`,
    };
  }

  /** Under what prefix and version the entries of a call are. */
  place({ options }: ClassPlan<O>, args: readonly unknown[]): Place {
    const request = currentRequest();
    const { version, keyPrefix } = options;
    const isPlain = version === undefined && keyPrefix === undefined;
    if (isPlain && request?.isSetApart !== true) {
      return NOWHERE_ELSE;
    }
    const outer = request?.address();
    const inner = {
      keyPrefix: typeof keyPrefix === 'function' ? keyPrefix(...args) : keyPrefix,
      version: typeof version === 'function' ? version(...args) : version,
    };
    this.#check('keyPrefix', inner.keyPrefix, 'string', 'must return a string');
    this.#check('version', inner.version, 'integer', 'must return an integer');
    const head: string[] = [];
    if (outer?.keyPrefix !== undefined) head.push(text(outer.keyPrefix));
    if (inner.keyPrefix !== undefined) head.push(`/${text(inner.keyPrefix)}`);
    const prefixTag = tagOf(head);
    const outerTag = head.length < 2 ? undefined : tagOf(head.slice(0, 1));
    if (inner.version !== undefined && outer?.version !== undefined) head.push(`${outer.version}`);
    return {
      head: head.length === 0 ? '' : `{${head.join(',')}}`,
      version: inner.version ?? outer?.version,
      prefixTag,
      outerTag,
    };
  }

  #check(option: string, value: unknown, type: 'string' | 'integer', rule: string): void {
    const isRight = type === 'string' ? typeof value === 'string' : Number.isSafeInteger(value);
    checkedResult(this.#decorator, option, value, value === undefined || isRight, rule);
  }

  /** The key that a user's `key` gives. */
  keyFrom(place: Place, key: Key): string {
    const isKey = typeof key === 'string' || Array.isArray(key);
    checkedResult(this.#decorator, 'key', key as unknown, isKey, 'must return a string or a list');
    return place.head + keyText(key);
  }

  /** The same for a call that nothing sets apart. */
  plainKeyFrom(key: Key): string {
    // As it is, in all likelihood.
    return typeof key === 'string' && !isMarked(key) ? key : this.keyFrom(NOWHERE_ELSE, key);
  }

  /** The key of class, method and arguments. @throws {UnstableArgumentError} */
  defaultKey(place: Place, plan: ClassPlan<O>, cache: Cache, args: readonly unknown[]): string {
    if (plan.claimedIn !== cache) {
      claim(cache, plan);
      plan.claimedIn = cache;
    }
    return place.head + shortened(`[${plan.name}`, `${encodeArguments(args)}]`);
  }
}

function tagOf(prefixes: readonly string[]): string | undefined {
  return prefixes.length === 0 ? undefined : `locmem-prefix:${prefixes.join(',')}`;
}

function keyText(key: Key): string {
  if (typeof key !== 'string') return shortened('[', encodeParts(key).slice(1));
  return isMarked(key) ? `\\${key}` : key;
}

/** Whether a key of the user's looks like another form. */
function isMarked(key: string): boolean {
  const first = key.charCodeAt(0);
  return first === 0x5b || first === 0x7b || first === 0x5c; // [ { \
}

type PlainKey = Key | ((...args: never[]) => Key) | undefined;

export function keyOf(key: Exclude<PlainKey, undefined>, args: readonly unknown[]): Key {
  if (typeof key !== 'function') return key;
  // A call with one argument is the rule, and much cheaper than one with a list of them.
  const make = key as (...args: readonly unknown[]) => Key;
  return args.length === 1 ? make(args[0]) : make(...args);
}

/** The key of what a call has thrown, beside the key of its result. */
export function errorKey(key: string): string {
  return `{!}${key}`;
}
