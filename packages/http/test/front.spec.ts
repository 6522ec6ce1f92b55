/**
 * What a front does: gives away what the cache inside has stored, before the framework wakes up; and
 * stands aside wherever somebody before the cache might have had a say. That its answers are those of
 * the cache is in the rows of `rfc9111`, which are acted out behind fronts as well.
 */
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { LocMemCache } from '@locmem/core';
import type { AsyncCache } from '@locmem/core';
import { responseCache as expressCache } from '@locmem/express';
import { responseCache as koaCache } from '@locmem/koa';
import express5 from 'express';
import express4 from 'express4';
import Koa3 from 'koa';
import Koa2 from 'koa2';
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createResponseCache, front } from '../src/index.js';
import type { FrontOptions } from '../src/index.js';
import { closeAll, freshStoreName, serve, standingClock, TestClock } from './harness.js';

afterAll(closeAll);

const EXPRESSES = [
  ['Express 4', express4],
  ['Express 5', express5],
] as const;
const KOAS = [
  ['Koa 2', Koa2],
  ['Koa 3', Koa3],
] as const;

type Options = Parameters<typeof expressCache>[0];
type Middleware = express5.RequestHandler;

/** An Express application with a front before the cache inside; counts what the framework sees. */
async function inExpress(
  express: typeof express5,
  { before = [], ...options }: Options & { before?: Middleware[] } = {},
  frontOptions: FrontOptions = {},
) {
  const app = express();
  const cache = expressCache({
    cache: freshStoreName(),
    timeout: 60,
    clock: standingClock,
    ...options,
  });
  let seen = 0;
  app.use(function counting(_req, _res, next) {
    seen++;
    next();
  });
  for (const middleware of before) app.use(middleware);
  app.use(cache);
  let runs = 0;
  app.use((req, res) => {
    if (req.headers['x-max-age']) res.set('Cache-Control', 'max-age=60');
    res.send(`run ${++runs}`);
  });
  const server = await serve(front(app, cache, frontOptions));
  return { ...server, app, cache, seen: () => seen };
}

async function inKoa(
  Koa: typeof Koa3,
  { before = [], ...options }: Parameters<typeof koaCache>[0] & { before?: Koa3.Middleware[] } = {},
  frontOptions: FrontOptions = {},
) {
  const app = new Koa();
  const cache = koaCache({
    cache: freshStoreName(),
    timeout: 60,
    clock: standingClock,
    ...options,
  });
  let seen = 0;
  app.use(function counting(_ctx, next) {
    seen++;
    return next();
  });
  for (const middleware of before) app.use(middleware);
  app.use(cache);
  let runs = 0;
  app.use((ctx) => {
    ctx.body = `run ${++runs}`;
  });
  // eslint-disable-next-line @typescript-eslint/no-misused-promises -- as app.listen does it
  const server = await serve(front(app, cache, frontOptions).callback());
  return { ...server, app, cache, seen: () => seen };
}

const APPS = [
  ...EXPRESSES.map(([name, express]) => [name, () => inExpress(express)] as const),
  ...KOAS.map(([name, Koa]) => [name, () => inKoa(Koa)] as const),
];

type Anything = Record<string, (...args: unknown[]) => unknown>;

/** A store that answers with promises, as a remote one does. */
function remoteStore(): AsyncCache {
  const inner = new LocMemCache(freshStoreName());
  const later =
    (name: 'get' | 'set' | 'delete' | 'deleteByTag') =>
    (...args: unknown[]) =>
      Promise.resolve((inner as unknown as Anything)[name]!(...args));
  return {
    get: later('get'),
    set: later('set'),
    delete: later('delete'),
    deleteByTag: later('deleteByTag'),
  } as unknown as AsyncCache;
}

/** The warnings of the process while something runs. */
async function warningsOf(run: () => Promise<unknown>): Promise<string[]> {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  try {
    await run();
    return warn.mock.calls.map(([message]) => String(message));
  } finally {
    warn.mockRestore();
  }
}

