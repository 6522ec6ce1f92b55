/**
 * What is kept of an answer: plain data, so that any store can hold it, and never written to after
 * it was made.
 */
import { createHash } from 'node:crypto';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { dateValue } from './freshness.js';
import type { AgeFacts } from './freshness.js';
import { hopByHopNames, linesOf, sameLines, toLines } from './fields.js';
import type { Field, Fields } from './fields.js';
import { formatHttpDate, parseHttpDate } from './http-date.js';
import type { PreparedHeads } from './prepared.js';
import type { Audience, StaleRules, StoreDecision } from './policy.js';
import type { OriginValidators } from './validation.js';
import type { SelectingField } from './vary.js';

/** Where `@locmem/core` reads what an object weighs, instead of walking through it. */
const BYTES: unique symbol = Symbol.for('@locmem/core/bytes');

/** Where an answer keeps what was made of it to be sent; a copy has no such place. */
export const PREPARED: unique symbol = Symbol('prepared');

/** The place. Empty until the answer is given away for the first time. */
class Prepared {
  heads: PreparedHeads | undefined = undefined;
}

/** A stored field: its name as the handler spelled it, and one line or several. */
export type StoredField = readonly [name: string, value: string | readonly string[]];

/** One stored answer (RFC 9111 §3), with what is needed to tell whether it may be reused. */
export interface StoredResponse extends AgeFacts {
  readonly status: number;
  readonly statusMessage: string;
  /** What the handler set; not what the middlewares before this cache had set. */
  readonly fields: readonly StoredField[];
  /** Lower-case names of fields that an outer middleware had set and the handler took away. */
  readonly removed: readonly string[];
  readonly body: Uint8Array;
  /** The request fields that selected it (Vary). */
  readonly selecting: readonly SelectingField[];
  readonly audience: Audience;
  /** What clients compare with: the handler's, or one made here. */
  readonly etag: string | undefined;
  /** What the handler can be asked with. */
  readonly validators: OriginValidators;
  readonly stale: StaleRules;
  /** The store's tags for what the answer says of groups; those of its URL are not among them. */
  readonly tags: readonly string[];
  /** Last-Modified, else Date: what If-Modified-Since is compared with. */
  readonly modifiedMs: number;
  /** What it weighs; a store of bytes does not keep it. */
  readonly [BYTES]?: number;
  readonly [PREPARED]?: Prepared;
  /** Whether a front may give it, before what stands between the front and this cache has run. */
  readonly isForFront: boolean;
}

/** Everything stored for one URL: its variants, the newest first. */
export interface Resource {
  /** Raised whenever the layout changes: what an older release wrote is a miss, not a surprise. */
  readonly format: 3;
  readonly variants: readonly StoredResponse[];
}

/** Fields that are made anew for each answer from the store. */
const MADE_ON_HIT = new Set(['age', 'content-length']);

/** An answer as the capture saw it. */
export interface CapturedResponse {
  readonly status: number;
  readonly statusMessage: string;
  /** What stood on the response before the handler ran. */
  readonly before: Fields;
  /** What stood on it when its head was written. */
  readonly fields: Fields;
  readonly body: Uint8Array;
  readonly tags: readonly string[];
  /** Whether to make a tag out of the bytes where the handler gave none. */
  readonly makesEtag: boolean;
  readonly isForFront: boolean;
}

/** Makes the record of an answer that is storable. */
export function storedResponse(
  captured: CapturedResponse,
  decision: StoreDecision & { store: true },
  selecting: readonly SelectingField[],
): StoredResponse {
  const { fields, before } = captured;
  const { responseTimeMs } = decision.age;
  const kept = handlersFields(before, fields, responseTimeMs);
  const stated = linesOf(fields, 'etag')[0]?.trim();
  const made =
    stated === undefined && captured.makesEtag && captured.status === 200
      ? madeEtag(captured.body)
      : undefined;
  if (made !== undefined) kept.push(['ETag', made]);
  return Object.freeze({
    [PREPARED]: new Prepared(),
    [BYTES]: OVERHEAD_BYTES + captured.body.byteLength + charactersOf(kept) * 2,
    status: captured.status,
    statusMessage: captured.statusMessage,
    fields: Object.freeze(kept),
    removed: before.size === 0 ? NOTHING : Object.freeze(missingNames(before, fields)),
    body: captured.body,
    selecting: selecting.length === 0 ? NOTHING : Object.freeze(selecting),
    audience: decision.audience,
    stale: decision.stale,
    tags: captured.tags.length === 0 ? NOTHING : Object.freeze([...captured.tags]),
    etag: stated ?? made,
    validators: decision.validators,
    isForFront: captured.isForFront,
    modifiedMs:
      lastModified(fields, responseTimeMs) ?? wholeSeconds(dateValue(fields, responseTimeMs)),
    ...decision.age,
  });
}

const NOTHING: readonly never[] = Object.freeze([]);

function missingNames(before: Fields, after: Fields): string[] {
  return [...before.keys()].filter((name) => !after.has(name));
}

/** What a stored answer holds besides its body and the text of its fields, by estimate. */
const OVERHEAD_BYTES = 1_500;

function charactersOf(fields: readonly StoredField[]): number {
  let characters = 0;
  for (const [name, value] of fields) {
    characters += name.length;
    if (typeof value === 'string') characters += value.length;
    else for (const line of value) characters += line.length;
  }
  return characters;
}

