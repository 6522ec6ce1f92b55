/**
 * Watching a response while it is written, as a polite neighbour: bytes go on to the client at once,
 * `write` returns what it returned, callbacks are called by whom they were, and errors are thrown
 * where they were thrown. The watcher sees three moments: the head, each chunk, and the end.
 *
 * The methods of this one response object are replaced. Middlewares further out may have replaced
 * them before, and further in may do so afterwards; compression does. So what stands *below* is
 * always called through, and what it calls in turn is not taken for the handler's doing.
 */
import type { ServerResponse } from 'node:http';
import { fieldsOf } from './fields.js';
import type { Fields } from './fields.js';

/** Who watches a response. */
export interface ResponseWatcher {
  /** The handler begins to answer with this status. True: {@link onTaken} answers in its place. */
  takes?(status: number): boolean;
  /**
   * Nothing has gone out yet, and what the handler goes on to write goes nowhere. The response is to
   * be answered, with a head and an end, before this returns.
   */
  onTaken?(head: Head): void;
  /** The head is complete and not yet sent: fields may still be added. Again, if sending failed. */
  onHead?(head: Head): void;
  /** The head has gone through the outer middlewares, which may have changed it. */
  onHeadSent?(): void;
  /** The handler has written a chunk. */
  onChunk?(chunk: string | Uint8Array, encoding: unknown): void;
  /** The handler ends the response; nothing of this call has been passed on yet. */
  onEnding?(): void;
  /** The handler has ended the response, and the end was accepted. */
  onEnded?(): void;
  /** The handler has added trailers. */
  onTrailers?(): void;
  /** The connection is through with this response; without `onEnded`, the handler never ended it. */
  onClose?(): void;
  /** One of the above threw. Nothing of it reaches the handler, which goes on as if not watched. */
  onFailed?(error: unknown): void;
}

/** The head of an answer at two moments. */
export interface Head {
  readonly status: number;
  /**
   * The fields when the handler began to write. What changes between this and {@link fields} was
   * changed by a middleware, not always by one inside this cache.
   */
  readonly atFirstWrite: Fields;
  /** The fields when the head reached this cache. */
  readonly fields: Fields;
}

type Method<R> = (...args: unknown[]) => R;

const offers = new WeakMap<ServerResponse, (status: number) => boolean>();

/**
 * For adapters of frameworks that write an answer only after its makers have returned: tells the
 * cache, before anything is written, which status the answer has, or would have for an error.
 *
 * @param res the response as the cache was given it
 * @returns true when the cache has answered in its place from the store, through that response: a
 *   304 to its own validators, or an error that a stale answer stands in for
 */
export function offerAnswer(res: ServerResponse, status: number): boolean {
  return offers.get(res)?.(status) ?? false;
}

/** A hold on a watched response. */
export interface Watch {
  /**
   * Takes the answer away from the handler, as {@link ResponseWatcher.takes} does, at a moment of
   * one's own. @returns false when it is too late: a head has gone out
   */
  readonly take: (answer: () => void) => boolean;
}

export function watch(res: ServerResponse, watcher: ResponseWatcher): Watch {
  const below = {
    writeHead: res.writeHead.bind(res) as Method<ServerResponse>,
    write: res.write.bind(res) as Method<boolean>,
    end: res.end.bind(res) as Method<ServerResponse>,
    addTrailers: res.addTrailers.bind(res),
  };
  let atFirstWrite: Fields | undefined;
  let isHeadSent = false;
  let hasEnded = false;
  /** While what stands below runs: what it writes is its own version of the same bytes. */
  let isBelow = false;
  /** Somebody answers in the handler's place. */
  let isTaken = false;
  let isAnswering = false;

  function take(answer: () => void): boolean {
    if (isTaken || isHeadSent || isBelow || hasEnded || res.headersSent) return false;
    isTaken = true;
    isAnswering = true;
    const isAnswered = notify(() => {
      answer();
      return true;
    });
    // It failed half-way: an error is better than a client that waits for ever. Not asked of the
    // response: an adapter may write later what it was given here.
    if (isAnswered !== true && !res.writableEnded) notify(endWithError);
    isAnswering = false;
    ignoreLateFields(res);
    return true;
  }

  function endWithError(): void {
    if (!res.headersSent) {
      for (const name of res.getHeaderNames()) res.removeHeader(name);
      res.writeHead(500, { 'Content-Length': 0 });
    }
    res.end();
  }

  /** Whatever happens to who watches, nothing of it happens to the handler. */
  function notify<T>(call: () => T): T | undefined {
    try {
      return call();
    } catch (error) {
      try {
        watcher.onFailed?.(error);
      } catch {
        // There is nobody left to tell.
      }
      return undefined;
    }
  }

  function offer(status: unknown): void {
    if (notify(() => watcher.takes?.(Number(status))) !== true) return;
    take(() => {
      const fields = fieldsOf(res);
      watcher.onTaken?.({ status: Number(status), atFirstWrite: fields, fields });
    });
  }

  /** Before node makes a head by itself, in the middle of a write, where it could not be taken. */
  function offerImplicitHead(): void {
    if (isHeadSent || res.headersSent) return;
    if (notify(() => watcher.takes?.(res.statusCode)) !== true) return;
    // Through the middlewares further in that wait for the head, as node would do it.
    res.writeHead(res.statusCode);
  }

  function callBelow<R>(method: Method<R>, args: unknown[]): R {
    if (isBelow) return method(...args);
    isBelow = true;
    try {
      return method(...args);
    } finally {
      isBelow = false;
    }
  }

  res.writeHead = (...args: unknown[]) => {
    if (isAnswering) return below.writeHead(...args);
    if (isTaken) return res;
    // A second head is an error, and node's to report.
    if (isHeadSent || res.headersSent) return below.writeHead(...args);
    const { status, reason, headers } = headArguments(args);
    if (!applyHeaders(res, headers)) return below.writeHead(...args);
    offer(status);
    if (wasTaken()) return res;
    const fields = fieldsOf(res);
    const head = { status: Number(status), atFirstWrite: atFirstWrite ?? fields, fields };
    notify(() => watcher.onHead?.(head));
    showFieldsOfWriteHead(res);
    if (reason === undefined) below.writeHead(status);
    else below.writeHead(status, reason);
    isHeadSent = true;
    notify(() => watcher.onHeadSent?.());
    return res;
  };

  res.write = (...args: unknown[]) => {
    if (hasEnded || isBelow || isAnswering) return below.write(...args);
    offerImplicitHead();
    if (isTaken) {
      callBack(args);
      return true;
    }
    noteFirstWrite();
    const isRoomLeft = callBelow(below.write, args);
    const chunk = args[0];
    if (isChunk(chunk)) notify(() => watcher.onChunk?.(chunk, args[1]));
    return isRoomLeft;
  };

  res.end = (...args: unknown[]) => {
    if (hasEnded || isBelow || isAnswering) return below.end(...args);
    offerImplicitHead();
    if (isTaken) {
      callBack(args);
      return res;
    }
    noteFirstWrite();
    notify(() => watcher.onEnding?.());
    // May throw, for a chunk that is none: then the handler has not ended anything yet.
    callBelow(below.end, args);
    hasEnded = true;
    const chunk = args[0];
    if (isChunk(chunk)) notify(() => watcher.onChunk?.(chunk, args[1]));
    notify(() => watcher.onEnded?.());
    return res;
  };

  res.addTrailers = (trailers) => {
    if (isTaken) return;
    notify(() => watcher.onTrailers?.());
    below.addTrailers(trailers);
  };

  if (watcher.onClose) res.once('close', () => notify(() => watcher.onClose?.()));
  const outer = offers.get(res);
  offers.set(res, (status) => {
    offer(status);
    return wasTaken() || outer?.(status) === true;
  });
  return { take };

  /** Asked anew: the type checker does not see that the watcher may have taken it meanwhile. */
  function wasTaken(): boolean {
    return isTaken;
  }

  function noteFirstWrite(): void {
    if (!isHeadSent) atFirstWrite ??= fieldsOf(res);
  }
}

