/**
 * Matchers for `expect.extend` of Jest and Vitest, neither of which is needed here: a matcher is a function
 * that says `{ pass, message }`. On a cache that answers with promises they return a promise.
 */
import { isDeepStrictEqual } from 'node:util';
import type { AsyncCache, Cache, ReadOptions } from '../contract.js';
import { show } from '../show.js';
import { parseTimeout, type Timeout } from '../timeout.js';
import { cacheStatusOf } from './cache-status.js';

/** What a matcher says. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/** What Jest and Vitest give a matcher as `this`; all that is used of it. */
interface MatcherContext {
  readonly equals?: (a: unknown, b: unknown) => boolean;
}

/** Awaited on a cache that answers with promises. */
type Outcome<R, T> = T extends AsyncCache ? Promise<void> : R;

/** The matchers as `expect(…)` has them: `R` is what a matcher returns there, `T` what it is about. */
export interface CacheMatchers<R, T = unknown> {
  /**
   * The key is there and alive; with a value: and holds it. A value may hold asymmetric matchers
   * (`expect.any(Number)`). Looking for a value counts as a read.
   */
  toHaveCached(key: string, value?: unknown, options?: ReadOptions): Outcome<R, T>;
  /**
   * The key is there and has this long to live, null meaning for ever; give or take a hundredth, at most
   * a second, so that it holds on a real clock, too.
   */
  toExpireIn(key: string, span: Timeout, options?: ReadOptions): Outcome<R, T>;
  /**
   * The HTTP answer says in Cache-Status (RFC 9211) that a cache had it; with a name: that cache.
   * For a fetch Response, a supertest response, a ServerResponse, or anything with `headers`.
   */
  toBeServedFromCache(cacheName?: string): R;
}

/**
 * For `expect.extend(cacheMatchers)`.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { cacheMatchers, createTestCache } from '@locmem/core/testing';
 *
 * // In a test: expect.extend(cacheMatchers); expect(cache).toHaveCached('k', 'v');
 * const cache = createTestCache();
 * cache.set('k', 'v', { timeout: '5m' });
 * assert.ok((await cacheMatchers.toHaveCached(cache, 'k', 'v')).pass);
 * assert.ok((await cacheMatchers.toExpireIn(cache, 'k', '5m')).pass);
 *
 * const answer = new Response('…', { headers: { 'Cache-Status': 'LocMem; hit; ttl=12' } });
 * assert.ok(cacheMatchers.toBeServedFromCache(answer).pass);
 * ```
 */
export const cacheMatchers = Object.freeze({ toHaveCached, toExpireIn, toBeServedFromCache });

type Answer = MatcherResult | Promise<MatcherResult>;

function toHaveCached(
  this: unknown,
  cache: Cache,
  key: string,
  value?: unknown,
  options?: ReadOptions,
): Answer {
  if (value === undefined) {
    return then(askable(cache).has(key, options), (isThere) =>
      say(isThere === true, (not) => `expected the cache${not} to have ${show(key)}`),
    );
  }
  const equals = (this as MatcherContext | undefined)?.equals ?? isDeepStrictEqual;
  return then(askable(cache).get(key, options), (found) =>
    say(
      found !== undefined && equals(found, value),
      (not) =>
        `expected the cache${not} to have ${show(key)} with ${show(value)}: ` +
        (found === undefined ? 'it is not there' : `it holds ${show(found)}`),
    ),
  );
}

function toExpireIn(
  this: unknown,
  cache: Cache,
  key: string,
  span: Timeout,
  options?: ReadOptions,
): Answer {
  const seconds = parseTimeout(span, 'span');
  return then(askable(cache).ttl(key, options), (left) =>
    say(
      isAbout(left as number | null | undefined, seconds),
      (not) =>
        `expected ${show(key)}${not} to ${inWords(seconds)}: ` +
        (left === undefined ? 'it is not there' : `it will ${inWords(left as number | null)}`),
    ),
  );
}

function toBeServedFromCache(this: unknown, answer: unknown, cacheName?: string): MatcherResult {
  const statuses = cacheStatusOf(answer);
  const by = cacheName === undefined ? 'a cache' : show(cacheName);
  const isServed = statuses?.some(
    ({ cache, isHit }) => isHit && (cacheName === undefined || cache === cacheName),
  );
  const told = statuses?.map(({ cache, isHit }) => `${cache} ${isHit ? 'hit' : 'forwarded'}`);
  return say(
    isServed === true,
    (not) =>
      `expected the answer${not} to be served from ${by}: ` +
      (told ? `Cache-Status says ${told.join(', ')}` : 'it has no Cache-Status'),
  );
}

/** Either kind of cache: its answers are promises or not. */
function askable(cache: Cache): AsyncCache {
  return cache as AsyncCache;
}

/** At once where the cache answers at once. */
function then(answer: unknown, judge: (answer: unknown) => MatcherResult): Answer {
  const isPromise = typeof (answer as Partial<Promise<unknown>> | null)?.then === 'function';
  return isPromise ? (answer as Promise<unknown>).then(judge) : judge(answer);
}

function say(pass: boolean, words: (not: '' | ' not') => string): MatcherResult {
  return { pass, message: () => words(pass ? ' not' : '') };
}

function isAbout(left: number | null | undefined, seconds: number | null): boolean {
  if (left === undefined) return false;
  if (left === null || seconds === null) return left === seconds;
  return Math.abs(left - seconds) <= Math.min(1, Math.abs(seconds) / 100);
}

function inWords(seconds: number | null): string {
  return seconds === null ? 'live for ever' : `expire in ${seconds} s`;
}
