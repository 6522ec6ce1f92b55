/**
 * What Koa, and what stands in it before the cache, knows of a request.
 */
import { connectionScheme, earlyView, knowsVisitor, NODE_NAMES } from '@locmem/http';
import type { RequestOrigin } from '@locmem/http';
import type { IncomingMessage } from 'node:http';
import type Koa from 'koa';
import type { Context, ParameterizedContext } from 'koa';

/**
 * Node's request knows nothing of the context that Koa made for it. A property, for a WeakMap costs
 * each request more than all else that is done here.
 */
const CONTEXT = Symbol('locmem.koa.context');

/** A middleware further out has put another body in the place of the handler's. */
const REWRITTEN = Symbol('locmem.koa.rewritten');

type KnownRequest = IncomingMessage & {
  [CONTEXT]?: Context;
  [REWRITTEN]?: true;
  originalUrl?: string;
};

export function noteRewritten(req: IncomingMessage): void {
  (req as KnownRequest)[REWRITTEN] = true;
}

export function contextOf(req: IncomingMessage): Context | undefined {
  return (req as KnownRequest)[CONTEXT];
}

export function remembered<S, X>(context: ParameterizedContext<S, X>): Context {
  const ctx = context as unknown as Context;
  const req: KnownRequest = ctx.req;
  req[CONTEXT] = ctx;
  // What other frameworks do themselves: mounted applications and rewriting middlewares change
  // `req.url`, and the cache goes by what the client asked for.
  req.originalUrl ??= ctx.originalUrl;
  return ctx;
}

export const KOA_ORIGIN: RequestOrigin<IncomingMessage> = {
  isAsSentUnlessForwarded: true,
  // With `app.proxy`, what the proxy says.
  scheme: (req) => contextOf(req)?.protocol ?? connectionScheme(req),
  authority: (req) => contextOf(req)?.host ?? req.headers.host,
  knowsVisitor: (req) => {
    const ctx = contextOf(req);
    return ctx !== undefined && knowsVisitor(ctx, ctx.state);
  },
  isRewritten: (req) => (req as KnownRequest)[REWRITTEN] === true,
  early: (app, req, res) => {
    const ctx = (app as Koa).createContext(req, res);
    const view = earlyView<Context>([
      { from: { app, req: earlyView([{ from: req, names: NODE_NAMES, on: req }]) }, names: OWN },
      // Koa's own request begins without anything that a middleware sets.
      { from: ctx, names: KOA_KNOWS, on: ctx },
    ]);
    (req as KnownRequest)[CONTEXT] = view;
    return req;
  },
};

const OWN: ReadonlySet<string> = new Set(['app', 'req']);

/** What Koa reads off the fields and the URL whenever it is asked. */
const KOA_KNOWS: ReadonlySet<string> = new Set([
  ...[
    'header',
    'headers',
    'method',
    'url',
    'originalUrl',
    'origin',
    'href',
    'path',
    'query',
    'get',
  ],
  ...['querystring', 'search', 'host', 'hostname', 'URL', 'protocol', 'secure', 'ip', 'ips', 'is'],
  ...[
    'subdomains',
    'accepts',
    'acceptsLanguages',
    'acceptsEncodings',
    'acceptsCharsets',
    'cookies',
  ],
]);
