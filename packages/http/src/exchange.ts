/**
 * The path of a request: lookup, serve or fetch, invalidate, pass. Every decision on it is made
 * elsewhere; here they follow one another. What becomes of an answer that is fetched stands in
 * `fetch.ts`.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { watch } from './capture.js';
import type { Resource, StoredResponse } from './entry.js';
import { Fetch } from './fetch.js';
import { ageField, ttlSeconds } from './freshness.js';
import type { FlightBoard } from './in-flight.js';
import { handlersOf } from './handled.js';
import { contained, isPromise, whenThere } from './maybe-promise.js';
import type { MaybePromise } from './maybe-promise.js';
import type { Settings } from './options.js';
import { reusable } from './policy.js';
import type { RequestDirectives } from './policy.js';
import type { BypassReason, MissReason } from './reasons.js';
import { planFor, rawTarget } from './request.js';
import type { Lookup, RequestOrigin } from './request.js';
import { announce, answerFromStore, answerNotCached } from './response.js';
import { selected } from './store.js';
import type { ResourceStore } from './store.js';
import type { EventSubject, Trace } from './trace.js';

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
}

/** What `next` is to a middleware: on with the request. */
export type Next = (error?: unknown) => void;

export class Exchange<Req extends IncomingMessage> {
  readonly #site: Site<Req>;
  readonly #req: Req;
  readonly #res: ServerResponse;
  readonly #next: Next;
  readonly #subject: EventSubject;

  constructor(site: Site<Req>, req: Req, res: ServerResponse, next: Next) {
    this.#site = site;
    this.#req = req;
    this.#res = res;
    this.#next = next;
    this.#subject = { method: req.method ?? '', url: rawTarget(req) };
  }

