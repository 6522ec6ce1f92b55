/**
 * Adding directives to a Cache-Control field (Django: patch_cache_control): what is there stays,
 * and what contradicts gives way.
 */
import { InvalidOptionError, parseTimeout } from '@locmem/core';
import type { Timeout } from '@locmem/core';
import { MAX_DELTA_SECONDS, parseDeltaSeconds } from './cache-control.js';
import { toLines } from './fields.js';

/**
 * Where fields are read and set: a `ServerResponse`, an `OutgoingMessage`, or anything of the kind.
 */
export interface FieldTarget {
  getHeader(name: string): number | string | readonly string[] | undefined;
  setHeader(name: string, value: string): unknown;
}

/**
 * Directives of an answer (RFC 9111 §5.2.2 and the registry), in camel case. `true` makes a bare
 * directive, `false` and `undefined` say nothing. Times are seconds, or strings with their unit;
 * null is the longest time there is. They are sent as whole seconds, rounded down, never below 0.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { patchedCacheControl } from '@locmem/http';
 * import type { CacheControlDirectives } from '@locmem/http';
 *
 * const forAnHour: CacheControlDirectives = { public: true, maxAge: '1h', staleIfError: '1d' };
 * assert.equal(patchedCacheControl('', forAnHour), 'public, max-age=3600, stale-if-error=86400');
 * ```
 */
export interface CacheControlDirectives {
  /** Only ever lowered: of the field's own and this one, the shorter is sent. */
  maxAge?: Timeout | undefined;
  sMaxage?: Timeout | undefined;
  staleWhileRevalidate?: Timeout | undefined;
  staleIfError?: Timeout | undefined;
  /** Takes `private` away. */
  public?: boolean | undefined;
  /** Takes `public` away. Names of fields: only those are private. */
  private?: boolean | string | readonly string[] | undefined;
  /** Names of fields, which add up; `true` counts for all of them. */
  noCache?: boolean | string | readonly string[] | undefined;
  noStore?: boolean | undefined;
  noTransform?: boolean | undefined;
  mustRevalidate?: boolean | undefined;
  proxyRevalidate?: boolean | undefined;
  mustUnderstand?: boolean | undefined;
  immutable?: boolean | undefined;
}

type Kind = 'time' | 'flag' | 'names';

const KINDS: Readonly<Record<keyof CacheControlDirectives, Kind>> = {
  maxAge: 'time',
  sMaxage: 'time',
  staleWhileRevalidate: 'time',
  staleIfError: 'time',
  public: 'flag',
  private: 'names',
  noCache: 'names',
  noStore: 'flag',
  noTransform: 'flag',
  mustRevalidate: 'flag',
  proxyRevalidate: 'flag',
  mustUnderstand: 'flag',
  immutable: 'flag',
};

/** Bare, an argument as it is written, or names of fields. */
type Argument = true | string | ReadonlySet<string>;

/**
 * Adds directives to the Cache-Control of a response that is not sent yet (Django:
 * patch_cache_control). `maxAge` is only ever lowered, `public` and `private` replace each other,
 * `noCache` collects names of fields. A field that is there and cannot be read makes no error; a
 * max-age that cannot be read counts as 0, as it does for every cache.
 *
 * @param target the response
 * @param directives what to add
 * @throws {InvalidOptionError} when a directive does not exist or has an argument that it cannot have
 * @throws {InvalidTimeoutError} when a time is none
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { IncomingMessage, ServerResponse } from 'node:http';
 * import { Socket } from 'node:net';
 * import { patchCacheControl } from '@locmem/http';
 *
 * const res = new ServerResponse(new IncomingMessage(new Socket()));
 * res.setHeader('Cache-Control', 'private, max-age=3600');
 * patchCacheControl(res, { public: true, maxAge: '5m' });
 * assert.equal(res.getHeader('Cache-Control'), 'max-age=300, public');
 * ```
 */
export function patchCacheControl(target: FieldTarget, directives: CacheControlDirectives): void {
  const present = target.getHeader('Cache-Control');
  const value = present === undefined ? '' : toLines(present).join(', ');
  const patched = patchedCacheControl(value, directives);
  if (patched !== '') target.setHeader('Cache-Control', patched);
}

/**
 * As {@link patchCacheControl}, from value to value.
 *
 * @param value a Cache-Control field, its lines joined; `''` for none
 * @throws {InvalidOptionError} when a directive does not exist or has an argument that it cannot have
 * @throws {InvalidTimeoutError} when a time is none
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { patchedCacheControl } from '@locmem/http';
 *
 * assert.equal(patchedCacheControl('no-cache="a"', { noCache: 'b' }), 'no-cache="a, b"');
 * assert.equal(patchedCacheControl('no-cache="a"', { noCache: true }), 'no-cache');
 * ```
 */
