/**
 * Django's view decorators as middlewares: what an answer says to caches. All they know is in
 * `@locmem/http`.
 */
import {
  answerConditionally,
  beforeHead,
  checkVaryNames,
  patchCacheControl,
  patchedCacheControl,
  patchNeverCache,
  patchVary,
} from '@locmem/http';
import type { CacheControlDirectives } from '@locmem/http';
import type { RequestHandler, Response } from 'express';

/**
 * Adds directives to the Cache-Control of every answer behind it (Django: cache_control). What the
 * route says itself stays; `maxAge` is only ever lowered, `public` and `private` replace each other.
 * An answer with a 5xx is left as it is: it is mostly what became of a route that threw, and is not
 * to be kept for as long as its page. Mount it behind `cachePage` or `responseCache`, so that they see it.
 *
 * @param directives in camel case; times as seconds or with their unit
 * @throws {InvalidOptionError} when a directive does not exist or has an argument that it cannot have
 * @throws {InvalidTimeoutError} when a time is none
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { once } from 'node:events';
 * import type { AddressInfo } from 'node:net';
 * import { cacheControl } from '@locmem/express';
 * import express from 'express';
 *
 * const app = express();
 * app.get('/', cacheControl({ public: true, maxAge: '1h' }), (_req, res) => {
 *   res.send('x');
 * });
 * const server = app.listen(0, '127.0.0.1');
 * await once(server, 'listening');
 * const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
 * assert.equal(answer.headers.get('cache-control'), 'public, max-age=3600');
 * server.close();
 * server.closeAllConnections();
 * ```
 */
export function cacheControl(directives: CacheControlDirectives): RequestHandler {
  patchedCacheControl('', directives);
  const copy = { ...directives };
  return patching((res, status) => {
    // In Django what is thrown goes past the decorator; here it comes back as any other answer.
    if (status < 500) patchCacheControl(res, copy);
  });
}

/**
 * Keeps every answer behind it out of all caches (Django: never_cache): `max-age=0, no-cache,
 * no-store, must-revalidate, private`.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { once } from 'node:events';
 * import type { AddressInfo } from 'node:net';
 * import { cachePage, neverCache } from '@locmem/express';
 * import express from 'express';
 *
 * let runs = 0;
 * const app = express().use(cachePage(60));
 * app.get('/account', neverCache(), (_req, res) => {
 *   res.send(`run ${++runs}`);
 * });
 * const server = app.listen(0, '127.0.0.1');
 * await once(server, 'listening');
 * const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/account`;
 * await fetch(url);
 * assert.equal(await (await fetch(url)).text(), 'run 2');
 * server.close();
 * server.closeAllConnections();
 * ```
 */
export function neverCache(): RequestHandler {
  return patching((res) => {
    patchNeverCache(res);
  });
}

/**
 * Adds names to the Vary of every answer behind it (Django: vary_on_headers, vary_on_cookie).
 *
 * @param names names of request fields on which the answers depend
 * @throws {InvalidOptionError} when a name is none
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { once } from 'node:events';
 * import type { AddressInfo } from 'node:net';
 * import { varyOn } from '@locmem/express';
 * import express from 'express';
 *
 * const app = express().use(varyOn('Accept-Language', 'Cookie'));
 * app.get('/', (_req, res) => {
 *   res.send('x');
 * });
 * const server = app.listen(0, '127.0.0.1');
 * await once(server, 'listening');
 * const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
 * assert.equal(answer.headers.get('vary'), 'Accept-Language, Cookie');
 * server.close();
 * server.closeAllConnections();
 * ```
 */
export function varyOn(...names: string[]): RequestHandler {
  checkVaryNames(names, 'varyOn');
  return patching((res) => {
    patchVary(res, names);
  });
}

/**
 * Gives answers behind it an ETag where they have none, and answers conditional GET and HEAD with
 * 304 (Django: ConditionalGetMiddleware). Mount it before `cachePage` or `responseCache`.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { once } from 'node:events';
 * import type { AddressInfo } from 'node:net';
 * import { conditionalGet } from '@locmem/express';
 * import express from 'express';
 *
 * const app = express().use(conditionalGet());
 * app.get('/', (_req, res) => {
 *   res.end('x'); // res.end makes no ETag, unlike res.send
 * });
 * const server = app.listen(0, '127.0.0.1');
 * await once(server, 'listening');
 * const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
 * const etag = (await fetch(url)).headers.get('etag') ?? '';
 * assert.equal((await fetch(url, { headers: { 'If-None-Match': etag } })).status, 304);
 * server.close();
 * server.closeAllConnections();
 * ```
 */
export function conditionalGet(): RequestHandler {
  return (req, res, next) => {
    answerConditionally(req, res);
    next();
  };
}

function patching(patch: (res: Response, status: number) => void): RequestHandler {
  return (_req, res, next) => {
    beforeHead(res, (status) => {
      patch(res, status);
    });
    next();
  };
}
