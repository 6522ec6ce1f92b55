import { InvalidOptionError } from '@locmem/core';
import type { Cache } from '@locmem/core';
import { afterSuccess, contained, unattended, whenDone } from './after-success.js';
import { isPromise, kindBefore, rememberKind, toldAs } from './kind.js';
import { replaceMethod } from './method.js';
import type { Method, MethodDecoratorOf } from './method.js';
import type { CacheEvictOptions, Key } from './options.js';
import { errorKey, Site } from './place.js';
import type { Place } from './place.js';

/**
 * Drops entries when the method has succeeded, or before it runs (Spring: `@CacheEvict`). A method that
 * fails drops nothing, unless before. For a promise, the caller hears of the result when it is done. What
 * other calls are loading under the key meanwhile is not kept.
 *
 * @param options at least one of `key`, `keys`, `tags`, `allEntries`
 * @throws {InvalidOptionError} when an option does not exist or breaks its rule, or nothing is named
 *
 * @example
 * ```ts
 * import 'reflect-metadata';
 * import assert from 'node:assert/strict';
 * import { createTestCache } from '@locmem/core/testing';
 * import { CacheEvict, provideCaches } from '@locmem/nestjs';
 *
 * class Orders {
 *   @CacheEvict({ key: (id) => `order:${id}`, tags: ['reports'] })
 *   async cancel(id: number): Promise<void> {
 *     if (id < 0) throw new Error('no such order');
 *   }
 * }
 *
 * const cache = createTestCache();
 * const orders = provideCaches(new Orders(), { default: cache });
 * cache.set('order:1', { paid: true });
 * cache.set('turnover', 100, { tags: ['reports'] });
 * await assert.rejects(orders.cancel(-1));
 * assert.equal(cache.size, 2);
 * await orders.cancel(1);
 * assert.deepEqual([...cache.keys()], []);
 * ```
 */
export function CacheEvict<M extends Method>(options: CacheEvictOptions<M>): MethodDecoratorOf<M> {
  return replaceMethod('CacheEvict', (decorated) => {
    const site = new Site('CacheEvict', decorated, options as CacheEvictOptions);
    const { key, keys, tags, allEntries } = options;
    if (key === undefined && keys === undefined && tags === undefined && allEntries !== true) {
      const rule = 'must be given, or else keys, tags or allEntries: true';
      throw new InvalidOptionError('@CacheEvict()', 'key', rule, key);
    }
    function answer(self: object, args: unknown[]): unknown {
      const plan = site.planFor(self);
      const cache = site.cacheOf(self, plan);
      const { condition, when } = plan.options;
      const run = () => decorated.original.apply(self, args);
      if (condition !== undefined && !condition(...args)) return run();
      const place = site.place(plan, args);
      const what = () => {
        // What functions among the options throw is no failure of the cache.
        const evict = evictionOf(cache, site, place, plan.options, options, args);
        return contained(decorated.place, evict);
      };
      if (when !== 'before') return afterSuccess(decorated.place, run(), what);
      const evicting = what();
      const kind = kindBefore(replacement, undefined);
      // A method that returns at once, or a stream, does not wait.
      if (kind === 'promise') return whenDone(evicting, run);
      unattended(decorated.place, evicting);
      return run();
    }
    function replacement(this: object, ...args: unknown[]): unknown {
      return toldAs(kindBefore(replacement, undefined), () => answer(this, args));
    }
    const kind = kindBefore(decorated.original, decorated.returnType);
    if (kind !== undefined) rememberKind(replacement, kind);
    return replacement;
  });
}

/** What is to be dropped is found out at once. @returns what drops it */
function evictionOf(
  cache: Cache,
  site: Site<CacheEvictOptions>,
  place: Place,
  options: CacheEvictOptions,
  own: { readonly tags?: unknown },
  args: readonly unknown[],
): () => unknown {
  const { version } = place;
  const inVersion = version === undefined ? undefined : { version };
  // The tags of `@CacheDefaults` are for what is kept, not for what is dropped.
  const tags = own.tags === undefined ? undefined : options.tags;
  const tagged = typeof tags === 'function' ? tags(...args) : tags;
  const keys = keysOf(options, args).map((key) => site.keyFrom(place, key));
  return () => {
    const doing: unknown[] = [];
    if (options.allEntries === true) {
      if (place.prefixTag !== undefined) doing.push(cache.deleteByTag(place.prefixTag));
      else doing.push(inVersion === undefined ? cache.clear() : cache.clear(inVersion));
    }
    if (tagged !== undefined) doing.push(cache.deleteByTag(...tagged));
    if (keys.length > 0) doing.push(cache.deleteMany([...keys, ...keys.map(errorKey)], inVersion));
    const waiting = doing.filter(isPromise);
    return waiting.length === 0 ? undefined : Promise.all(waiting);
  };
}

function keysOf({ key, keys }: CacheEvictOptions, args: readonly unknown[]): Key[] {
  const one = typeof key === 'function' ? key(...args) : key;
  const several = typeof keys === 'function' ? keys(...args) : keys;
  return [...(one === undefined ? [] : [one]), ...(several ?? [])];
}
