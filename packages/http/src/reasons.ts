/**
 * Why an answer was not reused or not stored: every reason has a name, which is the same in the
 * `Cache-Status` field, in `stats()`, in events and in tests. All are tokens of RFC 8941.
 */

/** Why a request goes past the cache: nothing is looked up and nothing stored. */
export type BypassReason =
  /** OPTIONS and TRACE: neither answered from a store nor a reason to invalidate. */
  | 'method'
  /** A GET or HEAD with a body: the body is no part of the key. */
  | 'request-body'
  /** Several ranges at once. */
  | 'range'
  /** If-Match or If-Unmodified-Since: the handler must judge them. */
  | 'precondition'
  /** No Host, or more than one, or one that is no authority. */
  | 'host'
  /** The request target is not a path (`GET http://other/ HTTP/1.1`), or has a fragment. */
  | 'target'
  /** `Cache-Control: no-store` on the request (RFC 9111 §5.2.1.5). */
  | 'request-no-store'
  /** The option `bypass` said so. */
  | 'bypass-option'
  /** A function among the options threw or returned something impossible. */
  | 'option-threw';

/** Why a lookup found no answer to reuse: the `fwd` values of RFC 9211 §2.2. */
export type MissReason =
  /** Nothing is stored for this URL. */
  | 'uri-miss'
  /** Something is stored, but for other values of the request fields in Vary. */
  | 'vary-miss'
  /** What is stored is no longer fresh. */
  | 'stale'
  /** The request does not want, or must not get, what is stored. */
  | 'request';

/** What exactly stood against reusing what is, or could be, stored. */
export type MissDetail =
  /** The request has a field that what is stored was not made for (RFC 9111 §3.5). */
  | 'authorization'
  | 'cookie'
  /** Wishes of the request that what is stored does not meet (RFC 9111 §5.2.1). */
  | 'no-cache'
  | 'max-age'
  | 'min-fresh'
  /** The client got a 504 instead of an answer of the handler's (RFC 9111 §5.2.1.7). */
  | 'only-if-cached'
  /** A part was asked for, and no whole is stored that it could be taken out of. */
  | 'range'
  /** The stored answer says `no-cache`: it is validated each time. */
  | 'response-no-cache';

/** Why an answer was not stored: RFC 9111 §3, and this cache's own caution. */
export type Refusal =
  /** Another method than GET was answered. */
  | 'method'
  /** 1xx, 206 and 304 always; under a default timeout, all but 200. */
  | 'status'
  /** Content-Range: a part of a whole. */
  | 'partial'
  | 'response-no-store'
  /** `private`, qualified or not. */
  | 'response-private'
  /** `no-cache`, qualified or not, without anything that the handler could be asked with. */
  | 'response-no-cache'
  /** Cache-Control holds something that is no directive. */
  | 'cache-control-malformed'
  /** `must-understand` with a status whose rules are not known here. */
  | 'must-understand'
  | 'vary-star'
  | 'vary-malformed'
  /** A field that Vary names was changed between this cache and the handler. */
  | 'vary-unstable'
  /** The request had Authorization, and the answer none of the directives of RFC 9111 §3.5. */
  | 'authorization'
  /** The request had a Cookie, the freshness is only assumed, and the answer is not said to be public. */
  | 'cookie'
  | 'set-cookie'
  | 'trailers'
  /** Freshness is stated but cannot be read. */
  | 'invalid-freshness'
  /** No freshness is stated, and no `timeout` is given. */
  | 'no-freshness'
  /** Not fresh when it came (max-age=0, an Expires in the past, a large Age), and good for nothing else. */
  | 'stale-on-arrival'
  /** More than `maxBodyBytes`. */
  | 'too-large'
  /** Fewer or more bytes than Content-Length states. */
  | 'truncated'
  /** A middleware between this cache and the client rewrote the answer while it was written. */
  | 'transformed'
  /** The client was gone, or the handler destroyed the response. */
  | 'aborted'
  /** The URL, or a group of the answer, was invalidated while it was being made. */
  | 'invalidated'
  /** The handler's 304 was about another answer than it was asked about. */
  | 'validator-mismatch'
  /** The handler failed, and a stale answer stood in for its own. */
  | 'handler-failed'
  /** The option `tags` threw or returned something impossible: nobody could purge the answer. */
  | 'option-threw'
  /** A cache further in keeps it under a prefix, version or key of its own, or in another store. */
  | 'inner-cache'
  /** A cache further in let the request past. */
  | 'inner-bypass'
  /** Watching it failed, for a reason of the cache's own; the answer went its way. */
  | 'failed';

/** Says nothing of the next answer for the same URL. */
const MOMENTARY: ReadonlySet<Refusal> = new Set<Refusal>([
  ...(['aborted', 'truncated', 'transformed', 'invalidated'] as const),
  ...(['validator-mismatch', 'handler-failed', 'vary-unstable', 'inner-bypass'] as const),
]);

/** Whether the next answer for the same URL may well be stored. */
export function isMomentary(refusal: Refusal): boolean {
  return MOMENTARY.has(refusal);
}
