/**
 * The Cookie field of a request: syntax only (RFC 6265 §4.2.1).
 */
import type { KeyedCookie } from './key.js';

/**
 * The named cookies with their values as they were sent. All of several values, in their order:
 * which of them a handler takes depends on its parser. So it does whether a cookie is one at all
 * with blanks where browsers send none, or without a value: then all of it is kept, behind a `;`
 * that no value has.
 */
export function keyedCookies(
  field: string | undefined,
  names: readonly string[],
): readonly KeyedCookie[] {
  const pairs = (field ?? '').split(';').map((pair) => pair.replace(/^ /, ''));
  return names.map((name) => [name, ...valuesOf(name, pairs)]);
}

function valuesOf(name: string, pairs: readonly string[]): string[] {
  return pairs
    .filter((pair) => pair.split('=', 1)[0]!.trim() === name)
    .map((pair) => (pair.startsWith(`${name}=`) ? pair.slice(name.length + 1) : `;${pair}`));
}
