/**
 * What Express, and what stands in it before the cache, knows of a request.
 */
import { earlyView, firstOf, knowsVisitor, NODE_NAMES, trustsProxyOf } from '@locmem/http';
import type { ExpressApp, RequestOrigin } from '@locmem/http';
import type { Express, Request } from 'express';

export const EXPRESS_ORIGIN: RequestOrigin<Request> = {
  isAsSentUnlessForwarded: true,
  // Behind a trusted proxy, what the proxy says.
  scheme: (req) => req.protocol,
  authority: (req) => {
    const { app } = req as unknown as { app: ExpressApp };
    // As Express 5 makes `req.host` of it; `req.hostname`, and the `req.host` of Express 4, have lost
    // the port.
    const forwarded = trustsProxyOf(app, req) ? firstOf(req, 'x-forwarded-host') : undefined;
    return forwarded ?? req.headers.host;
  },
  knowsVisitor,
  early: (app, req) => {
    const { request } = app as Express;
    return earlyView<Request>([
      { from: req, names: NODE_NAMES, on: req },
      { from: { app, originalUrl: req.url, baseUrl: '', ...UNPARSED }, names: EXPRESS_SETS },
      { from: request, names: EXPRESS_KNOWS },
    ]);
  },
};

/** Where Express's own getters keep what they have made of the URL. */
const UNPARSED = { _parsedUrl: undefined };

const EXPRESS_SETS: ReadonlySet<string> = new Set(['app', 'originalUrl', 'baseUrl', '_parsedUrl']);

/** What Express reads off the fields and the URL whenever it is asked. */
const EXPRESS_KNOWS: ReadonlySet<string> = new Set([
  ...['get', 'header', 'protocol', 'secure', 'host', 'hostname', 'subdomains', 'ip', 'ips', 'path'],
  ...['query', 'xhr', 'is', 'accepts', 'acceptsLanguages', 'acceptsEncodings', 'acceptsCharsets'],
]);
