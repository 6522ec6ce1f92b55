/**
 * Django's word `timeout`: how long an entry lives. Numbers are seconds, strings carry their unit,
 * null means for ever, zero and less mean already expired.
 */
import { InvalidTimeoutError } from './errors.js';

/** A time span with its unit: milliseconds, seconds, minutes, hours or days. */
export type Duration = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

/** Seconds, a {@link Duration}, or null for never. */
export type Timeout = number | Duration | null;

const SECONDS_PER_UNIT: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
};

const DURATION = /^(-?\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** Bare numbers above this look like milliseconds: 30 days, in seconds. */
export const LONGEST_USUAL_TIMEOUT_SECONDS = 30 * 86_400;

/**
 * Reads a time span.
 *
 * @param value seconds, a duration string, or null
 * @param option the option's name, for the error
 * @returns seconds, or null for never (so is `Infinity`, and what is that many milliseconds)
 * @throws {InvalidTimeoutError} when it is anything else: NaN, a boolean, `'5 minutes'`
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { parseTimeout } from '@locmem/core';
 *
 * assert.equal(parseTimeout(90), 90);
 * assert.equal(parseTimeout('250ms'), 0.25);
 * assert.equal(parseTimeout('2h'), 7200);
 * assert.equal(parseTimeout(null), null);
 * assert.throws(() => parseTimeout(NaN), { code: 'ERR_LOCMEM_INVALID_TIMEOUT' });
 * ```
 */
export function parseTimeout(value: unknown, option = 'timeout'): number | null {
  if (value === null) return null;
  const seconds = secondsOf(value);
  if (seconds === undefined) throw new InvalidTimeoutError(option, value);
  return seconds * 1000 === Infinity ? null : seconds;
}

function secondsOf(value: unknown): number | undefined {
  if (typeof value === 'number' && !Number.isNaN(value)) return value;
  const match = typeof value === 'string' ? DURATION.exec(value) : undefined;
  return match ? Number(match[1]) * SECONDS_PER_UNIT[match[2]!]! : undefined;
}
