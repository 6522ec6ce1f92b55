/**
 * Koa's context handed to the response cache; no decision about caching is made here.
 */
import type { Cache, Timeout } from '@locmem/core';
import { answeredAtOnce, createResponseCache, pageOptions } from '@locmem/http';
import type {
  Answer as StoreAnswer,
  Explanation,
  ResponseCache,
  ResponseCacheOptions,
} from '@locmem/http';
import { STATUS_CODES } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Context, DefaultContext, DefaultState, Next, ParameterizedContext } from 'koa';
import { Answer } from './answer.js';
import { contextOf, KOA_ORIGIN, remembered } from './origin.js';
import { runAgain } from './run-again.js';

/**
 * Options of {@link responseCache}; functions among them get Koa's context.
 *
 * @typeParam C where answers are kept
 * @typeParam S the application's own `ctx.state`
 * @typeParam X what the application adds to the context
 */
export type ResponseCacheMiddlewareOptions<
  C extends Cache | string = Cache | string,
  S = DefaultState,
  X = DefaultContext,
> = ResponseCacheOptions<ParameterizedContext<S, X>, C>;

/** A middleware that is also the cache it stands for: `invalidate`, `clear`, `explain`, `stats`. */
export interface ResponseCacheMiddleware<
  C extends Cache | string = string,
  S = DefaultState,
  X = DefaultContext,
> extends Omit<ResponseCache<IncomingMessage, C>, 'handle' | 'explain'> {
  (ctx: ParameterizedContext<S, X>, next: Next): Promise<void>;

  /** What would happen to a request now. Nothing is counted and nothing changed by asking. */
  readonly explain: (ctx: ParameterizedContext<S, X>) => StoreAnswer<C, Explanation>;
}

/**
 * Caches the answers of everything behind it (Django: CacheMiddleware). Mount it where the answers
 * are made: after what authenticates and what compresses, before the routes. An answer from the
 * store stands on the context as any other, its body as a Buffer, and passes through the middlewares
 * further out; those further in do not run.
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
 * import { responseCache } from '@locmem/koa';
 * import Koa from 'koa';
 *
 * const app = new Koa();
 * const cache = responseCache({ timeout: '5m' });
 * app.use(cache);
 * let runs = 0;
 * app.use((ctx) => {
 *   ctx.body = { run: ++runs };
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
export function responseCache<
  C extends Cache | string = string,
  S = DefaultState,
  X = DefaultContext,
>(options: ResponseCacheMiddlewareOptions<C, S, X> = {}): ResponseCacheMiddleware<C, S, X> {
  const all = createResponseCache<IncomingMessage, C>(ofRequests(options), KOA_ORIGIN);
  const { handle, explain, ...cache } = all;
  const middleware = (context: ParameterizedContext<S, X>, next: Next): Promise<void> => {
    const { app, req, res } = context;
    // Nobody is further out whose business the answer could be.
    if (app.middleware[0] === middleware && answeredAtOnce(all, req, res)) {
      context.respond = false;
      return ANSWERED;
    }
    const ctx = remembered(context);
    return new Promise<void>((resolve, reject) => {
      const answer = new Answer(ctx, resolve);
      handle(ctx.req, answer.res, () => {
        if (answer.isTaken) return runAgain(ctx, next);
        answer.enter();
        inside(answer, next).then(resolve, reject);
        return undefined;
      });
      // It waits, for the store or for another's answer. If the client leaves meanwhile, nothing
      // comes of it, and what stands further out must not wait for ever.
      if (answer.isAwaited) {
        ctx.res.once('close', () => {
          if (answer.isAwaited) resolve();
        });
      }
    });
  };
  return Object.assign(middleware, cache, {
    explain: (context: ParameterizedContext<S, X>) => explain(remembered(context).req),
  });
}

const ANSWERED = Promise.resolve();

async function inside(answer: Answer, next: Next): Promise<void> {
  try {
    await next();
  } catch (error) {
    if (answer.fail(statusOf(error))) return;
    throw error;
  }
  answer.leave();
}

/** As Koa's `ctx.onerror` has it. */
function statusOf(error: unknown): number {
  const { status, statusCode } = Object(error) as { status?: unknown; statusCode?: unknown };
  const code = status ?? statusCode;
  return typeof code === 'number' && code in STATUS_CODES ? code : 500;
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
 * import { cachePage } from '@locmem/koa';
 * import Koa from 'koa';
 *
 * const page = cachePage(60);
 * const app = new Koa();
 * let runs = 0;
 * app.use((ctx, next) => (ctx.path === '/now' ? page(ctx, next) : next()));
 * app.use((ctx) => {
 *   ctx.body = `run ${++runs}`;
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
export function cachePage<C extends Cache | string = string, S = DefaultState, X = DefaultContext>(
  timeout?: Timeout,
  options: Omit<ResponseCacheMiddlewareOptions<C, S, X>, 'timeout'> = {},
): ResponseCacheMiddleware<C, S, X> {
  return responseCache<C, S, X>(pageOptions(timeout, options));
}

/** The options that may be functions of a request. */
const REQUEST_OPTIONS = ['version', 'keyPrefix', 'key', 'bypass', 'tags'];

/** The options with functions of the context made functions of the request. */
function ofRequests<C extends Cache | string, S, X>(
  options: ResponseCacheMiddlewareOptions<C, S, X>,
): ResponseCacheOptions<IncomingMessage, C> {
  if (typeof options !== 'object' || (options as object | null) === null) return options as never;
  const entries = Object.entries(options).map(([name, value]: [string, unknown]) => {
    if (!REQUEST_OPTIONS.includes(name) || typeof value !== 'function') return [name, value];
    const ofContext = value as (ctx: Context | undefined, ...rest: unknown[]) => unknown;
    const ofRequest = (req: IncomingMessage, ...rest: unknown[]) =>
      ofContext(contextOf(req), ...rest);
    return [name, ofRequest];
  });
  return Object.fromEntries(entries) as ResponseCacheOptions<IncomingMessage, C>;
}
