/**
 * May this answer be stored, may that one be reused: decisions only, to be read beside RFC 9111 §3
 * and §4. Every "no" carries its reason.
 */
import type { IncomingHttpHeaders } from 'node:http';
import {
  deltaSeconds,
  hasDirective,
  MAX_DELTA_SECONDS,
  parseCacheControl,
} from './cache-control.js';
import type { CacheControl } from './cache-control.js';
import type { StoredResponse } from './entry.js';
import { linesOf, listMembers } from './fields.js';
import type { Fields } from './fields.js';
import {
  ageField,
  correctedInitialAge,
  heuristicLifetime,
  isFresh,
  statedLifetime,
  ttlSeconds,
} from './freshness.js';
import type { AgeFacts } from './freshness.js';
import type { MissReason, Refusal } from './reasons.js';
import { cachePolicyFields } from './targeted.js';
import type { CachePolicyFields } from './targeted.js';
import { parseVary } from './vary.js';

/** What of a request the decision to store its answer depends on. */
export interface AskedFor {
  readonly method: string;
  /** As the cache saw them, before the handler could change anything. */
  readonly headers: IncomingHttpHeaders;
  readonly timeMs: number;
}

/** What of an answer the decision to store it depends on. */
export interface Answered {
  readonly status: number;
  readonly fields: Fields;
  readonly timeMs: number;
}

/** What of the options the decision to store depends on. */
export interface StoragePolicy {
  /** Freshness of answers that state none, seconds; null = for ever; undefined = none is assumed. */
  readonly timeoutSeconds: number | null | undefined;
  readonly storeSetCookie: boolean;
  /** Whether freshness may be guessed from Last-Modified (RFC 9111 §4.2.2). */
  readonly heuristic: boolean;
  /** Fields that take the place of Cache-Control, lower-case, the first first (RFC 9213). */
  readonly targetedFields: readonly string[];
}

/** Who else may get a stored answer. */
export interface Audience {
  /** Requests with Authorization, too (RFC 9111 §3.5). */
  readonly authorized: boolean;
  /** Requests with a Cookie, too. */
  readonly withCookie: boolean;
}

/** To store, with all that must be kept of the decision; or not to, and why. */
export type StoreDecision =
  | {
      readonly store: true;
      readonly age: AgeFacts;
      readonly vary: readonly string[];
      readonly audience: Audience;
    }
  | { readonly store: false; readonly reason: Refusal };

/** Statuses whose own rules about caching are kept here, for `must-understand` (RFC 9111 §5.2.2.3). */
const UNDERSTOOD = new Set([200, 203, 204, 300, 301, 302, 307, 308, 404, 405, 410, 414, 451, 501]);

/** RFC 9110 §15.1: statuses whose freshness may be guessed, less 206, which is a part. */
const HEURISTICALLY_CACHEABLE = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);

/**
 * Whether an answer may be stored (RFC 9111 §3, as a shared cache), and for how long it is fresh.
 * Default deny: what is not understood is not stored.
 */