describe.each(APPS)('before the cache in %s', (_name, start) => {
  it('a hit wakes nobody up, and a miss goes the way it went', async () => {
    const { ask, seen, cache } = await start();
    expect((await ask('/')).text).toBe('run 1');
    const hit = await ask('/');
    expect([hit.text, hit.cache]).toEqual(['run 1', 'LocMem; hit; ttl=60']);
    expect((await ask('/', { method: 'HEAD' })).isHit).toBe(true);
    expect(seen()).toBe(1);
    expect(cache.stats()).toMatchObject({ hits: 2, misses: 1, stored: 1 });
  });

  it('what is purged inside is gone in front', async () => {
    const { ask, cache, seen } = await start();
    await ask('/');
    void cache.invalidate({ url: '/' });
    expect((await ask('/')).text).toBe('run 2');
    await ask('/', { method: 'POST' });
    expect((await ask('/')).text).toBe('run 4');
    expect(seen()).toBe(4);
  });

  it('what is not simple is answered as well: wishes, conditions, parts', async () => {
    const { ask, seen } = await start();
    const { headers } = await ask('/');
    expect((await ask('/', { headers: { range: 'bytes=0-2' } })).text).toBe('run');
    expect((await ask('/', { headers: { 'cache-control': 'min-fresh=9' } })).isHit).toBe(true);
    const since = { 'if-modified-since': String(headers.date ?? headers['last-modified']) };
    expect((await ask('/', { headers: since })).status).toBe(304);
    expect(seen()).toBe(1);
    // Nobody's page for somebody: that is for the middleware to say.
    expect((await ask('/', { headers: { cookie: 'sid=1' } })).text).toBe('run 2');
    expect((await ask('/', { headers: { authorization: 'a' } })).text).toBe('run 3');
    expect((await ask('/', { headers: { 'cache-control': 'no-cache' } })).isHit).toBe(false);
    expect(seen()).toBe(4);
  });
});

