/**
 * Which response caches a request has met on its way in. Shared by every copy of this package in the
 * process, so that an ES-module and a CommonJS cache in one stack know of each other.
 */
import type { IncomingMessage } from 'node:http';
import type { Fetch } from './fetch.js';
import { processWide } from './process-wide.js';

/** A response cache on the way of a request. */
export interface Handler {
  /** The cache itself, by identity. */
  readonly site: object;
  /** The answer that it captures. */
  fetch?: Fetch;
}

const handlersByRequest = processWide(
  'handlers/1',
  () => new WeakMap<IncomingMessage, Handler[]>(),
);

/** The caches a request has met, the outermost first; to be added to. */
export function handlersOf(req: IncomingMessage): Handler[] {
  let handlers = handlersByRequest.get(req);
  if (!handlers) handlersByRequest.set(req, (handlers = []));
  return handlers;
}
