/**
 * Freshness lifetime and age: arithmetic only (RFC 9111 §4.2). All durations are seconds, fractions
 * allowed; all instants are milliseconds since the epoch.
 */
import { deltaSeconds, MAX_DELTA_SECONDS, parseDeltaSeconds } from './cache-control.js';
import { linesOf } from './fields.js';
import type { Fields } from './fields.js';
import { parseHttpDate } from './http-date.js';
import type { CachePolicyFields } from './targeted.js';

/** What an answer says about its own freshness. `invalid`: it tried, and must count as stale. */
export type StatedLifetime =
  | { readonly kind: 'stated'; readonly seconds: number }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'none' };

/**
 * The lifetime that an answer states (RFC 9111 §4.2.1, as a shared cache): s-maxage, else max-age,
 * else Expires − Date. The first that is present decides, also when its value is invalid: then the
 * answer is stale, and the next in line is not asked.
 */
export function statedLifetime(
  { cacheControl, isTargeted }: CachePolicyFields,
  fields: Fields,
  responseTimeMs: number,
): StatedLifetime {
  const seconds =
    deltaSeconds(cacheControl, 's-maxage') ??
    deltaSeconds(cacheControl, 'max-age') ??
    (isTargeted ? undefined : secondsUntilExpires(fields, responseTimeMs));
  if (seconds === undefined) return { kind: 'none' };
  return seconds === 'invalid' ? { kind: 'invalid' } : { kind: 'stated', seconds };
}

/** RFC 9111 §5.3: an invalid Expires, `0` above all, is in the past; two of them are invalid. */
function secondsUntilExpires(
  fields: Fields,
  responseTimeMs: number,
): number | 'invalid' | undefined {
  const lines = linesOf(fields, 'expires');
  if (lines.length === 0) return undefined;
  const expiresMs =
    lines.length === 1 ? parseHttpDate(lines[0]!.trim(), responseTimeMs) : undefined;
  if (expiresMs === undefined) return 'invalid';
  const seconds = (expiresMs - dateValue(fields, responseTimeMs)) / 1000;
  return Math.min(Math.max(seconds, 0), MAX_DELTA_SECONDS);
}

/**
 * RFC 9111 §4.2.2: a tenth of the time that had passed since the last change, and not more than a
 * day. Undefined when the answer does not say when that was.
 */
export function heuristicLifetime(fields: Fields, responseTimeMs: number): number | undefined {
  const lines = linesOf(fields, 'last-modified');
  const modifiedMs =
    lines.length === 1 ? parseHttpDate(lines[0]!.trim(), responseTimeMs) : undefined;
  if (modifiedMs === undefined) return undefined;
  const unchangedSeconds = (dateValue(fields, responseTimeMs) - modifiedMs) / 1000;
  return Math.min(Math.max(unchangedSeconds * 0.1, 0), LONGEST_GUESS_SECONDS);
}

const LONGEST_GUESS_SECONDS = 86_400;

/** RFC 9110 §6.6.1: without a usable Date, the time of receipt stands for it. */
export function dateValue(fields: Fields, responseTimeMs: number): number {
  const lines = linesOf(fields, 'date');
  const date = lines.length === 1 ? parseHttpDate(lines[0]!.trim(), responseTimeMs) : undefined;
  return date ?? responseTimeMs;
}

/**
 * corrected_initial_age of RFC 9111 §4.2.3, in seconds: nobody but the handler knows when in the time
 * that it took the answer was made, so that all of it counts.
 */
export function correctedInitialAge(
  fields: Fields,
  requestTimeMs: number,
  responseTimeMs: number,
): number {
  const apparentAge = Math.max(0, (responseTimeMs - dateValue(fields, responseTimeMs)) / 1000);
  const correctedAgeValue = statedAge(fields) + responseDelay(requestTimeMs, responseTimeMs);
  return Math.max(apparentAge, correctedAgeValue);
}

/** response_delay of RFC 9111 §4.2.3, in seconds. */
export function responseDelay(requestTimeMs: number, responseTimeMs: number): number {
  return Math.max(0, (responseTimeMs - requestTimeMs) / 1000);
}

/** RFC 9111 §5.1: the first member counts; a value that is not all digits is ignored. */
function statedAge(fields: Fields): number {
  const first = linesOf(fields, 'age')[0]?.split(',', 1)[0]?.trim();
  const seconds = first === undefined ? 'invalid' : parseDeltaSeconds(first);
  return seconds === 'invalid' ? 0 : seconds;
}

/** What of a stored answer its age and freshness depend on. */
export interface AgeFacts {
  readonly responseTimeMs: number;
  readonly initialAgeSeconds: number;
  readonly lifetimeSeconds: number;
}

/** current_age of RFC 9111 §4.2.3. A clock that was set back does not make an answer younger. */
export function currentAge(stored: AgeFacts, nowMs: number): number {
  return stored.initialAgeSeconds + Math.max(0, (nowMs - stored.responseTimeMs) / 1000);
}

/** RFC 9111 §4.2: response_is_fresh = (freshness_lifetime > current_age). */
export function isFresh(stored: AgeFacts, nowMs: number): boolean {
  return stored.lifetimeSeconds > currentAge(stored, nowMs);
}

/** The `Age` field: whole seconds, rounded down (RFC 9111 §5.1), clamped. */
export function ageField(stored: AgeFacts, nowMs: number): number {
  return Math.min(Math.floor(currentAge(stored, nowMs)), MAX_DELTA_SECONDS);
}

/** Whole seconds of freshness left, so that Age and ttl add up to a whole lifetime. */
export function ttlSeconds(stored: AgeFacts, nowMs: number): number {
  return Math.floor(stored.lifetimeSeconds) - ageField(stored, nowMs);
}
