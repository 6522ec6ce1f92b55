/**
 * The outcome of a lookup: which stored answer a request gets, or why none (RFC 9111 §4). One place
 * for who serves and who only explains.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { CacheStatus } from './cache-status.js';
import type { Resource, StoredResponse } from './entry.js';
import { ttlSeconds } from './freshness.js';
import { reusable } from './policy.js';
import type { RequestDirectives } from './policy.js';
import type { MissDetail, MissReason } from './reasons.js';
import { selected } from './store.js';
import { canValidate } from './validation.js';

export type Choice =
  | { readonly use: 'fresh'; readonly stored: StoredResponse }
  | { readonly use: 'stale'; readonly stored: StoredResponse; readonly refresh: boolean }
  | Missed
  | Withheld;

/** The handler must be asked. */
export interface Missed {
  readonly use: 'none';
  readonly reason: MissReason;
  readonly detail?: MissDetail | undefined;
  /** What the handler can be asked to validate. */
  readonly validating?: StoredResponse | undefined;
  /** What stands in when the handler fails. */
  readonly fallback?: StoredResponse | undefined;
}

/** The client wanted an answer from the store or none, and there is none for it. */
export interface Withheld {
  readonly use: 'withheld';
  readonly reason: MissReason;
  readonly detail: 'only-if-cached';
}

/** What of a request the choice depends on, besides where it looks. */
export interface Asking {
  readonly method: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly wishes: RequestDirectives;
}

export function choiceOf(resource: Resource | undefined, asking: Asking, nowMs: number): Choice {
  const choice = storedChoice(resource, asking, nowMs);
  if (choice.use !== 'none') return choice;
  // RFC 9111 §5.2.1.7.
  if (asking.wishes.onlyIfCached) {
    return { use: 'withheld', reason: choice.reason, detail: 'only-if-cached' };
  }
  if (asking.method === 'HEAD' || asking.headers.range === undefined) return choice;
  // RFC 9110 §14.2: the handler answers with a part, which is nothing to store.
  return { ...choice, detail: choice.detail ?? 'range' };
}

function storedChoice(
  resource: Resource | undefined,
  { headers, wishes }: Asking,
  nowMs: number,
): Exclude<Choice, Withheld> {
  if (resource === undefined) return { use: 'none', reason: 'uri-miss' };
  const stored = selected(resource, headers);
  if (stored === undefined) return { use: 'none', reason: 'vary-miss' };
  const decision = reusable(stored, headers, wishes, nowMs);
  if (decision.reuse === 'fresh') return { use: 'fresh', stored };
  if (decision.reuse === 'stale') return { use: 'stale', stored, refresh: decision.refresh };
  const { reason, detail, ifValid, ifError } = decision;
  return {
    ...{ use: 'none', reason, detail },
    validating: ifValid && canValidate(stored.validators) ? stored : undefined,
    fallback: ifError ? stored : undefined,
  };
}

/** The choice in the words of RFC 9211. What is withheld goes nowhere: no `hit` and no `fwd`. */
export function statusOf(choice: Choice, nowMs: number): CacheStatus {
  if (choice.use === 'none') return { fwd: choice.reason, detail: choice.detail };
  if (choice.use === 'withheld') return { detail: choice.detail };
  return { hit: true, ttl: ttlSeconds(choice.stored, nowMs) };
}
