/**
 * Which response caches a request has met on its way in. Shared by every copy of this package in the
 * process, so that an ES-module and a CommonJS cache in one stack know of each other.
 */
import type { IncomingMessage } from 'node:http';
import type { Fetch } from './fetch.js';
import type { Identity } from './identity.js';
import type { BypassReason } from './reasons.js';

/**
 * A response cache on the way of a request, with the ones around it. A class, and a chain instead of a
 * list, because V8 makes literals among the old objects once many of a kind have lived through the small
 * collections, as they do while a server warms up: each one then keeps its whole request until the large
 * collection.
 */
export class Handler {
  /** The cache itself, by identity. */
  readonly site: object;
  /** The cache that the request met before. */
  readonly outer: Handler | undefined;
  /** Under what it looks the request up; undefined: it does not. */
  identity?: Identity;
  /** Why it let the request past. */
  passed?: BypassReason;
  /** The answer that it captures. */
  fetch?: Fetch;

  constructor(site: object, outer: Handler | undefined) {
    this.site = site;
    this.outer = outer;
  }
}

/**
 * Where a request carries the last of them. A property, and not a WeakMap beside it: an entry of a WeakMap
 * costs each request more than its lookup does, most of it in the garbage collector.
 */
const HANDLER: unique symbol = Symbol.for('@locmem/http/handler/3');

type Visited = IncomingMessage & { [HANDLER]: Handler | undefined };

/** Adds that property, where adding it later would be dear. */
export function makeRoomForHandler(req: IncomingMessage): void {
  if (!(HANDLER in req)) (req as Visited)[HANDLER] = undefined;
}

/** The cache that a request has met last; undefined: none yet. */
export function lastHandlerOf(req: IncomingMessage): Handler | undefined {
  return (req as Visited)[HANDLER];
}

/** Notes that a request has come by a cache. */
export function meet(req: IncomingMessage, site: object): Handler {
  return ((req as Visited)[HANDLER] = new Handler(site, lastHandlerOf(req)));
}

/** What is noted of a cache on a request; undefined: they have not met. */
export function handlerOf(req: IncomingMessage, site: object): Handler | undefined {
  let handler = lastHandlerOf(req);
  while (handler !== undefined && handler.site !== site) handler = handler.outer;
  return handler;
}

/** The cache around this one on the way of a request. */
export function outerHandlerOf(req: IncomingMessage, site: object): Handler | undefined {
  const own = handlerOf(req, site);
  return own === undefined ? lastHandlerOf(req) : own.outer;
}
