import { afterAll, describe, expect, it } from '@jest/globals';
import { LocMemCache } from '@locmem/core';
import type { Context } from 'koa';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { cachePage, responseCache } from '../src/index.js';
import type { ResponseCacheMiddlewareOptions } from '../src/index.js';
import { closeAll, freshStoreName, KOAS, listen, standingClock } from './harness.js';

const folder = mkdtempSync(join(tmpdir(), 'locmem-koa-'));
const file = join(folder, 'page.txt');
writeFileSync(file, 'from a file');

afterAll(async () => {
  await closeAll();
  rmSync(folder, { recursive: true });
});

/** One page for two servers. */
const AT_HOST = { headers: { host: 'a.example' } };

const fresh = (options: ResponseCacheMiddlewareOptions<string> = {}) =>
  responseCache({ cache: freshStoreName(), timeout: 60, clock: standingClock, ...options });

describe.each(KOAS)('%s: responseCache', (version, Koa) => {
  /** Mounted first, a hit is written by node alone; behind another, it goes outwards on the context. */
  const behindAnother = (cache: ReturnType<typeof fresh>) =>
    new Koa().use((_ctx, next) => next()).use(cache);

  it('answers a repeated GET without running what is further in', async () => {
    let runs = 0;
    const app = new Koa().use(fresh()).use((ctx) => {
      ctx.body = { run: ++runs };
    });
    const ask = await listen(app);
    const miss = await ask('/');
    expect([miss.text, miss.cache]).toEqual(['{"run":1}', 'LocMem; fwd=uri-miss']);
    const hit = await ask('/');
    expect([hit.text, hit.cache]).toEqual(['{"run":1}', 'LocMem; hit; ttl=60']);
    expect(hit.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(hit.headers['content-length']).toBe('9');
    expect(hit.headers.age).toBe('0');
    expect(runs).toBe(1);
  });

  it('stores only what is declared fresh when it is given no timeout', async () => {
    const app = new Koa().use(fresh({ timeout: undefined })).use((ctx) => {
      if (ctx.path === '/fresh') ctx.set('Cache-Control', 'max-age=60');
      ctx.body = 'x';
    });
    const ask = await listen(app);
    for (const path of ['/plain', '/fresh']) await ask(path);
    expect((await ask('/plain')).cache).toBe('LocMem; fwd=uri-miss; detail=no-freshness');
    expect((await ask('/fresh')).isHit).toBe(true);
  });

  const OF_KOA_3: [string, (ctx: any) => unknown, string][] = [
    ['a Blob', (ctx) => (ctx.body = new Blob(['blob'], { type: 'text/plain' })), 'blob'],
    ['a ReadableStream', (ctx) => (ctx.body = new Blob(['web stream']).stream()), 'web stream'],
    [
      'a Response',
      (ctx) => (ctx.body = new Response('fetched', { headers: { 'x-from': 'upstream' } })),
      'fetched',
    ],
  ];

  it.each<[string, (ctx: any) => unknown, string]>([
    ['a string', (ctx) => (ctx.body = 'text'), 'text'],
    ['an empty string', (ctx) => (ctx.body = ''), ''],
    ['HTML', (ctx) => (ctx.body = '<p>text</p>'), '<p>text</p>'],
    ['a Buffer', (ctx) => (ctx.body = Buffer.from('bytes')), 'bytes'],
    ['an object', (ctx) => (ctx.body = { a: 1 }), '{"a":1}'],
    ['an array', (ctx) => (ctx.body = [1, 2]), '[1,2]'],
    ['a number', (ctx) => (ctx.body = 5), '5'],
    ['a file stream', (ctx) => (ctx.body = createReadStream(file)), 'from a file'],
    ['a stream in pieces', (ctx) => (ctx.body = Readable.from(['a', 'b', 'c'])), 'abc'],
    [
      'a body set later',
      async (ctx) => {
        await Promise.resolve();
        ctx.body = 'later';
      },
      'later',
    ],
    ['ctx.res.end', (ctx) => ctx.res.writeHead(200, { 'x-raw': 'yes' }).end('raw'), 'raw'],
    [
      'ctx.respond = false, at once',
      (ctx) => {
        ctx.respond = false;
        ctx.res.statusCode = 200;
        ctx.res.write('raw ');
        ctx.res.end('bytes');
      },
      'raw bytes',
    ],
    [
      'ctx.respond = false, after all middlewares have returned',
      (ctx) => {
        ctx.respond = false;
        setImmediate(() => {
          ctx.res.statusCode = 200;
          ctx.res.end('raw, later');
        });
      },
      'raw, later',
    ],
    [
      'ctx.flushHeaders and then a body',
      (ctx) => {
        ctx.status = 200;
        ctx.type = 'text/plain';
        ctx.flushHeaders();
        ctx.body = Readable.from(['in', ' parts']);
      },
      'in parts',
    ],
    ...(version === 'Koa 3' ? OF_KOA_3 : []),
  ])('stores and repeats %s', async (_form, handler, text) => {
    const cache = fresh();
    const app = new Koa().use(cache).use(async (ctx) => {
      await handler(ctx);
    });
    const ask = await listen(app);
    const miss = await ask('/', AT_HOST);
    expect(cache.stats().refusals).toEqual({});
    const askBehind = await listen(behindAnother(cache));
    for (const hit of [await ask('/', AT_HOST), await askBehind('/', AT_HOST)]) {
      expect([miss.isHit, hit.isHit]).toEqual([false, true]);
      expect([miss.text, hit.text]).toEqual([text, text]);
      expect([miss.status, hit.status]).toEqual([200, 200]);
      for (const name of ['content-type', 'etag', 'last-modified', 'x-raw', 'x-from']) {
        expect([name, hit.headers[name]]).toEqual([name, miss.headers[name]]);
      }
    }
  });

  it.each<[string, (ctx: any) => unknown, number, string]>([
    ['ctx.body = null', (ctx) => (ctx.body = null), 204, ''],
    ['205, which has no content', (ctx) => [(ctx.body = 'x'), (ctx.status = 205)], 205, ''],
    ['200 with ctx.body = null', (ctx) => [(ctx.body = null), (ctx.status = 200)], 200, ''],
    ['404 with no body set', () => {}, 404, 'Not Found'],
    ['a status of its own', (ctx) => [(ctx.status = 418), (ctx.body = 'short')], 418, 'short'],
    [
      'a reason of its own',
      (ctx) => [(ctx.status = 410), (ctx.message = 'No more'), (ctx.body = 'x')],
      410,
      'x',
    ],
    ['a redirect', (ctx) => [(ctx.status = 301), ctx.redirect('/to')], 301, 'Redirecting to /to.'],
  ])('repeats %s where its freshness is declared', async (_what, handler, status, text) => {
    const cache = fresh();
    const app = new Koa().use(cache).use((ctx) => {
      ctx.set('Cache-Control', 'max-age=60');
      handler(ctx);
    });
    const ask = await listen(app);
    const miss = await ask('/', AT_HOST);
    const askBehind = await listen(behindAnother(cache));
    for (const hit of [await ask('/', AT_HOST), await askBehind('/', AT_HOST)]) {
      expect([miss.isHit, hit.isHit]).toEqual([false, true]);
      for (const { status: got, text: body } of [miss, hit]) {
        expect([got, body]).toEqual([status, text]);
      }
      expect(hit.statusMessage).toBe(miss.statusMessage);
      for (const name of ['content-type', 'location']) {
        expect([name, hit.headers[name]]).toEqual([name, miss.headers[name]]);
      }
    }
  });

  it('answers HEAD from a stored GET, and does not store its own', async () => {
    let runs = 0;
    const app = new Koa().use(fresh()).use((ctx) => {
      runs++;
      ctx.body = 'hello';
    });
    const ask = await listen(app);
    expect((await ask('/', { method: 'HEAD' })).isHit).toBe(false);
    expect((await ask('/')).isHit).toBe(false);
    const head = await ask('/', { method: 'HEAD' });
    expect([head.isHit, head.text, head.headers['content-length']]).toEqual([true, '', '5']);
    expect(head.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(runs).toBe(2);
  });

  it('answers 304 to the ETag that the handler made', async () => {
    const app = new Koa().use(fresh()).use((ctx) => {
      ctx.etag = 'v1';
      ctx.body = 'hello';
    });
    const ask = await listen(app);
    const { headers } = await ask('/');
    const again = await ask('/', { headers: { 'if-none-match': String(headers.etag) } });
    expect([again.status, again.text, again.isHit]).toEqual([304, '', true]);
    expect(again.headers.etag).toBe('"v1"');
    expect(again.headers['content-type']).toBeUndefined();
  });

  it('answers 504 to only-if-cached when nothing is stored', async () => {
    const app = new Koa().use(fresh()).use((ctx) => {
      ctx.body = 'never';
    });
    const ask = await listen(app);
    const answer = await ask('/', { headers: { 'cache-control': 'only-if-cached' } });
    expect([answer.status, answer.text]).toEqual([504, '']);
  });

  it('goes by the URL that the client sent where a mounted application sees another', async () => {
    const cache = fresh();
    const mount = (prefix: string): any => {
      return async (ctx: Context, next: () => Promise<void>) => {
        if (!ctx.path.startsWith(prefix)) return next();
        const path = ctx.path;
        ctx.path = path.slice(prefix.length);
        await cache(ctx, () => {
          ctx.body = ctx.originalUrl;
          return Promise.resolve();
        });
        ctx.path = path;
        return undefined;
      };
    };
    const ask = await listen(new Koa().use(mount('/a')).use(mount('/b')));
    for (const isHit of [false, true]) {
      for (const path of ['/a/item', '/b/item', '/a/item?x=1']) {
        const answer = await ask(path);
        expect([answer.text, answer.isHit]).toEqual([path, isHit]);
      }
    }
    cache.invalidate({ url: '/b/item' });
    expect((await ask('/b/item')).isHit).toBe(false);
    expect((await ask('/a/item')).isHit).toBe(true);
  });

  it('invalidates by a write that succeeds, and not by one that fails', async () => {
    let value = 0;
    const app = new Koa().use(fresh()).use((ctx) => {
      if (ctx.method === 'POST') value++;
      if (ctx.get('x-fail')) ctx.throw(400);
      ctx.body = String(value);
    });
    app.silent = true;
    const ask = await listen(app);
    await ask('/');
    await ask('/', { method: 'POST', headers: { 'x-fail': 'yes' } });
    expect((await ask('/')).text).toBe('0');
    await ask('/', { method: 'POST' });
    expect((await ask('/')).text).toBe('2');
  });

  it('gives functions among the options the context', async () => {
    const app = new Koa().use(
      fresh({
        keyPrefix: (ctx) => ctx.get('x-tenant') || ctx.hostname,
        version: (ctx) => Number(ctx.get('x-version') || 1),
        bypass: (ctx) => ctx.path === '/live',
      }),
    );
    app.use((ctx) => {
      ctx.body = ctx.get('x-version') || 'none';
    });
    const ask = await listen(app);
    await ask('/');
    expect((await ask('/')).isHit).toBe(true);
    expect((await ask('/', { headers: { 'x-version': '2' } })).text).toBe('2');
    await ask('/live');
    expect((await ask('/live')).cache).toBe('LocMem; fwd=bypass; detail=bypass-option');
  });

  it('sees in the context what middlewares further out have put on its state', async () => {
    const app = new Koa();
    app.use((ctx, next) => {
      ctx.state.tenant = ctx.get('x-tenant');
      return next();
    });
    app.use(fresh({ keyPrefix: (ctx) => ctx.state.tenant as string }));
    app.use((ctx) => {
      ctx.body = ctx.state.tenant as string;
    });
    const ask = await listen(app);
    for (const tenant of ['a', 'b', 'a']) {
      expect((await ask('/', { headers: { 'x-tenant': tenant } })).text).toBe(tenant);
    }
  });

  it('keys on scheme and host as the proxy names them under app.proxy', async () => {
    const app = new Koa();
    app.proxy = true;
    app.use(fresh()).use((ctx) => {
      ctx.body = `${ctx.protocol} ${ctx.host}`;
    });
    const ask = await listen(app);
    const forwarded = (host: string, scheme: string) => ({
      headers: { host: 'internal', 'x-forwarded-host': host, 'x-forwarded-proto': scheme },
    });
    for (const host of ['a.example', 'b.example', 'a.example:81']) {
      for (const scheme of ['http', 'https']) {
        expect((await ask('/', forwarded(host, scheme))).text).toBe(`${scheme} ${host}`);
        expect((await ask('/', forwarded(host, scheme))).isHit).toBe(true);
      }
    }
    expect((await ask('/', forwarded('a b', 'http'))).cache).toContain('detail=host');
  });

  it('keys on the Host field when no proxy is trusted', async () => {
    const app = new Koa().use(fresh()).use((ctx) => {
      ctx.body = ctx.host;
    });
    const ask = await listen(app);
    const forged = { host: 'a.example', 'x-forwarded-host': 'evil.example' };
    expect((await ask('/', { headers: forged })).text).toBe('a.example');
    const answer = await ask('/', { headers: { host: 'a.example' } });
    expect([answer.text, answer.isHit]).toEqual(['a.example', true]);
  });

  it('carries invalidate, clear, explain and stats', async () => {
    const cache = fresh();
    const app = new Koa();
    app.use((ctx, next) => {
      if (ctx.path !== '/why') return next();
      ctx.body = cache.explain(ctx);
      return undefined;
    });
    app.use(cache).use((ctx) => {
      ctx.body = 'x';
    });
    const ask = await listen(app);
    expect(JSON.parse((await ask('/why')).text)).toMatchObject({ outcome: 'miss' });
    await ask('/');
    await ask('/');
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 1, stored: 1 });
    cache.invalidate({ url: '/' });
    expect((await ask('/')).isHit).toBe(false);
    cache.clear();
    expect((await ask('/')).isHit).toBe(false);
  });

  it('leaves errors of handlers to Koa, and stores none of them', async () => {
    let runs = 0;
    const app = new Koa().use(fresh()).use((ctx) => {
      runs++;
      ctx.throw(410, 'gone', { headers: { 'Cache-Control': 'max-age=60' } });
    });
    app.silent = true;
    const ask = await listen(app);
    for (let i = 0; i < 2; i++) {
      const { status, text } = await ask('/');
      expect([status, text]).toEqual([410, 'gone']);
    }
    expect(runs).toBe(2);
  });

  it.each<[object, number, string]>([
    [{ status: 404, expose: true }, 404, 'broken'],
    [{ statusCode: 404, expose: true }, 404, 'broken'],
    [{ status: 503 }, 200, 'page'],
    [{ statusCode: 503 }, 200, 'page'],
    [{ status: 999 }, 200, 'page'],
    [{}, 200, 'page'],
  ])(
    'a stale answer stands in for an error with %j as for one of that status',
    async (thrown, status, text) => {
      const clock = { ms: 0, now: () => clock.ms };
      let runs = 0;
      const app = new Koa().use(fresh({ clock, staleIfError: true })).use((ctx) => {
        if (++runs > 1) throw Object.assign(new Error('broken'), thrown);
        ctx.body = 'page';
      });
      app.silent = true;
      const ask = await listen(app);
      await ask('/');
      clock.ms += 61_000;
      const answer = await ask('/');
      expect([answer.status, answer.text]).toEqual([status, text]);
    },
  );

  it('works over a store of promises', async () => {
    const store = new LocMemCache(freshStoreName());
    const later = new Proxy(store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) =>
          Promise.resolve().then(() => Reflect.apply(value, target, args) as unknown);
      },
    });
    const app = new Koa().use(responseCache({ cache: later as any, timeout: 60 }));
    app.use((ctx) => {
      ctx.body = 'x';
    });
    const ask = await listen(app);
    expect((await ask('/')).isHit).toBe(false);
    const hit = await ask('/');
    expect([hit.isHit, hit.text]).toEqual([true, 'x']);
  });
});