describe.each(EXPRESSES)('before the cache in %s', (_name, express) => {
  it('functions of what the client sent keep tenants apart', async () => {
    const { ask, seen } = await inExpress(express, {
      keyPrefix: (req) => req.get('X-Tenant') ?? '',
      version: (req) => (req.hostname === 'new.example' ? 2 : 1),
      bypass: (req) => req.path === '/live',
    });
    const as = (tenant: string, host = 'a.example') => ({
      headers: { 'x-tenant': tenant, host },
    });
    const texts = [];
    for (const tenant of ['a', 'b', 'a', 'b']) texts.push((await ask('/', as(tenant))).text);
    texts.push((await ask('/', as('a', 'new.example'))).text);
    expect(texts).toEqual(['run 1', 'run 2', 'run 1', 'run 2', 'run 3']);
    expect(seen()).toBe(3);
    await ask('/live', as('a'));
    expect((await ask('/live', as('a'))).isHit).toBe(false);
  });

  it('functions of what a middleware has found out make it stand aside', async () => {
    const { ask, seen } = await inExpress(express, {
      before: [
        function naming(req, _res, next) {
          Object.assign(req, { plan: req.headers['x-plan'] });
          next();
        },
      ],
      keyPrefix: (req) => (req as { plan?: string }).plan ?? 'free',
    });
    const as = (plan: string) => ({ headers: { 'x-plan': plan } });
    await ask('/', as('free'));
    expect((await ask('/', as('pro'))).text).toBe('run 2');
    expect((await ask('/', as('free'))).text).toBe('run 1');
    expect(seen()).toBe(3);
  });

  const PLAN = Symbol('plan');
  type Planned = express5.Request & { plan?: string; _plan?: string; [PLAN]?: string };

  it.each<[string, (req: Planned) => string]>([
    ['a private name', (req) => req._plan ?? 'free'],
    ['a symbol', (req) => req[PLAN] ?? 'free'],
    ['in', (req) => ('plan' in req ? 'pro' : 'free')],
    ['hasOwn', (req) => (Object.hasOwn(req, 'plan') ? 'pro' : 'free')],
    ['a copy', (req) => ({ ...req }).plan ?? 'free'],
  ])('however they look for it: %s', async (_how, keyPrefix) => {
    const { ask, seen } = await inExpress(express, {
      before: [
        function planning(req, _res, next) {
          const { 'x-plan': plan } = req.headers;
          if (plan !== undefined) Object.assign(req, { plan, _plan: plan, [PLAN]: plan });
          next();
        },
      ],
      keyPrefix,
    });
    await ask('/');
    expect((await ask('/', { headers: { 'x-plan': 'pro' } })).text).toBe('run 2');
    expect((await ask('/')).text).toBe('run 1');
    expect(seen()).toBe(3);
  });

  it('functions of the query agree with the cache inside', async () => {
    const { ask } = await inExpress(express, {
      ignoreQuery: ['preview'],
      bypass: (req) => (req.query as { preview?: string } | undefined)?.preview !== undefined,
    });
    await ask('/');
    expect((await ask('/?preview=1')).text).toBe('run 2');
    expect((await ask('/')).text).toBe('run 1');
  });

  it('fields that middlewares before the cache set make it stand aside, and say so once', async () => {
    const warnings = await warningsOf(async () => {
      const { ask, seen } = await inExpress(express, {
        before: [
          function cors(req, res, next) {
            res.setHeader('Access-Control-Allow-Origin', req.headers.origin ?? '*');
            next();
          },
        ],
      });
      for (const path of ['/', '/', '/b']) {
        const { headers } = await ask(path, { headers: { origin: 'https://x.example' } });
        expect(headers['access-control-allow-origin']).toBe('https://x.example');
      }
      expect(seen()).toBe(3);
    });
    expect(warnings).toEqual([
      expect.stringContaining('before the response cache set Access-Control-Allow-Origin'),
    ]);
  });

  it('a visitor whom a middleware before the cache knows makes it stand aside', async () => {
    const warnings = await warningsOf(async () => {
      const { ask, seen } = await inExpress(express, {
        before: [
          function whoIsIt(req, _res, next) {
            Object.assign(req, { user: { name: 'Alice' } });
            next();
          },
        ],
      });
      await ask('/', { headers: { 'x-max-age': '1' } });
      await ask('/', { headers: { 'x-max-age': '1' } });
      expect(seen()).toBe(2);
    });
    expect(warnings).toEqual([expect.stringContaining('know who asks')]);
  });

  it('what is done to an answer on its way out makes it stand aside', async () => {
    const late: Middleware = (_req, res, next) => {
      const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => typeof res;
      res.writeHead = function (this: unknown, ...args: unknown[]) {
        res.setHeader('X-Response-Time', '5');
        return writeHead(...args);
      } as typeof res.writeHead;
      next();
    };
    const rewriting: Middleware = (_req, res, next) => {
      const end = res.end.bind(res) as (...args: unknown[]) => typeof res;
      res.end = function (this: unknown, ...args: unknown[]) {
        return end(...args);
      } as typeof res.end;
      next();
    };
    for (const [before, why] of [
      [late, 'set X-Response-Time'],
      [rewriting, 'rewrite'],
    ] as const) {
      const warnings = await warningsOf(async () => {
        const { ask, seen } = await inExpress(express, { before: [before] });
        await ask('/');
        await ask('/');
        expect(seen()).toBe(2);
      });
      expect(warnings).toEqual([expect.stringContaining(why)]);
    }
  });

  it('also once such an answer was refreshed behind somebody, who saw nothing of it', async () => {
    const clock = new TestClock();
    const late: Middleware = (_req, res, next) => {
      const end = res.end.bind(res) as (...args: unknown[]) => typeof res;
      res.end = ((...args: unknown[]) => end(...args)) as typeof res.end;
      next();
    };
    await warningsOf(async () => {
      const { ask, seen, cache } = await inExpress(express, {
        before: [late],
        clock,
        staleWhileRevalidate: '1h',
      });
      await ask('/');
      clock.advance(61);
      const refreshed = new Promise((resolve) => {
        const listen = () => {
          unsubscribe('locmem:http:stored', listen);
          resolve(undefined);
        };
        subscribe('locmem:http:stored', listen);
      });
      await ask('/');
      await refreshed;
      expect((await ask('/')).text).toBe('run 2');
      expect(cache.stats().stored).toBe(2);
      expect(seen()).toBe(3);
    });
  });

  it('believes no field that a middleware has made of another', async () => {
    await warningsOf(async () => {
      const { ask } = await inExpress(express, {
        before: [
          function naming(req, _res, next) {
            req.headers['x-user'] = req.headers['x-token'] === 'secret' ? 'alice' : 'nobody';
            next();
          },
        ],
        keyPrefix: (req) => String(req.headers['x-user']),
      });
      await ask('/', { headers: { 'x-token': 'secret' } });
      expect((await ask('/', { headers: { 'x-user': 'alice' } })).text).toBe('run 2');
    });
  });

  it('lets the pages of other origins by, where a middleware may know them', async () => {
    const { ask } = await inExpress(express, {
      before: [
        function cors(req, res, next) {
          if (req.headers.origin === 'https://good.example') {
            res.setHeader('Access-Control-Allow-Origin', 'https://good.example');
          }
          next();
        },
      ],
    });
    await ask('/');
    const { headers } = await ask('/', { headers: { origin: 'https://good.example' } });
    expect(headers['access-control-allow-origin']).toBe('https://good.example');
  });

  it('answers the pages of other origins where the cache is first, and not where it cannot be seen', async () => {
    for (const isSeen of [true, false]) {
      const app = express();
      const cache = expressCache({ cache: freshStoreName(), timeout: 60 });
      let seen = 0;
      app.use(isSeen ? cache : (req, res, next) => [seen++, cache(req, res, next)]);
      app.use((_req, res) => {
        res.send('x');
      });
      let hits = 0;
      const { ask } = await serve(front(app, cache, { onHit: () => hits++ }));
      for (let i = 0; i < 2; i++) await ask('/', { headers: { origin: 'https://x.example' } });
      expect([hits, seen]).toEqual(isSeen ? [1, 0] : [0, 2]);
    }
  });

  it.each<[string, (app: express5.Express, auth: Middleware, cache: Middleware) => void]>([
    ['on a route', (app, auth, cache) => app.get('/p', auth, cache)],
    ['in a router', (app, auth, cache) => app.use('/', express.Router().use(auth).use(cache))],
    ['before a router', (app, auth, cache) => app.use(auth, express.Router().use(cache))],
    ['at one of two places', (app, auth, cache) => app.use('/open', cache).use(auth).use(cache)],
  ])('refuses to stand before who decides, %s', (_where, mount) => {
    const app = express();
    const cache = expressCache({ cache: freshStoreName() });
    mount(
      app,
      function requireAuth(_req, _res, next) {
        next();
      },
      cache,
    );
    expect(() => front(app, cache)).toThrow(/must be mounted before "requireAuth"/);
  });

  it('stands before a cache that is mounted a second time behind who decides', () => {
    const app = express();
    const cache = expressCache({ cache: freshStoreName() });
    app.use(cache);
    app.use(function requireAuth(_req, _res, next) {
      next();
    });
    app.use('/p', cache);
    expect(front(app, cache)).toBe(app);
  });

  it('stands aside where it cannot see the cache, and somebody decides', async () => {
    const app = express();
    const cache = expressCache({ cache: freshStoreName(), timeout: 60 });
    let seen = 0;
    app.use(function requireAuth(_req, _res, next) {
      seen++;
      next();
    });
    app.use((req, res, next) => {
      cache(req, res, next);
    });
    app.use((_req, res) => {
      res.send('x');
    });
    front(app, cache);
    const warnings = await warningsOf(async () => {
      const { ask } = await serve(app);
      await ask('/');
      await ask('/');
    });
    expect(seen).toBe(2);
    expect(warnings).toEqual([expect.stringContaining('"requireAuth" may be mounted before')]);
  });

  it('leaves to the cache inside what a cache around the application has let past', async () => {
    const { ask, app, cache } = await inExpress(express);
    const outer = createResponseCache({
      cache: freshStoreName(),
      timeout: 60,
      bypass: (req) => 'x-preview' in req.headers,
    });
    const { ask: askOuter } = await serve((req, res) => {
      outer.handle(req, res, () => app(req, res));
    });
    await ask('/');
    expect((await ask('/')).text).toBe('run 1');
    await warningsOf(async () => {
      expect((await askOuter('/', { headers: { 'x-preview': '1' } })).text).toBe('run 2');
    });
    expect(cache.stats().bypasses).toEqual({ 'bypass-option': 1 });
  });

  it('gives from a store that answers with promises', async () => {
    const { ask, seen } = await inExpress(express, { cache: remoteStore() });
    await ask('/');
    await ask('/');
    expect((await ask('/')).text).toBe('run 1');
    expect(seen()).toBe(1);
  });

  describe('a look that found nothing', () => {
    /** Gives itself away: what was asked of it. */
    const watched = () => {
      const asked: unknown[] = [];
      const store = remoteStore() as unknown as Anything;
      const get = store.get!;
      store.get = (...args) => (asked.push(args[0]), get(...args));
      return { cache: store as unknown as AsyncCache, asked };
    };

    it.each([
      ['Express', (cache: AsyncCache) => inExpress(express, { cache })],
      ['Koa', (cache: AsyncCache) => inKoa(Koa3, { cache })],
    ])('is not done again by the cache inside: under %s', async (_name, open) => {
      const { cache, asked } = watched();
      const { ask } = await open(cache);
      await ask('/known-to-be-remote');
      await ask('/other');
      const looked = asked.length;
      expect((await ask('/')).text).toBe('run 3');
      // By the front before the handler; after it, to put the answer to others of the page.
      expect(asked.length - looked).toBe(2);
    });

    it('is, once an answer has been stored since', async () => {
      const { cache } = watched();
      let goOn: () => void = () => undefined;
      let reached: () => void = () => undefined;
      const before: Middleware = (req, _res, next) => {
        if (req.headers['x-slow'] === undefined) {
          next();
          return;
        }
        goOn = next;
        reached();
      };
      const { ask } = await inExpress(express, { cache, before: [before] });
      await ask('/known-to-be-remote');
      const isThere = new Promise<void>((resolve) => (reached = resolve));
      const slow = ask('/', { headers: { 'x-slow': '1' } });
      await isThere;
      expect((await ask('/')).text).toBe('run 2');
      goOn();
      expect((await slow).text).toBe('run 2');
    });
  });

  it('refuses to stand before who decides who gets what', () => {
    const app = express();
    const cache = expressCache({ cache: freshStoreName() });
    app.use(function session(_req, _res, next) {
      next();
    });
    app.use(cache);
    expect(() => front(app, cache)).toThrow(
      expect.objectContaining({
        code: 'ERR_LOCMEM_INVALID_OPTION',
        message: expect.stringContaining('must be mounted before "session"'),
      }),
    );
  });

  it('takes nobody for one who decides who only sounds like it', () => {
    const app = express();
    const cache = expressCache({ cache: freshStoreName() });
    app.use(function authors(_req, _res, next) {
      next();
    });
    app.use(cache);
    expect(front(app, cache)).toBe(app);
  });

  it('stands aside where that is mounted only later', async () => {
    const app = express();
    const cache = expressCache({ cache: freshStoreName(), timeout: 60 });
    front(app, cache);
    let seen = 0;
    app.use(function authenticate(_req, _res, next) {
      seen++;
      next();
    });
    app.use(cache, (_req, res) => {
      res.send('x');
    });
    const warnings = await warningsOf(async () => {
      const { ask } = await serve(app);
      await ask('/');
      await ask('/');
    });
    expect(seen).toBe(2);
    expect(warnings).toEqual([expect.stringContaining('"authenticate"')]);
  });

  it('gives nothing that another cache of the same store has stored behind somebody', async () => {
    const app = express();
    const store = freshStoreName();
    const open = expressCache({ cache: store, timeout: 60 });
    const hidden = expressCache({ cache: store, timeout: 60 });
    let checks = 0;
    app.use('/open', open);
    app.use('/hidden', (_req, _res, next) => {
      checks++;
      next();
    });
    app.use('/hidden', hidden);
    app.use((_req, res) => {
      res.send('x');
    });
    const { ask } = await serve(front(app, open));
    await ask('/hidden');
    expect((await ask('/hidden')).isHit).toBe(true);
    expect(checks).toBe(2);
  });

  it('believes the proxy that the application trusts, and only that', async () => {
    const asks = ['a.example', 'b.example', 'a.example'];
    for (const trust of [true, false]) {
      const { ask, app, seen } = await inExpress(express);
      app.set('trust proxy', trust);
      const texts = [];
      for (const host of asks) {
        const headers = { host: 'inner', 'x-forwarded-host': host };
        texts.push((await ask('/', { headers })).text);
      }
      expect(texts).toEqual(trust ? ['run 1', 'run 2', 'run 1'] : ['run 1', 'run 1', 'run 1']);
      expect(seen()).toBe(trust ? 2 : 1);
    }
  });

  it('functions of the URL make it stand aside below a mount path, where they see another', async () => {
    const cache = expressCache({ cache: freshStoreName(), timeout: 60, key: (req) => req.path });
    const send: Middleware = (req, res) => {
      res.send(`page of ${req.originalUrl}`);
    };
    const app = express();
    app.use('/mounted', express.Router().use(cache).get('/page', send)).get('/page', send);
    front(app, cache);
    const warnings = await warningsOf(async () => {
      const { ask } = await serve(app);
      await ask('/mounted/page');
      expect((await ask('/mounted/page')).isHit).toBe(true);
      expect((await ask('/page')).text).toBe('page of /page');
    });
    expect(warnings).toEqual([expect.stringContaining('change the URL')]);
  });

  it('is asleep in an application that is mounted in another', async () => {
    const inner = express();
    const cache = expressCache({ cache: freshStoreName(), timeout: 60 });
    let runs = 0;
    inner.use(cache).get('/page', (_req, res) => {
      res.send(`run ${++runs}`);
    });
    let seen = 0;
    const outer = express().use((_req, _res, next) => {
      seen++;
      next();
    });
    outer.use('/inner', front(inner, cache));
    const { ask } = await serve(outer);
    await ask('/inner/page');
    expect((await ask('/inner/page')).isHit).toBe(true);
    expect(seen).toBe(2);
  });
});

