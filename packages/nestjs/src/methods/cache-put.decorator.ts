import { InvalidOptionError } from '@locmem/core';
import { afterSuccess, contained } from './after-success.js';
import { writeOptions } from './keep.js';
import { kindBefore, rememberKind, toldAs } from './kind.js';
import { replaceMethod } from './method.js';
import type { Method, MethodDecoratorOf } from './method.js';
import type { CachePutOptions } from './options.js';
import { keyOf, Site } from './place.js';

/**
 * Runs the method each time and keeps its result (Spring: `@CachePut`). An undefined is not kept. For a
 * promise, the caller hears of the result when it is kept.
 *
 * @param options with `key`, or with `resultKey` where the result knows the key
 * @throws {InvalidOptionError} when an option does not exist or breaks its rule, or there is no key
 *
 * @example
 * ```ts
 * import 'reflect-metadata';
 * import assert from 'node:assert/strict';
 * import { createTestCache } from '@locmem/core/testing';
 * import { CachePut, provideCaches } from '@locmem/nestjs';
 *
 * class Users {
 *   @CachePut({ resultKey: (user) => ['user', user.id], timeout: '5m' })
 *   async create(name: string): Promise<{ id: number; name: string }> {
 *     return { id: 7, name };
 *   }
 * }
 *
 * const cache = createTestCache();
 * await provideCaches(new Users(), { default: cache }).create('Ada');
 * assert.deepEqual(cache.get('["user",7]'), { id: 7, name: 'Ada' });
 * ```
 */
export function CachePut<M extends Method>(options: CachePutOptions<M>): MethodDecoratorOf<M> {
  return replaceMethod('CachePut', (decorated) => {
    const site = new Site('CachePut', decorated, options as CachePutOptions);
    const hasOneKey = (options.key === undefined) !== (options.resultKey === undefined);
    if (!hasOneKey) {
      const rule = 'must be given, or else resultKey: a put without a key would be found by nobody';
      throw new InvalidOptionError('@CachePut()', 'key', rule, options.key);
    }
    function answer(self: object, args: unknown[]): unknown {
      const plan = site.planFor(self);
      const cache = site.cacheOf(self, plan);
      const { condition, unless, key, resultKey } = plan.options;
      const run = () => decorated.original.apply(self, args);
      if (condition !== undefined && !condition(...args)) return run();
      const place = site.place(plan, args);
      return afterSuccess(decorated.place, run(), (result) => {
        if (result === undefined || unless?.(result, ...args) === true) return undefined;
        const made = resultKey ? resultKey(result, ...args) : keyOf(key!, args);
        const cacheKey = site.keyFrom(place, made);
        // What functions among the options throw is no failure of the cache.
        const keep = writeOptions(plan.options, place, args);
        return contained(decorated.place, () => cache.set(cacheKey, result, keep));
      });
    }
    function replacement(this: object, ...args: unknown[]): unknown {
      return toldAs(kindBefore(replacement, undefined), () => answer(this, args));
    }
    const kind = kindBefore(decorated.original, decorated.returnType);
    if (kind !== undefined) rememberKind(replacement, kind);
    return replacement;
  });
}
