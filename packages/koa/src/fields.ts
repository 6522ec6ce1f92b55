/**
 * Django's view decorators as middlewares: what an answer says to caches. All they know is in
 * `@locmem/http`.
 */
import {
  addETag,
  beforeHead,
  checkVaryNames,
  CONTENT_FIELDS,
  judgeConditions,
  patchCacheControl,
  patchedCacheControl,
  patchNeverCache,
  patchVary,
} from '@locmem/http';
import type { CacheControlDirectives } from '@locmem/http';
import type { ServerResponse } from 'node:http';
import type { Context, Middleware } from 'koa';
import { contentOf } from './body.js';

/**
 * Adds directives to the Cache-Control of every answer behind it (Django: cache_control). What the
 * route says itself stays; `maxAge` is only ever lowered, `public` and `private` replace each other.
 * Mount it behind `cachePage` or `responseCache`, so that they see it.
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
 * import { cacheControl } from '@locmem/koa';
 * import Koa from 'koa';
 *
 * const app = new Koa().use(cacheControl({ public: true, maxAge: '1h' }));
 * app.use((ctx) => {
 *   ctx.body = 'x';
 * });
 * const server = app.listen(0, '127.0.0.1');
 * await once(server, 'listening');
 * const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
 * assert.equal(answer.headers.get('cache-control'), 'public, max-age=3600');
 * server.close();
 * server.closeAllConnections();
 * ```
 */
export function cacheControl(directives: CacheControlDirectives): Middleware {
  patchedCacheControl('', directives);
  const copy = { ...directives };
  return patching((res) => {
    patchCacheControl(res, copy);
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
 * import { cachePage, neverCache } from '@locmem/koa';
 * import Koa from 'koa';
 *
 * let runs = 0;
 * const app = new Koa().use(cachePage(60)).use(neverCache());
 * app.use((ctx) => {
 *   ctx.body = `run ${++runs}`;
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
export function neverCache(): Middleware {
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
 * import { varyOn } from '@locmem/koa';
 * import Koa from 'koa';
 *
 * const app = new Koa().use(varyOn('Accept-Language', 'Cookie'));
 * app.use((ctx) => {
 *   ctx.body = 'x';
 * });
 * const server = app.listen(0, '127.0.0.1');
 * await once(server, 'listening');
 * const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
 * assert.equal(answer.headers.get('vary'), 'Accept-Language, Cookie');
 * server.close();
 * server.closeAllConnections();
 * ```
 */
export function varyOn(...names: string[]): Middleware {
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
 * import { conditionalGet } from '@locmem/koa';
 * import Koa from 'koa';
 *
 * const app = new Koa().use(conditionalGet());
 * app.use((ctx) => {
 *   ctx.body = 'x';
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
export function conditionalGet(): Middleware {
  return async (ctx, next) => {
    await next();
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return;
    if (ctx.respond === false || ctx.headerSent) return;
    const content = contentOf(ctx.body);
    if (content !== undefined && ctx.method === 'GET') addETag(ctx.res, content);
    const verdict = judgeConditions(ctx.headers, ctx.res);
    if (verdict === 'send') return;
    ctx.status = verdict === 'not-modified' ? 304 : 412;
    for (const name of CONTENT_FIELDS) ctx.remove(name);
    if (verdict === 'precondition-failed') ctx.body = '';
  };
}

/**
 * Patches the fields when the middlewares further in have returned; where they write to the socket
 * themselves, when the head is complete.
 */
function patching(patch: (res: ServerResponse) => void): Middleware {
  return async (ctx: Context, next) => {
    let hasLeft = false;
    beforeHead(ctx.res, () => {
      if (!hasLeft) patch(ctx.res);
    });
    await next();
    if (ctx.respond === false || ctx.headerSent) return;
    hasLeft = true;
    patch(ctx.res);
  };
}