/**
 * Node keeps the fields that a middleware further out gives to `writeHead` where they can be read,
 * a session's cookie among them, only on a response on which some field was ever set.
 */
function showFieldsOfWriteHead(res: ServerResponse): void {
  if (res.headersSent || res.getHeaderNames().length > 0) return;
  res.setHeader('Date', '');
  res.removeHeader('Date');
}

/** What changes a head, or comes before one. */
const HEAD_METHODS = [
  ...(['setHeader', 'appendHeader', 'setHeaders', 'removeHeader', 'flushHeaders'] as const),
  ...(['writeContinue', 'writeProcessing', 'writeEarlyHints'] as const),
];

/**
 * A handler that is merely late does not know that it has been answered for. Node would throw at the
 * first field that it sets, in a callback perhaps, where that is the end of the process.
 */
function ignoreLateFields(res: ServerResponse): void {
  for (const name of HEAD_METHODS) {
    const method = res[name].bind(res) as Method<unknown>;
    // Until the head is out, middlewares further out may still add to it.
    const unlessLate = (...args: unknown[]) => (res.headersSent ? res : method(...args));
    Object.assign(res, { [name]: unlessLate });
  }
}

/** The callback of a write that went nowhere is called all the same: its writer may wait for it. */
function callBack(args: readonly unknown[]): void {
  const callback = args.find((argument) => typeof argument === 'function');
  if (callback) process.nextTick(callback);
}

function isChunk(value: unknown): value is string | Uint8Array {
  return typeof value === 'string' || value instanceof Uint8Array;
}

/** `writeHead(status)`, `(status, headers)` or `(status, reason, headers)`. */
function headArguments([status, second, third]: unknown[]) {
  const hasReason = typeof second === 'string';
  return {
    status,
    reason: hasReason ? second : undefined,
    headers: hasReason ? third : (second ?? third),
  };
}

/**
 * Sets the fields that `writeHead` was given, so that everyone sees one set of fields. Node takes
 * three forms: an object, a flat list of names and values, a list of pairs. In the lists a name may
 * come twice, and then both lines are sent (where fields were set before, older nodes send the last).
 *
 * @returns false when it is none of them: node will say so in its own words
 */
function applyHeaders(res: ServerResponse, headers: unknown): boolean {
  if (headers === undefined || headers === null) return true;
  if (typeof headers !== 'object') return false;
  if (!Array.isArray(headers)) {
    for (const [name, value] of Object.entries(headers as HeaderObject)) {
      if (name) res.setHeader(name, value);
    }
    return true;
  }
  const pairs = toPairs(headers);
  if (pairs === undefined) return false;
  for (const [name] of pairs) if (name) res.removeHeader(name);
  for (const [name, value] of pairs) if (name) res.appendHeader(name, value);
  return true;
}

type HeaderObject = Readonly<Record<string, string | string[]>>;
type Pair = readonly [name: string, value: string | string[]];

function toPairs(list: unknown[]): Pair[] | undefined {
  if (Array.isArray(list[0])) return list as unknown as Pair[];
  if (list.length % 2 !== 0) return undefined;
  const pairs: Pair[] = [];
  for (let i = 0; i < list.length; i += 2) {
    pairs.push([list[i] as string, list[i + 1] as string | string[]]);
  }
  return pairs;
}
