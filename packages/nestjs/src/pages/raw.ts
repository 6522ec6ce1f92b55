/**
 * The request and response of node:http behind those of Express and Fastify. Everything that a framework
 * or a handler does to an answer comes down to them: status, fields, streams, `@Res()`, exceptions.
 */
import { firstOf, trustsProxyOf } from '@locmem/http';
import type { ExpressApp, RequestOrigin } from '@locmem/http';
import type { ExecutionContext } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request of Express is node's own, one of Fastify has it within. */
type PlatformRequest = IncomingMessage & {
  readonly raw?: IncomingMessage;
  readonly protocol: string;
  readonly app?: ExpressApp;
  readonly host?: string;
  readonly hostname: string;
};

type Fields = Record<string, string | string[] | number | undefined>;

/** Fastify's reply: its fields reach node's response when it is sent. */
interface Reply {
  readonly raw: ServerResponse;
  getHeaders(): Fields;
  removeHeader(name: string): unknown;
  header(name: string, value: unknown): unknown;
  hijack(): unknown;
}

export interface Raw {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Undefined on Express. */
  readonly reply: Reply | undefined;
}

export function rawOf(context: ExecutionContext): Raw {
  const http = context.switchToHttp();
  const request = http.getRequest<PlatformRequest>();
  const response = http.getResponse<ServerResponse | Reply>();
  const reply = 'raw' in response ? response : undefined;
  return { req: request.raw ?? request, res: reply?.raw ?? (response as ServerResponse), reply };
}

/**
 * Node's request knows nothing of the context that Nest made for it. (A property, not a WeakMap: one
 * entry for each request costs the garbage collector more than all the rest of a hit.)
 */
const CONTEXT = Symbol.for('@locmem/nestjs/context');

type Remembering = IncomingMessage & { [CONTEXT]?: ExecutionContext };

export function rememberContext(req: Remembering, context: ExecutionContext): void {
  req[CONTEXT] = context;
}

/** The context of a request that has come as far as its handler. */
export function contextOf(req: Remembering): ExecutionContext {
  const context = req[CONTEXT];
  if (context === undefined) throw new Error('This request has not reached a handler of Nest');
  return context;
}

/**
 * What the platform knows of a request's address: behind a trusted proxy, what that says.
 *
 * @param knowsVisitor whether somebody has found out who asks, or would have to
 */
export function originOf(
  knowsVisitor: (req: IncomingMessage) => boolean,
): RequestOrigin<IncomingMessage> {
  return {
    isAsSentUnlessForwarded: true,
    scheme: (req) => platformRequest(req)?.protocol ?? schemeOfConnection(req),
    authority: (req) => {
      const request = platformRequest(req);
      if (request === undefined) return req.headers.host;
      // The `hostname` of Express and of Fastify 5 has lost the port.
      if (request.raw !== undefined) return request.host ?? request.hostname;
      const isTrusted = request.app !== undefined && trustsProxyOf(request.app, req);
      return (isTrusted ? firstOf(req, 'x-forwarded-host') : undefined) ?? req.headers.host;
    },
    knowsVisitor,
  };
}

function platformRequest(req: Remembering): PlatformRequest | undefined {
  return req[CONTEXT]?.switchToHttp().getRequest<PlatformRequest>();
}

function schemeOfConnection({ socket }: IncomingMessage): string {
  return 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http';
}

/**
 * Fields that were set before the handler was known, by hooks and plugins of Fastify, as fields of
 * node's response: there the cache sees that they are not the handler's.
 */
export function revealFields({ reply, res }: Raw): void {
  if (reply === undefined) return;
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) res.setHeader(name, value);
  }
}

/** Nest sets the fields of `@Header` before the interceptors: taken away here, to be set behind the cache. */
export function takeFields({ res, reply }: Raw, names: readonly string[]): () => void {
  if (names.length === 0) return nothing;
  const taken = names.flatMap((name) => {
    const value =
      reply === undefined ? res.getHeader(name) : reply.getHeaders()[name.toLowerCase()];
    if (value === undefined) return [];
    (reply ?? res).removeHeader(name);
    return [[name, value] as const];
  });
  return () => {
    for (const [name, value] of taken) {
      if (reply === undefined) res.setHeader(name, value);
      else reply.header(name, value);
    }
  };
}

function nothing(): void {
  // There is nothing to set back.
}

/** By which Nest, Express and handlers write to a response; and to a reply of Fastify. */
const WRITES_OF_RESPONSE = [
  ...['setHeader', 'removeHeader', 'writeHead', 'write', 'end'],
  ...['send', 'json', 'render', 'redirect', 'sendFile'],
];
const WRITES_OF_REPLY = ['send', 'redirect', 'view'];

function silent(this: unknown): unknown {
  return this;
}

/** The answer is on its way; what Nest goes on to make of the handler's absence leads nowhere. */
export function silence({ res, reply }: Raw): void {
  if (reply === undefined) {
    silenceResponse(res);
    return;
  }
  reply.hijack();
  const methods = reply as unknown as Record<string, unknown>;
  for (const name of WRITES_OF_REPLY) methods[name] = silent;
}

/** Prototypes whose writes lead nowhere, by those that they stand before. */
const silentBefore = new WeakMap<object, object>();
const silentPrototypes = new WeakSet();

/** By a prototype: ten properties of its own for each response would cost a hit more than the answer. */
function silenceResponse(res: ServerResponse): void {
  const prototype = Object.getPrototypeOf(res) as object;
  if (silentPrototypes.has(prototype)) return;
  Object.setPrototypeOf(res, silentBefore.get(prototype) ?? makeSilent(prototype));
  // What a middleware has put on this one response stands before every prototype.
  const methods = res as unknown as Record<string, unknown>;
  for (const name of WRITES_OF_RESPONSE) if (Object.hasOwn(res, name)) methods[name] = silent;
}

function makeSilent(prototype: object): object {
  const made = Object.create(prototype) as Record<string, unknown>;
  for (const name of WRITES_OF_RESPONSE) made[name] = silent;
  silentBefore.set(prototype, made);
  silentPrototypes.add(made);
  return made;
}

/** The handler is to answer again, through a response that the cache has put in the place of the first. */
export function unsilence({ res }: Raw): void {
  const prototype = Object.getPrototypeOf(res) as object;
  if (silentPrototypes.has(prototype))
    Object.setPrototypeOf(res, Object.getPrototypeOf(prototype) as object);
  const methods = res as unknown as Record<string, unknown>;
  for (const name of WRITES_OF_RESPONSE) {
    if (methods[name] === silent) Reflect.deleteProperty(methods, name);
  }
}
