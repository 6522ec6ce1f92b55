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

/** What one request carried in one field; `null`: nothing, which differs from an empty value. */
export type SelectingField = readonly [name: string, value: string | null];

/**
 * Parses the lines of a Vary field into sorted lower-case names. A `*` anywhere, in any line,
 * fails to match every request (RFC 9110 §12.5.5); so does a member that is not a field name,
 * because nobody can tell what its author meant the answer to depend on.
 */
export function parseVary(lines: readonly string[]): VaryNames {
  const members = listMembers(lines).map((name) => name.toLowerCase());
  if (members.includes('*')) return { kind: 'never', reason: 'vary-star' };
  if (!members.every((name) => FIELD_NAME.test(name))) {
    return { kind: 'never', reason: 'vary-malformed' };
  }
  return { kind: 'names', names: [...new Set(members)].sort() };
}

/** The values that a request carried in the named fields, normalised. */
export function selectingFields(
  names: readonly string[],
  headers: IncomingHttpHeaders,
): SelectingField[] {
  return names.map((name) => [name, normalised(headers[name])]);
}

/** Whether a request carries the same values as the one whose answer was stored. */
export function matches(
  selecting: readonly SelectingField[],
  headers: IncomingHttpHeaders,
): boolean {
  return selecting.every(([name, value]) => normalised(headers[name]) === value);
}

/**
 * RFC 9111 §4.1 allows what cannot change the meaning of a list: white space around commas, and
 * lines joined into one. Anything more needs knowledge of the field.
 */
function normalised(value: string | readonly string[] | undefined): string | null {
  if (value === undefined) return null;
  const joined = typeof value === 'string' ? value : value.join(',');
  return joined.trim().replace(/[ \t]*,[ \t]*/g, ', ');
}
