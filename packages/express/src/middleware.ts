/**
 * Express's request and response handed to the response cache; no decision about caching is made
 * here.
 */
import type { Cache, Timeout } from '@locmem/core';
import { createResponseCache, pageOptions, shapeRequestsOf } from '@locmem/http';
import type { ResponseCache, ResponseCacheOptions } from '@locmem/http';
import type { NextFunction, Request, Response } from 'express';
import { EXPRESS_ORIGIN } from './origin.js';

/** Options of {@link responseCache}; functions among them get Express's request. */
export type ResponseCacheMiddlewareOptions<C extends Cache | string = Cache | string> =
  ResponseCacheOptions<Request, C>;

/**
 * A middleware that is also the cache it stands for: `invalidate`, `clear`, `explain`, `stats`, and
 * `handle`, which is what the middleware itself does.
 */
export interface ResponseCacheMiddleware<C extends Cache | string = string> extends ResponseCache<
  Request,
  C
> {
  (req: Request, res: Response, next: NextFunction): void;
}

/**
 * Caches the answers of everything behind it (Django: CacheMiddleware). Mount it where the answers
 * are made: after what authenticates and what compresses, before the routes.
 *
 * Without `timeout`, answers are stored that say themselves how long they are fresh, as RFC 9111
 * has it. What is never stored is listed at `createResponseCache` of `@locmem/http`.
 *
 * @param options all pass through to `createResponseCache` unchanged
 * @throws {InvalidOptionError} when an option does not exist or breaks its rule
 * @throws {InvalidTimeoutError} when `timeout` is no time span
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { once } from 'node:events';
 * import type { AddressInfo } from 'node:net';
 * import { responseCache } from '@locmem/express';
 * import express from 'express';
 *
 * const app = express();
 * const cache = responseCache({ timeout: '5m' });
 * app.use(cache);
 * let runs = 0;
 * app.get('/report', (_req, res) => {
 *   res.json({ run: ++runs });
 * });
 *
 * const server = app.listen(0, '127.0.0.1');
 * await once(server, 'listening');
 * const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/report`;
 * assert.deepEqual(await (await fetch(url)).json(), { run: 1 });
 * const hit = await fetch(url);
 * assert.deepEqual(await hit.json(), { run: 1 });
 * assert.equal(hit.headers.get('cache-status'), 'LocMem; hit; ttl=300');
 *
 * cache.invalidate({ url: '/report' });
 * assert.deepEqual(await (await fetch(url)).json(), { run: 2 });
 * assert.equal(cache.stats().hits, 1);
 * server.close();
 * server.closeAllConnections();
 * ```
 */
export function responseCache<C extends Cache | string = string>(
  options: ResponseCacheMiddlewareOptions<C> = {},
): ResponseCacheMiddleware<C> {
  const cache = createResponseCache<Request, C>(options, EXPRESS_ORIGIN);
  let met: unknown;
  const middleware = (req: Request, res: Response, next: NextFunction): void => {
    if (req.app !== met) {
      met = req.app;
      shapeRequestsOf(req.app);
    }
    cache.handle(req, res, next);
  };
  return Object.assign(middleware, cache);
}

/**
 * Caches the answers of one route (Django: cache_page). Behind a site-wide {@link responseCache} of
 * the same store, its timeout is the one that counts for the route.
 *
 * @param timeout how long answers are fresh that say nothing of it themselves: seconds, a string
 *   with its unit (`'5m'`), or null for ever. Left out: only what the handler declares fresh.
 * @param options as for {@link responseCache}, less `timeout`
 * @throws {InvalidOptionError} when an option does not exist or breaks its rule
 * @throws {InvalidTimeoutError} when `timeout` is no time span
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { once } from 'node:events';
 * import type { AddressInfo } from 'node:net';
 * import { cachePage } from '@locmem/express';
 * import express from 'express';
 *
 * const app = express();
 * let runs = 0;
 * app.get('/now', cachePage(60), (_req, res) => {
 *   res.send(`run ${++runs}`);
 * });
 *
 * const server = app.listen(0, '127.0.0.1');
 * await once(server, 'listening');
 * const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/now`;
 * assert.equal(await (await fetch(url)).text(), 'run 1');
 * assert.equal(await (await fetch(url)).text(), 'run 1');
 * server.close();
 * server.closeAllConnections();
 * ```
 */
export function cachePage<C extends Cache | string = string>(
  timeout?: Timeout,
  options: Omit<ResponseCacheMiddlewareOptions<C>, 'timeout'> = {},
): ResponseCacheMiddleware<C> {
  return responseCache<C>(pageOptions(timeout, options));
}
