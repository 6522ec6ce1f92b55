/**
 * Express gives each request and response another prototype. From an object that this has happened to,
 * V8 (as of Node 24) hands no hidden class on: every property that is added afterwards makes a new one, for
 * this object alone, and all code that touches the object has to look everything up again. That, and not
 * its router, is what makes Express slow.
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

const shaped = processWide('shaped-apps/1', () => new WeakSet<ExpressApp>());

/** From the next request on. Where requests enter: an application that this one is mounted in, if any. */
export function shapeRequestsOf(app: ExpressApp): void {
  let entered = app as Entered;
  while (entered.parent !== undefined) entered = entered.parent;
  if (shaped.has(entered)) return;
  shaped.add(entered);
  const { handle } = entered;
  const shape = new ExpressShape('lazyrouter' in entered);
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

class ExpressShape {
  /** What Express adds to a request. */
  readonly #names: PropertyKey[];
  #isLearnt = false;

  constructor(isExpress4: boolean) {
    this.#names = ['res', 'next', 'baseUrl', 'originalUrl', '_parsedUrl', 'params', 'route'];
    // A getter of the prototype in Express 5.
    if (isExpress4) this.#names.push('query');
  }

  give(req: IncomingMessage, res: ServerResponse): void {
    if (!this.#isLearnt) this.#learnFrom(req, res);
    const fields = req as unknown as Record<PropertyKey, unknown>;
    for (const name of this.#names) {
      if (!(name in req)) fields[name] = undefined;
    }
    // Inherited until there is a first listener.
    fields['_eventsCount'] = Reflect.get(req, '_eventsCount');
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
      this.#names.push(...symbols.filter((symbol) => symbol.description?.startsWith('router.')));
    });
  }
}
