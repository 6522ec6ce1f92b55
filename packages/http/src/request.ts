/**
 * What of a request matters to the cache, and what lets it past.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { keyedCookies } from './cookies.js';
import type { Handler } from './handled.js';
import { identityOf } from './identity.js';
import type { Identity } from './identity.js';
import { pathTag, resourceKey, resourceTags, uriTag } from './key.js';
import type { EffectiveUrl, KeyedBy } from './key.js';
import type { Settings } from './options.js';
import { NO_REQUEST_DIRECTIVES, requestDirectives } from './policy.js';
import type { RequestDirectives } from './policy.js';
import { isSeveralRanges } from './range.js';
import type { BypassReason } from './reasons.js';
import type { Address } from './store.js';

/**
 * Where a request is addressed to, as the framework knows it: behind a trusted proxy, that is not
 * what the connection and the Host field say.
 */
export interface RequestOrigin<Req> {
  /** `'http'` or `'https'`. Default: what the connection is. */
  scheme?: ((req: Req) => string) | undefined;
  /** Host and perhaps port; undefined when the request names none. Default: the Host field. */
  authority?: ((req: Req) => string | undefined) | undefined;
  /**
   * True: without X-Forwarded-Proto and X-Forwarded-Host, both are what the connection and the Host
   * field say. Then they need not be asked for again at each hit.
   */
  isAsSentUnlessForwarded?: boolean | undefined;
  /**
   * Whether a middleware before the cache has found out who asks. What is answered then is not given
   * by a front, before that middleware.
   */
  knowsVisitor?: ((req: Req) => boolean) | undefined;
  /**
   * Whether a middleware before the cache has put another body in the place of the answer's, where
   * the cache is not shown that. A front would give the answer without it.
   */
  isRewritten?: ((req: Req) => boolean) | undefined;
  /**
   * For a front: the request as the functions among the options will know it, made before the
   * framework has made it. Reading what no middleware has had the time to put there throws.
   */
  early?: ((app: object, req: IncomingMessage, res: ServerResponse) => Req) | undefined;
}

/** What is to be done with a request. */
export type RequestPlan =
  | { readonly kind: 'pass'; readonly reason: BypassReason; readonly error?: unknown }
  | {
      readonly kind: 'invalidate';
      readonly tags: readonly string[];
      readonly scheme: string;
      readonly authority: string | undefined;
      /** Path and query. */
      readonly target: string;
    }
  | Lookup;

/**
 * A plan to look a request up: where, and what else it carries along. A class, for the reason that stands at
 * `Handler`.
 */
export class Lookup {
  readonly kind = 'lookup';

  constructor(
    readonly address: Address,
    readonly identity: Identity,
    readonly tags: readonly string[],
    readonly authority: string,
    readonly wishes: RequestDirectives,
  ) {}
}

/** A plan to invalidate, once the answer is a success. */
export type Invalidation = Extract<RequestPlan, { readonly kind: 'invalidate' }>;

/** RFC 9110 §9.2.1, less GET and HEAD: safe, and of no interest to a cache. */
const OTHER_SAFE_METHODS = new Set(['OPTIONS', 'TRACE']);

/** uri-host and port (RFC 9110 §7.2); rarer characters of a reg-name are as good as malformed. */
const AUTHORITY = /^(?:[\w.~%-]+|\[[\da-f:.]+\])(?::\d*)?$/i;

/** A request as frameworks extend it: the target before and after they cut off a mount path. */
type RoutedRequest = IncomingMessage & { originalUrl?: string; baseUrl?: string };

/** Path and query as the client sent them, also below a mount path. */
export function rawTarget(req: RoutedRequest): string {
  return req.originalUrl ?? req.url ?? '';
}

const CREDENTIALS = new Set(['authorization', 'cookie']);

/**
 * The fields of a request, with those that say who asks even where a middleware further out has
 * taken them away: it knows them, and may have left what it made of them to the handler.
 */
