/** The caches of one registration. */
import { createCaches, InvalidOptionError } from '@locmem/core';
import type { Cache, CacheConfig, Caches } from '@locmem/core';
import type { LocMemModuleOptions } from './locmem.options.js';
import { joinStore, releaseClaims } from './methods/claims.js';
import { processWide } from './process-wide.js';
import { DEFAULT_ALIAS } from './tokens.js';

const registrations = processWide('registrations/1', () => ({ count: 0 }));

/** Caches that are closed with their module, and emptied where nobody else can reach their store. */
export class RegisteredCaches {
  readonly #caches: Caches;
  /** Aliases whose store is this registration's own. */
  readonly #private: readonly string[];
  readonly #given: Readonly<Record<string, CacheConfig>>;
  readonly #opened = new Set<Cache>();

  /** @throws {InvalidOptionError} when the configuration of an alias is wrong */
  constructor(config: LocMemModuleOptions['caches'], aliases: readonly string[]) {
    const given = checkedCaches(config);
    checkAliases(Object.keys(given), aliases);
    this.#given = given;
    const number = ++registrations.count;
    const isPrivate = ([, { backend = 'locmem', location }]: [string, CacheConfig]) =>
      backend === 'locmem' && location === undefined;
    const entries = Object.entries(given);
    this.#private = entries.filter(isPrivate).map(([alias]) => alias);
    this.#caches = createCaches(
      Object.fromEntries(
        entries.map(([alias, one]) => [
          alias,
          this.#private.includes(alias) ? { ...one, location: `${alias}@nest-${number}` } : one,
        ]),
      ),
    );
  }

  get(alias: string): Cache {
    const cache = this.#caches.get(alias);
    const { backend = 'locmem', location = alias } = this.#given[alias]!;
    // A dummy keeps nothing that anybody could find.
    const isShared = !this.#private.includes(alias) && backend !== 'dummy';
    if (isShared && !this.#opened.has(cache)) joinStore(cache, backend, location);
    this.#opened.add(cache);
    return cache;
  }

  async close(): Promise<void> {
    for (const alias of this.#private) this.#caches.get(alias).clear();
    for (const cache of this.#opened) releaseClaims(cache);
    this.#opened.clear();
    await this.#caches.closeAll();
  }
}

/**
 * The caches by alias, one called default when none are named.
 *
 * @throws {InvalidOptionError} when they are no such thing
 */
export function checkedCaches(
  given: LocMemModuleOptions['caches'] = { [DEFAULT_ALIAS]: {} },
): Readonly<Record<string, CacheConfig>> {
  const place = 'LocMemModule';
  if (!isPlainObject(given)) {
    throw new InvalidOptionError(place, 'caches', 'must be an object of caches by alias', given);
  }
  for (const [alias, one] of Object.entries(given)) {
    if (isPlainObject(one)) continue;
    throw new InvalidOptionError(place, alias, 'must be an object of options', one);
  }
  return given;
}

function isPlainObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkAliases(made: readonly string[], announced: readonly string[]): void {
  const place = 'LocMemModule.registerAsync';
  const unannounced = made.find((alias) => !announced.includes(alias));
  if (unannounced !== undefined) {
    const rule = `must name every cache that the options have, also '${unannounced}'`;
    throw new InvalidOptionError(place, 'aliases', rule, announced);
  }
  const missing = announced.find((alias) => !made.includes(alias));
  if (missing !== undefined) {
    const rule = `must have a cache '${missing}', since aliases names it`;
    throw new InvalidOptionError(place, 'caches', rule, made);
  }
}
