/**
 * One range of bytes out of a whole: syntax and arithmetic only (RFC 9110 §14).
 */
import type { IncomingHttpHeaders } from 'node:http';
import { parseHttpDate } from './http-date.js';

/** Both ends included, as in Content-Range. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** What a Range field asks for: a part, a part that does not exist, or nothing that is known here. */
export type RangeRequest = ByteRange | 'unsatisfiable' | 'other';

const ONE_RANGE = /^bytes=[ \t]*(?:(\d+)-(\d*)|-(\d+))[ \t]*$/i;

/** RFC 9110 §14.1.2, for one range. Several, other units, and what cannot be read, are 'other'. */
export function parseRange(text: string, length: number): RangeRequest {
  const match = ONE_RANGE.exec(text);
  if (match === null) return 'other';
  const [, from, to, suffix] = match;
  if (suffix !== undefined) {
    const wanted = Math.min(Number(suffix), length);
    return wanted === 0 ? 'unsatisfiable' : { first: length - wanted, last: length - 1 };
  }
  const first = Number(from);
  const last = to === '' ? Infinity : Number(to);
  // "invalid if the last-pos value is present and less than the first-pos".
  if (last < first) return 'other';
  return first < length ? { first, last: Math.min(last, length - 1) } : 'unsatisfiable';
}

/** Whether several parts are asked for; what is no range at all may be ignored, and is the whole. */
export function isSeveralRanges(text: string): boolean {
  return /^bytes=.*,/i.test(text);
}

/** What If-Range is compared with. */
export interface RangeValidators {
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  /** The answer's Date. Milliseconds. */
  readonly dateMs: number;
}

/**
 * RFC 9110 §13.1.5: whether the part would fit what the client has. A weak tag never does, and a
 * date only when the answer was made long enough after its last change.
 */
export function ifRangeHolds(
  { 'if-range': ifRange }: IncomingHttpHeaders,
  { etag, lastModified, dateMs }: RangeValidators,
): boolean {
  if (ifRange === undefined) return true;
  const validator = (ifRange as string).trim();
  if (validator.includes('"')) return validator.startsWith('"') && validator === etag;
  const modifiedMs = parseHttpDate(validator, dateMs);
  // RFC 9110 §8.8.2.2: a second is the least that makes a date a strong validator.
  return validator === lastModified && modifiedMs !== undefined && dateMs - modifiedMs >= 1000;
}
