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
import type { ExpressApp } from './front-apps.js';
import { makeRoomForHandler } from './handled.js';
import { processWide } from './process-wide.js';

/** What Express's types do not tell of. */
type Entered = ExpressApp & {
  handle: (...args: unknown[]) => unknown;
  /** What it is mounted in. */
  readonly parent?: Entered;
};

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
  if (!ARE_PROTOTYPES_DEAR) return;
  let entered = app as Entered;
  while (entered.parent !== undefined) entered = entered.parent;
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

/** Not so: entered by way of another application, over HTTP/2, or of a server's own classes. */
function isAsNodeMadeIt(req: object, res: object): boolean {
  return (
    Object.getPrototypeOf(req) === IncomingMessage.prototype &&
    Object.getPrototypeOf(res) === ServerResponse.prototype
  );
}

/** What Express notes on a request, and what its documentation lets body and cookie parsers put there. */
const ON_REQUESTS = [
  ...['res', 'next', 'baseUrl', 'originalUrl', '_parsedUrl', 'params', 'route'],
  ...['body', 'cookies', 'signedCookies', 'secret'],
];

class ExpressShape {
  readonly #names: PropertyKey[];
  #isLearnt = false;

  constructor(app: ExpressApp) {
    // What Express 5 has a getter for, Express 4 notes on the request.
    this.#names = 'lazyrouter' in app ? [...ON_REQUESTS, 'query'] : [...ON_REQUESTS];
  }

  give(req: IncomingMessage, res: ServerResponse): void {
    if (!this.#isLearnt) this.#learnFrom(req, res);
    const added = req as unknown as Record<PropertyKey, unknown>;
    for (const name of this.#names) {
      if (!(name in added)) added[name] = undefined;
    }
    // Inherited until there is a first listener.
    const counting = req as unknown as { _eventsCount: unknown };
    const { _eventsCount } = counting;
    counting._eventsCount = _eventsCount;
    makeRoomForHandler(req);

    const { statusCode, statusMessage } = res;
    res.statusCode = statusCode;
    res.statusMessage = statusMessage;
    if (!('locals' in res)) (res as { locals?: unknown }).locals = undefined;
    makeRoomForWatch(res);
  }

  /** Under what symbols a router notes things, only the router knows. */
  #learnFrom(req: IncomingMessage, res: ServerResponse): void {
    this.#isLearnt = true;
    res.once('close', () => {
      const symbols = Object.getOwnPropertySymbols(req);
      this.#names.push(...symbols.filter(({ description }) => description?.startsWith('router.')));
    });
  }
}
