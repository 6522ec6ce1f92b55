import { InvalidOptionError } from '@locmem/core';
import type { Method, MethodDecoratorOf } from './method.js';

/**
 * Several decorators on one method (Spring: `@Caching`), the first outermost, as if each stood above
 * the next.
 *
 * @example
 * ```ts
 * import 'reflect-metadata';
 * import assert from 'node:assert/strict';
 * import { createTestCache } from '@locmem/core/testing';
 * import { CacheEvict, CachePut, Caching, provideCaches } from '@locmem/nestjs';
 *
 * class Users {
 *   @Caching([
 *     CachePut({ key: (user) => ['user', user.id] }),
 *     CacheEvict({ cache: 'lists', allEntries: true }),
 *   ])
 *   save(user: { id: number; name: string }) {
 *     return user;
 *   }
 * }
 *
 * const users = createTestCache();
 * const lists = createTestCache();
 * lists.set('all', []);
 * provideCaches(new Users(), { default: users, lists }).save({ id: 1, name: 'Ada' });
 * assert.deepEqual([users.size, lists.size], [1, 0]);
 * ```
 */
export function Caching<M extends Method>(
  decorators: readonly MethodDecoratorOf<M>[],
): MethodDecoratorOf<M> {
  const given: unknown = decorators;
  if (!Array.isArray(given) || !given.every((one) => typeof one === 'function')) {
    const rule = 'must be a list such as [CachePut({ … }), CacheEvict({ … })]';
    throw new InvalidOptionError('@Caching()', 'decorators', rule, decorators);
  }
  return (target, name, descriptor) => {
    for (const decorate of decorators.toReversed()) decorate(target, name, descriptor);
  };
}
