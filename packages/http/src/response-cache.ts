/**
 * The public object: options in, a cache that handles requests out.
 */
import { InvalidOptionError } from '@locmem/core';
import type { AsyncCache, Cache } from '@locmem/core';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Exchange } from './exchange.js';
import type { Next } from './exchange.js';
import { explain } from './explain.js';
import type { Explanation } from './explain.js';
import { Fronting } from './fronting.js';
import { lastHandlerOf } from './handled.js';
import { flightBoard } from './in-flight.js';
import { ALL_RESPONSES, groupTag, tagTag } from './key.js';
import { checkOptionNames, OptionReader } from './option-reader.js';
import { resolveOptions } from './options.js';
import type { ResponseCacheOptions, Settings } from './options.js';
import { ownStore, OWN_STORE } from './own-store.js';
import { tagsOfUrl } from './request.js';
import type { RequestOrigin } from './request.js';
import { QuickHits } from './quick-hits.js';
import { purge } from './site.js';
import type { Site } from './site.js';
import { ResourceStore } from './store.js';
import { Trace } from './trace.js';
import type { ResponseCacheStats } from './trace.js';

/** At once over a synchronous cache, as a promise over one that answers with promises. */
export type Answer<C, T> = C extends AsyncCache ? Promise<T> : T;

/** What `invalidate` is told: one of a URL, tags and groups, or several. */
export interface InvalidateOptions {
  /**
   * A path with its query (`/cities?page=2`): on every host. Or an absolute URL: on that host only.
   * As clients see it, mount paths included. All variants, prefixes and versions go.
   */
  url?: string | undefined;
  /** Tags that answers were given by the option `tags`, by Cache-Tag or by Surrogate-Key. */
  tags?: readonly string[] | undefined;
  /** Groups that answers name in Cache-Groups (RFC 9875), on every host. */
  groups?: readonly string[] | undefined;
  /**
   * True only makes them stale: they may be validated, or given while they are refreshed, as any
   * stale answer may. Default false: they go.
   */
  soft?: boolean | undefined;
}

/**
 * A response cache over plain node:http requests and responses (RFC 9111, as a shared cache).
 * Its functions can be passed about without the object.
 *
 * @typeParam Req the request it handles
 * @typeParam C where answers are kept: decides what answers at once and what with a promise
 */
export interface ResponseCache<
  Req extends IncomingMessage = IncomingMessage,
  C extends Cache | string = string,
> {
  /**
   * Answers a request from the store, or calls `next` and watches what is answered. Never throws for
   * a reason of its own, and never asks twice for one request.
   */
  readonly handle: (req: Req, res: ServerResponse, next: Next) => void;

  /**
   * Drops what is stored for a URL, under a tag or in a group; answers that are being made for it are
   * not stored either. The cost does not depend on how much is stored.
   *
   * @throws {InvalidOptionError} when none is given, or the URL is neither a path nor absolute
   * @throws what the store throws; a promise rejects instead
   */
  readonly invalidate: (what: InvalidateOptions) => Answer<C, void>;

  /** Drops every stored answer in the store, also those of other response caches that share it. */
  readonly clear: () => Answer<C, void>;

  /** What would happen to a request now. Nothing is counted and nothing changed by asking. */
  readonly explain: (req: Req) => Answer<C, Explanation>;

  /** What has happened since this cache was created. */
  readonly stats: () => ResponseCacheStats;
}

/**
 * Creates a response cache for node:http.
 *
 * Stored are answers to GET that say how long they are fresh (RFC 9111 §3), and with the option
 * `timeout` those with status 200 that say nothing. Never stored: private, no-store and no-cache
 * answers, answers with Set-Cookie or `Vary: *`, partial, truncated and aborted ones, and those to
 * requests with Authorization or, where freshness is only assumed, a Cookie, unless the answer says
 * that it is for all.
 *
 * @param options see {@link ResponseCacheOptions}
 * @param origin for adapters: how the framework knows scheme and authority of a request
 * @throws {InvalidOptionError} when an option does not exist or breaks its rule
 * @throws {InvalidTimeoutError} when `timeout` is no time span
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { once } from 'node:events';
 * import { createServer } from 'node:http';
 * import type { AddressInfo } from 'node:net';
 * import { createResponseCache } from '@locmem/http';
 *
 * const cache = createResponseCache({ timeout: '1m' });
 * let runs = 0;
 * const server = createServer((req, res) => {
 *   cache.handle(req, res, () => res.end(`run ${++runs}`));
 * }).listen(0, '127.0.0.1');
 * await once(server, 'listening');
 * const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
 *
 * assert.equal(await (await fetch(url)).text(), 'run 1');
 * const second = await fetch(url);
 * assert.equal(await second.text(), 'run 1');
 * assert.equal(second.headers.get('cache-status'), 'LocMem; hit; ttl=60');
 *
 * cache.invalidate({ url: '/' });
 * assert.equal(await (await fetch(url)).text(), 'run 2');
 * server.close();
 * server.closeAllConnections();
 * ```
 */
