/**
 * The Cache-Status field (RFC 9211): syntax only.
 */

import { printString } from './structured-fields.js';

/** What happened to a request, as the field can say it. */
export interface CacheStatus {
  readonly hit?: boolean;
  /** Why the request went on to the handler: a token of RFC 9211 §2.2. */
  readonly fwd?: string;
  /** What the handler answered, where that is not what the client gets (RFC 9211 §2.3). */
  readonly fwdStatus?: number;
  /** Waited for another request's answer (RFC 9211 §2.6). */
  readonly collapsed?: boolean;
  /** Seconds of freshness left; negative, when it is stale. */
  readonly ttl?: number;
  /** A token that says more. */
  readonly detail?: string | undefined;
}

const SF_TOKEN = /^[A-Za-z*][!#$%&'*+\-.^_`|~:/0-9A-Za-z]*$/;

/** Whether a cache can be called so: RFC 9211 §2 wants a token or a string of printable ASCII. */
export function isCacheName(name: string): boolean {
  return name !== '' && printString(name) !== undefined;
}

/** One member of the list, e.g. `LocMem; hit; ttl=12`. */
export function formatCacheStatus(name: string, status: CacheStatus): string {
  let member = SF_TOKEN.test(name) ? name : printString(name)!;
  if (status.hit === true) member += '; hit';
  if (status.fwd !== undefined) member += `; fwd=${status.fwd}`;
  if (status.fwdStatus !== undefined) member += `; fwd-status=${status.fwdStatus}`;
  if (status.collapsed === true) member += '; collapsed';
  if (status.ttl !== undefined) member += `; ttl=${status.ttl}`;
  if (status.detail !== undefined) member += `; detail=${status.detail}`;
  return member;
}