export function patchedCacheControl(value: string, directives: CacheControlDirectives): string {
  const field = parse(value);
  for (const [option, argument] of checked(directives)) {
    const name = kebab(option);
    if (name === 'public') field.delete('private');
    if (name === 'private') field.delete('public');
    field.set(name, combined(name, field.get(name), argument));
  }
  return [...field].map(([name, argument]) => written(name, argument)).join(', ');
}

function combined(name: string, present: Argument | undefined, added: Argument): Argument {
  if (present === undefined) return added;
  if (name === 'max-age') return String(Math.min(secondsOf(present), Number(added)));
  // Django: patch_cache_control, since 3.1.
  if (name === 'no-cache' && typeof present === 'object' && typeof added === 'object') {
    return new Set([...present, ...added]);
  }
  return name === 'no-cache' && present === true ? true : added;
}

function secondsOf(argument: Argument): number {
  const seconds = typeof argument === 'string' ? parseDeltaSeconds(unquoted(argument)) : 'invalid';
  return seconds === 'invalid' ? 0 : seconds;
}

const MEMBER = /(?:[^",]|"(?:[^"\\]|\\.)*"?)+/g;

/** In its order, of equal directives the first (RFC 9111 §4.2.1), arguments as they are written. */
function parse(value: string): Map<string, Argument> {
  const field = new Map<string, Argument>();
  for (const [written] of value.matchAll(MEMBER)) {
    const member = closed(written);
    const equals = member.indexOf('=');
    const name = (equals === -1 ? member : member.slice(0, equals)).trim().toLowerCase();
    const argument = equals === -1 ? true : member.slice(equals + 1).trim();
    if (name === '') continue;
    if (name === 'no-cache' && argument !== true) {
      const present = field.get(name) ?? new Set();
      const added = names(argument).filter(isFieldName);
      // Whatever its author meant to name: all of it.
      if (added.length === 0) field.set(name, true);
      else if (typeof present === 'object') field.set(name, new Set([...present, ...added]));
    } else if (!field.has(name) || name === 'no-cache') field.set(name, argument);
  }
  return field;
}

/** A quote left open would swallow what is added behind it. */
function closed(member: string): string {
  const rest = member.replace(/"(?:[^"\\]|\\.)*"/g, '');
  return rest.includes('"') ? `${member.replace(/\\$/, '')}"` : member;
}

function written(name: string, argument: Argument): string {
  if (argument === true) return name;
  if (typeof argument === 'string') return `${name}=${argument}`;
  return `${name}="${[...argument].join(', ')}"`;
}

function names(argument: string): string[] {
  const members = unquoted(argument).split(',');
  return members.map((member) => member.trim()).filter((member) => member !== '');
}

function unquoted(argument: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"?$/.exec(argument);
  return quoted ? quoted[1]!.replace(/\\(.)/g, '$1') : argument;
}

/** `sMaxage` → `s-maxage` */
function kebab(option: string): string {
  return option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

function checked(directives: CacheControlDirectives): [string, Argument][] {
  const place = 'cacheControl';
  if (typeof directives !== 'object' || (directives as object | null) === null) {
    throw new InvalidOptionError(place, 'directives', 'must be an object', directives);
  }
  const pairs: [string, Argument][] = [];
  for (const [option, value] of Object.entries(directives) as [string, unknown][]) {
    if (!Object.hasOwn(KINDS, option)) {
      const rule = `must be one of ${Object.keys(KINDS).join(', ')}`;
      throw new InvalidOptionError(place, 'directive', rule, option);
    }
    if (value === undefined || value === false) continue;
    pairs.push([option, argumentOf(place, option, KINDS[option as keyof typeof KINDS], value)]);
  }
  return pairs;
}

function argumentOf(place: string, option: string, kind: Kind, value: unknown): Argument {
  if (kind === 'time') {
    const seconds = parseTimeout(value, option) ?? MAX_DELTA_SECONDS;
    return String(Math.floor(Math.min(Math.max(seconds, 0), MAX_DELTA_SECONDS)));
  }
  if (value === true) return true;
  if (kind === 'flag') throw new InvalidOptionError(place, option, 'must be true or false', value);
  const list = typeof value === 'string' ? names(value) : value;
  if (!Array.isArray(list) || list.length === 0 || !list.every(isFieldName)) {
    throw new InvalidOptionError(place, option, 'must be true, false or names of fields', value);
  }
  return new Set(list as string[]);
}

function isFieldName(name: unknown): boolean {
  return typeof name === 'string' && FIELD_NAME.test(name);
}
