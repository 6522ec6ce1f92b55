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
import { methodsOf, standIn } from './own-methods.js';
import type { Method, Methods } from './own-methods.js';

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

/** The head of an answer at two moments. A class, for the reason that stands at `Handler`. */
export class Head {
  constructor(
    readonly status: number,
    /** The fields when the head reached this cache. */
    readonly fields: Fields,
    /**
     * The fields when the handler began to write. What changes between this and {@link fields} was
     * changed by a middleware, not always by one inside this cache.
     */
    readonly atFirstWrite: Fields = fields,
  ) {}
}

/**
 * Where a response carries who watches it. A property, and not a WeakMap beside it: a value of a
 * WeakMap that holds its own key outlives the small collections.
 */
const WATCHED_BY: unique symbol = Symbol('locmem.http.watched-by');

type Watched = ServerResponse & { [WATCHED_BY]?: Watching | undefined };

/**
 * For adapters of frameworks that write an answer only after its makers have returned: tells the
 * cache, before anything is written, which status the answer has, or would have for an error.
 *
 * @param res the response as the cache was given it
 * @returns true when the cache has answered in its place from the store, through that response: a
 *   304 to its own validators, or an error that a stale answer stands in for
 */
export function offerAnswer(res: ServerResponse, status: number): boolean {
  return (res as Watched)[WATCHED_BY]?.offerFrom(status) ?? false;
}

/**
 * For the same adapters: tells the cache that the makers of the answer have failed, and that what goes
 * out instead is somebody else's. Who waits for the answer waits no longer.
 *
 * @param res the response as the cache was given it
 */
export function abandonAnswer(res: ServerResponse): void {
  (res as Watched)[WATCHED_BY]?.abandon();
}

/** Adds the properties that a watch is going to replace, where adding them later would be dear. */
export function makeRoomForWatch(res: ServerResponse, standIns: Methods): void {
  if (WATCHED_BY in res) return;
  (res as Watched)[WATCHED_BY] = undefined;
  standIn(res, standIns);
}

/** A hold on a watched response. */
export interface Watch {
  /**
   * Takes the answer away from the handler, as {@link ResponseWatcher.takes} does, at a moment of
   * one's own. @returns false when it is too late: a head has gone out
   */
  take(answer: () => void): boolean;
}

export function watch(res: ServerResponse, watcher: ResponseWatcher): Watch {
  return new Watching(res, watcher);
}

class Watching implements Watch {
  readonly #res: ServerResponse;
  readonly #watcher: ResponseWatcher;
  /** What stands below. */
  readonly #writeHeadBelow: Method<ServerResponse>;
  readonly #writeBelow: Method<boolean>;
  readonly #endBelow: Method<ServerResponse>;
  readonly #addTrailersBelow: Method<void>;
  /** Who watches it further out. */
  readonly #outer: Watching | undefined;

  #atFirstWrite: Fields | undefined;
  #isHeadSent = false;
  #hasEnded = false;
  /** While what stands below runs: what it writes is its own version of the same bytes. */
  #isBelow = false;
  /** Somebody answers in the handler's place. */
  #isTaken = false;
  #isAnswering = false;