describe.each(KOAS)('before the cache in %s', (_name, Koa) => {
  it('functions of what the client sent keep tenants apart', async () => {
    const { ask, seen } = await inKoa(Koa, {
      keyPrefix: (ctx) => ctx.get('X-Tenant'),
      version: (ctx) => (ctx.hostname === 'new.example' ? 2 : 1),
    });
    const as = (tenant: string, host = 'a.example') => ({ headers: { 'x-tenant': tenant, host } });
    const texts = [];
    for (const tenant of ['a', 'b', 'a', 'b']) texts.push((await ask('/', as(tenant))).text);
    texts.push((await ask('/', as('a', 'new.example'))).text);
    expect(texts).toEqual(['run 1', 'run 2', 'run 1', 'run 2', 'run 3']);
    expect(seen()).toBe(3);
  });

  it('refuses to stand before who decides, on a route of a router', () => {
    const cache = koaCache({ cache: freshStoreName() });
    function requireAuth(_ctx: Koa3.Context, next: Koa3.Next) {
      return next();
    }
    // As `@koa/router` mounts itself.
    const routes = (methods: string[], ...stack: unknown[]) =>
      Object.assign((_ctx: Koa3.Context, next: Koa3.Next) => next(), {
        router: { stack: [{ methods, stack }] },
      });
    const onItsRoute = new Koa().use(routes(['GET'], requireAuth, cache));
    expect(() => front(onItsRoute, cache)).toThrow(/must be mounted before "requireAuth"/);
    const onAnother = new Koa().use(routes(['GET'], requireAuth)).use(cache);
    expect(front(onAnother, cache)).toBe(onAnother);
  });

  it('functions of ctx.state make it stand aside', async () => {
    const { ask, seen } = await inKoa(Koa, {
      before: [
        (ctx, next) => {
          ctx.state.plan = ctx.get('x-plan');
          return next();
        },
      ],
      keyPrefix: (ctx) => String((ctx.state as { plan?: string }).plan),
    });
    const as = (plan: string) => ({ headers: { 'x-plan': plan } });
    await ask('/', as('free'));
    expect((await ask('/', as('pro'))).text).toBe('run 2');
    expect((await ask('/', as('free'))).text).toBe('run 1');
    expect(seen()).toBe(3);
  });

  it('functions of the URL make it stand aside below a mount path, where they see another', async () => {
    const cache = koaCache({ cache: freshStoreName(), timeout: 60, key: (ctx) => ctx.path });
    const app = new Koa();
    // As `koa-mount` does it.
    app.use(async (ctx, next) => {
      const { path } = ctx;
      if (!path.startsWith('/mounted/')) return next();
      ctx.path = path.slice('/mounted'.length);
      await cache(ctx, next);
      ctx.path = path;
      return undefined;
    });
    app.use((ctx) => {
      ctx.body = `page of ${ctx.originalUrl}`;
    });
    front(app, cache);
    const warnings = await warningsOf(async () => {
      // eslint-disable-next-line @typescript-eslint/no-misused-promises -- as app.listen does it
      const { ask } = await serve(app.callback());
      await ask('/mounted/page');
      expect((await ask('/mounted/page')).isHit).toBe(true);
      expect((await ask('/page')).text).toBe('page of /page');
    });
    expect(warnings).toEqual([expect.stringContaining('change the URL')]);
  });

  it.each<[string, (ctx: Koa3.Context) => string | boolean | undefined]>([
    ['a private name', (ctx) => ctx._plan as string | undefined],
    ['in', (ctx) => 'plan' in ctx],
    ['in node', (ctx) => 'plan' in ctx.req],
    ['a symbol', (ctx) => ctx[Symbol.for('plan') as unknown as string] as string | undefined],
  ])('however they look for what a middleware has found out: %s', async (_how, found) => {
    const { ask } = await inKoa(Koa, {
      before: [
        (ctx, next) => {
          const plan = ctx.get('x-plan');
          if (plan) {
            Object.assign(ctx, { plan, _plan: plan, [Symbol.for('plan')]: plan });
            Object.assign(ctx.req, { plan });
          }
          return next();
        },
      ],
      keyPrefix: (ctx) => String(found(ctx) ?? false),
    });
    await ask('/');
    expect((await ask('/', { headers: { 'x-plan': 'pro' } })).text).toBe('run 2');
    expect((await ask('/')).text).toBe('run 1');
  });

  it('what is done to an answer on its way out makes it stand aside', async () => {
    for (const late of [
      (ctx: Koa3.Context) => {
        ctx.set('X-Response-Time', '5');
      },
      (ctx: Koa3.Context) => {
        ctx.body = `<layout>${String(ctx.body)}</layout>`;
      },
    ]) {
      const warnings = await warningsOf(async () => {
        const { ask, seen } = await inKoa(Koa, {
          before: [
            async (ctx, next) => {
              await next();
              late(ctx);
            },
          ],
        });
        const { text } = await ask('/');
        expect((await ask('/')).text).toBe(text);
        expect(seen()).toBe(2);
      });
      expect(warnings).toHaveLength(1);
    }
  });

  it('fields and visitors before the cache make it stand aside', async () => {
    for (const before of [
      (ctx: Koa3.Context) => {
        ctx.set('X-Request-Id', '1');
      },
      (ctx: Koa3.Context) => {
        ctx.state.user = { name: 'Alice' };
      },
    ]) {
      const warnings = await warningsOf(async () => {
        const { ask, seen } = await inKoa(Koa, {
          before: [
            (ctx, next) => {
              before(ctx);
              return next();
            },
          ],
        });
        await ask('/');
        await ask('/');
        expect(seen()).toBe(2);
      });
      expect(warnings).toHaveLength(1);
    }
  });
});

