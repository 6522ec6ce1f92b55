/**
 * A response that nobody receives. A stale answer has been given, and the handler is run again for
 * what it would answer now: it writes to the same response object, which by then is finished and
 * whose connection may be carrying another request.
 *
 * So the object is turned over: what a handler calls on it goes to a response of node's own whose
 * socket swallows everything. Nothing that was done to it before, by middlewares further out, is
 * called again; what those further in do to it now works as ever. The request is made to look alive,
 * and its socket is one that can be destroyed without anybody noticing: Express's last error
 * handler destroys it, when an error comes after the head.
 */
import { EventEmitter } from 'node:events';
import { ServerResponse } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { Writable } from 'node:stream';
import type { Socket } from 'node:net';
import type { Fields } from './fields.js';

const METHODS = [
  ...['setHeader', 'appendHeader', 'setHeaders', 'getHeader', 'getHeaders', 'getHeaderNames'],
  ...['getRawHeaderNames', 'hasHeader', 'removeHeader', 'flushHeaders', 'writeHead', 'write'],
  ...['end', 'addTrailers', 'writeContinue', 'writeProcessing', 'writeEarlyHints'],
  ...['cork', 'uncork', 'destroy', 'setTimeout'],
];
const PROPERTIES = [
  ...['statusCode', 'statusMessage', 'sendDate', 'headersSent', 'finished', 'writable', 'closed'],
  ...['destroyed', 'errored', 'socket', 'connection', 'writableEnded', 'writableFinished'],
  ...['writableLength', 'writableHighWaterMark', 'writableCorked', 'writableNeedDrain'],
];
const EVENTS = ['finish', 'close', 'drain', 'error', 'pipe', 'unpipe', 'timeout', 'prefinish'];
const LISTENING = ['on', 'once', 'off', 'addListener', 'removeListener', 'emit'];

type Anything = Record<string, unknown>;

/**
 * Turns a finished, closed response into one that nobody receives.
 *
 * @param fields what is to be set on it to begin with
 * @returns the response behind it, to be watched
 */
export function toSink(req: IncomingMessage, res: ServerResponse, fields: Fields): ServerResponse {
  const sink = new ServerResponse(req);
  const socket = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  }) as unknown as Socket;
  Object.assign(socket, nothings(socket));
  sink.assignSocket(socket);
  for (const { name, lines } of fields.values()) {
    sink.setHeader(name, lines.length === 1 ? lines[0]! : [...lines]);
  }
  // A head that nobody wrote: through the middlewares that stand before it by then.
  (sink as unknown as { _implicitHeader: () => void })._implicitHeader = () => {
    res.writeHead(sink.statusCode);
  };
  // As node's server does it for a response of its own.
  socket.on('drain', () => sink.emit('drain'));
  sink.once('finish', () => {
    sink.detachSocket(socket);
    sink.destroyed = true;
    process.nextTick(() => sink.emit('close'));
  });
  socket.once('close', () => {
    if (sink.socket !== socket) return;
    sink.destroyed = true;
    sink.emit('close');
  });
  socket.on('error', () => {
    // Of what a response is destroyed with, nobody hears but node's own server.
  });

  forward(res, sink);
  enliven(req, socket);
  return sink;
}

function forward(res: ServerResponse, sink: ServerResponse): void {
  const from = sink as unknown as Anything;
  for (const name of METHODS) {
    if (typeof from[name] !== 'function') continue;
    const value = (...args: unknown[]): unknown => {
      // Asked for at each call: whoever watches the sink has put a method of its own there.
      const result = (from[name] as (...args: unknown[]) => unknown).apply(sink, args);
      return result === sink ? res : result;
    };
    Object.defineProperty(res, name, { value, writable: true, configurable: true });
  }
  for (const name of PROPERTIES) {
    Object.defineProperty(res, name, {
      get: () => from[name],
      set: (value) => {
        from[name] = value;
      },
      configurable: true,
    });
  }
  // A middleware further out that compresses takes listeners of `drain` for those of its own stream,
  // which has ended: nobody who waits for room would ever hear of it.
  for (const name of LISTENING) Reflect.deleteProperty(res, name);
  // Whoever listened has heard all there was to hear; node's own server among them, which would
  // take a second `finish` for the end of another request.
  for (const event of EVENTS) {
    res.removeAllListeners(event);
    if (event === 'pipe' || event === 'unpipe') continue;
    sink.on(event, (...args: unknown[]) => {
      // An error that nobody listens to is contained here.
      if (event !== 'error' || res.listenerCount('error') > 0) res.emit(event, ...args);
    });
  }
}

/** A handler that looks whether its client is still there must not find out that it is not. */
function enliven(req: IncomingMessage, sinkSocket: Socket): void {
  const inert = inertSocket(req.socket);
  // What destroys the connection of an answer makes an end of the answer.
  const destroy = () => {
    sinkSocket.destroy();
    return Object.assign(inert, { destroyed: true });
  };
  Object.assign(inert, { destroy, destroySoon: destroy, resetAndDestroy: destroy });
  const alive = { destroyed: false, closed: false, aborted: false, readableAborted: false };
  for (const [name, value] of Object.entries({ ...alive, errored: null })) {
    Object.defineProperty(req, name, { value, writable: true, configurable: true });
  }
  guardSocket(req, inert);
}

/** Keeps the connection from whoever would destroy it for an answer that has long been sent. */
export function guardSocket(req: IncomingMessage, inert = inertSocket(req.socket)): void {
  for (const name of ['socket', 'connection', 'client']) {
    Object.defineProperty(req, name, { value: inert, writable: true, configurable: true });
  }
}

/** What can be asked of a connection, and does nothing where there is none. */
function nothings(socket: object): Anything {
  const names = ['setTimeout', 'setKeepAlive', 'setNoDelay', 'ref', 'unref', 'pause', 'resume'];
  return Object.fromEntries(names.map((name) => [name, () => socket]));
}

/** Addresses and encryption are the connection's; all else leads nowhere. */
function inertSocket(socket: Socket): Socket {
  const facts = ['remoteAddress', 'remotePort', 'remoteFamily', 'localAddress', 'localPort'];
  const inert = new EventEmitter() as unknown as Anything;
  for (const name of [...facts, 'encrypted', 'authorized', 'alpnProtocol', 'servername']) {
    const value = (socket as unknown as Anything)[name];
    if (value !== undefined) inert[name] = value;
  }
  for (const name of ['destroy', 'end', 'destroySoon', 'resetAndDestroy', 'cork', 'uncork']) {
    inert[name] = () => inert;
  }
  Object.assign(inert, {
    ...nothings(inert),
    ...{ destroyed: false, writable: true, readable: true, writableEnded: false },
    write: () => true,
    getPeerCertificate: () => ({}),
  });
  return inert as unknown as Socket;
}
