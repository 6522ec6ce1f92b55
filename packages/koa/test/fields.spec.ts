import { afterAll, describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { cacheControl, cachePage, conditionalGet, neverCache, varyOn } from '../src/index.js';
import { closeAll, freshStoreName, KOAS, listen, standingClock } from './harness.js';

afterAll(closeAll);

const page = () => cachePage(60, { cache: freshStoreName(), clock: standingClock });

describe.each(KOAS)('%s', (_name, Koa) => {
  it('cacheControl says how long an answer is fresh, and the cache before it goes by that', async () => {
    const app = new Koa().use(page()).use(cacheControl({ public: true, maxAge: '5s' }));
    app.use((ctx) => {
      ctx.body = 'x';
    });
    const ask = await listen(app);
    expect((await ask('/')).headers['cache-control']).toBe('public, max-age=5');
    expect((await ask('/')).cache).toBe('LocMem; hit; ttl=5');
  });

  it('cacheControl adds to what the handler said, also where that writes to ctx.res', async () => {
    const app = new Koa().use(cacheControl({ private: true, maxAge: 60 }));
    app.use((ctx) => {
      ctx.respond = false;
      ctx.res.writeHead(200, { 'Cache-Control': 'public, max-age=10' }).end('x');
    });
    const ask = await listen(app);
    expect((await ask('/')).headers['cache-control']).toBe('max-age=10, private');
  });

  it('cacheControl leaves the last word to middlewares further out', async () => {
    const app = new Koa();
    app.use(async (ctx, next) => {
      await next();
      ctx.set('Cache-Control', 'no-store');
    });
    app.use(cacheControl({ maxAge: 60 })).use((ctx) => {
      ctx.body = 'x';
    });
    const ask = await listen(app);
    expect((await ask('/')).headers['cache-control']).toBe('no-store');
  });

  it('neverCache keeps answers out of the cache', async () => {
    let runs = 0;
    const app = new Koa().use(page()).use(neverCache());
    app.use((ctx) => {
      ctx.body = `run ${++runs}`;
    });
    const ask = await listen(app);
    await ask('/');
    const { text, headers } = await ask('/');
    expect(text).toBe('run 2');
    expect(headers['cache-control']).toContain('no-store');
  });

  it('varyOn gives each value its own variant', async () => {
    const app = new Koa().use(page()).use(varyOn('X-Plan'));
    app.use((ctx) => {
      ctx.body = ctx.get('x-plan');
    });
    const ask = await listen(app);
    for (const plan of ['a', 'b', 'a', 'b']) {
      expect((await ask('/', { headers: { 'x-plan': plan } })).text).toBe(plan);
    }
  });

  it('conditionalGet before the cache answers 304 to answers from the store, too', async () => {
    const app = new Koa().use(conditionalGet()).use(page());
    app.use((ctx) => {
      ctx.body = { a: 'page' };
    });
    const ask = await listen(app);
    const first = await ask('/');
    const hit = await ask('/');
    expect([hit.isHit, hit.headers.etag]).toEqual([true, first.headers.etag]);
    const again = await ask('/', { headers: { 'if-none-match': String(first.headers.etag) } });
    expect([again.status, again.text, again.isHit]).toEqual([304, '', true]);
  });

  it('conditionalGet sends no content, and nothing that speaks of it, with 304 and 412', async () => {
    const app = new Koa().use(conditionalGet()).use((ctx) => {
      ctx.etag = 'v1';
      ctx.body = 'hello';
    });
    const ask = await listen(app);
    const same = await ask('/', { headers: { 'if-none-match': '"v1"' } });
    expect([same.status, same.text, same.headers['content-type']]).toEqual([304, '', undefined]);
    const other = await ask('/', { headers: { 'if-match': '"v2"' } });
    expect([other.status, other.text]).toEqual([412, '']);
    expect(other.headers['content-type']).not.toMatch(/json/);
  });

  it('conditionalGet leaves other methods alone, and makes no ETag for a HEAD', async () => {
    const app = new Koa().use(conditionalGet()).use((ctx) => {
      ctx.body = 'hello';
    });
    const ask = await listen(app);
    expect((await ask('/', { method: 'HEAD' })).headers.etag).toBeUndefined();
    const posted = await ask('/', { method: 'POST', headers: { 'if-none-match': '*' } });
    expect([posted.status, posted.text, posted.headers.etag]).toEqual([200, 'hello', undefined]);
  });

  it('conditionalGet judges a stream by the validators that it has', async () => {
    const app = new Koa().use(conditionalGet()).use((ctx) => {
      ctx.set('ETag', '"v1"');
      ctx.body = Readable.from(['a page']);
    });
    const ask = await listen(app);
    expect((await ask('/')).text).toBe('a page');
    expect((await ask('/', { headers: { 'if-none-match': '"v1"' } })).status).toBe(304);
    expect((await ask('/', { headers: { 'if-match': '"v2"' } })).status).toBe(412);
  });
});

describe.each(KOAS)('%s: answers that the cache gives in the place of the handler', (name, Koa) => {
  const OF_KOA_3: [string, (ctx: any) => unknown, number, string][] = [
    ['a Blob', (ctx) => (ctx.body = new Blob(['run 2'])), 200, 'run 2'],
    ['a Response', (ctx) => (ctx.body = new Response('run 2')), 200, 'run 2'],
    ['a ReadableStream', (ctx) => (ctx.body = new Blob(['run 2']).stream()), 200, 'run 2'],
  ];

  it.each<[string, (ctx: any) => unknown, number, string]>([
    ['a string', (ctx) => (ctx.body = 'run 2'), 200, 'run 2'],
    ['a stream', (ctx) => (ctx.body = Readable.from(['run ', '2'])), 200, 'run 2'],
    ['no body', () => {}, 404, 'Not Found'],
    ['null', (ctx) => (ctx.body = null), 204, ''],
    [
      'what it writes itself',
      (ctx) => {
        ctx.respond = false;
        ctx.res.statusCode = 200;
        setImmediate(() => ctx.res.end('run 2'));
      },
      200,
      'run 2',
    ],
    ...(name === 'Koa 3' ? OF_KOA_3 : []),
  ])('behind a stale answer, %s is stored as ever', async (_what, second, status, text) => {
    let nowMs = Date.UTC(2026, 0, 15);
    let runs = 0;
    let refreshed: () => void = () => {};
    const isRefreshed = new Promise<void>((resolve) => (refreshed = resolve));
    const app = new Koa().use(
      cachePage(undefined, {
        cache: freshStoreName(),
        clock: { now: () => nowMs },
        onEvent: ({ type }) => {
          if (type === 'stored' && runs === 2) refreshed();
        },
      }),
    );
    app.use((ctx) => {
      ctx.set('Cache-Control', 'max-age=5, stale-while-revalidate=60');
      if (++runs === 1) ctx.body = 'run 1';
      else second(ctx);
    });
    const ask = await listen(app);
    await ask('/');
    nowMs += 10_000;
    expect((await ask('/')).text).toBe('run 1');
    await isRefreshed;
    const answer = await ask('/');
    expect([answer.status, answer.text, answer.isHit]).toEqual([status, text, true]);
    expect(runs).toBe(2);
  });
});
