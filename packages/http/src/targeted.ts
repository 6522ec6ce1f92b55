/**
 * Which field says how this cache is to treat an answer: a targeted one (RFC 9213), else
 * Cache-Control.
 */
import { parseCacheControl } from './cache-control.js';
import type { CacheControl } from './cache-control.js';
import { linesOf } from './fields.js';
import type { Fields } from './fields.js';
import { parseDictionary } from './structured-fields.js';
import type { Member } from './structured-fields.js';

/** The directives of an answer, and whether Expires has a say beside them. */
export interface CachePolicyFields {
  readonly cacheControl: CacheControl;
  /** RFC 9213 §2.2: a targeted field replaces Cache-Control *and* Expires. */
  readonly isTargeted: boolean;
}

/** RFC 9213 §2.2: the first name of the list that is there and valid decides, alone. */
export function cachePolicyFields(
  fields: Fields,
  targetedNames: readonly string[],
): CachePolicyFields {
  for (const name of targetedNames) {
    const cacheControl = parseTargeted(linesOf(fields, name));
    if (cacheControl) return { cacheControl, isTargeted: true };
  }
  return {
    cacheControl: parseCacheControl(linesOf(fields, 'cache-control')),
    isTargeted: false,
  };
}

/**
 * RFC 9213 §2.1: a dictionary of RFC 8941, case-sensitive. A field that is absent, empty or no
 * dictionary is ignored, and so is one with a value of the wrong type: `max-age="60"`.
 */
function parseTargeted(lines: readonly string[]): CacheControl | undefined {
  if (lines.length === 0) return undefined;
  const members = parseDictionary(lines);
  if (members === undefined || members.size === 0) return undefined;
  const directives = new Map<string, string>();
  for (const [name, member] of members) {
    const argument = (ARGUMENT_OF.get(name) ?? anything)(member);
    if (argument === undefined) return undefined;
    directives.set(name, argument);
  }
  return { directives, malformed: false };
}

type ToArgument = (member: Member) => string | undefined;

const seconds: ToArgument = ({ value }) =>
  typeof value === 'number' && value >= 0 ? String(value) : undefined;
const flag: ToArgument = ({ value }) => (value === true ? '' : undefined);
/** `private` and `no-cache` may name fields; what they name makes no difference here. */
const flagOrNames: ToArgument = ({ value }) =>
  value === true ? '' : typeof value === 'string' ? value : undefined;
const anything: ToArgument = () => '';

const ARGUMENT_OF: ReadonlyMap<string, ToArgument> = new Map([
  ...['max-age', 's-maxage', 'stale-while-revalidate', 'stale-if-error'].map(
    (name) => [name, seconds] as const,
  ),
  ...['no-store', 'public', 'must-revalidate', 'proxy-revalidate', 'must-understand'].map(
    (name) => [name, flag] as const,
  ),
  ...['no-cache', 'private'].map((name) => [name, flagOrNames] as const),
]);
