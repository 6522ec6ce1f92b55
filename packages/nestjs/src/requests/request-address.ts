/**
 * `@CacheVersion` and `@CacheKeyPrefix`: under what a request, operation or message finds things in
 * caches. Prefixes of application, class and handler count together: what an application sets apart, no
 * handler brings together again. The innermost version counts, and those further out set apart, too.
 */
import { InvalidOptionError } from '@locmem/core';
import type { ExecutionContext } from '@nestjs/common';
import { encodeParts } from '../keys/encode.js';
import { placeOf, saidOn, say } from '../said.js';
import { wantRequests } from './request-scope.js';
import type { RequestAddress } from './request-scope.js';

/** A value, or a function of the execution context, asked whenever it is needed. */
export type PerRequest<T> = T | ((context: ExecutionContext) => T);

/** What one level says: the application, or a decorator on a class or handler. */
export interface AddressRules {
  readonly keyPrefix?: PerRequest<string> | undefined;
  readonly version?: PerRequest<number> | undefined;
}

const RULES = '@locmem/nestjs/address';

type Target = ClassDecorator & MethodDecorator;

/**
 * Sets apart what is found and kept in caches by the requests of a handler or controller: per tenant, per
 * locale. Reaches `@Cacheable` calls and the pages of `@CachePage`.
 *
 * @param keyPrefix a string, or a function of the execution context that is asked at each use
 * @throws {InvalidOptionError} when it is neither
 *
 * @example
 * ```ts
 * import 'reflect-metadata';
 * import assert from 'node:assert/strict';
 * import { LocMemCache } from '@locmem/core';
 * import { Cacheable, CacheKeyPrefix, getCacheToken, LocMemModule } from '@locmem/nestjs';
 * import { Controller, Get, Module } from '@nestjs/common';
 * import { NestFactory } from '@nestjs/core';
 *
 * @CacheKeyPrefix((context) => context.switchToHttp().getRequest().headers['x-tenant'])
 * @Controller()
 * class Sales {
 *   @Get()
 *   @Cacheable({ key: 'sales' })
 *   show(): number {
 *     return 1;
 *   }
 * }
 *
 * @Module({ imports: [LocMemModule.register()], controllers: [Sales] })
 * class AppModule {}
 *
 * const app = await NestFactory.create(AppModule, { logger: false });
 * await app.listen(0, '127.0.0.1');
 * for (const tenant of ['acme', 'umbrella']) {
 *   await fetch(await app.getUrl(), { headers: { 'x-tenant': tenant } });
 * }
 * const cache = app.get<LocMemCache>(getCacheToken());
 * assert.deepEqual([...cache.keys()].sort(), ['{"acme"}sales', '{"umbrella"}sales']);
 * await app.close();
 * ```
 */
export function CacheKeyPrefix(keyPrefix: PerRequest<string>): Target {
  if (typeof keyPrefix !== 'function') checkKeyPrefix('@CacheKeyPrefix()', keyPrefix);
  return setRule('CacheKeyPrefix', { keyPrefix });
}

/**
 * Lets requests see nothing of what was kept under another version, as {@link CacheKeyPrefix} otherwise:
 * for releases, feature flags, or to empty one tenant's caches by counting up.
 *
 * @param version an integer, or a function of the execution context that is asked at each use
 * @throws {InvalidOptionError} when it is neither
 */
export function CacheVersion(version: PerRequest<number>): Target {
  if (typeof version !== 'function') checkVersion('@CacheVersion()', version);
  return setRule('CacheVersion', { version });
}

function setRule(decorator: string, rule: AddressRules): Target {
  wantRequests();
  return (target: object, name?: string | symbol, descriptor?: PropertyDescriptor) => {
    say(RULES, placeOf(decorator, target, name, descriptor), rule);
  };
}

/** What application, class and handler say, from outside in; empty where nobody has said anything. */
export function levelsOf(
  context: ExecutionContext,
  application: AddressRules | undefined,
): readonly AddressRules[] {
  const said = [...rulesOn(context.getClass()), ...rulesOn(context.getHandler())];
  return application === undefined ? said : [application, ...said];
}

/** @returns what the address of a request is asked of; undefined when nobody has said anything */
export function addressOf(
  context: ExecutionContext,
  application: AddressRules | undefined,
): (() => RequestAddress) | undefined {
  const levels = levelsOf(context, application);
  return levels.length === 0 ? undefined : () => ask(levels, context);
}

/** Whether a class or handler sets its requests apart. */
export function hasRules(target: object): boolean {
  return rulesOn(target).length > 0;
}

function rulesOn(target: object): readonly AddressRules[] {
  return saidOn(RULES, target) as readonly AddressRules[];
}

/** Prefix and version of a request. @throws {InvalidOptionError} when a function returns neither */
export function ask(levels: readonly AddressRules[], context: ExecutionContext): RequestAddress {
  const parts: (string | number)[] = [];
  let version: number | undefined;
  for (const rules of levels) {
    const { keyPrefix, version: next } = rules;
    if (next !== undefined) {
      if (version !== undefined) parts.push(version);
      version = typeof next === 'function' ? next(context) : next;
      checkVersion('@CacheVersion()', version);
    }
    if (keyPrefix !== undefined) {
      const prefix: string = typeof keyPrefix === 'function' ? keyPrefix(context) : keyPrefix;
      checkKeyPrefix('@CacheKeyPrefix()', prefix);
      parts.push(prefix);
    }
  }
  return { keyPrefix: joined(parts), version };
}

/** One prefix stays as it is; several become one that no single prefix is. */
function joined(parts: readonly (string | number)[]): string | undefined {
  const [first] = parts;
  if (first === undefined) return undefined;
  const isPlain = parts.length === 1 && typeof first === 'string' && !first.startsWith('[');
  return isPlain ? first : encodeParts(parts);
}

/** Above all not a promise, nor an absent header: everybody would share one prefix. */
export function checkKeyPrefix(place: string, value: unknown): void {
  if (typeof value === 'string') return;
  throw new InvalidOptionError(place, 'keyPrefix', 'must be a string, or return one', value);
}

export function checkVersion(place: string, value: unknown): void {
  if (Number.isSafeInteger(value)) return;
  throw new InvalidOptionError(place, 'version', 'must be an integer, or return one', value);
}
