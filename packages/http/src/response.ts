/**
 * Stored entry → response: status, fields, bytes; Age, 304, HEAD (RFC 9111 §4).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { formatCacheStatus } from './cache-status.js';
import type { CacheStatus } from './cache-status.js';
import { notModified } from './conditional.js';
import type { StoredField, StoredResponse } from './entry.js';
import { listMembers, toLines } from './fields.js';
import { ageField, ttlSeconds } from './freshness.js';

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

/** Answers a GET or HEAD from the store; the response is ended when this returns. */
export function answerFromStore(
  req: IncomingMessage,
  res: ServerResponse,
  stored: StoredResponse,
  nowMs: number,
  cacheName: string | false,
): void {
  const is304 = notModified(req.headers, stored, nowMs);
  res.statusCode = is304 ? 304 : stored.status;
  if (!is304) res.statusMessage = stored.statusMessage;

  for (const name of stored.removed) res.removeHeader(name);
  for (const [name, value] of stored.fields) {
    if (is304 && !NOT_MODIFIED_FIELDS.has(name.toLowerCase())) continue;
    setStoredField(res, name, value);
  }
  // RFC 9111 §5.1: "MUST generate an Age header field".
  res.setHeader('Age', String(ageField(stored, nowMs)));
  announce(res, cacheName, { hit: true, ttl: ttlSeconds(stored, nowMs) });

  if (is304 || stored.status === 204) {
    // RFC 9110 §8.6: neither has content, nor a length of it.
    res.end();
    return;
  }
  res.setHeader('Content-Length', String(stored.body.byteLength));
  if (req.method === 'HEAD') res.end();
  else res.end(stored.body);
}

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
  const present = res.getHeader('Cache-Status');
  const members = present === undefined ? [] : toLines(present);
  res.setHeader('Cache-Status', [...members, formatCacheStatus(cacheName, status)].join(', '));
}
