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

/** Node's request knows nothing of the context that Nest made for it. */
const contexts = new WeakMap<IncomingMessage, ExecutionContext>();

export function rememberContext(req: IncomingMessage, context: ExecutionContext): void {
  contexts.set(req, context);
}

/** The context of a request that has come as far as its handler. */
export function contextOf(req: IncomingMessage): ExecutionContext {
  const context = contexts.get(req);
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

function platformRequest(req: IncomingMessage): PlatformRequest | undefined {
  return contexts.get(req)?.switchToHttp().getRequest<PlatformRequest>();
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

const WRITING = [
  ...['setHeader', 'appendHeader', 'setHeaders', 'removeHeader', 'flushHeaders', 'writeHead'],
  ...['write', 'end', 'status', 'send', 'json', 'jsonp', 'render', 'redirect', 'sendFile', 'view'],
];

const silent = new WeakSet<object>();

/** The answer is on its way; what Nest goes on to make of the handler's absence leads nowhere. */
export function silence({ res, reply }: Raw): void {
  reply?.hijack();
  for (const object of [res, reply]) {
    if (object === undefined) continue;
    const methods = object as unknown as Record<string, unknown>;
    for (const name of WRITING) {
      if (typeof methods[name] !== 'function') continue;
      const value = () => object;
      silent.add(value);
      Object.defineProperty(object, name, { value, writable: true, configurable: true });
    }
  }
}

/** The handler is to answer again, through a response that the cache has put in the place of the first. */
export function unsilence({ res }: Raw): void {
  const methods = res as unknown as Record<string, unknown>;
  for (const name of WRITING) {
    if (silent.has(Object(methods[name]) as object)) Reflect.deleteProperty(methods, name);
  }
}
