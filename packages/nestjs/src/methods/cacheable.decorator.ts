import type { Cache, LoadOptions } from '@locmem/core';
import { SyncMethodError } from '../errors.js';
import { cachedIterable } from './async-iterable.js';
import { isPromise, kindBefore, kindOf, rememberKind } from './kind.js';
import type { Kind } from './kind.js';
import { keepOptions } from './keep.js';
import { noteKeyless } from './keyless.js';
import { Load } from './load.js';
import { isSetApart } from '../requests/request-scope.js';
import { replaceMethod } from './method.js';
import type { Decorated, Method, MethodDecoratorOf } from './method.js';
import { cachedObservable } from './observable.js';
import type { CacheableOptions } from './options.js';
import { keyOf, NOWHERE_ELSE, Site } from './place.js';
import type { ClassPlan } from './place.js';

/**
 * Keeps the results of a method (Spring: `@Cacheable`). Calls at the same time for what is not there run
 * the method once. A promise is answered with a promise, a value at once, an Observable or an async
 * iterable with all its items. Null is a result, undefined is none and not kept; errors are not kept.
 *
 * The cache is the injected one, so test overrides count. What `@CacheKeyPrefix` and `@CacheVersion` set
 * for the request applies.
 *
 * @param options see {@link CacheableOptions}; functions among them get the method's own parameters
 * @throws {InvalidOptionError} when an option does not exist or breaks its rule
 *
 * @example
 * ```ts
 * import 'reflect-metadata';
 * import assert from 'node:assert/strict';
 * import { LocMemCache } from '@locmem/core';
 * import { Cacheable, CacheEvict, getCacheToken, LocMemModule } from '@locmem/nestjs';
 * import { Injectable } from '@nestjs/common';
 * import { Test } from '@nestjs/testing';
 *
 * @Injectable()
 * class Cities {
 *   private readonly names = new Map([[1, 'Berlin']]);
 *
 *   @Cacheable({ key: (id) => `city:${id.toFixed()}`, timeout: '10m' }) // id is a number
 *   async find(id: number): Promise<{ name: string } | null> {
 *     const name = this.names.get(id);
 *     return name === undefined ? null : { name };
 *   }
 *
 *   @CacheEvict({ key: (id) => `city:${id}` })
 *   async rename(id: number, name: string): Promise<void> {
 *     this.names.set(id, name);
 *   }
 * }
 *
 * const module = await Test.createTestingModule({
 *   imports: [LocMemModule.register()],
 *   providers: [Cities],
 * }).compile();
 * const cities = module.get(Cities);
 * assert.deepEqual(await cities.find(1), { name: 'Berlin' });
 * assert.ok(module.get<LocMemCache>(getCacheToken()).has('city:1'));
 * await cities.rename(1, 'Rome');
 * assert.deepEqual(await cities.find(1), { name: 'Rome' });
 * await module.close();
 * ```
 */
export function Cacheable<M extends Method>(
  options: CacheableOptions<M> = {},
): MethodDecoratorOf<M> {
  return replaceMethod('Cacheable', (decorated) => {
    const method = new CachedMethod(decorated, options as CacheableOptions);
    const saysWhose = options.key !== undefined || typeof options.keyPrefix === 'function';
    if (!saysWhose) noteKeyless(decorated.target, decorated.name);
    function replacement(this: object, ...args: unknown[]): unknown {
      return method.call(this, args);
    }
    method.onKind((kind) => {
      rememberKind(replacement, kind);
    });
    return replacement;
  });
}

/** A plan whose calls differ in nothing but their key, and what is kept with every result. */
interface PlainPlan {
  readonly plan: ClassPlan<CacheableOptions>;
  readonly keep: LoadOptions | undefined;
}

/** A cached method: where its results are, and how it answers. */
class CachedMethod {
  readonly #decorated: Decorated;
  readonly #site: Site<CacheableOptions>;
  /** Undefined until the method has shown it. */
  #kind: Kind | undefined;
  #tellKind: (kind: Kind) => void = () => undefined;
  /** Nearly always that of the next call, too. */
  #latestPlain: PlainPlan | undefined;

  constructor(decorated: Decorated, options: CacheableOptions) {
    this.#decorated = decorated;
    this.#site = new Site('Cacheable', decorated, options);
    this.#kind = kindBefore(decorated.original, decorated.returnType);
  }

