/**
 * Entries in and out of a core cache: one entry per resource, a list of variants in it.
 *
 * This is one of the two places where a failing store is contained: reading becomes a miss, writing
 * is reported. Neither ever reaches the request.
 */
import type { Cache, WriteOptions } from '@locmem/core';
import type { IncomingHttpHeaders } from 'node:http';
import { decodeResource, resourceOf } from './entry.js';
import type { Resource, StoredResponse } from './entry.js';
import { currentAge } from './freshness.js';
import { isPromise, whenThere } from './maybe-promise.js';
import type { MaybePromise } from './maybe-promise.js';
import type { Clock } from './options.js';
import { after } from './timer.js';
import type { Trace } from './trace.js';
import { canValidate } from './validation.js';
import { matches } from './vary.js';

/**
 * Variants per resource; the oldest goes. A client chooses the values of the fields in Vary, and
 * must not be able to fill the store with copies of one page.
 */
const MAX_VARIANTS = 16;

/** Where a resource is: the key, and the version that the store keeps apart. */
export interface Address {
  readonly key: string;
  readonly version: number | undefined;
}

/** Either kind of cache, for reading: the type checker cannot call a union of overloads. */
interface Readable {
  get(key: string, options?: { version: number | undefined }): unknown;
  /** Not in every cache that one may be handed. */
  getOrSet?(
    key: string,
    loader: () => undefined,
    options: { version: number | undefined; stale: number },
  ): unknown;
}

/** What says of a write whether it was kept; not in every cache that one may be handed. */
interface Telling {
  setMany?(
    pairs: readonly (readonly [string, unknown])[],
    options: WriteOptions,
  ): MaybePromise<readonly string[]>;
}

/**
 * How long a store may take that answers with promises; after that it counts as failed. Stores with
 * a deadline of their own, as RedisCache has, are much faster with saying so.
 */
const STORE_PATIENCE_MS = 1_000;

export class ResourceStore {
  readonly #cache: () => Cache;
  readonly #trace: Trace;
  readonly #clock: Clock;
  /** Whether it answers with promises. */
  #isRemote = false;

  /** @param cache asked at each use, because the own store is opened only when it is needed */
  constructor(cache: () => Cache, trace: Trace, clock: Clock) {
    this.#cache = cache;
    this.#trace = trace;
    this.#clock = clock;
  }

  /** What is stored; undefined also when the store fails or holds something else there. */
  read({ key, version }: Address): MaybePromise<Resource | undefined> {
    return this.#attempt('get', undefined, () => {
      const cache: Readable = this.#cache();
      const value = version === undefined ? cache.get(key) : cache.get(key, { version });
      return whenThere(value, decodeResource);
    });
  }

  /** Whether nothing can be had at once, as far as is known yet. */
  get isRemote(): boolean {
    return this.#isRemote;
  }

  /** As {@link read}, if the store answers at once; undefined also when it does not, or fails. */
  readNow({ key, version }: Address): Resource | undefined {
    if (this.#isRemote) return undefined;
    try {
      const cache: Readable = this.#cache();
      const value = version === undefined ? cache.get(key) : cache.get(key, { version });
      if (!isPromise(value)) return decodeResource(value);
      this.#isRemote = true;
      void value.then(undefined, () => {
        // Whoever asks again, and waits, will hear of it.
      });
    } catch {
      // Likewise.
    }
    return undefined;
  }

  /**
   * What a soft purge has left there. The store knows which entries that are; `get` does not give
   * them, `getOrSet` does to who takes them stale, and a loader that loads nothing changes nothing.
   */
  readStale({ key, version }: Address): MaybePromise<Resource | undefined> {
    return this.#attempt('get', undefined, () => {
      const cache: Readable = this.#cache();
      if (typeof cache.getOrSet !== 'function') return undefined;
      const stale = cache.getOrSet(key, () => undefined, { version, stale: 1 });
      return whenThere(stale, decodeResource);
    });
  }

  /** Writes a resource under its tags. @returns whether the store took it */
  write(
    { key, version }: Address,
    resource: Resource,
    tags: readonly string[],
    nowMs: number,
  ): MaybePromise<boolean> {
    const options = { version, timeout: `${secondsToKeep(resource, nowMs)}s`, tags } as const;
    return this.#attempt('set', false, () => {
      const cache = this.#cache();
      const telling = cache as Telling;
      if (!this.#isRemote || typeof telling.setMany !== 'function') {
        return whenThere(cache.set(key, resource, options), () => true);
      }
      // A store elsewhere may drop what it is given, which `set` does not say.
      return whenThere(telling.setMany([[key, resource]], options), (dropped) => {
        if (dropped.length === 0) return true;
        throw new Error('The store has not kept what it was given');
      });
    });
  }

  remove({ key, version }: Address): MaybePromise<boolean> {
    return this.#attempt('delete', false, () => this.#cache().delete(key, { version }));
  }

  /** Neither the store's failing nor its silence reaches a request. */
  #attempt<T>(
    operation: 'get' | 'set' | 'delete',
    otherwise: T,
    run: () => MaybePromise<T>,
  ): MaybePromise<T> {
    try {
      const value = run();
      if (!isPromise(value)) return value;
      if (operation === 'get') this.#isRemote = true;
      return this.#withinPatience(value).then(undefined, (error: unknown) => {
        this.#trace.error(operation, error);
        return otherwise;
      });
    } catch (error) {
      this.#trace.error(operation, error);
      return otherwise;
    }
  }

  #withinPatience<T>(value: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const callOff = after(this.#clock, STORE_PATIENCE_MS, () => {
        // First whatever has arrived is read: while this process was busy, nobody was late but it.
        setImmediate(() => {
          reject(new Error(`The store has not answered within ${STORE_PATIENCE_MS} ms`));
        });
      });
      value.then(resolve, reject).finally(callOff);
    });
  }

  /** Drops whatever carries one of the tags. Throws or rejects when the store does. */
  purge(tags: readonly string[], soft = false): MaybePromise<void> {
    return soft ? this.#cache().deleteByTag(...tags, { soft }) : this.#cache().deleteByTag(...tags);
  }
}

