/**
 * Hits before the framework wakes up: around a plain listener, an Express or a Koa application.
 */
import { InvalidOptionError } from '@locmem/core';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { choiceOf } from './choice.js';
import { Exchange } from './exchange.js';
import { isExpress } from './express-app.js';
import type { ExpressApp } from './express-app.js';
import { enterExpress, enterKoa, isKoa, mountedBefore, mountedIn, originOf } from './front-apps.js';
import type { Intercept, KoaApp } from './front-apps.js';
import { ageField, ttlSeconds } from './freshness.js';
import { lastHandlerOf } from './handled.js';
import { whenThere } from './maybe-promise.js';
import { checkOptionNames, OptionReader } from './option-reader.js';
import type { ResponseCacheOptions } from './options.js';
import { headersOf, planFor, rawTarget } from './request.js';
import { answerFromStore } from './response.js';
import { createResponseCache, partsOf } from './response-cache.js';
import type { Parts, ResponseCache } from './response-cache.js';
import { find } from './site.js';

/** Options of {@link front} itself. */
export interface FrontOptions {
  /**
   * Hears of each request that the framework never saw, when its answer has been written: for access
   * logs, which a hit skips as it skips every middleware. What it throws is contained.
   */
  onHit?: ((req: IncomingMessage, res: ServerResponse) => void) | undefined;
}

/** A response cache, or the middleware of an adapter that is one. */
export type FrontedCache = Pick<ResponseCache, 'stats'>;

/**
 * Answers hits before the framework wakes up. Misses, and whatever else is not answered from the
 * store, go the way they would have gone.
 *
 * With the **middleware inside** as `cache`, both share one store: the middleware decides and stores,
 * the front only gives away. It gives nothing that the middleware was not the first to see: where a
 * middleware before it sets fields (CORS, helmet, request ids) or knows who asks (`req.user`, a
 * session), the front stands aside, with one warning. With **options**, or a `ResponseCache`, the front is
 * the cache, and stores what the whole application answers.
 *
 * A hit skips everything that is mounted before the cache: authentication, logging, rate limits.
 * Where that decides who may see a page without leaving a trace on request or response, do not use a
 * front. Functions among the options that read what only a middleware could have put on the request
 * make the front stand aside; functions that look elsewhere (an AsyncLocalStorage) must not be used.
 *
 * @param app an Express (4, 5) or Koa (2, 3) application, changed in place, before or after it listens;
 *   or a listener of node:http, around which a new one is made
 * @param cache the middleware inside, a `ResponseCache`, or options of one
 * @returns the same application, or the new listener
 * @throws {InvalidOptionError} when an option breaks its rule, or a middleware that seems to decide who
 *   may see an answer (`session`, `passport`, `authenticate`, …) is mounted before the one inside
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { once } from 'node:events';
 * import { createServer } from 'node:http';
 * import type { AddressInfo } from 'node:net';
 * import { front } from '@locmem/http';
 *
 * let runs = 0;
 * const listener = front((_req, res) => res.end(`run ${++runs}`), { timeout: 60 });
 * const server = createServer(listener).listen(0, '127.0.0.1');
 * await once(server, 'listening');
 * const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
 * assert.equal(await (await fetch(url)).text(), 'run 1');
 * assert.equal(await (await fetch(url)).text(), 'run 1');
 * server.close();
 * server.closeAllConnections();
 * ```
 */
export function front<App extends ExpressApp | KoaApp>(
  app: App,
  cache?: ResponseCacheOptions | FrontedCache,
  options?: FrontOptions,
): App;
export function front(
  listener: (req: IncomingMessage, res: ServerResponse) => unknown,
  cache?: ResponseCacheOptions | FrontedCache,
  options?: FrontOptions,
): RequestListener;
export function front(
  target: unknown,
  cache: ResponseCacheOptions | FrontedCache = {},
  options: FrontOptions = {},
): unknown {
  checkOptionNames(options, ONLY_ON_HIT, 'front');
  const onHit = new OptionReader('front').function('onHit', options.onHit) as OnHit;
  const app = isExpress(target) || isKoa(target) ? target : undefined;
  const known = partsOf(cache);
  const intercept =
    known && typeof cache === 'function'
      ? beforeTheCache(known, cache, app, onHit)
      : asTheCache(known ?? ownParts(cache as ResponseCacheOptions, app), onHit);

  if (isExpress(target)) enterExpress(target, intercept);
  else if (isKoa(target)) enterKoa(target, intercept);
  else if (typeof target === 'function') {
    const listener = target as (req: IncomingMessage, res: ServerResponse) => unknown;
    return (req: IncomingMessage, res: ServerResponse) => {
      intercept(req, res, () => listener(req, res));
    };
  } else {
    const rule = 'must be a request listener, an Express or a Koa application';
    throw new InvalidOptionError('front', 'app', rule, target);
  }
  return target;
}

const ONLY_ON_HIT: ReadonlySet<string> = new Set(['onHit']);

function ownParts(options: ResponseCacheOptions, app: ExpressApp | KoaApp | undefined): Parts {
  return partsOf(createResponseCache(options, app && originOf(app)))!;
}