describe.each(KOAS)('%s: cachePage', (_name, Koa) => {
  const page = (...[timeout, options]: Parameters<typeof cachePage<string>>) =>
    cachePage(timeout, { cache: freshStoreName(), clock: standingClock, ...options });

  it('caches one route and no other', async () => {
    const cached = page('5m');
    const app = new Koa().use((ctx, next) => (ctx.path === '/cached' ? cached(ctx, next) : next()));
    app.use((ctx) => {
      ctx.body = 'x';
    });
    const ask = await listen(app);
    for (const path of ['/cached', '/plain']) await ask(path);
    expect((await ask('/cached')).cache).toBe('LocMem; hit; ttl=300');
    expect((await ask('/plain')).cache).toBeUndefined();
  });

  it('without a timeout stores what the route declares fresh', async () => {
    const app = new Koa().use(page()).use((ctx) => {
      ctx.set('Cache-Control', 's-maxage=30');
      ctx.body = 'x';
    });
    const ask = await listen(app);
    await ask('/');
    expect((await ask('/')).cache).toBe('LocMem; hit; ttl=30');
  });

  it('behind a site-wide cache of the same store names the timeout of its route', async () => {
    const cache = freshStoreName();
    const app = new Koa();
    const options = { cache, clock: standingClock };
    app.use(responseCache({ ...options, timeout: 60 })).use(cachePage(5, options));
    app.use((ctx) => {
      ctx.body = 'x';
    });
    const ask = await listen(app);
    await ask('/');
    expect((await ask('/')).cache).toBe('LocMem; hit; ttl=5');
  });

  it('takes its timeout in one place', () => {
    const twice: any = { timeout: 5 };
    expect(() => cachePage(60, twice)).toThrow(
      expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_OPTION', option: 'timeout', value: 5 }),
    );
  });

  it.each<[any, any, string]>([
    [NaN, undefined, 'ERR_LOCMEM_INVALID_TIMEOUT'],
    ['5 minutes', undefined, 'ERR_LOCMEM_INVALID_TIMEOUT'],
    [60, 5, 'ERR_LOCMEM_INVALID_OPTION'],
    [60, null, 'ERR_LOCMEM_INVALID_OPTION'],
    [60, { ttl: 5 }, 'ERR_LOCMEM_INVALID_OPTION'],
    [60, { key: 5 }, 'ERR_LOCMEM_INVALID_OPTION'],
  ])('refuses (%j, %j)', (timeout, options, code) => {
    expect(() => cachePage(timeout, options)).toThrow(expect.objectContaining({ code }));
  });
});
