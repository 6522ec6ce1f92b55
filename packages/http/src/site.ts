/**
 * One response cache: what it consists of, and what several parts of the path do with all of it.
 */
import type { FlightBoard } from './in-flight.js';
import type { Fronting } from './fronting.js';
import { contained, whenThere } from './maybe-promise.js';
import type { MaybePromise } from './maybe-promise.js';
import type { Settings } from './options.js';
import type { Resource } from './entry.js';
import type { Lookup, RequestOrigin } from './request.js';
import { staleFromNow } from './store.js';
import type { ResourceStore } from './store.js';
import type { Trace } from './trace.js';

/** What one response cache consists of. */
export interface Site<Req> {
  readonly settings: Settings<Req>;
  readonly origin: RequestOrigin<Req>;
  readonly store: ResourceStore;
  /** Answers under way, of every response cache that shares the store. */
  readonly flights: FlightBoard;
  readonly trace: Trace;
  /** Sets custom keys of this cache apart from those of others in the same store. */
  readonly customKeyScope: string;
  /** Whether a front stands before it. */
  readonly fronting: Fronting;
}

/** As {@link purge}, for a request that must not hear of a failing store: it is reported. */
export function invalidate<Req>(site: Site<Req>, tags: readonly string[]): void {
  void contained<unknown>(
    () => purge(site, tags),
    (error) => {
      site.trace.error('invalidate', error);
      return undefined;
    },
  );
}

/** Drops what carries the tags, in the store and under way. Throws or rejects when the store does. */
export function purge<Req>(
  site: Site<Req>,
  tags: readonly string[],
  soft = false,
): MaybePromise<void> {
  site.flights.overtake(tags);
  if (soft) site.flights.hasSoftPurges = true;
  return whenThere(site.store.purge(tags, soft), () => {
    site.trace.invalidated(tags);
  });
}

/** What is stored for a request; after a soft purge, none of it fresh. */
export function find<Req>(site: Site<Req>, plan: Lookup): MaybePromise<Resource | undefined> {
  const { store, flights, settings } = site;
  return whenThere(store.read(plan.address), (resource) => {
    if (resource !== undefined || !flights.hasSoftPurges) return resource;
    return whenThere(
      store.readStale(plan.address),
      (stale) => stale && staleFromNow(stale, settings.clock.now()),
    );
  });
}
