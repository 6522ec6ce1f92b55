/**
 * Which class the default keys of a name belong to, in each store. Caches of one location are one store,
 * whoever has registered them; a claim is held by those through which it was made, until they are closed.
 */
import { InvalidOptionError } from '@locmem/core';
import type { Cache, CacheConfig } from '@locmem/core';
import { AmbiguousKeysError } from '../errors.js';
import { processWide } from '../process-wide.js';

/** A class's methods in a cache of an alias. */
export interface Claimant {
  readonly constructor: unknown;
  readonly alias: string;
  /** What default keys begin with, without the bracket. */
  readonly name: string;
}

interface Claim {
  readonly owner: unknown;
  readonly holders: Set<Cache>;
}

/** By the name. */
type Claims = Map<string, Claim>;

/** Of all copies of this package: they share the stores. */
const { ofCaches, ofStores } = processWide('claims/1', () => ({
  ofCaches: new WeakMap<Cache, Claims>(),
  ofStores: new Map<unknown, Map<string, Claims>>(),
}));

/**
 * Says that a cache is of a store that others may open by its location, too. They meet in it where a key
 * of theirs is the same as a whole, prefix and version included.
 */
export function joinStore(cache: Cache, backend: CacheConfig['backend'], location: string): void {
  const stores = ofStores.get(backend) ?? new Map<string, Claims>();
  ofStores.set(backend, stores);
  const keys = JSON.stringify([location, cache.makeKey('[')]);
  const claims = stores.get(keys) ?? new Map<string, Claim>();
  stores.set(keys, claims);
  ofCaches.set(cache, claims);
}

/**
 * @throws {AmbiguousKeysError} when another class of the same name has the keys already
 * @throws {InvalidOptionError} when the class has no name
 */
export function claim(cache: Cache, { constructor, alias, name }: Claimant): void {
  if (name.startsWith('.')) {
    const rule = 'must be given for a class that has no name, or its methods keys of their own';
    throw new InvalidOptionError('@CacheDefaults()', 'name', rule, undefined);
  }
  const claims = ofCaches.get(cache) ?? new Map<string, Claim>();
  ofCaches.set(cache, claims);
  const made = claims.get(name) ?? { owner: constructor, holders: new Set() };
  if (made.owner !== constructor) throw new AmbiguousKeysError(name, alias);
  made.holders.add(cache);
  claims.set(name, made);
}

/** The cache is closed: what nobody else holds is free. */
export function releaseClaims(cache: Cache): void {
  const claims = ofCaches.get(cache);
  if (claims === undefined) return;
  ofCaches.delete(cache);
  for (const [name, { holders }] of claims) {
    holders.delete(cache);
    if (holders.size === 0) claims.delete(name);
  }
}