export function headersOf({ headers, rawHeaders }: IncomingMessage): IncomingHttpHeaders {
  let lost: Record<string, string> | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    // Cheaper than the lower case of each name.
    const { length } = rawHeaders[i]!;
    if (length !== 6 && length !== 13) continue;
    const name = rawHeaders[i]!.toLowerCase();
    if (!CREDENTIALS.has(name) || headers[name] !== undefined) continue;
    lost ??= {};
    lost[name] =
      lost[name] === undefined ? rawHeaders[i + 1]! : `${lost[name]}; ${rawHeaders[i + 1]!}`;
  }
  return lost ? { ...headers, ...lost } : headers;
}

/**
 * Decides what is to be done with a request. Whatever a function of the user's throws, it passes.
 *
 * @param outer the cache around this one, if the request has passed one
 */
export function planFor<Req extends IncomingMessage>(
  req: Req,
  settings: Settings<Req>,
  origin: RequestOrigin<Req>,
  customKeyScope: string,
  outer: Handler | undefined,
): RequestPlan {
  try {
    if (req.method === 'GET' || req.method === 'HEAD') {
      return planForRead(req, settings, origin, customKeyScope, outer);
    }
    if (OTHER_SAFE_METHODS.has(req.method ?? '')) return pass('method');
    // RFC 9111 §4.4: unsafe methods, and those of which nobody here knows whether they are safe.
    return planToInvalidate(req, settings, origin);
  } catch (error) {
    return { kind: 'pass', reason: 'option-threw', error };
  }
}

function planForRead<Req extends IncomingMessage>(
  req: Req,
  settings: Settings<Req>,
  origin: RequestOrigin<Req>,
  customKeyScope: string,
  outer: Handler | undefined,
): RequestPlan {
  // What is to go past one cache is to be in none; nor can anybody say under what it would be.
  if (outer && outer.identity === undefined) return pass(outer.passed ?? 'method');
  const reason = bypassReason(req);
  if (reason !== undefined) return pass(reason);
  const authority = authorityOf(req, origin);
  if (authority === undefined) return pass('host');
  if (settings.isBypassed(req)) return pass('bypass-option');
  const wishes = settings.honoursRequestDirectives
    ? requestDirectives(req.headers)
    : NO_REQUEST_DIRECTIVES;
  if (wishes.noStore) return pass('request-no-store');

  const identity = identityOf(req, settings, customKeyScope, outer?.identity);
  const url = effectiveUrl(req, authority, identity, origin);
  const key = resourceKey(
    identity.path.length === 1 ? String(identity.path[0]) : identity.path,
    keyedBy(identity, url),
    identity.cookies && keyedCookies(headersOf(req).cookie, identity.cookies),
  );
  const address = { key, version: identity.version };
  const tags = resourceTags(authority, url.target);
  return new Lookup(address, identity, tags, authority, wishes);
}

function keyedBy({ custom }: Identity, url: EffectiveUrl): KeyedBy {
  if (custom === undefined) return { kind: 'url', url };
  const { scope, keys } = custom;
  return { kind: 'custom', scope, key: keys.length === 1 ? keys[0]! : JSON.stringify(keys) };
}

function pass(reason: BypassReason): RequestPlan {
  return { kind: 'pass', reason };
}

/** What lets a GET or HEAD past, whatever the options. */
function bypassReason(req: IncomingMessage): BypassReason | undefined {
  const { headers } = req;
  // RFC 9110 §9.3.1: content of a GET has no meaning in general; here it may have one to the handler.
  const hasBody =
    headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
  if (hasBody) return 'request-body';
  // RFC 9110 §14: one range of bytes can be answered out of a whole. If-Range alone means nothing.
  if (headers.range !== undefined && req.method === 'GET' && isSeveralRanges(headers.range)) {
    return 'range';
  }
  // RFC 9111 §4.3.2: "MUST NOT … evaluate" these on behalf of the origin.
  if ('if-match' in headers || 'if-unmodified-since' in headers) return 'precondition';
  const target = rawTarget(req);
  // RFC 9112 §3.2.1: no fragment. Node lets it through, and what stands behind it is no query.
  if (!target.startsWith('/') || target.includes('#')) return 'target';
  return undefined;
}

/** The one authority a request names, lower-case; undefined when there is none, or none to trust. */
function authorityOf<Req extends IncomingMessage>(
  req: Req,
  origin: RequestOrigin<Req>,
): string | undefined {
  const named = namedAuthority(req);
  if (named === undefined || !AUTHORITY.test(named)) return undefined;
  const authority = origin.authority ? origin.authority(req) : named;
  return authority !== undefined && AUTHORITY.test(authority) ? authority.toLowerCase() : undefined;
}