describe('around a listener', () => {
  it('it is the cache', async () => {
    let runs = 0;
    const { ask } = await serve(
      front((_req, res) => res.end(`run ${++runs}`), { cache: freshStoreName(), timeout: 60 }),
    );
    await ask('/');
    expect((await ask('/')).text).toBe('run 1');
  });

  it('or a cache that somebody else has, too', async () => {
    const cache = createResponseCache({ cache: freshStoreName(), timeout: 60 });
    const { ask } = await serve(front((_req, res) => res.end('x'), cache));
    await ask('/');
    await ask('/');
    expect(cache.stats()).toMatchObject({ hits: 1, stored: 1 });
  });
});

describe('around an application, with options', () => {
  it('it stores what the whole of it answers, and knows whom it trusts', async () => {
    const app = express5();
    app.set('trust proxy', true);
    let runs = 0;
    app.use((_req, res) => {
      res.set('X-Frame-Options', 'DENY').send(`run ${++runs}`);
    });
    front(app, { cache: freshStoreName(), timeout: 60 });
    const { ask } = await serve(app);
    const from = (host: string) => ({ headers: { host: 'inner', 'x-forwarded-host': host } });
    await ask('/', from('a'));
    expect((await ask('/', from('b'))).text).toBe('run 2');
    const hit = await ask('/', from('a'));
    expect([hit.text, hit.headers['x-frame-options']]).toEqual(['run 1', 'DENY']);
  });

  it('also in Koa', async () => {
    const app = new Koa3();
    app.proxy = true;
    let runs = 0;
    app.use((ctx) => {
      ctx.body = `run ${++runs}`;
    });
    const { ask } = await serve(
      // eslint-disable-next-line @typescript-eslint/no-misused-promises -- as app.listen does it
      front(app, { cache: freshStoreName(), timeout: 60 }).callback(),
    );
    const from = (host: string) => ({ headers: { host: 'inner', 'x-forwarded-host': host } });
    await ask('/', from('a'));
    expect((await ask('/', from('b'))).text).toBe('run 2');
    expect((await ask('/', from('a'))).isHit).toBe(true);
  });
});

