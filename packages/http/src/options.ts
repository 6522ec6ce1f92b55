/**
 * The options: names, defaults, ranges, read once. Every other file sees only the resolved, frozen
 * settings; the caller's object is never written to.
 */
import { InvalidOptionError, parseTimeout } from '@locmem/core';
import type { Cache, Timeout } from '@locmem/core';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IdentityOptions } from './identity.js';
import { checkOptionNames, OptionReader } from './option-reader.js';
import type { QueryFilter } from './query.js';
import type { ResponseCacheEvent } from './trace.js';

/**
 * A source of wall-clock time.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { createResponseCache } from '@locmem/http';
 * import type { Clock } from '@locmem/http';
 *
 * const clock: Clock & { ms: number } = { ms: Date.UTC(2026, 0, 1), now: () => clock.ms };
 * createResponseCache({ timeout: 60, clock });
 * clock.ms += 59_000; // 59 seconds later, without waiting
 * assert.equal(clock.now(), Date.UTC(2026, 0, 1, 0, 0, 59));
 * ```
 */
export interface Clock {
  /** Milliseconds since the epoch, as `Date.now()`. */
  now(): number;
  /** Calls back when so much of its time has passed. Default: the real `setTimeout`. */
  setTimeout?(run: () => void, delayMs: number): unknown;
  /** Takes back what `setTimeout` returned. */
  clearTimeout?(handle: unknown): void;
}

/**
 * Options of a response cache; all may be left out.
 *
 * @typeParam Req the request that functions among the options get: Express's, in Express
 * @typeParam C where answers are kept
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { createResponseCache } from '@locmem/http';
 * import type { ResponseCacheOptions } from '@locmem/http';
 *
 * const options: ResponseCacheOptions = {
 *   timeout: '10m',
 *   keyPrefix: (req) => String(req.headers['x-tenant']),
 *   ignoreQuery: ['utm_*'],
 *   bypass: (req) => req.url?.startsWith('/live/') ?? false,
 * };
 * createResponseCache(options);
 * assert.throws(() => createResponseCache({ maxBodyBytes: NaN }), {
 *   code: 'ERR_LOCMEM_INVALID_OPTION',
 *   option: 'maxBodyBytes',
 * });
 * ```
 */
export interface ResponseCacheOptions<
  Req = IncomingMessage,
  C extends Cache | string = Cache | string,
> {
  /**
   * Where answers are kept: a cache, synchronous or not, or the name of a LocMemCache. Default: a
   * store of its own named `http`, which all response caches of the process share.
   */
  cache?: C | undefined;
  /** Resources that the own store may hold. An integer from 1; default 10,000. */
  maxEntries?: number | undefined;
  /** Bytes that the own store may hold, by estimate. An integer from 1; default 64 MiB. */
  maxBytes?: number | undefined;
  /**
   * How long an answer that states no freshness itself is fresh: seconds, a string with its unit
   * (`'5m'`), or null for ever. Default: such answers are not stored. What an answer says itself
   * always wins (Django: CACHE_MIDDLEWARE_SECONDS, which wins over the answer).
   */
  timeout?: Timeout | undefined;
  /**
   * Whether an answer that states no freshness, but when it was last modified, counts as fresh for a
   * tenth of the time since then, at most a day (RFC 9111 §4.2.2). `timeout` comes first. Default
   * false.
   */
  heuristic?: boolean | undefined;
  /**
   * Fields that take the place of Cache-Control and Expires for this cache (RFC 9213): the first
   * that an answer has and that is well formed. Default `['CDN-Cache-Control']`.
   */
  targetedFields?: readonly string[] | undefined;
  /** An integer; another one sees nothing of what was stored before (Django: VERSION). Default: the cache's. */
  version?: number | ((req: Req) => number) | undefined;
  /** Sets tenants apart: what is stored under one prefix is not found under another. Default `''`. */
  keyPrefix?: string | ((req: Req) => string) | undefined;
  /**
   * Replaces scheme, host, path and query in the key. Vary, prefix and version still apply. Whatever
   * the answer depends on must be in it.
   */
  key?: ((req: Req) => string) | undefined;
  /** Query arguments that are no part of the key: names, or `'utm_*'`. Not together with `allowQuery`. */
  ignoreQuery?: readonly string[] | undefined;
  /** The only query arguments that are part of the key. Not together with `ignoreQuery`. */
  allowQuery?: readonly string[] | undefined;
  /**
   * Names of the cookies that answers depend on: their values are part of the key, and other cookies
   * make no difference. Default: an answer of assumed freshness is not shared with who has a cookie.
   */
  varyCookies?: readonly string[] | undefined;
  /**
   * Groups that an answer belongs to, for `invalidate`; besides those that it names itself in
   * Cache-Tag, Surrogate-Key and Cache-Groups. Asked when the head is complete.
   */
  tags?: ((req: Req, res: ServerResponse) => readonly string[]) | undefined;
  /** True lets a request past the cache: nothing is looked up and nothing is stored. */
  bypass?: ((req: Req) => boolean) | undefined;
  /** Larger bodies pass and are not stored. Bytes, an integer from 0; default 1 MiB. */
  maxBodyBytes?: number | undefined;
  /**
   * Whether stored answers get an ETag, made of their bytes, where the handler gave none: then
   * clients are told that theirs is still good. Default false.
   */
  etag?: boolean | undefined;
  /**
   * For how long after its freshness an answer may be given at once, while the handler is run behind
   * it for a new one (RFC 5861 §3), where the answer does not say. True: for a day. Never where the
   * answer forbids it (must-revalidate, proxy-revalidate, s-maxage, no-cache). Default: not at all.
   */
  staleWhileRevalidate?: Timeout | boolean | undefined;
  /**
   * For how long after its freshness an answer may stand in for a handler that fails: with a 5xx, by
   * throwing, or by not having begun to answer at the deadline of `collapse`, also where that is
   * false: after five seconds then (RFC 5861 §4). As `staleWhileRevalidate` otherwise.
   */
  staleIfError?: Timeout | boolean | undefined;
  /**
   * Concurrent requests for what is not stored: one runs the handler, the others wait for it, at
   * most until the deadline, and share its answer only if it was stored and is one for them. False:
   * each runs its own. Default `{ deadline: '5s' }`.
   */
  collapse?: { readonly deadline?: Timeout | undefined } | false | undefined;
  /** Also stores answers with Set-Cookie, and gives the cookie to everybody. Default false. */
  storeSetCookie?: boolean | undefined;
  /**
   * Whether the request's Cache-Control and Pragma count (RFC 9111 §5.2.1). `'ignore'` takes the
   * reload button out of the clients' hands. Default `'honour'`.
   */
  requestDirectives?: 'honour' | 'ignore' | undefined;
  /** The name of this cache in the Cache-Status field (RFC 9211), or false for no field. Default `'LocMem'`. */
  cacheStatus?: string | false | undefined;
  /** Hears of every hit, miss, refusal and failure. What it throws is contained. */
  onEvent?: ((event: ResponseCacheEvent) => void) | undefined;
  /** Time for ages and dates; for tests. Default: the system's clock. */
  clock?: Clock | undefined;
}

