/**
 * Header fields of a response as a value: names in any case, lines in order. The leaf that
 * everything else reads fields through.
 */
import type { ServerResponse } from 'node:http';

/** One field: its name as it was written, and each of its lines. */
export interface Field {
  readonly name: string;
  readonly lines: readonly string[];
}

/** Fields by lower-cased name. */
export type Fields = ReadonlyMap<string, Field>;

/**
 * Fields that belong to one connection and never to a stored answer: RFC 9110 §7.6.1, and the two
 * authentication fields that RFC 9111 §3.1 adds for proxies. `Proxy-Connection` is a common relic.
 */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const NO_LINES: readonly string[] = Object.freeze([]);

/** The lines of a field, none when it is absent. `name` is lower-case. */
export function linesOf(fields: Fields, name: string): readonly string[] {
  return fields.get(name)?.lines ?? NO_LINES;
}

const NO_FIELDS: Fields = new Map();

/** The fields that are set on a response at this moment, with the spelling of their names. */
export function fieldsOf(res: ServerResponse): Fields {
  const names = namesOf(res);
  if (names.length === 0) return NO_FIELDS;
  const fields = new Map<string, Field>();
  for (const name of names) {
    const value = res.getHeader(name);
    if (value !== undefined) fields.set(name.toLowerCase(), { name, lines: toLines(value) });
  }
  return fields;
}

/**
 * Whether a response still carries the fields that it carried before, and no others, whatever it says
 * of caches by now.
 */
export function stillCarries(res: ServerResponse, fields: Fields): boolean {
  let known = fields.has(CACHE_STATUS) ? 1 : 0;
  for (const name of fieldNamesOf(res)) {
    if (name === CACHE_STATUS) continue;
    const value = res.getHeader(name);
    if (value === undefined) continue;
    const lines = fields.get(name)?.lines;
    if (lines === undefined || !isSame(value, lines)) return false;
    known++;
  }
  return known === fields.size;
}

const CACHE_STATUS = 'cache-status';

function isSame(value: number | string | readonly string[], lines: readonly string[]): boolean {
  if (typeof value === 'object') return sameLines(lines, value.map(String));
  return lines.length === 1 && lines[0] === String(value);
}

/** With their spelling; a response over HTTP/2 knows only lower case. */
function namesOf(res: ServerResponse): string[] {
  return (res as Partial<WithRawNames>).getRawHeaderNames?.() ?? fieldNamesOf(res);
}

/** In lower case. Over HTTP/2 a status stands among them once it is sent, and is no field (RFC 9113 §8.3). */
function fieldNamesOf(res: ServerResponse): string[] {
  const names = res.getHeaderNames();
  return names.includes(':status') ? names.filter((name) => name !== ':status') : names;
}

/** In node since 15.4 for every outgoing message; its types know it only of requests. */
interface WithRawNames {
  getRawHeaderNames(): string[];
}

/** A header value as node takes it, as lines. */
export function toLines(value: number | string | readonly string[]): string[] {
  return typeof value === 'object' ? value.map(String) : [String(value)];
}

export function sameLines(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The members of a comma-separated list over all its lines, trimmed; empty members are dropped. */
export function listMembers(lines: readonly string[]): string[] {
  return lines
    .flatMap((line) => line.split(','))
    .map((member) => member.trim())
    .filter((member) => member !== '');
}

/** RFC 9110 §7.6.1: fields of the connection, and those that Connection names. */
export function hopByHopNames(fields: Fields): ReadonlySet<string> {
  const named = listMembers(linesOf(fields, 'connection'));
  if (named.length === 0) return HOP_BY_HOP;
  return new Set([...HOP_BY_HOP, ...named.map((name) => name.toLowerCase())]);
}
