/**
 * What would happen to a request, as a value.
 */
import type { IncomingMessage } from 'node:http';
import { formatCacheStatus } from './cache-status.js';
import type { CacheStatus } from './cache-status.js';
import { choiceOf, statusOf } from './choice.js';
import { outerHandlerOf } from './handled.js';
import { ageField, ttlSeconds } from './freshness.js';
import { whenThere } from './maybe-promise.js';
import type { MaybePromise } from './maybe-promise.js';
import type { BypassReason, MissDetail, MissReason } from './reasons.js';
import { headersOf, planFor } from './request.js';
import { find } from './site.js';
import type { Site } from './site.js';

/**
 * What would happen to a request now.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { once } from 'node:events';
 * import { createServer } from 'node:http';
 * import type { AddressInfo } from 'node:net';
 * import { createResponseCache } from '@locmem/http';
 * import type { Explanation } from '@locmem/http';
 *
 * const cache = createResponseCache({ timeout: 60 });
 * const server = createServer((req, res) => {
 *   if (req.headers['x-why']) res.end(JSON.stringify(cache.explain(req)));
 *   else cache.handle(req, res, () => res.end('hello'));
 * }).listen(0, '127.0.0.1');
 * await once(server, 'listening');
 * const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
 *
 * await fetch(url);
 * const answer = await fetch(url, { headers: { 'x-why': '1', cookie: 'sid=1' } });
 * const why = (await answer.json()) as Explanation;
 * assert.equal(why.outcome, 'miss');
 * assert.equal(why.detail, 'cookie'); // made for nobody in particular, not for this visitor
 * server.close();
 * server.closeAllConnections();
 * ```
 */
export interface Explanation {
  /**
   * Answered from the store, fresh or stale; the handler asked whether what is stored still holds;
   * asked of the handler; let past; let past and its URL invalidated.
   */
  readonly outcome: 'hit' | 'stale' | 'validate' | 'miss' | 'bypass' | 'invalidate';
  /** Why it is not a hit. */
  readonly reason?: MissReason | BypassReason;
  /** What in the request stands against a stored answer: `cookie`, `authorization`, `no-cache`, … */
  readonly detail?: MissDetail;
  /** Where in the store its resource is. */
  readonly key?: string;
  /** Under which version there; undefined: the store's own. */
  readonly version?: number | undefined;
  /** How many variants of the resource are stored. */
  readonly variants?: number;
  /** Status of the stored answer. */
  readonly status?: number;
  /** Age of the stored answer, whole seconds. */
  readonly ageSeconds?: number;
  /** Seconds for which it is still fresh. */
  readonly ttlSeconds?: number;
  /** The same in the words of RFC 9211. */
  readonly cacheStatus: string;
}

export function explain<Req extends IncomingMessage>(
  site: Site<Req>,
  req: Req,
): MaybePromise<Explanation> {
  const { settings, origin, customKeyScope } = site;
  const inWords = (status: CacheStatus) =>
    formatCacheStatus(settings.cacheStatus === false ? 'LocMem' : settings.cacheStatus, status);

  const plan = planFor(req, settings, origin, customKeyScope, outerHandlerOf(req, site));
  if (plan.kind === 'invalidate') {
    return { outcome: 'invalidate', reason: 'method', cacheStatus: inWords({ fwd: 'method' }) };
  }
  if (plan.kind === 'pass') {
    const { reason } = plan;
    const status = reason === 'method' ? { fwd: reason } : { fwd: 'bypass', detail: reason };
    return { outcome: 'bypass', reason, cacheStatus: inWords(status) };
  }
  return whenThere(find(site, plan), (resource): Explanation => {
    const nowMs = settings.clock.now();
    const asking = { method: req.method, headers: headersOf(req), wishes: plan.wishes };
    const choice = choiceOf(resource, asking, nowMs);
    const cacheStatus = inWords(statusOf(choice, nowMs));
    const place = { ...plan.address, variants: resource?.variants.length ?? 0 };
    if (choice.use === 'none' || choice.use === 'withheld') {
      const { reason, detail } = choice;
      const outcome = choice.use === 'none' && choice.validating ? 'validate' : 'miss';
      return { outcome, reason, ...(detail && { detail }), ...place, cacheStatus };
    }
    return {
      outcome: choice.use === 'fresh' ? 'hit' : 'stale',
      ...place,
      status: choice.stored.status,
      ageSeconds: ageField(choice.stored, nowMs),
      ttlSeconds: ttlSeconds(choice.stored, nowMs),
      cacheStatus,
    };
  });
}
