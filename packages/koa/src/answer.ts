/**
 * An answer as it stands at one middleware of a Koa application.
 *
 * In Koa the body travels outwards as `ctx.body`, through the middlewares further out, and is
 * written when all of them have returned. What reaches the socket may therefore be somebody's layout
 * around the page, or compressed. So the cache is shown a response of its own: fields and bytes are
 * those that stood on the context when the middlewares further in had returned. Its head and its end
 * come when those of the real response do, for a session may set its cookie as late as that.
 *
 * Who writes to `ctx.res` is taken at their word: then the response shown is the real one.
 */
import { abandonAnswer, offerAnswer } from '@locmem/http';
import type { OutgoingHttpHeader, ServerResponse } from 'node:http';
import type { Context } from 'koa';
import { bodyOf, hasContent, isExplicitNull, overhear } from './body.js';
import type { Body } from './body.js';
import { noteRewritten } from './origin.js';

type Method = (...args: unknown[]) => unknown;

/**
 * The methods through which an answer is written. A class, as all that holds on to a request and is made for
 * each: V8 makes literals among the old objects once many of a kind have lived through the small collections,
 * and each then keeps its request until the large one.
 */
class Writing {
  constructor(
    readonly writeHead: Method,
    readonly write: Method,
    readonly end: Method,
  ) {}
}

/** What of a response the cache is shown otherwise than it is; undefined: as it is. */
class Shown {
  getHeader: ((name: string) => OutgoingHttpHeader | undefined) | undefined = undefined;
  getRawHeaderNames: (() => string[]) | undefined = undefined;
  writableEnded: true | undefined = undefined;

  constructor(
    public writeHead: Method,
    public write: Method,
    public end: Method,
  ) {}
}

/** The answer as it was when the middlewares further in returned. */
class Left {
  constructor(
    readonly status: number,
    readonly body: unknown,
  ) {}
}

type Stage =
  /** The cache looks the request up: what it ends is an answer from the store. */
  | 'lookup'
  /** The middlewares further in are at work. */
  | 'inside'
  /** Somebody in there writes to the socket. */
  | 'direct'
  /** They have returned; the answer is on its way out through `ctx`. */
  | 'outside'
  /** They have thrown, or what goes out is not theirs any more. */
  | 'lost'
  /** The answer has come from the store. */
  | 'taken';

export class Answer {
  /** What the cache is shown as the response. */
  readonly res: ServerResponse;
  readonly #ctx: Context;
  readonly #onTaken: () => void;
  readonly #real: Writing;
  readonly #shown: Shown;
  readonly #unwatchedEnd: Method;
  #stage: Stage = 'lookup';
  #left: Left | undefined;
  /** The handler's answer, where that is not what reaches the socket. */
  #body: Body | { readonly kind: 'overheard' } | undefined;
  /** What is really written, while the cache is shown what the handler meant. */
  #args: unknown[] = [];

