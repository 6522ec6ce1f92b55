/**
 * Judging the conditions of a request against the answer to it (RFC 9110 §13.2.2), after the handler
 * has made that (Django: ConditionalGetMiddleware).
 */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { hasDirective, parseCacheControl } from './cache-control.js';
import { notModified } from './conditional.js';
import { toLines } from './fields.js';
import { parseHttpDate } from './http-date.js';
import type { FieldTarget } from './patch-cache-control.js';

/** What becomes of an answer: it is sent, or 304 says that the client has it, or 412 that it is another. */
export type Verdict = 'send' | 'not-modified' | 'precondition-failed';

/** What of a response the conditions are about. */
export type ConditionalTarget = FieldTarget & { readonly statusCode: number };

/**
 * Judges the conditions of a GET or HEAD in the order of RFC 9110 §13.2.2: If-Match, else
 * If-Unmodified-Since; then If-None-Match, compared weakly, else If-Modified-Since. What cannot be
 * read is ignored; so are all of them where the answer is no success.
 *
 * @param headers of the request
 * @param response its status, ETag and Last-Modified
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { IncomingMessage, ServerResponse } from 'node:http';
 * import { Socket } from 'node:net';
 * import { judgeConditions } from '@locmem/http';
 *
 * const res = new ServerResponse(new IncomingMessage(new Socket()));
 * res.setHeader('ETag', '"v1"');
 * assert.equal(judgeConditions({ 'if-none-match': 'W/"v1"' }, res), 'not-modified');
 * assert.equal(judgeConditions({ 'if-none-match': '"v2"' }, res), 'send');
 * assert.equal(judgeConditions({ 'if-match': '"v2"' }, res), 'precondition-failed');
 * ```
 */
export function judgeConditions(
  headers: Readonly<IncomingHttpHeaders>,
  response: ConditionalTarget,
): Verdict {
  const { statusCode } = response;
  // RFC 9110 §13.2.1: "other than a 2xx … MUST ignore".
  if (statusCode < 200 || statusCode > 299) return 'send';
  const etag = fieldOf(response, 'ETag');
  const modified = fieldOf(response, 'Last-Modified');
  // Only the years of RFC 850 dates depend on the present.
  const modifiedMs = modified === undefined ? undefined : parseHttpDate(modified, Date.now());

  const ifMatch = headers['if-match'];
  const ifUnmodifiedSince = headers['if-unmodified-since'];
  if (ifMatch !== undefined) {
    if (!matchesStrongly(ifMatch, etag)) return 'precondition-failed';
  } else if (ifUnmodifiedSince !== undefined && modifiedMs !== undefined) {
    const sinceMs = parseHttpDate(ifUnmodifiedSince.trim(), Date.now());
    if (sinceMs !== undefined && modifiedMs > sinceMs) return 'precondition-failed';
  }
  const validators = { status: 200, etag, modifiedMs: modifiedMs ?? Infinity };
  return notModified(headers, validators, Date.now()) ? 'not-modified' : 'send';
}

/** RFC 9110 §13.1.1: "*" for any; else strongly, so that no weak tag matches anything. */
function matchesStrongly(ifMatch: string, etag: string | undefined): boolean {
  if (ifMatch.trim() === '*') return true;
  if (etag === undefined || etag.startsWith('W/')) return false;
  const tags: readonly string[] = ifMatch.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return tags.includes(etag);
}

function fieldOf(response: ConditionalTarget, name: string): string | undefined {
  const value = response.getHeader(name);
  return value === undefined ? undefined : toLines(value)[0]?.trim();
}

/**
 * Gives a successful answer an ETag made of its content, where it has none, has content, and does not
 * say no-store. A weak one: middlewares further out may still compress the bytes (RFC 9110 §8.8.1).
 *
 * @param response its fields; ETag is set
 * @param content all of its content
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { IncomingMessage, ServerResponse } from 'node:http';
 * import { Socket } from 'node:net';
 * import { addETag } from '@locmem/http';
 *
 * const res = new ServerResponse(new IncomingMessage(new Socket()));
 * addETag(res, 'content');
 * assert.match(String(res.getHeader('ETag')), /^W\/"[\w-]+"$/);
 * ```
 */
export function addETag(response: ConditionalTarget, content: string | Uint8Array): void {
  const { statusCode } = response;
  if (statusCode < 200 || statusCode > 299 || statusCode === 206 || content.length === 0) return;
  if (response.getHeader('ETag') !== undefined) return;
  const cacheControl = response.getHeader('Cache-Control');
  const lines = cacheControl === undefined ? [] : toLines(cacheControl);
  if (hasDirective(parseCacheControl(lines), 'no-store')) return;
  const digest = createHash('sha1').update(content).digest('base64url');
  response.setHeader('ETag', `W/"${digest}"`);
}

/** What a 304 does not repeat: it describes content that is not sent (RFC 9110 §15.4.5). */
export const CONTENT_FIELDS: readonly string[] = Object.freeze([
  'Content-Type',
  'Content-Length',
  'Content-Encoding',
  'Content-Language',
  'Content-Range',
  'Transfer-Encoding',
]);
