/**
 * Where our middlewares answer otherwise than Django 6.1 does, and why. A sequence that departs without
 * an entry here fails, and so does an entry for one that departs no more, or otherwise.
 */

/**
 * `rfc`: the specification says so. `safety`: one visitor's answer is kept from another. `mended`: a
 * failure of Django's. `choice`: both are allowed. `recording`: it lies in how Django was recorded.
 */
export type Kind = 'rfc' | 'safety' | 'mended' | 'choice' | 'recording';

export interface Departure {
  readonly kind: Kind;
  /** `2 ran`: in the second step, whether the view ran. */
  readonly differs: readonly string[];
  readonly why: string;
}

/** In every sequence; the comparison leaves it out. */
export const EVERYWHERE: readonly string[] = [
  'Django adds `max-age` and `Expires` to what it caches. Here an answer goes out as the handler made it; `cacheControl({ maxAge: 60 })` says it where it is wanted.',
  'An ETag made of the content is `W/"…"`, not an MD5: what is further out may still compress it (RFC 9110 §8.8.1).',
];

export const DEPARTURES: Readonly<Record<string, Departure>> = {
  post: {
    kind: 'rfc',
    differs: ['4 ran', '4 body', '4 Age'],
    why: 'A write that succeeds drops what is stored for its URL (RFC 9111 \u00a74.4).',
  },
  'put-delete': {
    kind: 'rfc',
    differs: ['5 ran', '5 body', '5 Age'],
    why: 'A write that succeeds drops what is stored for its URL (RFC 9111 \u00a74.4).',
  },
  'head-first': {
    kind: 'choice',
    differs: ['2 ran', '2 Age', '3 body'],
    why: 'HEAD is not stored as an entry of its own: the next HEAD runs the handler, and from the first GET on it is answered by that.',
  },
  'query-empty': {
    kind: 'rfc',
    differs: ['2 ran', '2 body', '2 Age'],
    why: '`/p?` and `/p` are two URLs: the query is part of the key as it was sent.',
  },
  'vary-space': {
    kind: 'rfc',
    differs: ['2 ran', '2 body', '2 Age', '3 body'],
    why: 'White space around the commas of a list is no difference (RFC 9111 \u00a74.1).',
  },
  'vary-absent-empty': {
    kind: 'rfc',
    differs: ['2 ran', '2 body', '2 Age', '4 body'],
    why: 'An absent field is not an empty one (RFC 9111 \u00a74.1; CVE-2026-113593).',
  },
  'vary-star-padded': {
    kind: 'recording',
    differs: ['1 Vary', '2 Vary'],
    why: 'The recording was made without a server; on the wire a value has no white space around it.',
  },
  'setcookie-no-vary': {
    kind: 'safety',
    differs: ['2 ran', '2 body', '2 Age'],
    why: "An answer with Set-Cookie is not stored: one visitor's session would be everybody's. Option `storeSetCookie`.",
  },
  'setcookie-public': {
    kind: 'safety',
    differs: ['2 ran', '2 body', '2 Age'],
    why: 'An answer with Set-Cookie is not stored, public or not. Option `storeSetCookie`.',
  },
  'cookie-ignored': {
    kind: 'safety',
    differs: ['2 ran', '2 body', '2 Age'],
    why: 'Where freshness is only assumed by `timeout`, a request with a Cookie gets a stored answer only if that says public or varies by Cookie (decision 0013).',
  },
  'cc-smaxage': {
    kind: 'rfc',
    differs: ['2 ran', '2 body', '2 Age', '3 ran', '3 body', '3 Age'],
    why: 'A shared cache goes by s-maxage first (RFC 9111 \u00a74.2.1).',
  },
  'cc-maxage-bad': {
    kind: 'mended',
    differs: ['1 error ValueError', '2 error ValueError', '3 error ValueError'],
    why: 'A field that cannot be read is no reason to fail with 500; the answer is stale.',
  },
  'cc-maxage-quoted': {
    kind: 'mended',
    differs: ['1 error ValueError', '2 error ValueError', '3 error ValueError'],
    why: 'A field in the quoted form is no reason to fail with 500; it is read (RFC 9111 \u00a75.2).',
  },
  'cc-maxage-twice': {
    kind: 'rfc',
    differs: ['1 Cache-Control', '2 Cache-Control', '3 ran', '3 body', '3 Cache-Control', '3 Age'],
    why: 'Of two max-age the first counts (RFC 9111 \u00a74.2.1); Django takes the last, and writes it over both.',
  },
  'maxage0-page': {
    kind: 'rfc',
    differs: ['2 ran', '2 body', '2 Age'],
    why: 'What an answer says of its freshness wins over the option: max-age=0 is not stored as fresh.',
  },
  'maxage10-page': {
    kind: 'rfc',
    differs: ['2 ran', '2 body', '2 Age', '3 body'],
    why: 'What an answer says of its freshness wins over the option: 10 seconds, not 60.',
  },
  'maxage600-page': {
    kind: 'choice',
    differs: ['1 Cache-Control', '2 Cache-Control', '3 ran', '3 body', '3 Cache-Control', '3 Age'],
    why: 'What an answer says of its freshness wins over the option, also where it is longer; `cacheControl({ maxAge: 60 })` lowers it.',
  },
  'cache-control-decorator': {
    kind: 'rfc',
    differs: ['2 ran', '2 body', '2 Age'],
    why: 'What an answer says of its freshness wins over the option: 5 seconds, not 60.',
  },
  'expires-view': {
    kind: 'rfc',
    differs: ['2 ran', '2 body', '2 Age', '3 body'],
    why: 'Expires is freshness where max-age says none (RFC 9111 \u00a75.3).',
  },
  'expires-bad': {
    kind: 'rfc',
    differs: ['2 ran', '2 body'],
    why: 'An Expires that is no date is in the past (RFC 9111 \u00a75.3).',
  },
  'timeout-none': {
    kind: 'choice',
    differs: ['2 ran', '2 body', '2 Age', '3 body'],
    why: '`cachePage()` without a timeout stores what the route declares fresh; there is no site-wide default of 600 seconds.',
  },
  'timeout-float': {
    kind: 'rfc',
    differs: ['2 Age'],
    why: 'Age is the time since the answer was stored, in whole seconds (RFC 9111 \u00a75.1); Django derives it from a max-age of 1.5.',
  },
  'status-201': {
    kind: 'rfc',
    differs: ['2 ran', '2 body', '2 Age'],
    why: 'An answer that states its freshness is stored whatever its final status (RFC 9111 \u00a73).',
  },
  'status-203': {
    kind: 'rfc',
    differs: ['2 ran', '2 body', '2 Age'],
    why: 'An answer that states its freshness is stored whatever its final status (RFC 9111 \u00a73).',
  },
  'status-204': {
    kind: 'rfc',
    differs: ['1 body', '2 ran', '2 body', '2 Age'],
    why: 'An answer that states its freshness is stored whatever its final status (RFC 9111 \u00a73); on the wire a 204 has no content.',
  },
  'status-300': {
    kind: 'rfc',
    differs: ['2 ran', '2 body', '2 Age'],
    why: 'An answer that states its freshness is stored whatever its final status (RFC 9111 \u00a73).',
  },
  'status-301': {
    kind: 'rfc',
    differs: ['2 ran', '2 body', '2 Age'],
    why: 'An answer that states its freshness is stored whatever its final status (RFC 9111 \u00a73).',
  },
  'status-302': {
    kind: 'rfc',
    differs: ['2 ran', '2 body', '2 Age'],
    why: 'An answer that states its freshness is stored whatever its final status (RFC 9111 \u00a73).',
  },
  'status-304': {
    kind: 'recording',
    differs: ['1 body', '2 body'],
    why: 'The recording was made without a server; on the wire a 304 has no content.',
  },
  'status-404': {
    kind: 'rfc',
    differs: ['2 ran', '2 body', '2 Age'],
    why: 'An answer that states its freshness is stored whatever its final status (RFC 9111 \u00a73).',
  },
  'status-410': {
    kind: 'rfc',
    differs: ['2 ran', '2 body', '2 Age'],
    why: 'An answer that states its freshness is stored whatever its final status (RFC 9111 \u00a73).',
  },
  'status-500': {
    kind: 'rfc',
    differs: ['2 ran', '2 body', '2 Age'],
    why: 'An answer that states its freshness is stored whatever its final status (RFC 9111 \u00a73).',
  },
  streaming: {
    kind: 'choice',
    differs: ['2 ran', '2 body', '2 Age'],
    why: 'A streamed answer is stored once it has ended whole; it streams on to the client meanwhile.',
  },
  'req-cache-control-no-cache': {
    kind: 'rfc',
    differs: ['3 ran', '3 body', '3 Age'],
    why: "The request's no-cache is honoured (RFC 9111 \u00a75.2.1.4). Option `requestDirectives`.",
  },
  'req-cache-control-no-store': {
    kind: 'rfc',
    differs: ['2 ran', '2 body', '2 Age', '3 ran', '3 body', '3 Age'],
    why: "The request's no-store is honoured (RFC 9111 \u00a75.2.1.5). Option `requestDirectives`.",
  },
  'req-cache-control-only-if-cached': {
    kind: 'rfc',
    differs: ['1 ran', '1 status', '1 body', '2 ran', '2 Age'],
    why: 'only-if-cached without a stored answer is 504 (RFC 9111 \u00a75.2.1.7). Option `requestDirectives`.',
  },
  'req-pragma-no-cache': {
    kind: 'rfc',
    differs: ['3 ran', '3 body', '3 Age'],
    why: 'Pragma: no-cache alone is taken for no-cache (RFC 9111 \u00a75.4). Option `requestDirectives`.',
  },
  auth: {
    kind: 'rfc',
    differs: ['1 Vary', '2 Vary'],
    why: 'The answer to a request with Authorization is not stored (RFC 9111 \u00a73.5); nothing is added to its Vary.',
  },
  'auth-smaxage': {
    kind: 'rfc',
    differs: ['1 Vary', '2 ran', '2 body', '2 Vary', '2 Age'],
    why: 's-maxage allows an answer to a request with Authorization to be stored for all (RFC 9111 \u00a73.5); nothing is added to its Vary.',
  },
  'auth-after-anon': {
    kind: 'safety',
    differs: ['2 ran', '2 body', '2 Age'],
    why: 'A page made for nobody is not given to somebody (decision 0013).',
  },
  range: {
    kind: 'rfc',
    differs: ['2 ran', '2 body', '2 Age', '3 ran', '3 body', '3 Age'],
    why: 'A single range is answered out of the stored whole, with 206 (RFC 9110 \u00a714.2).',
  },
  'etag-304': {
    kind: 'choice',
    differs: ['2 Age', '3 ETag', '3 Age'],
    why: 'The stored answer stands as the handler made it, and the ETag is added further out on each answer; a 304 from the store carries an Age (RFC 9111 \u00a75.1).',
  },
  'etag-view': {
    kind: 'choice',
    differs: ['2 ran', '3 ran', '4 ran', '5 ran', '5 body', '5 Age', '6 body'],
    why: 'An answer that a middleware further out has turned into a 304 is not stored; the next request without a condition is. Without `conditionalGet` outside, the cache answers the conditions itself.',
  },
  'etag-weak-view': {
    kind: 'rfc',
    differs: ['2 Age', '3 ran', '3 ETag'],
    why: 'The cache does not judge If-Match: the handler is asked (RFC 9111 \u00a74.3.2), and `conditionalGet` says 412, without an ETag in the recording. A 304 from the store carries an Age.',
  },
  lastmod: {
    kind: 'rfc',
    differs: ['2 ETag', '2 Last-Modified', '2 Age'],
    why: 'A 304 from the store carries an Age (RFC 9111 \u00a75.1), and needs no Last-Modified.',
  },
  'if-match': {
    kind: 'rfc',
    differs: ['1 ETag', '2 ran', '2 body', '2 Age'],
    why: 'A request with If-Match goes past the cache (RFC 9111 \u00a74.3.2), and so its answer is not stored.',
  },
  'head-inm': {
    kind: 'rfc',
    differs: ['2 status'],
    why: 'If-None-Match is evaluated for HEAD as for GET (RFC 9110 \u00a713.1.2).',
  },
  '304-setcookie': {
    kind: 'safety',
    differs: ['2 ran'],
    why: 'An answer with Set-Cookie is not stored.',
  },
};
