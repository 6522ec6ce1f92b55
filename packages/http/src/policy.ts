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
  currentAge,
  heuristicLifetime,
  isFresh,
  responseDelay,
  statedLifetime,
  ttlSeconds,
} from './freshness.js';
import type { AgeFacts } from './freshness.js';
import type { MissDetail, MissReason, Refusal } from './reasons.js';
import { cachePolicyFields } from './targeted.js';
import type { CachePolicyFields } from './targeted.js';
import { canValidate, validatorsOf } from './validation.js';
import type { OriginValidators } from './validation.js';
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
  /** For answers that do not say; seconds. */
  readonly staleWhileRevalidateSeconds: number;
  readonly staleIfErrorSeconds: number;
  /** The cookies that matter are part of the key: others make no difference. */
  readonly cookiesAreKeyed: boolean;
}

/** Who else may get a stored answer. */
export interface Audience {
  /** Requests with Authorization, too (RFC 9111 §3.5). */
  readonly authorized: boolean;
  /** Requests with a Cookie, too. */
  readonly withCookie: boolean;
}

/** When a stored answer may be used without being fresh (RFC 9111 §4.2.4, RFC 5861). */
export interface StaleRules {
  /** `no-cache`: not even while it is fresh, unless the handler says that it still holds. */
  readonly alwaysValidate: boolean;
  /** The answer forbids that it be used stale, whoever asks for it. */
  readonly forbidden: boolean;
  /** After it became stale. */
  readonly whileRevalidateSeconds: number;
  readonly ifErrorSeconds: number;
}

/** To store, with all that must be kept of the decision; or not to, and why. */
export type StoreDecision =
  | {
      readonly store: true;
      readonly age: AgeFacts;
      readonly vary: readonly string[];
      readonly audience: Audience;
      readonly stale: StaleRules;
      readonly validators: OriginValidators;
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
  // §5.2.2.4: reusable only after validation, for which there must be something to ask with.
  const validators = validatorsOf(fields, response.timeMs);
  const alwaysValidate = hasDirective(cacheControl, 'no-cache');
  if (alwaysValidate && !canValidate(validators)) return refuse('response-no-cache');
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
  const stale = staleRules(cacheControl, policy);
  const isFitForAll = policy.cookiesAreKeyed || isForCookieBearers(cacheControl, vary.names);
  const isReusedAsIs = isFresh(age, response.timeMs) && !alwaysValidate;
  if (!isReusedAsIs) {
    // Kept for what it may be good for later, where its author has said anything of it.
    const isOfUse =
      canValidate(validators) || stale.whileRevalidateSeconds > 0 || stale.ifErrorSeconds > 0;
    if (!lifetime.stated || !isOfUse) return refuse('stale-on-arrival');
    // `max-age=0` declares nothing fit for everybody, as a lifetime would.
    if ('cookie' in request.headers && !isFitForAll) return refuse('cookie');
  }
  return {
    store: true,
    age,
    vary: vary.names,
    audience: {
      authorized: isForTheAuthorized(cacheControl) || vary.names.includes('authorization'),
      withCookie: (lifetime.stated && isReusedAsIs) || isFitForAll,
    },
    stale,
    validators,
  };
}

/** §4.2.4 and RFC 5861; what an answer says goes before what the options say. */
function staleRules(cacheControl: CacheControl, policy: StoragePolicy): StaleRules {
  const alwaysValidate = hasDirective(cacheControl, 'no-cache');
  // §5.2.2.2, §5.2.2.8, and §5.2.2.10 for s-maxage, which implies proxy-revalidate.
  const forbidden =
    alwaysValidate ||
    hasDirective(cacheControl, 'must-revalidate') ||
    hasDirective(cacheControl, 'proxy-revalidate') ||
    hasDirective(cacheControl, 's-maxage');
  if (forbidden) {
    return { alwaysValidate, forbidden, whileRevalidateSeconds: 0, ifErrorSeconds: 0 };
  }
  const { staleWhileRevalidateSeconds, staleIfErrorSeconds } = policy;
  return {
    alwaysValidate,
    forbidden,
    whileRevalidateSeconds: windowSeconds(
      cacheControl,
      'stale-while-revalidate',
      staleWhileRevalidateSeconds,
    ),
    ifErrorSeconds: windowSeconds(cacheControl, 'stale-if-error', staleIfErrorSeconds),
  };
}

function windowSeconds(cacheControl: CacheControl, name: string, byDefault: number): number {
  const seconds = deltaSeconds(cacheControl, name) ?? byDefault;
  return seconds === 'invalid' ? 0 : seconds;
}