export function storable(
  request: AskedFor,
  response: Answered,
  policy: StoragePolicy,
): StoreDecision {
  const { status, fields } = response;
  const policyFields = cachePolicyFields(fields, policy.targetedFields);
  const { cacheControl } = policyFields;
  const vary = parseVary(linesOf(fields, 'vary'));

  // §3: "the request method is understood by the cache".
  if (request.method !== 'GET') return refuse('method');
  // §3: "the response status code is final". §3.3, §3.4: a part is not the whole. §4.3.3: a 304 is
  // news about an answer, not one.
  if (status < 200 || status === 206 || status === 304) return refuse('status');
  if (fields.has('content-range')) return refuse('partial');
  // §5.2: who wrote this may have meant `private`.
  if (cacheControl.malformed) return refuse('cache-control-malformed');
  // §5.2.2.3: not unless the cache knows what the status means for caching; no-store beside it is
  // for those that do not know.
  const mustUnderstand = hasDirective(cacheControl, 'must-understand');
  if (mustUnderstand && !UNDERSTOOD.has(status)) return refuse('must-understand');
  // §3: "the no-store cache directive is not present in the response".
  if (hasDirective(cacheControl, 'no-store') && !mustUnderstand) return refuse('response-no-store');
  // §3: "the private response directive is not present"; a qualified one counts as a whole one.
  if (hasDirective(cacheControl, 'private')) return refuse('response-private');
  // §5.2.2.4: reusable only after validation, which this cache does not do yet.
  if (hasDirective(cacheControl, 'no-cache')) return refuse('response-no-cache');
  // §4.1: a stored answer with a "*" never matches a request.
  if (vary.kind === 'never') return refuse(vary.reason);
  // §3.5: whose answer it is was decided by who asked.
  if ('authorization' in request.headers && !isForTheAuthorized(cacheControl)) {
    return refuse('authorization');
  }
  // §7.3 lets Set-Cookie be stored; then one visitor's session would be everybody's.
  if (fields.has('set-cookie') && !policy.storeSetCookie) return refuse('set-cookie');
  // RFC 9110 §6.5: trailer fields come after the body, and are not kept.
  if (fields.has('trailer')) return refuse('trailers');

  const lifetime = freshnessLifetime(request, response, policyFields, vary.names, policy);
  if (typeof lifetime === 'string') return refuse(lifetime);
  const age: AgeFacts = {
    responseTimeMs: response.timeMs,
    initialAgeSeconds: correctedInitialAge(fields, request.timeMs, response.timeMs),
    lifetimeSeconds: lifetime.seconds,
  };
  if (!isFresh(age, response.timeMs)) return refuse('stale-on-arrival');
  return {
    store: true,
    age,
    vary: vary.names,
    audience: {
      authorized: isForTheAuthorized(cacheControl) || vary.names.includes('authorization'),
      withCookie: lifetime.stated || isForCookieBearers(cacheControl, vary.names),
    },
  };
}

/** RFC 9111 §4.2.1, and beyond it the option `timeout` for answers that state nothing. */
function freshnessLifetime(
  request: AskedFor,
  { status, fields, timeMs }: Answered,
  policyFields: CachePolicyFields,
  vary: readonly string[],
  { timeoutSeconds, heuristic }: StoragePolicy,
): Refusal | { readonly stated: boolean; readonly seconds: number } {
  const { cacheControl } = policyFields;
  const stated = statedLifetime(policyFields, fields, timeMs);
  if (stated.kind === 'invalid') return 'invalid-freshness';
  // §3: any final status will do where the answer itself says how long it is good.
  if (stated.kind === 'stated') return { stated: true, seconds: stated.seconds };

  // Only assumed from here on: errors, redirects and whatever a cookie may have made are left alone.
  const guessed = heuristic ? heuristicLifetime(fields, timeMs) : undefined;
  const assumed = status === 200 && timeoutSeconds !== undefined ? timeoutSeconds : guessed;
  if (assumed === undefined) return timeoutSeconds === undefined ? 'no-freshness' : 'status';
  // §4.2.2: only statuses of which RFC 9110 says so, or an explicit `public`.
  if (!HEURISTICALLY_CACHEABLE.has(status) && !hasDirective(cacheControl, 'public')) {
    return 'status';
  }
  // RFC 9111 §5.4: not specified for answers, but who sends it alone does not want a cache.
  if (listMembers(linesOf(fields, 'pragma')).includes('no-cache')) return 'response-no-cache';
  if ('cookie' in request.headers && !isForCookieBearers(cacheControl, vary)) return 'cookie';
  return { stated: false, seconds: Math.min(assumed ?? Infinity, MAX_DELTA_SECONDS) };
}

/** RFC 9111 §3.5: what lets an answer to a request with Authorization be given to others. */
function isForTheAuthorized(cacheControl: CacheControl): boolean {
  return (
    hasDirective(cacheControl, 'public') ||
    hasDirective(cacheControl, 's-maxage') ||
    hasDirective(cacheControl, 'must-revalidate')
  );
}