export function createResponseCache<
  Req extends IncomingMessage = IncomingMessage,
  C extends Cache | string = string,
>(
  options: ResponseCacheOptions<Req, C> = {},
  origin: RequestOrigin<Req> = {},
): ResponseCache<Req, C> {
  const settings = resolveOptions(options, 'createResponseCache');
  const trace = new Trace(settings.onEvent);
  const site: Site<Req> = Object.freeze({
    settings,
    origin,
    trace,
    store: new ResourceStore(cacheOf(settings), trace, settings.clock),
    fronting: new Fronting(),
    flights: flightBoard(storeIdentity(settings.cache)),
    customKeyScope: customKeyScope(settings),
  });

  const quick = new QuickHits(site);
  return Object.freeze({
    [PARTS]: { site, quick },
    handle(req: Req, res: ServerResponse, next: Next) {
      // What caches further out have found out about a request, the long way knows.
      const isFirst = lastHandlerOf(req) === undefined && !res.headersSent;
      // An adapter has just tried, by `answeredAtOnce`.
      let plan = isFirst ? quick.takePlan(req) : undefined;
      if (isFirst && plan === undefined) {
        if (quick.answer(req, res) === 'answered') return;
        plan = quick.takePlan(req);
      }
      new Exchange(site, req, res, next).start(plan);
    },
    // Whether the store answers at once is known from its type, and then so is the answer's.
    invalidate: (what: InvalidateOptions) =>
      purge(site, tagsToPurge(what, settings), what.soft) as Answer<C, void>,
    clear: () => purge(site, [ALL_RESPONSES]) as Answer<C, void>,
    explain: (req: Req) => explain(site, req) as Answer<C, Explanation>,
    stats: () => trace.stats(),
  });
}

/** What a front needs of a response cache; adapters hand it on with the rest of the object. */
export interface Parts {
  readonly site: Site<IncomingMessage>;
  readonly quick: QuickHits<IncomingMessage>;
}

const PARTS = Symbol.for('locmem.http.parts/1');

/** The parts of a response cache, or of a middleware that is one; undefined: it is none. */
export function partsOf(cache: unknown): Parts | undefined {
  return (Object(cache) as { [PARTS]?: Parts })[PARTS];
}

/**
 * For adapters of frameworks that make an answer on objects of their own: answers a request by node's
 * response alone, where nobody has to see the answer on its way.
 *
 * @returns false when it takes `handle` to answer it, to be called at once; nothing has happened then
 */
export function answeredAtOnce(cache: object, req: IncomingMessage, res: ServerResponse): boolean {
  // What caches further out have found out about a request, the long way knows.
  if (lastHandlerOf(req) !== undefined || res.headersSent) return false;
  return partsOf(cache)?.quick.answer(req, res) === 'answered';
}

const INVALIDATE_OPTIONS = new Set(['url', 'tags', 'groups', 'soft']);

function tagsToPurge<Req>(what: InvalidateOptions, settings: Settings<Req>): string[] {
  const place = 'ResponseCache.invalidate';
  checkOptionNames(what, INVALIDATE_OPTIONS, place);
  const check = new OptionReader(place);
  check.boolean('soft', what.soft);
  const tags = check.strings('tags', what.tags);
  const groups = check.strings('groups', what.groups);
  if (what.url === undefined && (tags ?? groups)) {
    return [...(tags ?? []).map(tagTag), ...(groups ?? []).map(groupTag)];
  }
  const url: unknown = what.url;
  const urlTags = typeof url === 'string' ? tagsOfUrl(url, settings) : undefined;
  if (urlTags) return [...urlTags, ...(tags ?? []).map(tagTag), ...(groups ?? []).map(groupTag)];
  const rule = "must be a path from '/' on, or an absolute http or https URL";
  throw new InvalidOptionError(place, 'url', rule, url);
}

function cacheOf<Req>({ cache, maxEntries, maxBytes }: Settings<Req>): () => Cache {
  if (typeof cache === 'object') return () => cache;
  return ownStore(cache ?? OWN_STORE, maxEntries, maxBytes);
}

/** Caches of one name share one store, whatever object they are. */
function storeIdentity(cache: Cache | string | undefined): string | object {
  if (typeof cache !== 'object') return cache ?? OWN_STORE;
  return 'name' in cache && typeof cache.name === 'string' ? cache.name : cache;
}

/**
 * `key: (req) => req.params.id` on two routes gives both the same keys. In a store inside this
 * process each cache therefore has its own; in one that it was handed, which other processes may
 * share, keys must mean the same everywhere.
 */
function customKeyScope<Req>({ cache }: Settings<Req>): string {
  return typeof cache === 'object' ? '' : randomUUID();
}
