/** Hits before Nest wakes up: a front around what listens on the server of Express or Fastify. */
import { front } from '@locmem/http';
import type { FrontedCache, Next } from '@locmem/http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

type Listener = (req: IncomingMessage, res: ServerResponse) => void;

type Pages = FrontedCache & {
  readonly handle: (req: IncomingMessage, res: ServerResponse, next: Next) => void;
};

/** What `front` takes for the middleware inside: the front gives away, and stores nothing itself. */
function asMiddleware(cache: Pages): Pages {
  const middleware = (req: IncomingMessage, res: ServerResponse, next: Next) => {
    cache.handle(req, res, next);
  };
  return Object.assign(middleware, cache);
}

/** @param cache the one whose pages the front is to give */
export function putInFront(server: Server, cache: Pages): void {
  for (const listener of server.listeners('request') as Listener[]) {
    server.removeListener('request', listener);
    server.on('request', front(listener, asMiddleware(cache)));
  }
}

/** Lets the front give what this cache stores, too. */
export function giveToFront(cache: Pages): void {
  front(() => undefined, asMiddleware(cache));
}