/** RFC 9111 §4.2.1, and beyond it the option `timeout` for answers that state nothing. */
function freshnessLifetime(
  request: AskedFor,
  { status, fields, timeMs }: Answered,
  policyFields: CachePolicyFields,
  vary: readonly string[],
  { timeoutSeconds, heuristic, cookiesAreKeyed }: StoragePolicy,
): Refusal | { readonly stated: boolean; readonly seconds: number } {
  const { cacheControl } = policyFields;
  const stated = statedLifetime(policyFields, fields, timeMs);
  if (stated.kind === 'invalid') return 'invalid-freshness';
  // §3: any final status will do where the answer itself says how long it is good.
  if (stated.kind === 'stated') return { stated: true, seconds: stated.seconds };

  // §5.2.2.4, §3: nothing need be said of freshness where nothing is reused without asking.
  const isCacheable = HEURISTICALLY_CACHEABLE.has(status) || hasDirective(cacheControl, 'public');
  if (hasDirective(cacheControl, 'no-cache') && isCacheable) return { stated: true, seconds: 0 };

  // Only assumed from here on: errors, redirects and whatever a cookie may have made are left alone.
  const guessed = heuristic ? heuristicLifetime(fields, timeMs) : undefined;
  // The option counts from when the answer is there: or the slowest pages, which need a cache most,
  // would be stale on arrival.
  const delay = responseDelay(request.timeMs, timeMs);
  const isOurs = status === 200 && timeoutSeconds !== undefined;
  const assumed = isOurs ? (timeoutSeconds ?? Infinity) + delay : guessed;
  if (assumed === undefined) return timeoutSeconds === undefined ? 'no-freshness' : 'status';
  // §4.2.2: only statuses of which RFC 9110 says so, or an explicit `public`.
  if (!isCacheable) return 'status';
  // RFC 9111 §5.4: not specified for answers, but who sends it alone does not want a cache.
  if (listMembers(linesOf(fields, 'pragma')).includes('no-cache')) return 'response-no-cache';
  if ('cookie' in request.headers && !cookiesAreKeyed && !isForCookieBearers(cacheControl, vary)) {
    return 'cookie';
  }
  return { stated: false, seconds: Math.min(assumed, MAX_DELTA_SECONDS) };
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
  /** Infinity: however stale. */
  readonly maxStaleSeconds: number | undefined;
  readonly onlyIfCached: boolean;
}

/** A request that asks for nothing, or is not listened to. */
export const NO_REQUEST_DIRECTIVES: RequestDirectives = Object.freeze({
  noStore: false,
  noCache: false,
  maxAgeSeconds: undefined,
  minFreshSeconds: undefined,
  maxStaleSeconds: undefined,
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
    maxStaleSeconds: maxStale(cacheControl),
    onlyIfCached: hasDirective(cacheControl, 'only-if-cached'),
  };
}

/** §5.2.1.2: without a number, "willing to accept a stale response of any age". */
function maxStale(cacheControl: CacheControl): number | undefined {
  const argument = cacheControl.directives.get('max-stale');
  return argument === '' ? Infinity : validSeconds(cacheControl, 'max-stale');
}

/** A wish that cannot be read is no wish. */
function validSeconds(cacheControl: CacheControl, name: string): number | undefined {
  const seconds = deltaSeconds(cacheControl, name);
  return seconds === 'invalid' ? undefined : seconds;
}

/** What a stored answer may be used for. */
export type ReuseDecision =
  /** Fresh: given as it is. */
  | { readonly reuse: 'fresh' }
  /** Given although it is stale; whether somebody should see to a new one. */
  | { readonly reuse: 'stale'; readonly refresh: boolean }
  /** Not given as it is: perhaps once the handler has said that it holds, or when the handler fails. */
  | {
      readonly reuse: false;
      readonly reason: MissReason;
      readonly detail?: MissDetail | undefined;
      readonly ifValid: boolean;
      readonly ifError: boolean;
    };

const FRESH: ReuseDecision = Object.freeze({ reuse: 'fresh' });

/** Whether a stored answer that Vary selects may be given to this request now (RFC 9111 §4). */
export function reusable(
  stored: StoredResponse,
  headers: IncomingHttpHeaders,
  wishes: RequestDirectives,
  nowMs: number,
): ReuseDecision {
  // §3.5 speaks of storing; the mirror image is as harmful to the user who is logged in and gets
  // the page of nobody. An answer made for nobody in particular is not given to somebody, and
  // nobody's page is not what somebody's is compared with.
  if ('authorization' in headers && !stored.audience.authorized) return unlike('authorization');
  if ('cookie' in headers && !stored.audience.withCookie) return unlike('cookie');

  const wish = unmetWish(stored, wishes, nowMs);
  // §4.2: "fresh".
  if (isFresh(stored, nowMs) && !stored.stale.alwaysValidate) {
    return wish === undefined ? FRESH : onlyIfValid('request', wish);
  }
  const staleSeconds = Math.max(0, currentAge(stored, nowMs) - stored.lifetimeSeconds);
  const { stale } = stored;
  if (stale.alwaysValidate) return onlyIfValid('stale', 'response-no-cache');
  // §4.2.4: not when the answer forbids it, nor when the request wants less.
  if (stale.forbidden || wish !== undefined) return onlyIfValid('stale', wish);

  // RFC 5861 §3.
  const refresh = staleSeconds < stale.whileRevalidateSeconds;
  // §5.2.1.2: a client that takes it stale.
  const isWanted = wishes.maxStaleSeconds !== undefined && staleSeconds <= wishes.maxStaleSeconds;
  if (refresh || isWanted) return { reuse: 'stale', refresh };
  // RFC 5861 §4.
  return { ...onlyIfValid('stale'), ifError: staleSeconds < stale.ifErrorSeconds };
}

/** The first wish of the request that the stored answer does not meet. */
function unmetWish(
  stored: StoredResponse,
  wishes: RequestDirectives,
  nowMs: number,
): MissDetail | undefined {
  // §5.2.1.4, §5.4.
  if (wishes.noCache) return 'no-cache';
  // §5.2.1.1: "unwilling to accept a response whose age is greater than".
  if (wishes.maxAgeSeconds !== undefined && ageField(stored, nowMs) > wishes.maxAgeSeconds) {
    return 'max-age';
  }
  // §5.2.1.3: "will still be fresh for at least".
  if (wishes.minFreshSeconds !== undefined && ttlSeconds(stored, nowMs) < wishes.minFreshSeconds) {
    return 'min-fresh';
  }
  return undefined;
}

function unlike(detail: MissDetail) {
  return { reuse: false, reason: 'request', detail, ifValid: false, ifError: false } as const;
}

function onlyIfValid(reason: MissReason, detail?: MissDetail) {
  return { reuse: false, reason, detail, ifValid: true, ifError: false } as const;
}
