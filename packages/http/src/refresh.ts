/**
 * A stale answer was given at once (RFC 5861 §3); the handler is run again behind it, for a new one.
 */
import { AsyncResource } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fetch } from './fetch.js';
import type { FetchSite } from './fetch.js';
import type { Fields } from './fields.js';
import type { Order } from './order.js';
import { isPromise } from './maybe-promise.js';
import { toSink } from './sink.js';
import { after } from './timer.js';
import { askWith, askWithout, canValidate } from './validation.js';

/** How long a refresh holds its place; after that it is given up, and another may be begun. */
export const REFRESH_PATIENCE_MS = 60_000;

/** A run of the handler that nobody waits for. */
export interface Refresh<Req extends IncomingMessage> {
  readonly site: FetchSite;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** What outer middlewares had set before the stale answer was written. */
  readonly before: Fields;
  readonly order: Order<Req>;
  readonly next: () => unknown;
  /** Makes the fetch known to caches further in. */
  readonly register: (fetch: Fetch) => void;
}

/**
 * Starts once request and response are both closed: before that, what the handler writes could reach
 * the client, and what it hears of the closing request would be taken for a client that has left.
 */
export function refreshAfterwards<Req extends IncomingMessage>(refresh: Refresh<Req>): void {
  // In the context of this request, whoever lets go of the connection.
  const here = new AsyncResource('LocMemRefresh');
  whenClosed([refresh.req, refresh.res], () => {
    here.runInAsyncScope(runNow, undefined, refresh);
  });
}

/** Listens to all of them at once: over HTTP/2 a request that has closed does not say so afterwards. */
function whenClosed(
  streams: readonly (IncomingMessage | ServerResponse)[],
  then: () => void,
): void {
  let open = streams.length;
  const onClose = () => {
    if (--open === 0) setImmediate(then);
  };
  for (const stream of streams) {
    if (stream.closed) onClose();
    else stream.once('close', onClose);
  }
}

function runNow<Req extends IncomingMessage>(refresh: Refresh<Req>): void {
  const { site, req, res, before, order, next, register } = refresh;
  const { trace } = site;
  let fetch: Fetch | undefined;
  const failed = (error: unknown) => {
    trace.error('refresh', error);
    fetch?.giveUp();
  };
  try {
    const sink = toSink(req, res, before);
    const { validating } = order;
    if (validating && canValidate(validating.validators)) {
      askWith(req.headers, validating.validators);
    } else askWithout(req.headers);
    // Nobody closes this response but the handler: one that never ends would be kept for ever.
    order.callOff = after(site.settings.clock, REFRESH_PATIENCE_MS, () => fetch?.giveUp());
    order.isBackground = true;
    fetch = new Fetch(site, req, sink, order);
    register(fetch);
    const running = next();
    if (isPromise(running)) void running.then(undefined, failed);
  } catch (error) {
    // Whatever happens here happens to nobody: the client has had its answer.
    failed(error);
    if (fetch === undefined) order.onDone('failed');
  }
}