describe.each([true, false])('around an application that trusts its proxy: %s', (trust) => {
  const started = {
    Express: () => {
      const app = express5().set('trust proxy', trust);
      let runs = 0;
      app.use((_req, res) => {
        res.send(`run ${++runs}`);
      });
      return serve(front(app, { cache: freshStoreName(), timeout: 60 }));
    },
    Koa: () => {
      const app = new Koa3();
      app.proxy = trust;
      let runs = 0;
      app.use((ctx) => {
        ctx.body = `run ${++runs}`;
      });
      // eslint-disable-next-line @typescript-eslint/no-misused-promises -- as app.listen does it
      return serve(front(app, { cache: freshStoreName(), timeout: 60 }).callback());
    },
  };

  it.each(Object.entries(started))(
    '%s says what was asked for, or nobody does',
    async (_name, start) => {
      const { ask } = await start();
      const texts = [];
      for (const [host, scheme] of [
        ['a', 'http'],
        ['a', 'https'],
        // What proxies further out have said comes first.
        ['a, b', 'https, http'],
        ['b', 'https'],
      ]) {
        const headers = { host: 'in', 'x-forwarded-host': host!, 'x-forwarded-proto': scheme! };
        texts.push((await ask('/', { headers })).text);
      }
      const told = ['run 1', 'run 2', 'run 2', 'run 3'];
      expect(texts).toEqual(trust ? told : ['run 1', 'run 1', 'run 1', 'run 1']);
    },
  );
});

