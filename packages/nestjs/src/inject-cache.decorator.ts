import type { Cache } from '@locmem/core';
import { Inject, Optional } from '@nestjs/common';
import { CacheNotProvidedError } from './errors.js';
import { DEFAULT_ALIAS, getCacheToken } from './tokens.js';

/**
 * Injects a cache of {@link LocMemModule} into a constructor or a property.
 *
 * @param alias its name in `LocMemModule.register({ caches })`; default `'default'`
 *
 * @example
 * ```ts
 * import 'reflect-metadata';
 * import assert from 'node:assert/strict';
 * import { LocMemCache } from '@locmem/core';
 * import { InjectCache, LocMemModule } from '@locmem/nestjs';
 * import { Injectable } from '@nestjs/common';
 * import { Test } from '@nestjs/testing';
 *
 * class Rates {
 *   @InjectCache('rates') readonly cache!: LocMemCache;
 * }
 * Injectable()(Rates);
 *
 * const module = await Test.createTestingModule({
 *   imports: [LocMemModule.register({ caches: { rates: { timeout: '1h' } } })],
 *   providers: [Rates],
 * }).compile();
 * module.get(Rates).cache.set('usd', 1.09);
 * assert.equal(module.get(Rates).cache.get('usd'), 1.09);
 * await module.close();
 * ```
 */
export function InjectCache(alias: string = DEFAULT_ALIAS): PropertyDecorator & ParameterDecorator {
  return Inject(getCacheToken(alias));
}

/**
 * Lets Nest give a token's provider to every object of a class, under the token as the name, hidden
 * from whoever goes through the object's properties. Optional: who needs it says so when it is missing.
 */
export function injectInto(prototype: object, token: symbol): void {
  if (Object.hasOwn(prototype, token)) return;
  Inject(token)(prototype, token);
  Optional()(prototype, token);
  wanted.set(prototype, (wanted.get(prototype) ?? new Set()).add(token));
  Object.defineProperty(prototype, token, {
    configurable: true,
    get: () => undefined,
    set(this: object, value: unknown) {
      give(this, token, value);
    },
  });
}

/** What the class of an object wants injected by {@link injectInto}. */
export function tokensOf(object: object): symbol[] {
  const tokens = new Set<symbol>();
  for (let at: unknown = object; at !== null; at = Object.getPrototypeOf(at)) {
    for (const token of wanted.get(at as object) ?? []) tokens.add(token);
  }
  return [...tokens];
}

const wanted = new WeakMap<object, Set<symbol>>();

export function give(object: object, token: symbol, value: unknown): void {
  Object.defineProperty(object, token, { value, writable: true, configurable: true });
}

/**
 * Gives an object that Nest did not make the caches that its decorated methods use: a service made
 * with `new` in a unit test, or in a factory of request scope.
 *
 * @param object an instance of a class with `@Cacheable` methods
 * @param caches by alias
 * @returns the object
 *
 * @example
 * ```ts
 * import 'reflect-metadata';
 * import assert from 'node:assert/strict';
 * import { createTestCache } from '@locmem/core/testing';
 * import { Cacheable, provideCaches } from '@locmem/nestjs';
 *
 * class Squares {
 *   runs = 0;
 *   @Cacheable({ timeout: '1m' })
 *   of(n: number): number {
 *     this.runs++;
 *     return n * n;
 *   }
 * }
 *
 * const cache = createTestCache();
 * const squares = provideCaches(new Squares(), { default: cache });
 * assert.equal(squares.of(4), 16);
 * assert.equal(squares.of(4), 16);
 * assert.equal(squares.runs, 1);
 * cache.advance('1m');
 * squares.of(4);
 * assert.equal(squares.runs, 2);
 * ```
 */
export function provideCaches<T extends object>(object: T, caches: Record<string, Cache>): T {
  for (const [alias, cache] of Object.entries(caches)) give(object, getCacheToken(alias), cache);
  return object;
}

/** The cache that an object was given. @throws {CacheNotProvidedError} when it was given none */
export function cacheGivenTo(object: object, token: symbol, method: string, alias: string): Cache {
  const cache = (object as Record<symbol, Cache | undefined>)[token];
  if (cache === undefined) throw new CacheNotProvidedError(method, alias);
  return cache;
}
