/** Injection tokens. Symbols of the process, so that the ES-module and the CommonJS copy agree. */

/** The alias that stands for no alias. */
export const DEFAULT_ALIAS = 'default';

/**
 * The injection token of a cache, for `useFactory` and for test overrides.
 *
 * @param alias its name in `LocMemModule.register({ caches })`
 *
 * @example
 * ```ts
 * import 'reflect-metadata';
 * import assert from 'node:assert/strict';
 * import { createTestCache } from '@locmem/core/testing';
 * import { getCacheToken, LocMemModule } from '@locmem/nestjs';
 * import { Test } from '@nestjs/testing';
 *
 * const users = createTestCache();
 * const module = await Test.createTestingModule({
 *   imports: [LocMemModule.register({ caches: { users: { timeout: '5m' } } })],
 * })
 *   .overrideProvider(getCacheToken('users'))
 *   .useValue(users)
 *   .compile();
 * assert.equal(module.get(getCacheToken('users')), users);
 * await module.close();
 * ```
 */
export function getCacheToken(alias: string = DEFAULT_ALIAS): symbol {
  return Symbol.for(`@locmem/nestjs/cache/${alias}`);
}

/** All caches of one registration, by alias. */
export const CACHES = Symbol.for('@locmem/nestjs/caches');

/** The options of one registration. */
export const OPTIONS = Symbol.for('@locmem/nestjs/options');

/** Says that the module is there, to what needs no cache of it. */
export const INSTALLED = Symbol.for('@locmem/nestjs/installed');