  onKind(tell: (kind: Kind) => void): void {
    this.#tellKind = tell;
    if (this.#kind !== undefined) tell(this.#kind);
  }

  call(self: object, args: unknown[]): unknown {
    if (this.#kind !== 'promise') return this.#answer(self, args);
    try {
      return this.#answer(self, args);
    } catch (error) {
      const reason = error as Error;
      return Promise.reject(reason);
    }
  }

  #answer(self: object, args: unknown[]): unknown {
    const plan = this.#site.planFor(self);
    const cache = this.#site.cacheOf(self, plan);
    const plain = this.#plainOf(plan);
    if (plain !== undefined && !isSetApart()) return this.#plainly(self, args, plain, cache);
    const { condition } = plan.options;
    const run = () => this.#decorated.original.apply(self, args);
    if (condition !== undefined && !condition(...args)) return run();
    const makeLoad = this.#loads(cache, plan, args);
    return this.#kind === undefined
      ? this.#first(makeLoad, run, plan)
      : this.#by(this.#kind, makeLoad, run, plan);
  }

  /** What nearly all methods come to: calls that differ in nothing but their key. Otherwise undefined. */
  #plainOf(plan: ClassPlan<CacheableOptions>): PlainPlan | undefined {
    if (this.#latestPlain?.plan === plan) return this.#latestPlain;
    const { options } = plan;
    const perCall = [options.timeout, options.tags, options.version, options.keyPrefix];
    const rules = [options.condition, options.unless, options.errorTimeout];
    const isPlain =
      (this.#kind === 'sync' || this.#kind === 'promise') &&
      perCall.every((option) => typeof option !== 'function') &&
      [options.version, options.keyPrefix, ...rules].every((option) => option === undefined);
    if (!isPlain) return undefined;
    return (this.#latestPlain = { plan, keep: keepOptions(options, NOWHERE_ELSE, []) });
  }

  /** The short way: on a hit, nothing is made but the key and one function that would load. */
  #plainly(self: object, args: unknown[], { plan, keep }: PlainPlan, cache: Cache): unknown {
    const key = this.#site.plainKey(plan, cache, args);
    let load: Load | undefined;
    const begin = () => {
      load = this.#plainLoad(self, args, plan, cache, key, keep);
      return load.begin();
    };
    const found: unknown = cache.getOrSet<unknown>(key, begin, keep);
    if (!isPromise(found)) return this.#kind === 'sync' ? found : Promise.resolve(found);
    const waiting = load ?? this.#plainLoad(self, args, plan, cache, key, keep);
    const pending = waiting.whenThere(found);
    return this.#kind === 'sync' ? this.#notAtOnce(pending, load, plan) : pending;
  }

  /** Apart from the call, so that a hit need not remember all of this for a load that never comes. */
  #plainLoad(
    self: object,
    args: unknown[],
    plan: ClassPlan<CacheableOptions>,
    cache: Cache,
    key: string,
    keep: LoadOptions | undefined,
  ): Load {
    const run = () => this.#decorated.original.apply(self, args);
    return new Load(cache, key, keep, plan.options, args, run);
  }

  /** Where the result of this call is, and what is to be kept with it; to be loaded once or again. */
  #loads(
    cache: Cache,
    plan: ClassPlan<CacheableOptions>,
    args: unknown[],
  ): (run: () => unknown) => Load {
    const { options } = plan;
    const place = this.#site.place(plan, args);
    const { key } = options;
    const cacheKey =
      key === undefined
        ? this.#site.defaultKey(place, plan, cache, args)
        : this.#site.keyFrom(place, keyOf(key, args));
    const keep = keepOptions(options, place, args);
    return (run) => new Load(cache, cacheKey, keep, options, args, run);
  }

  #by(
    kind: Kind,
    makeLoad: (run: () => unknown) => Load,
    run: () => unknown,
    plan: ClassPlan<CacheableOptions>,
  ): unknown {
    switch (kind) {
      case 'promise':
        return makeLoad(run).promise();
      case 'sync':
        return this.#atOnce(makeLoad(run), plan);
      case 'observable':
        return cachedObservable(() => makeLoad(run));
      case 'iterable':
        return cachedIterable(() => makeLoad(run));
    }
  }

  /** A method that returns at once must be answered at once. */
  #atOnce(load: Load, plan: ClassPlan<CacheableOptions>): unknown {
    const value = load.value();
    return isPromise(value) ? this.#notAtOnce(value, load, plan) : value;
  }

  #notAtOnce(
    pending: PromiseLike<unknown>,
    load: Load | undefined,
    { alias }: ClassPlan<CacheableOptions>,
  ): unknown {
    // So it is not a method that always does.
    if (load?.hasPromised === true) return this.#learn('promise', pending);
    pending.then(undefined, () => undefined);
    throw new SyncMethodError(this.#decorated.place, alias);
  }

  /**
   * Nobody knows yet how the method answers. It runs even if there is something to be found: a value
   * where a promise was expected is an error in who has called.
   */
  #first(
    makeLoad: (run: () => unknown) => Load,
    run: () => unknown,
    plan: ClassPlan<CacheableOptions>,
  ): unknown {
    const result = run();
    const kind = this.#learn(kindOf(result), kindOf(result));
    if (isPromise(result)) result.then(undefined, () => undefined); // another may be the one awaited
    return this.#by(kind, makeLoad, () => result, plan);
  }

  #learn<T>(kind: Kind, then: T): T {
    this.#kind = kind;
    this.#tellKind(kind);
    return then;
  }
}
