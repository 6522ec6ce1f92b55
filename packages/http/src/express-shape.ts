/**
 * Express gives each request and response another prototype. From an object that this has happened to,
 * V8 hands no hidden class on before Node 24: every property that is added afterwards makes a new one, for
 * this object alone, and all code that touches the object has to look everything up again. That, and not
 * its router, is what makes Express slow there.
 *
 * So whatever Express and a response cache are going to add is put there before, while request and response
 * are as Node has made them. Nothing else changes: who reads it, reads what would have been read.
 */
import { IncomingMessage, ServerResponse } from 'node:http';
import { makeRoomForWatch } from './capture.js';
import { isExpress } from './express-app.js';
import type { EnteredApp, ExpressApp } from './express-app.js';
import { makeRoomForHandler } from './handled.js';
import { standInsOf } from './own-methods.js';
import type { Methods } from './own-methods.js';
import { processWide } from './process-wide.js';

const ARE_PROTOTYPES_DEAR = Number.parseInt(process.versions.node, 10) < 24;

const shaped = processWide('shaped-apps/1', () => new WeakSet<ExpressApp>());

/**
 * For adapters: spares requests of an Express application the price of their prototypes, those that no cache
 * answers included, from the next request on. An application that it is mounted in, if any, is taken for it.
 * From Node 24 on there is no such price, and this does nothing.
 *
 * @param app of Express 4 or 5; changed in place (its `handle`), and only once
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { once } from 'node:events';
 * import type { AddressInfo } from 'node:net';
 * import { shapeRequestsOf } from '@locmem/http';
 * import express from 'express';
 *
 * const app = express();
 * shapeRequestsOf(app);
 * app.get('/', (_req, res) => {
 *   res.send('the same, at a fraction of the CPU');
 * });
 * const server = app.listen(0, '127.0.0.1');
 * await once(server, 'listening');
 * const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
 * assert.equal(await (await fetch(url)).text(), 'the same, at a fraction of the CPU');
 * server.close();
 * server.closeAllConnections();
 * ```
 */
export function shapeRequestsOf(app: ExpressApp): void {
  if (!ARE_PROTOTYPES_DEAR || !isOfExpress(app)) return;
  let entered = app;
  while (isOfExpress(entered.parent)) entered = entered.parent;
  if (shaped.has(entered)) return;
  shaped.add(entered);
  const { handle } = entered;
  const shape = new ExpressShape(entered);
  entered.handle = function (this: unknown, ...args: unknown[]): unknown {
    const [req, res] = args as [IncomingMessage, ServerResponse];
    if (isAsNodeMadeIt(req, res)) shape.give(req, res);
    return handle.apply(this, args);
  };
}

/** Not so: an application of what is merely like Express, which may go about its responses otherwise. */
function isOfExpress(app: unknown): app is EnteredApp {
  return isExpress(app) && (app as EnteredApp).response instanceof ServerResponse;
}

/** Not so: entered by way of another application, over HTTP/2, or of a server's own classes. */
function isAsNodeMadeIt(req: object, res: object): boolean {
  return (
    Object.getPrototypeOf(req) === IncomingMessage.prototype &&
    Object.getPrototypeOf(res) === ServerResponse.prototype
  );
}

/** What a request that the cache answers does not get as far as. */
const IN_ROUTES = ['params', 'route'];

/** What Express notes on a request, and what its documentation lets body and cookie parsers put there. */
const ON_REQUESTS = new Set<PropertyKey>([
  ...['res', 'next', 'baseUrl', 'originalUrl', '_parsedUrl', ...IN_ROUTES, 'query'],
  ...['body', 'cookies', 'signedCookies', 'secret'],
]);
const ON_RESPONSES = new Set<PropertyKey>(['statusCode', 'statusMessage', 'locals']);

/** Of how many requests is learnt: the first ones may be aborted, or get no further than a health check. */
const LESSONS = 1_000;

/**
 * Which of them are added in an application is learnt from how its first requests end. What it adds to none has
 * no place: `'body' in req` tells of a parser. What its prototypes have a property for has none either, which
 * would be hidden.
 */
class ExpressShape {
  readonly #ofRequests = new Set<PropertyKey>(IN_ROUTES);
  readonly #ofResponses = new Set<PropertyKey>();
  readonly #standIns: Methods;
  #lessons = 0;

  constructor(app: EnteredApp) {
    this.#standIns = standInsOf(app);
  }

  give(req: IncomingMessage, res: ServerResponse): void {
    if (this.#lessons < LESSONS) this.#learnFrom(req, res);
    makeRoom(req, this.#ofRequests);
    // Inherited until there is a first listener.
    const counting = req as unknown as { _eventsCount: unknown };
    const { _eventsCount } = counting;
    counting._eventsCount = _eventsCount;
    makeRoomForHandler(req);
    makeRoom(res, this.#ofResponses);
    makeRoomForWatch(res, this.#standIns);
  }

  #learnFrom(req: IncomingMessage, res: ServerResponse): void {
    this.#lessons++;
    res.once('close', () => {
      for (const name of Reflect.ownKeys(req)) {
        if ((ON_REQUESTS.has(name) || isOfRouter(name)) && isPlain(req, name, IncomingMessage))
          this.#ofRequests.add(name);
      }
      for (const name of ON_RESPONSES) {
        if (isPlain(res, name, ServerResponse)) this.#ofResponses.add(name);
      }
    });
  }
}

/** Under what symbols a router notes things, only the router knows. */
function isOfRouter(name: PropertyKey): boolean {
  return typeof name === 'symbol' && name.description?.startsWith('router.') === true;
}

/** Whether an object has a value of its own there that hides nothing, but for what its class has to begin with. */
function isPlain(object: object, name: PropertyKey, { prototype: ofNode }: { prototype: object }) {
  if (!isValue(object, name)) return false;
  let at = Object.getPrototypeOf(object) as object | null;
  while (at !== null && !Object.hasOwn(at, name)) at = Object.getPrototypeOf(at) as object | null;
  return at === null || (at === ofNode && isValue(at, name));
}

function isValue(object: object, name: PropertyKey): boolean {
  return Object.getOwnPropertyDescriptor(object, name)?.writable === true;
}

/** What has been read there goes on being read. */
function makeRoom(object: object, names: Iterable<PropertyKey>): void {
  const added = object as Record<PropertyKey, unknown>;
  for (const name of names) {
    if (Object.hasOwn(object, name)) continue;
    const { [name]: value } = added;
    added[name] = value;
  }
}