  /** @param onTaken called when the answer has come from the store */
  constructor(ctx: Context, onTaken: () => void) {
    this.#ctx = ctx;
    this.#onTaken = onTaken;
    this.#real = methodsOf(ctx.res);
    this.#shown = new Shown(
      (...args) => this.#writeHead(args),
      (...args) => this.#write(args),
      (...args) => this.#end(args),
    );
    this.#unwatchedEnd = this.#shown.end;
    this.res = new Proxy(ctx.res, new ShownInstead(this.#shown));
  }

  /**
   * Whether the request has had its answer from the store, and it is for a new one that the
   * middlewares further in are to run.
   */
  get isTaken(): boolean {
    return this.#stage === 'taken';
  }

  /** Whether the cache has yet to answer the request or to let it on. */
  get isAwaited(): boolean {
    return this.#stage === 'lookup';
  }

  /** The cache has let the request on. Only if it watches the answer is there more to do. */
  enter(): void {
    if (this.#shown.end === this.#unwatchedEnd) {
      this.#stage = 'lost';
      return;
    }
    this.#stage = 'inside';
    const res = this.#ctx.res as unknown as Record<keyof Writing, Method>;
    res.writeHead = (...args) => this.#onWriteHead(args);
    res.write = (...args) => this.#onWrite(args);
    res.end = (...args) => this.#onEnd(args);
  }

  /** The middlewares further in have returned. */
  leave(): void {
    const ctx = this.#ctx;
    this.#left = new Left(ctx.status, ctx.body);
    if (this.#stage !== 'inside' || this.#isAnsweredInstead(ctx.status)) return;
    if (ctx.respond === false || ctx.headerSent || ctx.res.writableEnded) {
      this.#stage = 'direct';
      return;
    }
    this.#stage = 'outside';
    this.#showFieldsOfNow();
    this.#body = bodyOf(ctx);
    if (this.#body.kind === 'stream') {
      overhear(
        this.#body.stream,
        (chunk) => void this.#shown.write(chunk),
        () => (this.#body = { kind: 'overheard' }),
      );
    }
  }

  /**
   * The middlewares further in have thrown: what is answered now is not their answer.
   *
   * @param status what Koa makes of the error
   * @returns true when the cache has an answer that stands in for it
   */
  fail(status: number): boolean {
    if (this.#stage === 'inside' && this.#isAnsweredInstead(status)) return true;
    this.#stage = 'lost';
    abandonAnswer(this.res);
    return false;
  }

  /** A 304 to the cache's own question, or an error: the cache may answer from the store after all. */
  #isAnsweredInstead(status: number): boolean {
    this.#stage = 'lookup';
    if (offerAnswer(this.res, status)) return true;
    this.#stage = 'inside';
    return false;
  }

  // ---- what the others do to the real response -------------------------------------------------

  #onWriteHead(args: unknown[]): unknown {
    if (this.#isDirect()) return this.#shown.writeHead(...args);
    if (this.#stage !== 'outside') return this.#real.writeHead(...args);
    this.#args = args;
    return this.#shown.writeHead(this.#left!.status);
  }

  #onWrite(args: unknown[]): unknown {
    if (this.#isDirect() || this.#isOpaque()) return this.#shown.write(...args);
    return this.#real.write(...args);
  }

  #onEnd(args: unknown[]): unknown {
    if (this.#isDirect()) return this.#shown.end(...args);
    if (this.#stage === 'outside') {
      this.#args = args;
      if (this.#isReplaced()) noteRewritten(this.#ctx.req);
      if (this.#body?.kind === 'bytes') return this.#shown.end(this.#body.bytes);
      if (this.#body?.kind === 'overheard') return this.#shown.end();
      if (this.#isOpaque()) return this.#shown.end(...args);
    }
    return this.#real.end(...args);
  }

  /** Whether what is written now is what the handler wrote. */
  #isDirect(): boolean {
    if (this.#stage === 'inside') this.#stage = 'direct';
    if (this.#stage === 'direct' && this.#isReplaced()) this.#stage = 'lost';
    return this.#stage === 'direct';
  }

  /** Whether Koa writes the handler's body now, and by that tells which bytes it is. */
  #isOpaque(): boolean {
    return this.#stage === 'outside' && this.#body?.kind === 'opaque' && !this.#isReplaced();
  }

  /** Whether a middleware further out has put another body in the place of the handler's. */
  #isReplaced(): boolean {
    return this.#left !== undefined && this.#left.body !== this.#ctx.body;
  }

  // ---- what the cache does to the response it is shown -----------------------------------------

  #writeHead(args: unknown[]): unknown {
    // The cache has by then put another response in the place of this one.
    if (this.#stage === 'taken') return methodsOf(this.#ctx.res).writeHead(...args);
    if (this.#stage !== 'outside') return this.#real.writeHead(...args);
    this.#showFieldsAsTheyAre();
    return this.#real.writeHead(...this.#args);
  }

  #write(args: unknown[]): unknown {
    // What is overheard is written by whoever reads the stream.
    return this.#body === undefined || this.#isOpaque() ? this.#real.write(...args) : true;
  }

  #end(args: unknown[]): unknown {
    if (this.#stage === 'lookup') this.#take(args[0]);
    else if (this.#stage === 'outside') this.#real.end(...this.#args);
    else this.#real.end(...args);
    return this.res;
  }

  /** An answer from the store goes the way of every answer in Koa: outwards, on the context. */
  #take(chunk: unknown): void {
    const ctx = this.#ctx;
    const { statusCode } = ctx.res;
    // Over HTTP/2 there is none, and node warns whoever asks.
    const message = ctx.req.httpVersionMajor < 2 ? ctx.res.statusMessage : '';
    const hasType = ctx.res.hasHeader('Content-Type');
    ctx.status = statusCode;
    if (message) ctx.message = message;
    // A copy: middlewares further out may write into it.
    if (chunk instanceof Uint8Array) ctx.body = Buffer.from(chunk);
    else if (ctx.method !== 'HEAD' && hasContent(statusCode)) ctx.body = Buffer.alloc(0);
    if (!hasType) ctx.remove('Content-Type');
    this.#stage = 'taken';
    // To the cache it is answered; Koa has yet to write it.
    this.#shown.writableEnded = true;
    this.#onTaken();
  }

  // ---- fields ----------------------------------------------------------------------------------

  /** Keeps showing the fields as they are now, with what Koa will make of the ones of the body. */
  #showFieldsOfNow(): void {
    const ctx = this.#ctx;
    const { res } = ctx;
    const names = (res as Partial<WithRawNames>).getRawHeaderNames?.() ?? res.getHeaderNames();
    const fields = new Map(names.map((name) => [name.toLowerCase(), res.getHeader(name)]));
    const isEmpty = !hasContent(ctx.status) || isExplicitNull(ctx);
    if (isEmpty) for (const name of BODY_FIELDS) fields.delete(name);
    else if (ctx.body === undefined) {
      fields.set('content-type', 'text/plain; charset=utf-8');
      names.push('Content-Type');
    }
    this.#shown.getRawHeaderNames = () => names;
    // Cache-Status is the caches' own, and each adds to what it finds.
    this.#shown.getHeader = (name) => {
      const lowerName = name.toLowerCase();
      return lowerName === 'cache-status' ? res.getHeader(name) : fields.get(lowerName);
    };
  }

  #showFieldsAsTheyAre(): void {
    this.#shown.getRawHeaderNames = undefined;
    this.#shown.getHeader = undefined;
  }
}

const BODY_FIELDS = ['content-type', 'content-length', 'transfer-encoding'];

/** In node since 15.4 for every outgoing message; its types know it only of requests. */
interface WithRawNames {
  getRawHeaderNames(): string[];
}

function methodsOf(res: ServerResponse): Writing {
  return new Writing(
    res.writeHead.bind(res) as Method,
    res.write.bind(res) as Method,
    res.end.bind(res) as Method,
  );
}

/** The response, but for what is shown instead; both are written to through it. */
class ShownInstead implements ProxyHandler<ServerResponse> {
  readonly #shown: Shown;

  constructor(shown: Shown) {
    this.#shown = shown;
  }

  get(res: ServerResponse, name: string | symbol): unknown {
    const shown = this.#shown;
    const instead = Object.hasOwn(shown, name) ? shown[name as keyof Shown] : undefined;
    // What a cache has noted on the real response is no business of one that is shown another.
    if (instead !== undefined || typeof name === 'symbol') return instead;
    const value: unknown = Reflect.get(res, name, res);
    return typeof value === 'function' ? (value.bind(res) as unknown) : value;
  }

  set(res: ServerResponse, name: string | symbol, value: never): boolean {
    // What a cache notes on the response that it is shown is not for another one's.
    if (typeof name === 'symbol' || Object.hasOwn(this.#shown, name)) {
      this.#shown[name as keyof Shown] = value;
    } else Reflect.set(res, name, value, res);
    return true;
  }
}