  /** Enters here; leaves through `#pass`, `#invalidate` or `#lookup`. */
  start(): void {
    const { settings, origin, customKeyScope, trace } = this.#site;
    // Somebody has begun to answer: there is no head left to decide about.
    if (this.#res.headersSent) {
      this.#next();
      return;
    }
    const handlers = handlersOf(this.#req);
    // The same cache twice in a row, or on a router below itself: once is enough.
    if (handlers.some((handler) => handler.site === this.#site)) {
      this.#next();
      return;
    }
    handlers.push({ site: this.#site });

    const plan = planFor(this.#req, settings, origin, customKeyScope);
    if (plan.kind === 'pass') {
      if (plan.reason === 'option-threw') trace.error('option', plan.error);
      this.#pass(plan.reason);
      return;
    }
    if (plan.kind === 'invalidate') {
      this.#invalidate(plan.tags);
      return;
    }

    const outer = handlers.find(({ fetch }) => fetch?.isFor(this.#site.flights, plan.address));
    if (outer?.fetch) {
      // A cache further out already captures this very answer for this very place in the store.
      // The one on the route knows the route: what it says of freshness and limits counts.
      outer.fetch.narrow(settings);
      this.#next();
      return;
    }
    this.#lookup(plan);
  }

  /** Past the cache. Enters from `start`; leaves to the handler. */
  #pass(reason: BypassReason): void {
    this.#site.trace.bypass(this.#subject, reason);
    this.#announce(reason === 'method' ? { fwd: 'method' } : { fwd: 'bypass', detail: reason });
    this.#next();
  }

  /** Enters from `start`; leaves through `#serve` or `#miss`. A synchronous hit never waits. */
  #lookup(plan: Lookup): void {
    const found = this.#site.store.read(plan.address);
    // Reading cannot reject. What the handler throws must not be swallowed here: it surfaces as an
    // unhandled rejection, as it would have surfaced as an uncaught exception without us.
    if (isPromise(found))
      void found.then((resource) => {
        this.#choose(plan, resource);
      });
    else this.#choose(plan, found);
  }

  #choose(plan: Lookup, resource: Resource | undefined): void {
    // While a remote store was asked, a middleware further out lost its patience and answered.
    if (this.#res.headersSent) return;
    const nowMs = this.#site.settings.clock.now();
    const choice = choose(resource, this.#req.headers, plan.wishes, nowMs);
    if (choice.hit) this.#serve(choice.stored, nowMs);
    else this.#miss(plan, choice.reason, choice.detail);
  }

  /** Enters from `#lookup`; the response is ended here, and the handler never runs. */
  #serve(stored: StoredResponse, nowMs: number): void {
    const { trace, settings } = this.#site;
    trace.hit(this.#subject, ageField(stored, nowMs), ttlSeconds(stored, nowMs));
    answerFromStore(this.#req, this.#res, stored, nowMs, settings.cacheStatus);
  }

  /** Enters from `#lookup`; leaves to the handler, for a GET with a {@link Fetch} on its answer. */
  #miss(plan: Lookup, reason: MissReason, detail: string | undefined): void {
    this.#site.trace.miss(this.#subject, reason);
    if (plan.wishes.onlyIfCached) {
      this.#announce({ detail: 'only-if-cached' });
      answerNotCached(this.#res);
      return;
    }
    if (this.#req.method === 'HEAD') {
      // RFC 9110 §9.3.2: the answer has no body, so there is nothing whole to store.
      this.#announce({ fwd: reason, detail });
      this.#next();
      return;
    }
    const fetch = new Fetch(this.#site, this.#req, this.#res, plan, { fwd: reason, detail });
    const handler = handlersOf(this.#req).find(({ site }) => site === this.#site);
    if (handler) handler.fetch = fetch;
    watch(this.#res, fetch);
    this.#next();
  }

  /**
   * RFC 9111 §4.4: a non-error answer to an unsafe method invalidates the target. Before the end of
   * the answer goes out, so that who has seen the answer to a write does not read the old page.
   */
  #invalidate(tags: readonly string[]): void {
    this.#announce({ fwd: 'method' });
    let isDone = false;
    const invalidateOnce = () => {
      const { statusCode } = this.#res;
      if (isDone || statusCode < 200 || statusCode > 399) return;
      isDone = true;
      invalidate(this.#site, tags);
    };
    watch(this.#res, {
      onEnding: invalidateOnce,
      // The client is gone in the middle of the answer; the write has happened all the same.
      onClose: () => {
        if (this.#res.headersSent) invalidateOnce();
      },
    });
    this.#next();
  }

  #announce(status: Parameters<typeof announce>[2]): void {
    announce(this.#res, this.#site.settings.cacheStatus, status);
  }
}

/** As {@link purge}, for a request that must not hear of a failing store: it is reported. */
function invalidate<Req>(site: Site<Req>, tags: readonly string[]): void {
  void contained<unknown>(
    () => purge(site, tags),
    (error) => {
      site.trace.error('invalidate', error);
      return undefined;
    },
  );
}

/** Drops what carries the tags, in the store and under way. Throws or rejects when the store does. */
export function purge<Req>(site: Site<Req>, tags: readonly string[]): MaybePromise<void> {
  site.flights.overtake(tags);
  return whenThere(site.store.purge(tags), () => {
    site.trace.invalidated(tags);
  });
}

/** The outcome of a lookup. */
export type Choice =
  | { readonly hit: true; readonly stored: StoredResponse }
  | { readonly hit: false; readonly reason: MissReason; readonly detail?: string | undefined };

/** Which stored answer a request gets, or why none (RFC 9111 §4). */
export function choose(
  resource: Resource | undefined,
  headers: IncomingHttpHeaders,
  wishes: RequestDirectives,
  nowMs: number,
): Choice {
  if (resource === undefined) return { hit: false, reason: 'uri-miss' };
  const stored = selected(resource, headers);
  if (stored === undefined) return { hit: false, reason: 'vary-miss' };
  const decision = reusable(stored, headers, wishes, nowMs);
  return decision.reuse ? { hit: true, stored } : { hit: false, ...decision };
}