  constructor(res: ServerResponse, watcher: ResponseWatcher) {
    this.#res = res;
    this.#watcher = watcher;
    const { writeHead, write, end, addTrailers } = methodsOf(res);
    this.#writeHeadBelow = writeHead;
    this.#writeBelow = write;
    this.#endBelow = end;
    this.#addTrailersBelow = addTrailers;
    this.#outer = (res as Watched)[WATCHED_BY];
    (res as Watched)[WATCHED_BY] = this;
    res.writeHead = (...args: unknown[]) => this.#writeHead(args);
    res.write = (...args: unknown[]) => this.#write(args);
    res.end = (...args: unknown[]) => this.#end(args);
    res.addTrailers = (trailers) => {
      if (this.#isTaken) return;
      this.#tell('onTrailers');
      this.#addTrailersBelow.call(res, trailers);
    };
    if (watcher.onClose) {
      res.on('close', () => {
        this.#tell('onClose');
      });
    }
  }

  take(answer: () => void): boolean {
    const res = this.#res;
    if (this.#isTaken || this.#isHeadSent || this.#isBelow || this.#hasEnded || res.headersSent) {
      return false;
    }
    this.#isTaken = true;
    this.#isAnswering = true;
    const isAnswered = this.#contained(() => {
      answer();
      return true;
    });
    // It failed half-way: an error is better than a client that waits for ever. Not asked of the
    // response: an adapter may write later what it was given here.
    if (isAnswered !== true && !res.writableEnded) {
      this.#contained(() => {
        endWithError(res);
      });
    }
    this.#isAnswering = false;
    ignoreLateFields(res);
    return true;
  }

  /** The answer has a status; whoever watches further out may take it, too. */
  offerFrom(status: number): boolean {
    this.#offer(status);
    return this.#isTaken || this.#outer?.offerFrom(status) === true;
  }

  /** To who watches, it is as if the connection were through with it. */
  abandon(): void {
    this.#tell('onClose');
  }

  // ---- what the handler calls ----------------------------------------------------------------

  #writeHead(args: unknown[]): ServerResponse {
    const res = this.#res;
    if (this.#isAnswering) return this.#writeHeadBelow.apply(res, args);
    if (this.#isTaken) return res;
    // A second head is an error, and node's to report.
    if (this.#isHeadSent || res.headersSent) return this.#writeHeadBelow.apply(res, args);
    // `writeHead(status)`, `(status, headers)` or `(status, reason, headers)`.
    const [status, second, third] = args;
    const hasReason = typeof second === 'string';
    const headers = hasReason ? third : (second ?? third);
    if (!applyHeaders(res, headers)) return this.#writeHeadBelow.apply(res, args);
    this.#offer(status);
    if (this.#wasTaken()) return res;
    this.#tellOfHead(Number(status));
    showFieldsOfWriteHead(res);
    if (hasReason) this.#writeHeadBelow.call(res, status, second);
    else this.#writeHeadBelow.call(res, status);
    this.#isHeadSent = true;
    this.#tell('onHeadSent');
    return res;
  }

  #write(args: unknown[]): boolean {
    if (this.#hasEnded || this.#isBelow || this.#isAnswering) {
      return this.#writeBelow.apply(this.#res, args);
    }
    this.#offerImplicitHead();
    if (this.#isTaken) {
      callBack(args);
      return true;
    }
    this.#noteFirstWrite();
    const isRoomLeft = this.#callBelow(this.#writeBelow, args);
    this.#tellOfChunk(args);
    return isRoomLeft;
  }

  #end(args: unknown[]): ServerResponse {
    if (this.#hasEnded || this.#isBelow || this.#isAnswering) {
      return this.#endBelow.apply(this.#res, args);
    }
    this.#offerImplicitHead();
    if (this.#isTaken) {
      callBack(args);
      return this.#res;
    }
    this.#noteFirstWrite();
    this.#tell('onEnding');
    // May throw, for a chunk that is none: then the handler has not ended anything yet.
    this.#callBelow(this.#endBelow, args);
    this.#hasEnded = true;
    this.#tellOfChunk(args);
    this.#tell('onEnded');
    return this.#res;
  }

  #callBelow<R>(method: Method<R>, args: unknown[]): R {
    if (this.#isBelow) return method.apply(this.#res, args);
    this.#isBelow = true;
    try {
      return method.apply(this.#res, args);
    } finally {
      this.#isBelow = false;
    }
  }

  #noteFirstWrite(): void {
    if (!this.#isHeadSent) this.#atFirstWrite ??= fieldsOf(this.#res);
  }

  #offer(status: unknown): void {
    if (!this.#takes(Number(status))) return;
    this.take(() => {
      this.#watcher.onTaken?.(new Head(Number(status), fieldsOf(this.#res)));
    });
  }

  /** Before node makes a head by itself, in the middle of a write, where it could not be taken. */
  #offerImplicitHead(): void {
    const res = this.#res;
    if (this.#isHeadSent || res.headersSent || !this.#takes(res.statusCode)) return;
    // Through the middlewares further in that wait for the head, as node would do it.
    res.writeHead(res.statusCode);
  }

  /** Asked anew: the type checker does not see that the watcher may have taken it meanwhile. */
  #wasTaken(): boolean {
    return this.#isTaken;
  }

  // ---- what the watcher is told: whatever happens to it, nothing of it happens to the handler ----

  #takes(status: number): boolean {
    try {
      return this.#watcher.takes?.(status) === true;
    } catch (error) {
      this.#failed(error);
      return false;
    }
  }

  #tellOfHead(status: number): void {
    try {
      this.#watcher.onHead?.(new Head(status, fieldsOf(this.#res), this.#atFirstWrite));
    } catch (error) {
      this.#failed(error);
    }
  }

  #tellOfChunk([chunk, encoding]: unknown[]): void {
    if (!isChunk(chunk)) return;
    try {
      this.#watcher.onChunk?.(chunk, encoding);
    } catch (error) {
      this.#failed(error);
    }
  }

  #tell(moment: 'onHeadSent' | 'onEnding' | 'onEnded' | 'onTrailers' | 'onClose'): void {
    try {
      this.#watcher[moment]?.();
    } catch (error) {
      this.#failed(error);
    }
  }

  #contained<T>(call: () => T): T | undefined {
    try {
      return call();
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  #failed(error: unknown): void {
    try {
      this.#watcher.onFailed?.(error);
    } catch {
      // There is nobody left to tell.
    }
  }
}

function endWithError(res: ServerResponse): void {
  if (!res.headersSent) {
    for (const name of res.getHeaderNames()) res.removeHeader(name);
    res.writeHead(500, { 'Content-Length': 0 });
  }
  res.end();
}

/**
 * Node keeps the fields that a middleware further out gives to `writeHead` where they can be read,
 * a session's cookie among them, only on a response on which some field was ever set.
 */
function showFieldsOfWriteHead(res: ServerResponse): void {
  if (res.headersSent || res.getHeaderNames().length > 0) return;
  // A field whose removal means nothing more: without a Date, node would send none (RFC 9110, 6.6.1).
  res.setHeader('Age', '');
  res.removeHeader('Age');
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
    // A response over HTTP/2 has not all of them.
    const method = (res as Partial<ServerResponse>)[name] as Method<unknown> | undefined;
    if (method === undefined) continue;
    // Until the head is out, middlewares further out may still add to it.
    const unlessLate = (...args: unknown[]) => (res.headersSent ? res : method.apply(res, args));
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
    for (const name of Object.keys(headers)) {
      if (name) res.setHeader(name, (headers as HeaderObject)[name]!);
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