type OnHit = ((req: IncomingMessage, res: ServerResponse) => void) | undefined;

/** The front is the cache. */
function asTheCache({ site, quick }: Parts, onHit: OnHit): Intercept {
  return (req, res, goOn) => {
    // What caches further out have found out about a request, the long way knows.
    const isFirst = lastHandlerOf(req) === undefined && !res.headersSent;
    if (isFirst && quick.answer(req, res, false, onHit !== undefined) === 'answered') {
      tell(site, onHit, req, res);
      return;
    }
    let hasGoneOn = false;
    if (onHit) {
      // A refresh goes on only after this.
      res.once('close', () => {
        if (!hasGoneOn && res.headersSent) tell(site, onHit, req, res);
      });
    }
    const next = () => {
      hasGoneOn = true;
      return goOn();
    };
    new Exchange(site, req, res, next).start(isFirst ? quick.takePlan(req) : undefined);
  };
}

/** The front gives away what the middleware inside has stored. */
function beforeTheCache(
  { site, quick }: Parts,
  middleware: unknown,
  app: ExpressApp | KoaApp | undefined,
  onHit: OnHit,
): Intercept {
  const { settings, origin, customKeyScope, trace, fronting, flights } = site;
  fronting.begin();
  let order: Order = app === undefined ? FINE : orderIn(app, middleware);
  if (order.isKnown && order.danger !== undefined) {
    const rule = `must be mounted before "${order.danger}", which may decide who gets what`;
    throw new InvalidOptionError('front', 'cache', rule, middleware);
  }

  return (req, res, goOn) => {
    // What is mounted only after the front was put there, is known by the first request.
    if (!order.isKnown) {
      order = { ...orderIn(app!, middleware), isKnown: true };
      if (order.danger !== undefined)
        fronting.warn(`"${order.danger}" may be mounted before the cache`);
    }
    // Or it has come by another cache, which may have let it past.
    if (
      order.danger !== undefined ||
      lastHandlerOf(req) !== undefined ||
      (!order.isFirst && hasOrigin(req))
    ) {
      goOn();
      return;
    }
    const outcome = quick.answer(req, res, true, onHit !== undefined);
    if (outcome === 'answered') {
      tell(site, onHit, req, res);
      return;
    }
    const early = outcome === 'unknown' && app ? origin.early?.(app, req, res) : undefined;
    const plan = early && planFor(early, settings, origin, customKeyScope, undefined);
    if (plan?.kind !== 'lookup') {
      goOn();
      return;
    }
    quick.remember(req, plan.address);
    const look = { address: plan.address, stored: flights.stored };
    void whenThere(find(site, plan), (resource) => {
      if (resource === undefined) fronting.lookedInVain(req, look);
      // The client has left meanwhile, or somebody lost patience.
      if (res.headersSent || res.destroyed) return;
      const nowMs = settings.clock.now();
      const asking = { method: req.method, headers: headersOf(req), wishes: plan.wishes };
      const choice = choiceOf(resource, asking, nowMs);
      if (choice.use !== 'fresh' || !choice.stored.isForFront) {
        goOn();
        return;
      }
      const subject = { method: req.method ?? '', url: rawTarget(req) };
      trace.hit(subject, ageField(choice.stored, nowMs), ttlSeconds(choice.stored, nowMs));
      answerFromStore(req, res, choice.stored, nowMs, settings.cacheStatus);
      tell(site, onHit, req, res);
    });
  };
}

function tell(site: Parts['site'], onHit: OnHit, req: IncomingMessage, res: ServerResponse): void {
  try {
    onHit?.(req, res);
  } catch (error) {
    site.trace.error('option', error);
  }
}

/** What stands before the middleware inside. */
interface Order {
  readonly isKnown: boolean;
  /** Whether a hit skips nothing. */
  readonly isFirst: boolean;
  /** The name of a middleware that may decide who gets what. */
  readonly danger?: string | undefined;
}

const FINE: Order = { isKnown: true, isFirst: true };

/** Names that middlewares have which find out who asks, or turn somebody away. */
const DECIDING = /auth(?!or)|session|passport|jwt|login|guard|permission|acl$|csrf|tenant/i;

function orderIn(app: ExpressApp | KoaApp, middleware: unknown): Order {
  const before = mountedBefore(app, middleware);
  // Where it cannot be seen, in a function or in a mounted application, all may stand before it.
  const names = before ?? mountedIn(app);
  return {
    isKnown: before !== undefined,
    isFirst: before?.every((name) => EXPRESS_4.has(name)) ?? false,
    danger: names.find((name) => DECIDING.test(name)),
  };
}

/** What Express 4 mounts itself. */
const EXPRESS_4: ReadonlySet<string> = new Set(['query', 'expressInit']);

/**
 * Whether a page of another origin asks: what CORS middlewares say to one they may say to no other,
 * and leave no trace on the answers to the rest.
 */
function hasOrigin({ rawHeaders }: IncomingMessage): boolean {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (name.length === 6 && name.toLowerCase() === 'origin') return true;
  }
  return false;
}