/** The options with their final meaning. */
export interface Settings<Req> {
  readonly cache: Cache | string | undefined;
  readonly maxEntries: number | undefined;
  readonly maxBytes: number | undefined;
  readonly timeoutSeconds: number | null | undefined;
  readonly identityOptions: IdentityOptions;
  /** Whether functions of the request have a say in where its answer is, and whether it may have it. */
  readonly asksAboutRequests: boolean;
  /** Whether the URL alone decides where an answer is, whoever asks. */
  readonly isSameForAll: boolean;
  readonly heuristic: boolean;
  /** Lower-case. */
  readonly targetedFields: readonly string[];
  readonly versionOf: (req: Req) => number | undefined;
  readonly keyPrefixOf: (req: Req) => string;
  readonly keyOf: ((req: Req) => string) | undefined;
  readonly keyTarget: QueryFilter;
  readonly varyCookies: readonly string[] | undefined;
  readonly cookiesAreKeyed: boolean;
  readonly tagsOf: (req: Req, res: ServerResponse) => readonly string[];
  readonly makesEtag: boolean;
  readonly staleWhileRevalidateSeconds: number;
  readonly staleIfErrorSeconds: number;
  /** Whether one request waits for the answer to another. */
  readonly collapses: boolean;
  /** How long a handler may take: then who waits goes on alone, and what is stale stands in. */
  readonly deadlineMs: number;
  readonly isBypassed: (req: Req) => boolean;
  readonly maxBodyBytes: number;
  readonly storeSetCookie: boolean;
  readonly honoursRequestDirectives: boolean;
  readonly cacheStatus: string | false;
  readonly onEvent: ((event: ResponseCacheEvent) => void) | undefined;
  readonly clock: Clock;
}

const MIB = 2 ** 20;
const CDN_ONLY: readonly string[] = Object.freeze(['cdn-cache-control']);

const OPTION_NAMES: ReadonlySet<string> = new Set<keyof ResponseCacheOptions>([
  'cache',
  'maxEntries',
  'maxBytes',
  'timeout',
  'heuristic',
  'targetedFields',
  'version',
  'keyPrefix',
  'key',
  'ignoreQuery',
  'allowQuery',
  'varyCookies',
  'tags',
  'bypass',
  'maxBodyBytes',
  'etag',
  'staleWhileRevalidate',
  'staleIfError',
  'collapse',
  'storeSetCookie',
  'requestDirectives',
  'cacheStatus',
  'onEvent',
  'clock',
]);

/**
 * Reads the options.
 *
 * @param place whose options they are, for the errors
 * @throws {InvalidOptionError} naming the option, the rule and the value
 * @throws {InvalidTimeoutError} when `timeout` is no time span
 */
