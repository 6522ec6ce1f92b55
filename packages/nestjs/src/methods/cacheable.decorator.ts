import type { Cache } from '@locmem/core';
import { SyncMethodError } from '../errors.js';
import { cachedIterable } from './async-iterable.js';
import { isPromise, kindBefore, kindOf, rememberKind, toldAs } from './kind.js';
import type { Kind } from './kind.js';
import { keepOptions } from './keep.js';
import { noteKeyless } from './keyless.js';
import { Load } from './load.js';
import { isSetApart } from '../requests/request-scope.js';
import { replaceMethod } from './method.js';
import type { Decorated, Method, MethodDecoratorOf } from './method.js';
import { cachedObservable } from './observable.js';
import type { CacheableOptions } from './options.js';
import { keyOf, Site } from './place.js';
import type { ClassPlan } from './place.js';
import { areUsual, UsualCalls, UsualPromises } from './usual-calls.js';

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
      const { usual } = method;
      // Taken off its object, a method is called on nothing.
      const constructor = (this as object | undefined)?.constructor;
      return usual !== undefined && usual.of === constructor && !isSetApart()
        ? usual.answer(this, args)
        : method.call(this, args);
    }
    method.onKind((kind) => {
      rememberKind(replacement, kind);
    });
    return replacement;
  });
}

type Plan = ClassPlan<CacheableOptions>;

/** A cached method: where its results are, and how it answers. */
class CachedMethod {
  readonly #decorated: Decorated;
  readonly #site: Site<CacheableOptions>;
  /** Undefined until the method has shown it. */
  #kind: Kind | undefined;
  #tellKind: (kind: Kind) => void = () => undefined;
  /** Of the class that was called last: nearly always that of the next call, too. */
  usual: UsualCalls | undefined;
  #usualOf = new WeakMap<Plan, UsualCalls>();

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
    return toldAs(this.#kind, () => this.#answer(self, args));
  }

  #answer(self: object, args: unknown[]): unknown {
    const plan = this.#site.planFor(self);
    if (areUsual(plan, this.#kind) && !isSetApart()) {
      this.usual = this.#usualOf.get(plan) ?? this.#makeUsual(plan);
      return this.usual.answer(self, args);
    }
    const cache = this.#site.cacheOf(self, plan);
    const { condition } = plan.options;
    const run = () => this.#decorated.original.apply(self, args);
    if (condition !== undefined && !condition(...args)) return run();
    const makeLoad = this.#loads(cache, plan, args);
    return this.#kind === undefined
      ? this.#first(makeLoad, run, plan)
      : this.#by(this.#kind, makeLoad, run, plan);
  }

  #makeUsual(plan: Plan): UsualCalls {
    const Calls = this.#kind === 'sync' ? UsualCalls : UsualPromises;
    const usual = new Calls(plan, this.#site, this.#decorated, (pending, load) =>
      this.#notAtOnce(pending, load, plan),
    );
    this.#usualOf.set(plan, usual);
    return usual;
  }

  /** Where the result of this call is, and what is to be kept with it; to be loaded once or again. */
  #loads(cache: Cache, plan: Plan, args: unknown[]): (run: () => unknown) => Load {
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

  #by(kind: Kind, makeLoad: (run: () => unknown) => Load, run: () => unknown, plan: Plan): unknown {
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
  #atOnce(load: Load, plan: Plan): unknown {
    const value = load.value();
    return isPromise(value) ? this.#notAtOnce(value, load, plan) : value;
  }

  #notAtOnce(pending: PromiseLike<unknown>, load: Load | undefined, { alias }: Plan): unknown {
    // So it is not a method that always does.
    if (load?.hasPromised === true) return this.#learn('promise', pending);
    pending.then(undefined, () => undefined);
    throw new SyncMethodError(this.#decorated.place, alias);
  }

  /**
   * Nobody knows yet how the method answers. It runs even if there is something to be found: a value
   * where a promise was expected is an error in who has called.
   */
  #first(makeLoad: (run: () => unknown) => Load, run: () => unknown, plan: Plan): unknown {
    const result = run();
    const kind = this.#learn(kindOf(result), kindOf(result));
    if (isPromise(result)) result.then(undefined, () => undefined); // another may be the one awaited
    return this.#by(kind, makeLoad, () => result, plan);
  }

  #learn<T>(kind: Kind, then: T): T {
    this.#kind = kind;
    // They answer in the way of the kind that was taken for the method's.
    this.usual = undefined;
    this.#usualOf = new WeakMap();
    this.#tellKind(kind);
    return then;
  }
}
