/** `@CacheDefaults`: what the decorated methods of a class have in common. */
import { InvalidOptionError } from '@locmem/core';
import { injectInto } from '../inject-cache.decorator.js';
import { getCacheToken } from '../tokens.js';
import { checkDecoratorOptions } from './options.js';
import type { CacheDefaultsOptions } from './options.js';

const DEFAULTS = '@locmem/nestjs/defaults';

/**
 * Options for all decorated methods of a class, and of classes that extend it; what a method says
 * itself counts (Spring: `@CacheConfig`).
 *
 * @throws {InvalidOptionError} when an option does not exist or breaks its rule
 *
 * @example
 * ```ts
 * import 'reflect-metadata';
 * import assert from 'node:assert/strict';
 * import { createTestCache } from '@locmem/core/testing';
 * import { Cacheable, CacheDefaults, provideCaches } from '@locmem/nestjs';
 *
 * @CacheDefaults({ cache: 'geo', timeout: '1h', tags: ['geo'] })
 * class Geo {
 *   @Cacheable()
 *   distance(from: string, to: string): number {
 *     return from.length + to.length;
 *   }
 * }
 *
 * const geo = createTestCache();
 * provideCaches(new Geo(), { geo }).distance('Berlin', 'Rome');
 * assert.deepEqual([...geo.keys()], ['[Geo.distance("Berlin","Rome")]']);
 * geo.deleteByTag('geo');
 * assert.deepEqual([...geo.keys()], []);
 * ```
 */
export function CacheDefaults(options: CacheDefaultsOptions): ClassDecorator {
  checkDecoratorOptions('CacheDefaults', options);
  return (constructor) => {
    const prototype: unknown = constructor.prototype;
    if (typeof prototype !== 'object' || prototype === null) {
      throw new InvalidOptionError('@CacheDefaults()', 'target', 'must be a class', constructor);
    }
    const inherited = defaultsOf(constructor);
    Reflect.defineMetadata(DEFAULTS, { ...inherited, ...options }, constructor);
    if (options.cache !== undefined) injectInto(prototype, getCacheToken(options.cache));
  };
}

export function defaultsOf(constructor: unknown): CacheDefaultsOptions {
  if (typeof constructor !== 'function') return {};
  const defaults = (Reflect.getMetadata(DEFAULTS, constructor) ?? {}) as CacheDefaultsOptions;
  if (Reflect.hasOwnMetadata(DEFAULTS, constructor)) return defaults;
  // The name stands for one class; those that extend it have their own.
  return { ...defaults, name: undefined };
}
