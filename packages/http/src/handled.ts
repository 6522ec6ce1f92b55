/**
 * Which response caches a request has met on its way in. Shared by every copy of this package in the
 * process, so that an ES-module and a CommonJS cache in one stack know of each other.
 */
import type { IncomingMessage } from 'node:http';
import type { Fetch } from './fetch.js';
import type { Identity } from './identity.js';
import type { BypassReason } from './reasons.js';

/**
 * A response cache on the way of a request. A class, because V8 makes literals among the old objects
 * once many of a kind have lived through the small collections, as they do while a server warms up:
 * each one then keeps its whole request until the large collection.
 */
export class Handler {
  /** The cache itself, by identity. */
  readonly site: object;
  /** Under what it looks the request up; undefined: it does not. */
  identity?: Identity;
  /** Why it let the request past. */
  passed?: BypassReason;
  /** The answer that it captures. */
  fetch?: Fetch;

  constructor(site: object) {
    this.site = site;
  }
}

/**
 * Where a request carries them. A property, and not a WeakMap beside it: an entry of a WeakMap costs
 * each request more than its lookup does, most of it in the garbage collector.
 */
const HANDLERS: unique symbol = Symbol.for('@locmem/http/handlers/2');

type Visited = IncomingMessage & { [HANDLERS]: Handler[] | undefined };

/** The caches a request has met, the outermost first; to be added to. */
export function handlersOf(req: IncomingMessage): Handler[] {
  return ((req as Visited)[HANDLERS] ??= []);
}

/** Whether a request has come by any response cache yet. */
export function hasMetACache(req: IncomingMessage): boolean {
  return (req as Visited)[HANDLERS] !== undefined;
}

/** The cache around this one on the way of a request. */
export function outerHandlerOf(req: IncomingMessage, site: object): Handler | undefined {
  const handlers = (req as Visited)[HANDLERS] ?? [];
  const own = handlers.findIndex((handler) => handler.site === site);
  return (own === -1 ? handlers : handlers.slice(0, own)).at(-1);
}