/** What lets an answer of assumed freshness be shared although requests carry cookies. */
function isForCookieBearers(cacheControl: CacheControl, vary: readonly string[]): boolean {
  return hasDirective(cacheControl, 'public') || vary.includes('cookie');
}

function refuse(reason: Refusal): StoreDecision {
  return { store: false, reason };
}

/** What a request asks of a cache (RFC 9111 §5.2.1, §5.4). */
export interface RequestDirectives {
  readonly noStore: boolean;
  readonly noCache: boolean;
  readonly maxAgeSeconds: number | undefined;
  readonly minFreshSeconds: number | undefined;
  readonly onlyIfCached: boolean;
}

/** A request that asks for nothing, or is not listened to. */
export const NO_REQUEST_DIRECTIVES: RequestDirectives = Object.freeze({
  noStore: false,
  noCache: false,
  maxAgeSeconds: undefined,
  minFreshSeconds: undefined,
  onlyIfCached: false,
});

/** Reads the request's Cache-Control; without one, its Pragma (RFC 9111 §5.4). */
export function requestDirectives(headers: IncomingHttpHeaders): RequestDirectives {
  const line = headers['cache-control'];
  if (line === undefined) {
    const pragma = headers.pragma;
    if (pragma === undefined) return NO_REQUEST_DIRECTIVES;
    return { ...NO_REQUEST_DIRECTIVES, noCache: listMembers([pragma]).includes('no-cache') };
  }
  const cacheControl = parseCacheControl([line]);
  return {
    noStore: hasDirective(cacheControl, 'no-store'),
    noCache: hasDirective(cacheControl, 'no-cache'),
    maxAgeSeconds: validSeconds(cacheControl, 'max-age'),
    minFreshSeconds: validSeconds(cacheControl, 'min-fresh'),
    onlyIfCached: hasDirective(cacheControl, 'only-if-cached'),
  };
}

/** A wish that cannot be read is no wish. */
function validSeconds(cacheControl: CacheControl, name: string): number | undefined {
  const seconds = deltaSeconds(cacheControl, name);
  return seconds === 'invalid' ? undefined : seconds;
}

export type ReuseDecision =
  | { readonly reuse: true }
  | { readonly reuse: false; readonly reason: MissReason; readonly detail?: string };

const REUSE: ReuseDecision = Object.freeze({ reuse: true });

/** Whether a stored answer that Vary selects may be given to this request now (RFC 9111 §4). */
export function reusable(
  stored: StoredResponse,
  headers: IncomingHttpHeaders,
  wishes: RequestDirectives,
  nowMs: number,
): ReuseDecision {
  // §3.5 speaks of storing; the mirror image is as harmful to the user who is logged in and gets
  // the page of nobody. An answer made for nobody in particular is not given to somebody.
  if ('authorization' in headers && !stored.audience.authorized) {
    return { reuse: false, reason: 'request', detail: 'authorization' };
  }
  if ('cookie' in headers && !stored.audience.withCookie) {
    return { reuse: false, reason: 'request', detail: 'cookie' };
  }
  // §4.2: "fresh"; serving stale answers is not built yet.
  if (!isFresh(stored, nowMs)) return { reuse: false, reason: 'stale' };
  // §5.2.1.4, §5.4.
  if (wishes.noCache) return { reuse: false, reason: 'request', detail: 'no-cache' };
  // §5.2.1.1: "unwilling to accept a response whose age is greater than".
  if (wishes.maxAgeSeconds !== undefined && ageField(stored, nowMs) > wishes.maxAgeSeconds) {
    return { reuse: false, reason: 'request', detail: 'max-age' };
  }
  // §5.2.1.3: "will still be fresh for at least".
  if (wishes.minFreshSeconds !== undefined && ttlSeconds(stored, nowMs) < wishes.minFreshSeconds) {
    return { reuse: false, reason: 'request', detail: 'min-fresh' };
  }
  return REUSE;
}
