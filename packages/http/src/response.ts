/**
 * Stored entry → response: status, fields, bytes; Age, 304, HEAD (RFC 9111 §4).
 */
import { STATUS_CODES } from 'node:http';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { formatCacheStatus } from './cache-status.js';
import type { CacheStatus } from './cache-status.js';
import { notModified } from './conditional.js';
import { storedFields } from './entry.js';
import type { StoredField, StoredResponse } from './entry.js';
import { listMembers, toLines } from './fields.js';
import { ageField, dateValue, ttlSeconds } from './freshness.js';
import { isReplaced } from './own-methods.js';
import { ifRangeHolds, parseRange } from './range.js';
import type { RangeValidators } from './range.js';
import { setReasonPhrase } from './reason-phrase.js';

/**
 * RFC 9110 §15.4.5: what a 304 must carry. Everything else the client has already; repeating it
 * could only contradict.
 */
const NOT_MODIFIED_FIELDS = new Set([
  'cache-control',
  'content-location',
  'date',
  'etag',
  'expires',
  'vary',
]);

/** @param lowerName of a field that is stored */
export function isFieldOf304(lowerName: string): boolean {
  return NOT_MODIFIED_FIELDS.has(lowerName);
}

/** What of a request its answer depends on, once it is known which answer. */
export interface AnsweredRequest {
  readonly method?: string | undefined;
  /** As the client sent them, whatever the handler was asked with. */
  readonly headers: IncomingHttpHeaders;
}

/** Answers a GET or HEAD from the store; the response is ended when this returns. */
export function answerFromStore(
  { method, headers }: AnsweredRequest,
  res: ServerResponse,
  stored: StoredResponse,
  nowMs: number,
  cacheName: string | false,
  status: CacheStatus = { hit: true },
): void {
  // RFC 9110 §13.2.2: If-None-Match and If-Modified-Since come before Range.
  const is304 = notModified(headers, stored, nowMs);
  const range = is304 ? undefined : rangeOf(method, headers, res, stored);
  res.statusCode = is304 ? 304 : (range?.status ?? stored.status);
  setReasonPhrase(res, is304 || range ? STATUS_CODES[res.statusCode]! : stored.statusMessage);

  for (const name of stored.removed) res.removeHeader(name);
  for (const [name, value] of stored.fields) {
    if (is304 && !isFieldOf304(name.toLowerCase())) continue;
    setStoredField(res, name, value);
  }
  // RFC 9111 §5.1: "MUST generate an Age header field".
  res.setHeader('Age', String(ageField(stored, nowMs)));
  announce(res, cacheName, { ...status, ttl: ttlSeconds(stored, nowMs) });

  if (is304 || stored.status === 204) {
    // RFC 9110 §8.6: neither has content, nor a length of it.
    res.end();
    return;
  }
  if (range) res.setHeader('Content-Range', range.contentRange);
  const body = range?.body ?? stored.body;
  res.setHeader('Content-Length', String(body.byteLength));
  if (method === 'HEAD') res.end();
  else res.end(body);
}

/** A part of a stored whole, or that there is no such part; undefined: the whole. */
function rangeOf(
  method: string | undefined,
  headers: IncomingHttpHeaders,
  res: ServerResponse,
  stored: StoredResponse,
) {
  // RFC 9110 §14.2: only for GET, and only where the answer would be a 200.
  if (headers.range === undefined || method !== 'GET' || stored.status !== 200) return undefined;
  const validators: RangeValidators = {
    etag: stored.etag,
    lastModified: stored.validators.lastModified,
    dateMs: dateValue(storedFields(stored), stored.responseTimeMs),
  };
  // A middleware further out that rewrites what is written would rewrite a part as if it were the
  // whole. Range may always be ignored.
  if (isReplaced(res, 'write') || !ifRangeHolds(headers, validators)) return undefined;
  const { byteLength } = stored.body;
  const range = parseRange(headers.range, byteLength);
  if (range === 'other') return undefined;
  if (range === 'unsatisfiable') {
    // RFC 9110 §15.5.17.
    return { status: 416, contentRange: `bytes */${byteLength}`, body: NOTHING };
  }
  const { first, last } = range;
  return {
    status: 206,
    contentRange: `bytes ${first}-${last}/${byteLength}`,
    body: stored.body.subarray(first, last + 1),
  };
}

const NOTHING = new Uint8Array();

/** Outer middlewares have set their own fields for this visitor; lists are joined, not replaced. */
function setStoredField(res: ServerResponse, name: string, value: StoredField[1]): void {
  const lowerName = name.toLowerCase();
  // Copied: node keeps the array, and whoever gets it from the response may change it.
  const lines = toLines(value);
  const present = res.getHeader(name);
  if (present !== undefined && lowerName === 'set-cookie') {
    res.setHeader(name, [...toLines(present), ...lines]);
  } else if (present !== undefined && lowerName === 'vary') {
    res.setHeader(name, union(listMembers(toLines(present)), listMembers(lines)).join(', '));
  } else {
    res.setHeader(name, lines.length === 1 ? lines[0]! : lines);
  }
}

function union(first: readonly string[], second: readonly string[]): string[] {
  const known = new Set(first.map((name) => name.toLowerCase()));
  return [...first, ...second.filter((name) => !known.has(name.toLowerCase()))];
}

/** RFC 9111 §5.2.1.7: the client wanted an answer from the store or none. */
export function answerNotCached(res: ServerResponse): void {
  res.statusCode = 504;
  res.setHeader('Content-Length', '0');
  res.end();
}

/**
 * Adds this cache's member to Cache-Status, behind those of caches nearer to the origin
 * (RFC 9211 §2). Nothing, when the cache is to stay hidden.
 */
export function announce(
  res: ServerResponse,
  cacheName: string | false,
  status: CacheStatus,
): void {
  if (cacheName === false) return;
  const member = formatCacheStatus(cacheName, status);
  const present = res.getHeader('Cache-Status');
  const all = present === undefined ? member : [...toLines(present), member].join(', ');
  res.setHeader('Cache-Status', all);
}
