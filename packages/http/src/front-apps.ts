/**
 * Express and Koa applications by what they can do, so that this package depends on neither: where a
 * request enters them, what stands in them, and where they say a request is addressed to.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EnteredApp, ExpressApp } from './express-app.js';
import { shapeRequestsOf } from './express-shape.js';
import { connectionScheme } from './request.js';
import type { RequestOrigin } from './request.js';

/** Takes a request, or lets it on into the framework. */
export type Intercept = (req: IncomingMessage, res: ServerResponse, goOn: () => unknown) => void;

/** A Koa application, as far as a front knows it. */
export interface KoaApp {
  callback: () => (req: never, res: never) => unknown;
  readonly middleware: readonly unknown[];
  readonly proxy: boolean;
}

export function isKoa(value: unknown): value is KoaApp {
  if (typeof value !== 'object' || value === null) return false;
  const { callback, middleware } = value as Partial<KoaApp>;
  return typeof callback === 'function' && Array.isArray(middleware);
}

/**
 * Puts `intercept` where requests enter the application, before Express gives request and response
 * their prototypes, which alone makes node three times slower.
 */
export function enterExpress(app: ExpressApp, intercept: Intercept): void {
  // Within: a hit needs none of it.
  shapeRequestsOf(app);
  const entered = app as EnteredApp;
  const { handle } = entered;
  entered.handle = function (this: unknown, ...args: unknown[]): unknown {
    const [req, res] = args as [IncomingMessage, ServerResponse];
    const goOn = () => handle.apply(this, args);
    // Mounted in another application, which has been awake for long.
    if ('originalUrl' in req) return goOn();
    intercept(req, res, goOn);
    return undefined;
  };
}

/** As {@link enterExpress}: `listen` and `createServer(app.callback())` both come by here. */
export function enterKoa(app: KoaApp, intercept: Intercept): void {
  const callback = app.callback;
  app.callback = () => {
    const listener = callback.call(app) as (req: unknown, res: unknown) => unknown;
    return (req: IncomingMessage, res: ServerResponse) => {
      intercept(req, res, () => listener(req, res));
    };
  };
}

/**
 * Names of the middlewares that a request may pass before one of them, wherever that is mounted: in
 * the application, in a router of it, on a route.
 *
 * @returns undefined: it is not there, or where nobody can see it
 */
export function mountedBefore(app: ExpressApp | KoaApp, middleware: unknown): string[] | undefined {
  const before = namesBefore(stepsOf(app), middleware, []);
  return before.length === 0 ? undefined : before.flat();
}

/** Names of everything mounted in the application itself. */
export function mountedIn(app: ExpressApp | KoaApp): string[] {
  return stepsOf(app).map(({ run }) => nameOf(run));
}

/** One of the things mounted one after another. */
interface Step {
  readonly run: unknown;
  /** Whether every request comes by. */
  readonly isForAll: boolean;
  /** What is mounted in it. */
  readonly steps: readonly Step[];
}

/** The names before each place at which a middleware is mounted, until one that nobody gets past. */
function namesBefore(
  steps: readonly Step[],
  middleware: unknown,
  outside: readonly string[],
): string[][] {
  const places: string[][] = [];
  const names = [...outside];
  for (const { run, isForAll, steps: further } of steps) {
    if (run === middleware) {
      places.push([...names]);
      // Mounted again behind itself, it lets everything on.
      if (isForAll) break;
    } else {
      places.push(...namesBefore(further, middleware, names));
      names.push(nameOf(run));
    }
  }
  return places;
}

function stepsOf(app: ExpressApp | KoaApp): Step[] {
  return isKoa(app) ? koaSteps(app.middleware) : expressSteps(expressStack(app));
}

/** A layer of Express's router, as far as its versions agree; and what they say of `/`. */
interface Layer {
  readonly handle?: { readonly stack?: readonly Layer[] };
  readonly route?: { readonly stack?: readonly Layer[] };
  readonly slash?: boolean;
  readonly regexp?: { readonly fast_slash?: boolean };
}

function expressStack(app: ExpressApp): readonly Layer[] {
  const { _router: router4 } = app as { _router?: { stack?: Layer[] } };
  // In Express 4 there is a `router` that throws when it is read.
  const router =
    router4 ?? ('lazyrouter' in app ? undefined : (app as { router?: unknown }).router);
  return (router as { stack?: Layer[] } | undefined)?.stack ?? [];
}

function expressSteps(stack: readonly Layer[]): Step[] {
  return stack.map(({ handle, route, slash, regexp }) => ({
    run: handle,
    isForAll: slash === true || regexp?.fast_slash === true,
    steps: expressSteps(route?.stack ?? handle?.stack ?? []),
  }));
}

/** What `@koa/router` mounts knows its router. */
interface KoaDispatch {
  readonly router?: {
    readonly stack?: readonly KoaLayer[];
  };
}

interface KoaLayer {
  readonly methods: readonly string[];
  readonly stack: readonly unknown[];
}

function koaSteps(middlewares: readonly unknown[]): Step[] {
  return middlewares.map((run) => {
    const { router } = Object(run) as KoaDispatch;
    const layers = router?.stack ?? [];
    const steps = layers.flatMap(({ methods, stack }): Step[] => {
      const inLayer = stack.map((one) => ({ run: one, isForAll: false, steps: [] }));
      // What is on a route is passed by requests for that route alone.
      return methods.length > 0 ? [{ run: undefined, isForAll: false, steps: inLayer }] : inLayer;
    });
    return { run, isForAll: true, steps };
  });
}

function nameOf(middleware: unknown): string {
  const { name, _name } = Object(middleware) as { name?: string; _name?: string };
  return _name ?? name ?? '';
}

/** Where an application says that a request is addressed to: behind a trusted proxy, what that says. */
export function originOf(app: ExpressApp | KoaApp): RequestOrigin<IncomingMessage> {
  const isTrusted = (req: IncomingMessage) => (isKoa(app) ? app.proxy : trustsProxyOf(app, req));
  return {
    isAsSentUnlessForwarded: true,
    scheme: (req) => {
      const scheme = connectionScheme(req);
      if (scheme === 'https' || !isTrusted(req)) return scheme;
      return firstOf(req, 'x-forwarded-proto') ?? scheme;
    },
    authority: (req) =>
      (isTrusted(req) ? firstOf(req, 'x-forwarded-host') : undefined) ??
      // Over HTTP/2 (RFC 9113 §8.3.1).
      firstOf(req, ':authority') ??
      req.headers.host,
  };
}

/** Express's `trust proxy`: whether the peer may say where a request was addressed to. */
export function trustsProxyOf(app: ExpressApp, req: IncomingMessage): boolean {
  const isTrusted = app.get('trust proxy fn');
  return (
    typeof isTrusted === 'function' &&
    isTrusted.call(undefined, req.socket.remoteAddress, 0) === true
  );
}

/** The first member of a field that proxies append to; undefined: it is not there, or empty. */
export function firstOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  const first = (typeof value === 'string' ? value : value?.[0])?.split(',', 1)[0]!.trim();
  return first === '' ? undefined : first;
}
