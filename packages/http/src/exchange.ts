/**
 * The path of a request: lookup, serve or fetch, wait, invalidate, pass. Every decision on it is made
 * elsewhere; here they follow one another. What becomes of an answer that is fetched stands in
 * `fetch.ts`.
 */
import { AsyncResource } from 'node:async_hooks';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { watch } from './capture.js';
import type { CacheStatus } from './cache-status.js';
import { choiceOf, statusOf } from './choice.js';
import type { Choice, Missed } from './choice.js';
import type { Leader, Outcome } from './collapse.js';
import type { Resource, StoredResponse } from './entry.js';
import { Fetch } from './fetch.js';
import { fieldsOf } from './fields.js';
import { ageField, ttlSeconds } from './freshness.js';
import { handlerOf, lastHandlerOf, meet } from './handled.js';
import { invalidatedBy } from './invalidated.js';
import { isPromise } from './maybe-promise.js';
import { Order } from './order.js';
import type { BypassReason } from './reasons.js';
import { REFRESH_PATIENCE_MS, refreshAfterwards } from './refresh.js';
import { headersOf, planFor, rawTarget } from './request.js';
import type { Invalidation, Lookup } from './request.js';
import { announce, answerFromStore, answerNotCached } from './response.js';
import { find, invalidate } from './site.js';
import type { Site } from './site.js';
import { after } from './timer.js';
import type { EventSubject } from './trace.js';
import { askWith, canValidate, contradicts } from './validation.js';

/**
 * What `next` is to a middleware: on with the request. It is called at most once, at once or later:
 * when a store has answered, when another request's answer was waited for, or, to refresh a stale
 * answer, after the response has closed; then the response is one that nobody receives, and what was
 * left on a framework's own objects by the stale answer is still there. A promise
 * that it returns is looked at only for its rejection, where a stored answer can stand in.
 */
export type Next = (error?: unknown) => unknown;

export class Exchange<Req extends IncomingMessage> {
  readonly #site: Site<Req>;
  readonly #req: Req;
  readonly #res: ServerResponse;
  readonly #next: Next;
  readonly #subject: EventSubject;
  /** The request's fields at the last lookup. */
  #headers: IncomingHttpHeaders | undefined;

  constructor(site: Site<Req>, req: Req, res: ServerResponse, next: Next) {
    this.#site = site;
    this.#req = req;
    this.#res = res;
    this.#next = next;
    this.#subject = { method: req.method ?? '', url: rawTarget(req) };
  }