describe('onHit', () => {
  it.each([
    ['before the cache inside', (on: FrontOptions) => inExpress(express5, {}, on)],
    ['before the cache inside Koa', (on: FrontOptions) => inKoa(Koa3, {}, on)],
    [
      'around a listener',
      (on: FrontOptions) =>
        serve(
          front(
            (_req, res) => res.end('run 1'),
            { cache: freshStoreName(), timeout: 60, clock: new TestClock() },
            on,
          ),
        ),
    ],
  ])('hears of hits, %s, with what was answered', async (_where, start) => {
    const log: unknown[] = [];
    const { ask } = await start({
      onHit: (req, res) => {
        log.push([req.method, req.url, res.statusCode, res.getHeader('content-length')]);
        throw new Error('an access log that fails');
      },
    });
    await ask('/a');
    expect(log).toEqual([]);
    await ask('/a');
    await ask('/a', { headers: { range: 'bytes=0-1' } });
    await ask('/a', { method: 'POST' });
    expect(log).toEqual([
      ['GET', '/a', 200, '5'],
      ['GET', '/a', 206, '2'],
    ]);
  });
});

describe('front', () => {
  it('refuses what it cannot stand before, and options that do not exist', () => {
    expect(() => front({} as never)).toThrow(/must be a request listener/);
    expect(() => front(() => {}, { tiemout: 5 } as never)).toThrow(/tiemout/);
    expect(() => front(() => {}, {}, { onhit: () => {} } as never)).toThrow(/onhit/);
  });

  it('publishes its hits', async () => {
    const heard: unknown[] = [];
    const listen = (message: unknown) => heard.push(message);
    subscribe('locmem:http:hit', listen);
    const { ask } = await inExpress(express5);
    await ask('/a');
    await ask('/a');
    unsubscribe('locmem:http:hit', listen);
    expect(heard).toEqual([expect.objectContaining({ type: 'hit', method: 'GET', url: '/a' })]);
  });

  it('keeps the context of a request', async () => {
    const storage = new AsyncLocalStorage<string>();
    const inside = front((_req, res) => res.end(storage.getStore()), { cache: freshStoreName() });
    const { ask } = await serve((req, res) => {
      storage.run(String(req.headers['x-id']), () => inside(req, res));
    });
    expect((await ask('/', { headers: { 'x-id': '7' } })).text).toBe('7');
  });
});