/**
 * RFC 9112 §3.2: two Host lines are an attack. Node keeps the first and does not tell. RFC 9113
 * §8.3.1: over HTTP/2 `:authority` says it, and a Host beside it must say the same.
 */
function namedAuthority({ headers, rawHeaders }: IncomingMessage): string | undefined {
  const pseudo = headers[':authority'] as string | undefined;
  let lines = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (name.length === 4 && name.toLowerCase() === 'host') lines++;
  }
  if (pseudo === undefined) return lines === 1 ? headers.host : undefined;
  const isOne = lines === 0 || (lines === 1 && headers.host === pseudo);
  return isOne ? pseudo : undefined;
}

function effectiveUrl<Req extends IncomingMessage>(
  req: Req,
  authority: string,
  { keyTarget }: Identity,
  origin: RequestOrigin<Req>,
): EffectiveUrl {
  const rawHost = namedAuthority(req) ?? '';
  return {
    scheme: origin.scheme ? origin.scheme(req) : connectionScheme(req),
    authority,
    // A handler behind a trusted proxy may still look at the Host field itself; any handler sees its case.
    rawHost: rawHost === authority ? '' : rawHost,
    target: keyTarget(rawTarget(req)),
    rewritten: rewrittenTarget(req),
  };
}

/** Of the connection itself, whatever a proxy says. */
export function connectionScheme({ socket }: IncomingMessage): string {
  return 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http';
}

/**
 * An outer middleware may have changed `req.url`, by a cookie or a header perhaps: then the handler
 * answers another target than the client asked for, and the key must say so. Cutting off a mount
 * path is not such a change.
 */
function rewrittenTarget(req: RoutedRequest): string {
  const { originalUrl, baseUrl = '', url = '' } = req;
  if (originalUrl === undefined || originalUrl === url) return '';
  // Express turns `/mount` into baseUrl `/mount` and url `/`, `/mount?a` into `/?a`.
  const isSlashAdded = baseUrl !== '' && /^\/(?:\?|$)/.test(url);
  const isMounted =
    originalUrl === baseUrl + url || (isSlashAdded && originalUrl === baseUrl + url.slice(1));
  return isMounted ? '' : `${baseUrl} ${url}`;
}

/** RFC 9111 §4.4: the target URI. Without an authority to go by, the path on every host. */
function planToInvalidate<Req extends IncomingMessage>(
  req: Req,
  settings: Settings<Req>,
  origin: RequestOrigin<Req>,
): Invalidation {
  const raw = rawTarget(req);
  const absolute = ABSOLUTE_URL.exec(raw);
  const target = absolute ? toTarget(absolute[2]!) : raw;
  const authority = absolute ? absolute[1] : authorityOf(req, origin);
  const tags = bothForms(target, settings).map((form) =>
    authority === undefined ? pathTag(form) : uriTag(authority, form),
  );
  const scheme = origin.scheme ? origin.scheme(req) : connectionScheme(req);
  return { kind: 'invalidate', tags, scheme, authority, target };
}

const ABSOLUTE_URL = /^https?:\/\/([^/?#]+)([^#]*)/i;

/** The tags of a URL that a caller names: with its host, or a path on every host; undefined: no URL. */
export function tagsOfUrl<Req>(url: string, settings: Settings<Req>): string[] | undefined {
  const absolute = ABSOLUTE_URL.exec(url);
  if (absolute) {
    return bothForms(toTarget(absolute[2]!), settings).map((form) => uriTag(absolute[1]!, form));
  }
  if (!url.startsWith('/')) return undefined;
  return bothForms(url.split('#', 1)[0]!, settings).map(pathTag);
}

function toTarget(pathAndQuery: string): string {
  return pathAndQuery.startsWith('/') ? pathAndQuery : `/${pathAndQuery}`;
}

/** As it is, and as the key has it; another cache of the same store may ignore other arguments. */
function bothForms<Req>(target: string, { keyTarget }: Settings<Req>): string[] {
  return [...new Set([target, keyTarget(target)])];
}
