/**
 * A stale answer was given at once (RFC 5861 §3); the handler is run again behind it, for a new one.
 */
import { AsyncResource } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fetch } from './fetch.js';
import type { FetchOrder, FetchSite } from './fetch.js';
import type { Fields } from './fields.js';
import { isPromise } from './maybe-promise.js';
import { toSink } from './sink.js';
import { after } from './timer.js';
import { askWith, askWithout, canValidate } from './validation.js';

/** How long a refresh holds its place; after that it is given up, and another may be begun. */
export const REFRESH_PATIENCE_MS = 60_000;

/** A run of the handler that nobody waits for. */
export interface Refresh {
  readonly site: FetchSite;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** What outer middlewares had set before the stale answer was written. */
  readonly before: Fields;
  readonly order: FetchOrder;
  readonly next: () => unknown;
  /** Makes the fetch known to caches further in. */
  readonly register: (fetch: Fetch) => void;
}

/**
 * Starts once request and response are both closed: before that, what the handler writes could reach
 * the client, and what it hears of the closing request would be taken for a client that has left.
 */
export function refreshAfterwards(refresh: Refresh): void {
  // In the context of this request, whoever lets go of the connection.
  const run = AsyncResource.bind(() => {
    whenClosed(refresh.req, AsyncResource.bind(runNow.bind(undefined, refresh)));
  });
  whenClosed(refresh.res, run);
}

function whenClosed(stream: IncomingMessage | ServerResponse, then: () => void): void {
  if (stream.closed) setImmediate(then);
  else {
    stream.once('close', () => {
      setImmediate(then);
    });
  }
}

function runNow({ site, req, res, before, order, next, register }: Refresh): void {
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
    const callOff = after(site.settings.clock, REFRESH_PATIENCE_MS, () => fetch?.giveUp());
    fetch = new Fetch(site, req, sink, {
      ...order,
      isBackground: true,
      onDone: (outcome, refusal) => {
        callOff();
        order.onDone?.(outcome, refusal);
      },
    });
    register(fetch);
    const running = next();
    if (isPromise(running)) void running.then(undefined, failed);
  } catch (error) {
    // Whatever happens here happens to nobody: the client has had its answer.
    failed(error);
    if (fetch === undefined) order.onDone?.('failed');
  }
}
