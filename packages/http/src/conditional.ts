/**
 * The client's own validators against a stored answer (RFC 9110 §13, RFC 9111 §4.3.2).
 */
import type { IncomingHttpHeaders } from 'node:http';
import { parseHttpDate } from './http-date.js';

/** What of a stored answer validators are compared with. */
export interface Validators {
  readonly status: number;
  readonly etag: string | undefined;
  /** Last-Modified, else Date, else the time of receipt: RFC 9111 §4.3.2. Milliseconds. */
  readonly modifiedMs: number;
}

/** Whether the client's copy is the stored one, so that a 304 says all there is to say. */
export function notModified(
  headers: IncomingHttpHeaders,
  stored: Validators,
  nowMs: number,
): boolean {
  // RFC 9110 §13.2.1: a precondition is ignored where the answer without it is not a success.
  if (stored.status !== 200) return false;
  const ifNoneMatch = headers['if-none-match'];
  // RFC 9110 §13.2.2: If-None-Match wins; the date is not looked at.
  if (ifNoneMatch !== undefined) return anyTagMatches(ifNoneMatch, stored.etag);
  const ifModifiedSince = headers['if-modified-since'];
  if (ifModifiedSince === undefined) return false;
  const sinceMs = parseHttpDate(ifModifiedSince.trim(), nowMs);
  // RFC 9110 §13.1.3: an invalid date means the field is ignored.
  return sinceMs !== undefined && stored.modifiedMs <= sinceMs;
}

const ENTITY_TAG = /[ \t,]*((?:W\/)?"[!\x23-\x7e\x80-\xff]*")[ \t]*(?:,|$)/y;

/** RFC 9110 §13.1.2: `*` matches any answer; else one member of the list, compared weakly. */
function anyTagMatches(ifNoneMatch: string, etag: string | undefined): boolean {
  if (ifNoneMatch.trim() === '*') return true;
  if (etag === undefined) return false;
  // What nearly all clients send: the tag that they were given.
  if (ifNoneMatch === etag) return true;
  ENTITY_TAG.lastIndex = 0;
  const stored = opaqueTag(etag);
  for (;;) {
    const member = ENTITY_TAG.exec(ifNoneMatch);
    if (member === null) return false;
    if (opaqueTag(member[1]!) === stored) return true;
  }
}

/** RFC 9110 §8.8.3.2: weak comparison looks at the opaque part only. `W/` is a prefix, in capitals. */
function opaqueTag(etag: string): string {
  return etag.startsWith('W/') ? etag.slice(2) : etag;
}
