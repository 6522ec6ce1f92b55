/**
 * Which of several stored answers a request selects: syntax and matching only (RFC 9111 §4.1).
 */
import type { IncomingHttpHeaders } from 'node:http';
import { listMembers } from './fields.js';

const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** The request fields that an answer depends on, or why no request can be known to match it. */
export type VaryNames =
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'never'; readonly reason: 'vary-star' | 'vary-malformed' };

const NO_NAMES: VaryNames = Object.freeze({ kind: 'names', names: Object.freeze([]) });

/** What one request carried in one field; `null`: nothing, which differs from an empty value. */
export type SelectingField = readonly [name: string, value: string | null];

/**
 * Parses the lines of a Vary field into sorted lower-case names. A `*` anywhere, in any line,
 * fails to match every request (RFC 9110 §12.5.5); so does a member that is not a field name,
 * because nobody can tell what its author meant the answer to depend on.
 */
export function parseVary(lines: readonly string[]): VaryNames {
  if (lines.length === 0) return NO_NAMES;
  const members = listMembers(lines).map((name) => name.toLowerCase());
  if (members.includes('*')) return { kind: 'never', reason: 'vary-star' };
  // Nor does node hand over a field of the name `__proto__`: nobody here can tell its values apart.
  if (!members.every((name) => FIELD_NAME.test(name) && name !== '__proto__')) {
    return { kind: 'never', reason: 'vary-malformed' };
  }
  return { kind: 'names', names: [...new Set(members)].sort() };
}

/** The values that a request carried in the named fields, normalised. */
export function selectingFields(
  names: readonly string[],
  headers: IncomingHttpHeaders,
): SelectingField[] {
  return names.map((name) => [name, valueOf(name, headers)]);
}

/** Whether a request carries the same values as the one whose answer was stored. */
export function matches(
  selecting: readonly SelectingField[],
  headers: IncomingHttpHeaders,
): boolean {
  return selecting.every(([name, value]) => {
    // What is kept is normalised: what equals it as it stands, needs not be.
    const isSame = value !== null && headers[name] === value && Object.hasOwn(headers, name);
    return isSame || valueOf(name, headers) === value;
  });
}

/** Fields that are known to be lists (RFC 9110 §12.5). */
const LISTS: ReadonlySet<string> = new Set([
  ...['accept', 'accept-charset', 'accept-encoding', 'accept-language'],
]);

/**
 * The value of a field to compare by. RFC 9111 §4.1 allows to normalise in ways "known to have
 * identical semantics": white space around commas, where the field is known to be a list. In any
 * other (a user's name, a cookie) a blank may be all that tells two values apart.
 */
function valueOf(name: string, headers: IncomingHttpHeaders): string | null {
  // An answer may name any field; `constructor` is none that the request had.
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  if (value === undefined) return null;
  // Lines into one as node joins them, and as §4.1 has it.
  const joined = typeof value === 'string' ? value : value.join(', ');
  // A comma in quotes separates nothing.
  const isPlainList = LISTS.has(name) && !joined.includes('"');
  return isPlainList
    ? joined.split(',').map(withoutBlanksAround).join(', ')
    : withoutBlanksAround(joined);
}

const SPACE = 32;

/** By hand: the expression for it takes time in the square of the blanks that a client sends. */
function withoutBlanksAround(text: string): string {
  if (text.charCodeAt(0) > SPACE && text.charCodeAt(text.length - 1) > SPACE) return text;
  const isBlank = (index: number) => text[index] === ' ' || text[index] === '\t';
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(start)) start++;
  while (end > start && isBlank(end - 1)) end--;
  return text.slice(start, end);
}