/**
 * A weak tag: a compressing middleware further out may send other bytes under it
 * (RFC 9110 §8.8.1).
 */
function madeEtag(body: Uint8Array): string {
  return `W/"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
}

/**
 * The end-to-end fields that the handler set or changed. What an outer middleware had set is left
 * to that middleware: on a hit it has set its own again, with this visitor's request id and CORS
 * origin, not the first one's.
 */
function handlersFields(before: Fields, after: Fields, responseTimeMs: number): StoredField[] {
  const hopByHop = hopByHopNames(after);
  const kept: StoredField[] = [];
  for (const [name, field] of after) {
    // RFC 9111 §3.1: connection fields are not stored.
    if (hopByHop.has(name) || MADE_ON_HIT.has(name)) continue;
    const lines = changedLines(name, before.get(name)?.lines, field);
    if (lines.length > 0) kept.push([field.name, lines.length === 1 ? lines[0]! : lines]);
  }
  // RFC 9110 §6.6.1: node adds a Date only as it sends. A stored answer without one would get the
  // date of each hit, and look younger to the next cache than it is.
  if (!after.has('date')) kept.push(['Date', formatHttpDate(responseTimeMs)]);
  return kept;
}

/** No lines: the field is not the handler's. */
function changedLines(
  name: string,
  before: readonly string[] | undefined,
  { lines }: Field,
): readonly string[] {
  if (before === undefined) return lines;
  // Each line is a cookie of its own: the session that an outer middleware opened stays out.
  if (name === 'set-cookie') return lines.filter((line) => !before.includes(line));
  return sameLines(before, lines) ? [] : lines;
}

/** As the Date says it that the client gets, and sends back. */
function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

function lastModified(fields: Fields, nowMs: number): number | undefined {
  const line = linesOf(fields, 'last-modified')[0];
  return line === undefined ? undefined : parseHttpDate(line.trim(), nowMs);
}

/** The fields of a stored answer, as they are read from a response. */
export function storedFields({ fields }: StoredResponse): Map<string, Field> {
  return new Map(
    fields.map(([name, value]) => [name.toLowerCase(), { name, lines: toLines(value) }]),
  );
}

/**
 * On resources made in this process: a store that shares objects gives them back as they are. No
 * store of bytes keeps a symbol.
 */
const MADE_HERE = Symbol('made here');

/** Makes the record of a resource out of its variants, the newest first. */
export function resourceOf(variants: readonly StoredResponse[]): Resource {
  let bytes = 0;
  for (const variant of variants)
    bytes += variant[BYTES] ?? OVERHEAD_BYTES + variant.body.byteLength;
  return Object.freeze({
    format: 3,
    variants: Object.freeze(variants),
    [MADE_HERE]: true,
    [BYTES]: bytes,
  });
}

/**
 * Reads what a store gave back. A store can be shared, full of another program's values or of an
 * older release's: whatever is not a resource that can be sent is `undefined`, and so a miss.
 */
export function decodeResource(value: unknown): Resource | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (MADE_HERE in value) return value as unknown as Resource;
  const { format, variants } = value as Partial<Resource>;
  if (format !== 3 || !Array.isArray(variants)) return undefined;
  return variants.every(isStoredResponse) ? (value as Resource) : undefined;
}

function isStoredResponse(value: unknown): boolean {
  const stored = value as Partial<StoredResponse> | null;
  return (
    isFinalStatus(stored?.status) &&
    typeof stored?.statusMessage === 'string' &&
    REASON_PHRASE.test(stored.statusMessage) &&
    typeof stored.lifetimeSeconds === 'number' &&
    typeof stored.initialAgeSeconds === 'number' &&
    typeof stored.responseTimeMs === 'number' &&
    typeof stored.modifiedMs === 'number' &&
    typeof stored.isForFront === 'boolean' &&
    stored.body instanceof Uint8Array &&
    Array.isArray(stored.fields) &&
    stored.fields.every(isSendable) &&
    Array.isArray(stored.removed) &&
    stored.removed.every((name) => typeof name === 'string') &&
    Array.isArray(stored.selecting) &&
    stored.selecting.every(Array.isArray) &&
    isRecord(stored.audience) &&
    isRecord(stored.validators) &&
    isTextOrNone(stored.etag) &&
    isTextOrNone(stored.validators?.etag) &&
    isTextOrNone(stored.validators?.lastModified) &&
    typeof stored.stale?.whileRevalidateSeconds === 'number' &&
    typeof stored.stale.ifErrorSeconds === 'number' &&
    Array.isArray(stored.tags) &&
    stored.tags.every((tag) => typeof tag === 'string')
  );
}

function isFinalStatus(status: unknown): boolean {
  return Number.isInteger(status) && Number(status) >= 200 && Number(status) <= 999;
}

function isTextOrNone(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

const REASON_PHRASE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** What node would refuse to send it would refuse in the middle of an answer. */
function isSendable(field: unknown): boolean {
  if (!Array.isArray(field) || field.length !== 2) return false;
  const [name, value] = field as unknown as StoredField;
  try {
    // Two lengths, or a length of chunks, and the client takes the next answer for a part of this.
    if (['content-length', 'transfer-encoding'].includes(name.toLowerCase())) return false;
    validateHeaderName(name);
    for (const line of toLines(value)) validateHeaderValue(name, line);
    return true;
  } catch {
    return false;
  }
}
