/**
 * What a fetch is for, and what its end means to others: who waits is released, and what cannot be
 * shared is remembered for a while.
 *
 * One object for all that a fetch must know, and a class, for the reason that stands at `Handler`.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { CacheStatus } from './cache-status.js';
import type { Leader, Outcome } from './collapse.js';
import type { StoredResponse } from './entry.js';
import type { FetchOrder } from './fetch.js';
import { areAsSent } from './fronting.js';
import { handlerOf } from './handled.js';
import { isMomentary } from './reasons.js';
import type { Refusal } from './reasons.js';
import { rawTarget } from './request.js';
import type { Lookup } from './request.js';
import type { Site } from './site.js';
import type { EventSubject } from './trace.js';

export class Order<Req extends IncomingMessage> implements FetchOrder {
  status: CacheStatus = {};
  headers: IncomingHttpHeaders = {};
  validating: StoredResponse | undefined;
  fallback: StoredResponse | undefined;
  wasForFront: boolean | undefined;
  isBackground = false;
  /** Who leads those that wait for the answer, if anybody does, and what they wait for. */
  leader: Leader | undefined;
  crowd = '';
  /** Calls off what was to happen if the fetch took too long. */
  callOff: (() => void) | undefined;
  readonly #site: Site<Req>;
  readonly #req: Req;
  readonly #res: ServerResponse;
  /** Now: when the answer has been made, a mounted application may have put the mount path back. */
  readonly #isUrlAsSent: boolean;

  constructor(
    site: Site<Req>,
    req: Req,
    res: ServerResponse,
    readonly plan: Lookup,
    readonly subject: EventSubject,
  ) {
    this.#site = site;
    this.#req = req;
    this.#res = res;
    this.#isUrlAsSent = req.url === rawTarget(req);
  }

  againstFront(): string | undefined {
    const { origin, settings } = this.#site;
    const own = handlerOf(this.#req, this.#site);
    if (own === undefined || own.outer !== undefined)
      return 'another response cache stands before this one';
    const before = 'middlewares before the response cache';
    if (origin.knowsVisitor?.(this.#req)) return `${before} know who asks`;
    if (origin.isRewritten?.(this.#req)) return `${before} make another body of an answer`;
    // Below a mount path `req.path` is less than it is before the framework, where it may be another's.
    if (settings.asksAboutRequests && !this.#isUrlAsSent)
      return `${before} change the URL, which functions among its options may read`;
    return areAsSent(this.headers, this.#req.rawHeaders)
      ? undefined
      : `${before} change the fields of requests`;
  }

  furtherTags(): readonly string[] {
    return this.#site.settings.tagsOf(this.#req, this.#res);
  }

  onDone(outcome: Outcome, refusal?: Refusal): void {
    // First of all: what fails here must not keep the others waiting.
    this.leader?.done(outcome);
    this.callOff?.();
    const { flights, settings } = this.#site;
    if (outcome === 'stored') flights.crowds.forget(this.crowd);
    else if (outcome === 'not-stored' && refusal !== undefined && !isMomentary(refusal)) {
      flights.crowds.remember(this.crowd, settings.clock.now());
    }
  }
}
