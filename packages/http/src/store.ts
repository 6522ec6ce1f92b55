/**
 * Entries in and out of a core cache: one entry per resource, a list of variants in it.
 *
 * This is one of the two places where a failing store is contained: reading becomes a miss, writing
 * is reported. Neither ever reaches the request.
 */
import type { Cache } from '@locmem/core';
import type { IncomingHttpHeaders } from 'node:http';
import { decodeResource, resourceOf } from './entry.js';
import type { Resource, StoredResponse } from './entry.js';
import { currentAge, isFresh } from './freshness.js';
import { ALL_RESPONSES } from './key.js';
import { contained, whenThere } from './maybe-promise.js';
import type { MaybePromise } from './maybe-promise.js';
import type { Trace } from './trace.js';
import { matches } from './vary.js';

/**
 * Variants per resource; the oldest goes. A client chooses the values of the fields in Vary, and
 * must not be able to fill the store with copies of one page.
 */
export const MAX_VARIANTS = 16;

/** Where a resource is: the key, and the version that the store keeps apart. */
export interface Address {
  readonly key: string;
  readonly version: number | undefined;
}

/** Either kind of cache, for reading: the type checker cannot call a union of overloads. */
interface Readable {
  get(key: string, options: { version: number | undefined }): unknown;
}

export class ResourceStore {
  readonly #cache: () => Cache;
  readonly #trace: Trace;

  /** @param cache asked at each use, because the own store is opened only when it is needed */
  constructor(cache: () => Cache, trace: Trace) {
    this.#cache = cache;
    this.#trace = trace;
  }

  /** What is stored; undefined also when the store fails or holds something else there. */
  read({ key, version }: Address): MaybePromise<Resource | undefined> {
    return contained(
      () => {
        const cache: Readable = this.#cache();
        return whenThere(cache.get(key, { version }), decodeResource);
      },
      (error) => {
        this.#trace.error('get', error);
        return undefined;
      },
    );
  }

  /** Writes a resource under its tags. @returns whether the store took it */
  write(
    { key, version }: Address,
    resource: Resource,
    tags: readonly string[],
    nowMs: number,
  ): MaybePromise<boolean> {
    const timeout = `${secondsToKeep(resource, nowMs)}s` as const;
    return contained<boolean>(
      () => whenThere(this.#cache().set(key, resource, { version, timeout, tags }), () => true),
      (error) => {
        this.#trace.error('set', error);
        return false;
      },
    );
  }

  remove({ key, version }: Address): MaybePromise<boolean> {
    return contained<boolean>(
      () => this.#cache().delete(key, { version }),
      (error) => {
        this.#trace.error('delete', error);
        return false;
      },
    );
  }

  /** Drops whatever carries one of the tags. Throws or rejects when the store does. */
  purge(tags: readonly string[]): MaybePromise<void> {
    return this.#cache().deleteByTag(...tags);
  }

  /** Drops every stored answer and nothing else. */
  clear(): MaybePromise<void> {
    return this.purge([ALL_RESPONSES]);
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
 * superseded, and goes, under whatever Vary it was stored; so do answers that are no longer fresh.
 */
export function withVariant(
  resource: Resource | undefined,
  variant: StoredResponse,
  headers: IncomingHttpHeaders,
  nowMs: number,
): Resource {
  const others = (resource?.variants ?? []).filter(
    (other) => isFresh(other, nowMs) && !matches(other.selecting, headers),
  );
  return resourceOf([variant, ...others].slice(0, MAX_VARIANTS));
}

/** As long as one of its variants is fresh; whole seconds, rounded up. */
function secondsToKeep({ variants }: Resource, nowMs: number): number {
  const left = variants.map((variant) => variant.lifetimeSeconds - currentAge(variant, nowMs));
  return Math.max(1, Math.ceil(Math.max(...left)));
}
