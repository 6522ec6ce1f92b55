/**
 * Cache-Control: syntax only (RFC 9111 §5.2). What a directive means is decided in `policy.ts`,
 * `freshness.ts` and `request.ts`.
 */

/** RFC 9111 §1.2.2: a delta-seconds too large to represent is 2^31. */
export const MAX_DELTA_SECONDS = 2 ** 31;

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
/**
 * One member up to its comma: a token, then perhaps an argument as token or quoted string. Blanks
 * can be taken in one way only, or many of them would take long.
 */
const MEMBER = new RegExp(
  `[ \\t]*(${TOKEN})(?:[ \\t]*(=)(?:[ \\t]*(?:(${TOKEN})|"((?:[^"\\\\]|\\\\.)*)"))?)?[ \\t]*(?:,|$)`,
  'y',
);
const EMPTY_MEMBERS = /[ \t,]*/y;

/** A Cache-Control field, all its lines together. */
export interface CacheControl {
  /** Lower-cased name to argument; a directive without an argument has `''`. */
  readonly directives: ReadonlyMap<string, string>;
  /** Something in the field is not a directive: its author may have meant anything by it. */
  readonly malformed: boolean;
}

const NO_DIRECTIVES: CacheControl = { directives: new Map(), malformed: false };

/**
 * Parses the lines of a Cache-Control field.
 *
 * Names are case-insensitive, quoted strings are one argument whatever they contain
 * (`ext="a, max-age=60"` has no max-age), and the first of several equal directives counts
 * (RFC 9111 §4.2.1). Each line must be well formed by itself, so that a quote left open on one
 * line cannot swallow a `private` on the next.
 */
export function parseCacheControl(lines: readonly string[]): CacheControl {
  if (lines.length === 0) return NO_DIRECTIVES;
  const directives = new Map<string, string>();
  let malformed = false;
  for (const line of lines) {
    if (!parseLine(line, directives)) malformed = true;
  }
  return { directives, malformed };
}

function parseLine(line: string, directives: Map<string, string>): boolean {
  let wellFormed = true;
  let position = skipEmptyMembers(line, 0);
  while (position < line.length) {
    MEMBER.lastIndex = position;
    const member = MEMBER.exec(line);
    if (member === null) {
      wellFormed = false;
      const comma = line.indexOf(',', position);
      position = comma === -1 ? line.length : skipEmptyMembers(line, comma);
      continue;
    }
    const name = member[1]!.toLowerCase();
    const argument = member[3] ?? member[4]?.replace(/\\(.)/g, '$1') ?? '';
    if (!directives.has(name)) directives.set(name, argument);
    position = skipEmptyMembers(line, MEMBER.lastIndex);
  }
  return wellFormed;
}

function skipEmptyMembers(line: string, from: number): number {
  EMPTY_MEMBERS.lastIndex = from;
  EMPTY_MEMBERS.exec(line);
  return EMPTY_MEMBERS.lastIndex;
}

/** Whether the directive is there, with or without an argument. */
export function hasDirective(field: CacheControl, name: string): boolean {
  return field.directives.has(name);
}

/**
 * The seconds of a directive: `undefined` when it is absent, `'invalid'` when it is there and its
 * argument is not a number of seconds. The two must not be mixed up: an absent max-age lets
 * Expires speak, an invalid one does not.
 */
export function deltaSeconds(field: CacheControl, name: string): number | 'invalid' | undefined {
  const argument = field.directives.get(name);
  return argument === undefined ? undefined : parseDeltaSeconds(argument);
}

/** delta-seconds of RFC 9111 §1.2.2: digits only, clamped. */
export function parseDeltaSeconds(text: string): number | 'invalid' {
  return /^\d+$/.test(text) ? Math.min(Number(text), MAX_DELTA_SECONDS) : 'invalid';
}