/** The stored answer that a request selects, the newest of several (RFC 9111 §4.1). */
export function selected(
  resource: Resource,
  headers: IncomingHttpHeaders,
): StoredResponse | undefined {
  return resource.variants.find((variant) => matches(variant.selecting, headers));
}

/**
 * The resource with a new answer in it. Whatever the same request would have selected before is
 * superseded, and goes, under whatever Vary it was stored; so do answers that are of no more use.
 */
export function withVariant(
  resource: Resource | undefined,
  variant: StoredResponse,
  headers: IncomingHttpHeaders,
  nowMs: number,
): Resource {
  if (resource === undefined) return resourceOf([variant]);
  const others = resource.variants.filter(
    (other) => secondsOfUse(other, nowMs) > 0 && !matches(other.selecting, headers),
  );
  return resourceOf([variant, ...others].slice(0, MAX_VARIANTS));
}

/** The resource as a soft purge leaves it: nothing in it is fresh from now on. */
export function staleFromNow(resource: Resource, nowMs: number): Resource {
  return resourceOf(
    resource.variants.map((variant) => ({
      ...variant,
      lifetimeSeconds: Math.min(variant.lifetimeSeconds, currentAge(variant, nowMs)),
    })),
  );
}

/** A stale answer is kept for validation as long again as it was fresh, within these bounds. */
const KEPT_AT_LEAST_SECONDS = 3_600;
const KEPT_AT_MOST_SECONDS = 86_400;

/** For how long a stored answer may still be of use: fresh, served stale, or validated. */
function secondsOfUse(variant: StoredResponse, nowMs: number): number {
  const { lifetimeSeconds, stale, validators } = variant;
  const forValidation = canValidate(validators)
    ? Math.min(Math.max(lifetimeSeconds, KEPT_AT_LEAST_SECONDS), KEPT_AT_MOST_SECONDS)
    : 0;
  const afterwards = Math.max(forValidation, stale.whileRevalidateSeconds, stale.ifErrorSeconds);
  return lifetimeSeconds + afterwards - currentAge(variant, nowMs);
}

/** As long as one of its variants is of use; whole seconds, rounded up. */
function secondsToKeep({ variants }: Resource, nowMs: number): number {
  let longest = 1;
  for (const variant of variants) longest = Math.max(longest, secondsOfUse(variant, nowMs));
  return Math.ceil(longest);
}

/** The tags of all its variants: whoever purges one of them finds the resource. */
export function groupTagsOf({ variants }: Resource): readonly string[] {
  if (variants.length === 1) return variants[0]!.tags;
  return [...new Set(variants.flatMap(({ tags }) => tags))];
}