export function resolveOptions<Req>(
  options: ResponseCacheOptions<Req>,
  place: string,
): Settings<Req> {
  checkOptionNames(options, OPTION_NAMES, place);
  const check = new OptionReader(place);
  const collapse = check.collapse(options.collapse);
  return Object.freeze({
    cache: check.cache(options.cache),
    maxEntries: check.integer('maxEntries', options.maxEntries, 1),
    maxBytes: check.integer('maxBytes', options.maxBytes, 1),
    timeoutSeconds:
      options.timeout === undefined ? undefined : parseTimeout(options.timeout, 'timeout'),
    heuristic: check.boolean('heuristic', options.heuristic) ?? false,
    targetedFields: check.fieldNames('targetedFields', options.targetedFields) ?? CDN_ONLY,
    identityOptions: identityOptions(options),
    asksAboutRequests: asksAboutRequests(options),
    isSameForAll: options.varyCookies === undefined && !asksAboutRequests(options),
    versionOf: versionOf(options.version, check, place),
    keyPrefixOf: keyPrefixOf(options.keyPrefix, check, place),
    keyOf: keyOf(check.function('key', options.key), place),
    keyTarget: check.queryFilter(options.ignoreQuery, options.allowQuery),
    varyCookies: check.names('varyCookies', options.varyCookies),
    cookiesAreKeyed: options.varyCookies !== undefined,
    tagsOf: tagsOf(check.function('tags', options.tags), place),
    makesEtag: check.boolean('etag', options.etag) ?? false,
    staleWhileRevalidateSeconds: check.window('staleWhileRevalidate', options.staleWhileRevalidate),
    staleIfErrorSeconds: check.window('staleIfError', options.staleIfError),
    collapses: collapse.isOn,
    deadlineMs: collapse.deadlineMs,
    isBypassed: isBypassed(check.function('bypass', options.bypass), place),
    maxBodyBytes: check.integer('maxBodyBytes', options.maxBodyBytes, 0) ?? MIB,
    storeSetCookie: check.boolean('storeSetCookie', options.storeSetCookie) ?? false,
    honoursRequestDirectives: check.directives(options.requestDirectives) === 'honour',
    cacheStatus: check.cacheName(options.cacheStatus),
    onEvent: check.function('onEvent', options.onEvent),
    clock: check.clock(options.clock),
  });
}

/** Functions and text are as good as what they are compared by. */
function identityOptions<Req>(options: ResponseCacheOptions<Req>): IdentityOptions {
  const { keyPrefix, version, key, ignoreQuery, allowQuery, varyCookies } = options;
  return {
    keyPrefix: keyPrefix === '' ? undefined : keyPrefix,
    version,
    key,
    query: ignoreQuery || allowQuery ? JSON.stringify([ignoreQuery, allowQuery]) : undefined,
    cookies: varyCookies && JSON.stringify(varyCookies),
  };
}

function asksAboutRequests<Req>(options: ResponseCacheOptions<Req>): boolean {
  const { version, keyPrefix, key, bypass } = options;
  return [version, keyPrefix, key, bypass].some((option) => typeof option === 'function');
}

/** A function of the user's is checked at each call: the request passes uncached if it is wrong. */
function versionOf<Req>(
  version: ResponseCacheOptions<Req>['version'],
  check: OptionReader,
  place: string,
): (req: Req) => number | undefined {
  if (typeof version !== 'function') {
    const fixed = check.integer('version', version, -Infinity);
    return () => fixed;
  }
  return (req) => {
    const value: unknown = version(req);
    if (Number.isSafeInteger(value)) return value as number;
    throw new InvalidOptionError(place, 'version', 'must return an integer', value);
  };
}

function keyPrefixOf<Req>(
  keyPrefix: ResponseCacheOptions<Req>['keyPrefix'],
  check: OptionReader,
  place: string,
): (req: Req) => string {
  if (typeof keyPrefix === 'function') return returningString('keyPrefix', keyPrefix, place);
  const fixed = check.string('keyPrefix', keyPrefix) ?? '';
  return () => fixed;
}

function keyOf<Req>(
  key: ((req: Req) => string) | undefined,
  place: string,
): ((req: Req) => string) | undefined {
  return key && returningString('key', key, place);
}

function isBypassed<Req>(
  bypass: ((req: Req) => boolean) | undefined,
  place: string,
): (req: Req) => boolean {
  if (bypass === undefined) return () => false;
  return (req) => {
    const value: unknown = bypass(req);
    // A promise would let every request past, and nobody would hear of it.
    if (typeof value === 'boolean' || value === undefined) return value === true;
    throw new InvalidOptionError(place, 'bypass', 'must return true or false', value);
  };
}

function tagsOf<Req>(
  tags: ResponseCacheOptions<Req>['tags'],
  place: string,
): Settings<Req>['tagsOf'] {
  if (tags === undefined) return () => [];
  return (req, res) => {
    const value: unknown = tags(req, res);
    if (Array.isArray(value) && value.every((tag) => typeof tag === 'string')) return value;
    throw new InvalidOptionError(place, 'tags', 'must return a list of strings', value);
  };
}

/** Above all not a promise: an async function here would give every request one key. */
function returningString<Req>(
  option: string,
  make: (req: Req) => string,
  place: string,
): (req: Req) => string {
  return (req) => {
    const value: unknown = make(req);
    if (typeof value === 'string') return value;
    throw new InvalidOptionError(place, option, 'must return a string', value);
  };
}