  /**
   * Enters here; leaves through `#pass`, `#invalidate` or `#lookup`.
   *
   * @param planned what has been planned already, for a request that has met no other cache
   */
  start(planned?: Lookup): void {
    const { settings, origin, customKeyScope, trace } = this.#site;
    // Somebody has begun to answer: there is no head left to decide about.
    if (this.#res.headersSent) {
      this.#next();
      return;
    }
    // The same cache twice in a row, or on a router below itself: once is enough.
    if (handlerOf(this.#req, this.#site) !== undefined) {
      this.#next();
      return;
    }
    const around = lastHandlerOf(this.#req);
    const plan = planned ?? planFor(this.#req, settings, origin, customKeyScope, around);
    const own = meet(this.#req, this.#site);
    if (plan.kind === 'pass') {
      own.passed = plan.reason;
      // A cache that does not listen to the client's wish may well keep what this one does not.
      if (plan.reason !== 'request-no-store') {
        for (let outer = around; outer; outer = outer.outer) outer.fetch?.yields('inner-bypass');
      }
      // What the cache around this one could not find out, that one has told.
      if ('error' in plan) trace.error('option', plan.error);
      this.#pass(plan.reason);
      return;
    }
    if (plan.kind === 'invalidate') {
      this.#invalidate(plan);
      return;
    }

    own.identity = plan.identity;
    let isCaptured = false;
    for (let outer = around; outer; outer = outer.outer) {
      const { fetch } = outer;
      if (fetch?.isFor(this.#site.flights, plan.address) === true) {
        // A cache further out already captures this very answer for this very place in the store.
        // The one on the route knows the route: what it says of freshness and limits counts.
        fetch.narrow(settings);
        isCaptured = true;
      } else {
        // It would find the answer without asking for what sets it apart here.
        fetch?.yields('inner-cache');
      }
    }
    if (isCaptured) {
      this.#next();
      return;
    }
    this.#lookup(plan, (choice, nowMs) => {
      this.#proceed(plan, choice, nowMs);
    });
  }

  /** Past the cache. Enters from `start`; leaves to the handler. */
  #pass(reason: BypassReason): void {
    this.#site.trace.bypass(this.#subject, reason);
    this.#announce(reason === 'method' ? { fwd: 'method' } : { fwd: 'bypass', detail: reason });
    this.#next();
  }

  /** What is stored, and what of it this request may have. A synchronous store answers at once. */
  #lookup(plan: Lookup, then: (choice: Choice, nowMs: number) => void): void {
    const { fronting, flights } = this.#site;
    const isAbsent = fronting.hasLookedInVain(this.#req, plan.address, flights.stored);
    const found = isAbsent ? undefined : find(this.#site, plan);
    // Reading cannot reject. What the handler throws must not be swallowed here: it surfaces as an
    // unhandled rejection, as it would have surfaced as an uncaught exception without us.
    if (isPromise(found)) {
      void found.then((resource) => {
        this.#choose(plan, resource, then);
      });
    } else this.#choose(plan, found, then);
  }

  #choose(
    plan: Lookup,
    resource: Resource | undefined,
    then: (choice: Choice, nowMs: number) => void,
  ): void {
    // While a remote store was asked, a middleware further out lost its patience and answered, or
    // the client did and left.
    if (this.#res.headersSent || this.#res.destroyed) return;
    const nowMs = this.#site.settings.clock.now();
    const headers = (this.#headers = headersOf(this.#req));
    const asking = { method: this.#req.method, headers, wishes: plan.wishes };
    then(choiceOf(resource, asking, nowMs), nowMs);
  }

  /** Enters from `#lookup`; leaves through `#serve`, `#serveStale`, `#wait` or `#fetch`. */
  #proceed(plan: Lookup, choice: Choice, nowMs: number): void {
    if (choice.use === 'fresh') {
      this.#serve(choice.stored, nowMs);
      return;
    }
    if (choice.use === 'stale') {
      this.#serveStale(plan, choice, nowMs);
      return;
    }
    this.#site.trace.miss(this.#subject, choice.reason, choice.detail);
    if (choice.use === 'withheld') {
      this.#announce(statusOf(choice, nowMs));
      answerNotCached(this.#res);
      return;
    }
    const { headers, method } = this.#req;
    if (method === 'HEAD' || headers.range !== undefined) {
      // RFC 9110 §9.3.2, §14.2: what is answered has no body, or is a part: nothing whole to store.
      if (method === 'HEAD' && choice.validating) this.#compare(plan, choice.validating);
      // But what is stored may stand in for an error.
      if (choice.fallback) this.#fetch(plan, { ...choice, validating: undefined }, undefined);
      else {
        this.#announce(statusOf(choice, nowMs));
        this.#next();
      }
      return;
    }
    const crowd = this.#crowdOf(plan);
    const leader = this.#leaderToWaitFor(crowd, choice, nowMs);
    if (leader) this.#wait(plan, leader, choice, nowMs);
    else this.#fetch(plan, choice, this.#lead(crowd, choice, nowMs), crowd);
  }

  /** RFC 9111 §4.3.5: a HEAD that contradicts the stored answer makes an end of it. */
  #compare({ address }: Lookup, stored: StoredResponse): void {
    watch(this.#res, {
      onHead: ({ status, fields }) => {
        if (status === 200 && contradicts(fields, stored)) void this.#site.store.remove(address);
      },
      onFailed: (error) => {
        this.#site.trace.error('capture', error);
      },
    });
  }

  /** The response is ended here, and the handler never runs. */
  #serve(stored: StoredResponse, nowMs: number, status?: CacheStatus): void {
    const { trace, settings } = this.#site;
    trace.hit(this.#subject, ageField(stored, nowMs), ttlSeconds(stored, nowMs));
    answerFromStore(this.#req, this.#res, stored, nowMs, settings.cacheStatus, status);
  }

  /** The response is ended here; the handler may run afterwards, for the next who asks. */
  #serveStale(plan: Lookup, { stored, refresh }: Choice & { use: 'stale' }, nowMs: number): void {
    const { trace, settings, flights } = this.#site;
    const before = fieldsOf(this.#res);
    trace.stale(
      this.#subject,
      refresh ? 'while-revalidate' : 'max-stale',
      ttlSeconds(stored, nowMs),
    );
    answerFromStore(this.#req, this.#res, stored, nowMs, settings.cacheStatus);
    // A HEAD cannot make a GET's answer, and one refresh at a time is enough.
    if (!refresh || this.#req.method !== 'GET') return;
    const crowd = this.#crowdOf(plan);
    if (flights.crowds.leaderOf(crowd, nowMs)) return;
    const leader = flights.crowds.lead(
      crowd,
      nowMs + REFRESH_PATIENCE_MS,
      nowMs + settings.deadlineMs,
    );
    const order = this.#order(plan, { fwd: 'stale' }, leader, crowd);
    order.validating = canValidate(stored.validators) ? stored : undefined;
    order.wasForFront = stored.isForFront;
    refreshAfterwards({
      site: this.#site,
      ...{ req: this.#req, res: this.#res, before, order },
      next: this.#next,
      register: (fetch) => {
        this.#register(fetch);
      },
    });
  }

  // ---- waiting for another request's answer --------------------------------------------------

  #leaderToWaitFor(crowd: string, { reason }: Missed, nowMs: number): Leader | undefined {
    const { settings, flights } = this.#site;
    // Who does not want, or must not get, what is stored will not want what is about to be.
    if (!settings.collapses || reason === 'request') return undefined;
    return flights.crowds.awaitedLeaderOf(crowd, nowMs);
  }

  #lead(crowd: string, { reason, validating }: Missed, nowMs: number): Leader | undefined {
    const { settings, flights } = this.#site;
    if (!settings.collapses || reason === 'request') return undefined;
    // The answer to a condition of the client's own may be a 304, which is nothing to store.
    if (validating === undefined && isConditional(this.#fields)) return undefined;
    if (flights.crowds.isUnshareable(crowd, nowMs)) return undefined;
    return flights.crowds.lead(crowd, nowMs + settings.deadlineMs);
  }

  /** Enters from `#proceed`; leaves through `#rejoin`, once, or not at all when the client leaves. */
  #wait(plan: Lookup, leader: Leader, choice: Missed, nowMs: number): void {
    const { settings } = this.#site;
    const patienceMs = Math.min(leader.awaitedUntilMs - nowMs, settings.deadlineMs);
    const stop = () => {
      leave();
      callOff();
      this.#res.removeListener('close', stop);
    };
    // What the leader's answer is made in is the leader's. (`AsyncResource.bind` costs ten times as much.)
    const here = new AsyncResource('LocMemWait');
    const release = (outcome: Outcome) => {
      stop();
      // Not inside the leader's own call: what this one throws is not the leader's.
      here.runInAsyncScope(setImmediate, undefined, () => {
        this.#rejoin(plan, choice, outcome);
      });
    };
    const leave = leader.wait(release);
    const callOff = after(settings.clock, patienceMs, () => {
      release('late');
    });
    this.#res.once('close', stop);
  }

  #rejoin(plan: Lookup, before: Missed, outcome: Outcome): void {
    if (this.#res.headersSent || this.#res.destroyed) return;
    if (outcome === 'failed' && before.fallback) {
      const { settings, trace } = this.#site;
      const nowMs = settings.clock.now();
      const { fallback } = before;
      trace.stale(this.#subject, 'if-error', ttlSeconds(fallback, nowMs));
      const status = { fwd: before.reason, collapsed: true, detail: 'stale-if-error' };
      answerFromStore(this.#req, this.#res, fallback, nowMs, settings.cacheStatus, status);
      return;
    }
    // What was not stored may be there by another waiter, and to look costs nothing; unless the store is
    // elsewhere, and perhaps silent: that is waited for once, and no second time.
    if (outcome !== 'stored' && this.#site.store.isRemote) {
      this.#fetch(plan, before, undefined);
      return;
    }
    this.#lookup(plan, (choice, nowMs) => {
      if (choice.use === 'fresh') {
        this.#site.trace.collapsed();
        this.#serve(choice.stored, nowMs, { fwd: before.reason, collapsed: true });
      } else if (choice.use === 'stale') this.#serveStale(plan, choice, nowMs);
      // Not shared: each runs its own, and nobody waits twice.
      else if (choice.use === 'none') this.#fetch(plan, choice, undefined);
    });
  }

  // ---- asking the handler --------------------------------------------------------------------

  /** Leaves to the handler, with a {@link Fetch} on its answer. */
  #fetch(
    plan: Lookup,
    choice: Missed,
    leader: Leader | undefined,
    crowd = this.#crowdOf(plan),
  ): void {
    const { settings } = this.#site;
    const { reason, detail, validating, fallback } = choice;
    const order = this.#order(plan, { fwd: reason, detail }, leader, crowd);
    order.validating = validating;
    order.fallback = fallback;
    order.wasForFront = validating?.isForFront;
    if (validating) askWith(this.#req.headers, validating.validators);
    const fetch = new Fetch(this.#site, this.#req, this.#res, order);
    this.#register(fetch);
    if (fallback) order.callOff = after(settings.clock, settings.deadlineMs, () => fetch.failed());
    this.#run(fetch, fallback !== undefined);
  }

  #run(fetch: Fetch, hasFallback: boolean): void {
    const { trace } = this.#site;
    let running: unknown;
    try {
      running = this.#next();
    } catch (error) {
      if (fetch.failed()) {
        trace.error('handler', error);
        return;
      }
      fetch.giveUp();
      throw error;
    }
    if (!hasFallback || !isPromise(running)) return;
    // Looked at only where something can be done about it; otherwise it is its maker's.
    void running.then(undefined, (error: unknown) => {
      if (!fetch.failed()) throw error;
      trace.error('handler', error);
    });
  }

  /** @param crowd who waits for the answer, led by `leader` */
  #order(plan: Lookup, status: CacheStatus, leader: Leader | undefined, crowd: string): Order<Req> {
    const order = new Order(this.#site, this.#req, this.#res, plan, this.#subject);
    order.status = status;
    // As they are now: the handler may be asked with others.
    order.headers = { ...this.#fields };
    order.leader = leader;
    order.crowd = crowd;
    return order;
  }

  get #fields(): IncomingHttpHeaders {
    return this.#headers ?? headersOf(this.#req);
  }

  #crowdOf(plan: Lookup): string {
    return crowdOf(plan, this.#fields);
  }

  #register(fetch: Fetch): void {
    const handler = handlerOf(this.#req, this.#site);
    if (handler) handler.fetch = fetch;
  }

  // ---- invalidating --------------------------------------------------------------------------

  /**
   * RFC 9111 §4.4: a non-error answer to an unsafe method invalidates the target. Before the end of
   * the answer goes out, so that who has seen the answer to a write does not read the old page.
   */
  #invalidate(plan: Invalidation): void {
    this.#announce({ fwd: 'method' });
    let isDone = false;
    const invalidateOnce = () => {
      const { statusCode } = this.#res;
      if (isDone || statusCode < 200 || statusCode > 399) return;
      isDone = true;
      invalidate(this.#site, invalidatedBy(plan, fieldsOf(this.#res), this.#site.settings));
    };
    watch(this.#res, {
      onEnding: invalidateOnce,
      // The client is gone in the middle of the answer; the write has happened all the same.
      onClose: () => {
        if (this.#res.headersSent) invalidateOnce();
      },
      onFailed: (error) => {
        this.#site.trace.error('invalidate', error);
      },
    });
    this.#next();
  }

  #announce(status: CacheStatus): void {
    announce(this.#res, this.#site.settings.cacheStatus, status);
  }
}

/** RFC 9110 §13.1: conditions whose answer may be a 304. */
function isConditional(headers: IncomingHttpHeaders): boolean {
  return 'if-none-match' in headers || 'if-modified-since' in headers;
}

/**
 * Who waits for whom. Requests with and without Authorization or Cookie may be answered differently,
 * and whether they can share is not known before: one of a kind leads its kind.
 */
function crowdOf({ address }: Lookup, headers: IncomingHttpHeaders): string {
  const kind = ('authorization' in headers ? 'a' : '') + ('cookie' in headers ? 'c' : '');
  return `${address.version ?? ''}/${kind}/${address.key}`;
}
