/** The caches of one registration. */
import { createCaches, InvalidOptionError } from '@locmem/core';
import type { Cache, CacheConfig, Caches } from '@locmem/core';
import type { LocMemModuleOptions } from './locmem.options.js';
import { processWide } from './process-wide.js';
import { DEFAULT_ALIAS } from './tokens.js';

const registrations = processWide('registrations/1', () => ({ count: 0 }));

/** Caches that are closed with their module, and emptied where nobody else can reach their store. */
export class RegisteredCaches {
  readonly #caches: Caches;
  /** Aliases whose store is this registration's own. */
  readonly #private: readonly string[];

  /** @throws {InvalidOptionError} when the configuration of an alias is wrong */
  constructor(config: LocMemModuleOptions['caches'], aliases: readonly string[]) {
    const given = config ?? { [DEFAULT_ALIAS]: {} };
    checkAliases(Object.keys(given), aliases);
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
    return this.#caches.get(alias);
  }

  async close(): Promise<void> {
    for (const alias of this.#private) this.#caches.get(alias).clear();
    await this.#caches.closeAll();
  }
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
