import { afterAll, describe, expect, it } from '@jest/globals';
import { LocMemCache } from '@locmem/core';
import type { Request } from 'express';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, pipeline } from 'node:stream';
import supertest from 'supertest';
import { cachePage, responseCache } from '../src/index.js';
import type { ResponseCacheMiddlewareOptions } from '../src/index.js';
import { closeAll, EXPRESSES, freshStoreName, listen, standingClock } from './harness.js';

const folder = mkdtempSync(join(tmpdir(), 'locmem-express-'));
const file = join(folder, 'page.txt');
writeFileSync(file, 'from a file');

afterAll(async () => {
  await closeAll();
  rmSync(folder, { recursive: true });
});

const fresh = (options: ResponseCacheMiddlewareOptions<string> = {}) =>
  responseCache({ cache: freshStoreName(), timeout: 60, clock: standingClock, ...options });

describe.each(EXPRESSES)('%s: responseCache', (_name, express) => {
  it('answers a repeated GET without asking the route again', async () => {
    let runs = 0;
    const app = express().use(fresh());
    app.get('/', (_req, res) => {
      res.json({ run: ++runs });
    });
    const client = supertest(app);
    const miss = await client.get('/').set('Host', 'a.example').expect(200, { run: 1 });
    expect(miss.headers['cache-status']).toBe('LocMem; fwd=uri-miss');
    const hit = await client.get('/').set('Host', 'a.example').expect(200, { run: 1 });
    expect(hit.headers['cache-status']).toBe('LocMem; hit; ttl=60');
    expect(hit.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(hit.headers.etag).toBe(miss.headers.etag);
  });

  it('stores only what is declared fresh when it is given no timeout', async () => {
    const app = express().use(fresh({ timeout: undefined }));
    app.get('/plain', (_req, res) => {
      res.send('x');
    });
    app.get('/fresh', (_req, res) => {
      res.set('Cache-Control', 'max-age=60').send('x');
    });
    const ask = await listen(app);
    for (const path of ['/plain', '/fresh']) await ask(path);
    expect((await ask('/plain')).cache).toBe('LocMem; fwd=uri-miss; detail=no-freshness');
    expect((await ask('/fresh')).isHit).toBe(true);
  });

  it.each<[string, (req: any, res: any) => void, string]>([
    ['res.send(string)', (_req, res) => res.send('text'), 'text'],
    ['res.send(Buffer)', (_req, res) => res.send(Buffer.from('bytes')), 'bytes'],
    ['res.json', (_req, res) => res.json({ a: 1 }), '{"a":1}'],
    ['res.jsonp', (_req, res) => res.jsonp({ a: 1 }), '{"a":1}'],
    ['res.type().end', (_req, res) => res.type('txt').end('text'), 'text'],
    ['res.write', (_req, res) => [res.write('one '), res.write('two'), res.end()], 'one two'],
    ['stream.pipe', (_req, res) => createReadStream(file).pipe(res), 'from a file'],
    ['pipeline', (_req, res) => pipeline(Readable.from(['a', 'b', 'c']), res, () => {}), 'abc'],
    [
      'res.sendFile with a lifetime',
      (_req, res) => res.sendFile(file, { maxAge: 60_000 }),
      'from a file',
    ],
    [
      'an async handler',
      async (_req, res) => {
        await Promise.resolve();
        res.send('later');
      },
      'later',
    ],
  ])('stores and repeats %s', async (_form, handler, text) => {
    const app = express().use(fresh());
    app.get('/', handler);
    const ask = await listen(app);
    const miss = await ask('/');
    const hit = await ask('/');
    expect([miss.isHit, hit.isHit]).toEqual([false, true]);
    expect([miss.text, hit.text]).toEqual([text, text]);
    for (const name of ['content-type', 'etag', 'last-modified', 'x-powered-by']) {
      expect(hit.headers[name]).toBe(miss.headers[name]);
    }
  });

  it('leaves alone what sendFile and redirect say of themselves', async () => {
    const app = express().use(fresh());
    app.get('/file', (_req, res) => {
      res.sendFile(file);
    });
    app.get('/redirect', (_req, res) => {
      res.redirect('/file');
    });
    app.get('/moved', (_req, res) => {
      res.set('Cache-Control', 'max-age=60').redirect(301, '/file');
    });
    const ask = await listen(app);
    for (const path of ['/file', '/redirect', '/moved']) await ask(path);
    // send declares max-age=0, and judges our validators.
    expect((await ask('/file')).cache).toContain('fwd=stale; fwd-status=304');
    expect((await ask('/redirect')).cache).toContain('detail=status');
    const moved = await ask('/moved');
    expect([moved.status, moved.headers.location, moved.isHit]).toEqual([301, '/file', true]);
  });

  it('answers 304 to the ETag that Express made', async () => {
    const app = express().use(fresh());
    app.get('/', (_req, res) => {
      res.send('hello');
    });
    const ask = await listen(app);
    const { headers } = await ask('/');
    const again = await ask('/', { headers: { 'if-none-match': String(headers.etag) } });
    expect([again.status, again.text, again.isHit]).toEqual([304, '', true]);
  });

  it('goes by the whole URL below routers and mounted applications', async () => {
    const cache = fresh();
    const router = express.Router();
    router.use(cache);
    router.get('/item', (req, res) => {
      res.send(req.originalUrl);
    });
    const mounted = express();
    mounted.use(cache);
    mounted.get('/item', (req, res) => {
      res.send(req.originalUrl);
    });
    const app = express().use('/a', router).use('/b', router).use('/c', mounted);
    const ask = await listen(app);
    for (let round = 0; round < 2; round++) {
      for (const path of ['/a/item', '/b/item', '/c/item', '/a/item?x=1']) {
        const answer = await ask(path);
        expect([answer.text, answer.isHit]).toEqual([path, round === 1]);
      }
    }
    cache.invalidate({ url: '/b/item' });
    expect((await ask('/b/item')).isHit).toBe(false);
    expect((await ask('/a/item')).isHit).toBe(true);
  });

  it('invalidates by a write that another router answers', async () => {
    let value = 0;
    const app = express().use(fresh());
    app.use(
      '/items',
      express.Router().get('/', (_req, res) => {
        res.send(String(value));
      }),
    );
    app.post('/items', (_req, res) => {
      value++;
      res.sendStatus(201);
    });
    const ask = await listen(app);
    await ask('/items');
    await ask('/items', { method: 'POST' });
    expect((await ask('/items')).text).toBe('1');
  });

  it('gives functions among the options the request of Express', async () => {
    const app = express().use(
      fresh({
        keyPrefix: (req: Request) => req.get('x-tenant') ?? req.hostname,
        version: (req: Request) => Number(req.get('x-version') ?? 1),
        bypass: (req: Request) => req.path === '/live',
      }),
    );
    app.use((req, res) => {
      res.send(req.get('x-version') ?? 'none');
    });
    const ask = await listen(app);
    await ask('/');
    expect((await ask('/')).isHit).toBe(true);
    expect((await ask('/', { headers: { 'x-version': '2' } })).text).toBe('2');
    await ask('/live');
    expect((await ask('/live')).cache).toBe('LocMem; fwd=bypass; detail=bypass-option');
  });

  it('keys on scheme and host as a trusted proxy names them', async () => {
    const app = express().set('trust proxy', 'loopback').use(fresh());
    app.get('/', (req, res) => {
      res.send(`${req.protocol} ${String(req.get('x-forwarded-host'))}`);
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
    const app = express().use(fresh());
    app.get('/', (req, res) => {
      res.send(req.hostname);
    });
    const ask = await listen(app);
    const forged = { host: 'a.example', 'x-forwarded-host': 'evil.example' };
    expect((await ask('/', { headers: forged })).text).toBe('a.example');
    const answer = await ask('/', { headers: { host: 'a.example' } });
    expect([answer.text, answer.isHit]).toEqual(['a.example', true]);
  });

  it('carries invalidate, clear, explain and stats', async () => {
    const cache = fresh();
    const app = express();
    app.get('/why', (req, res) => {
      res.json(cache.explain(req));
    });
    app.use(cache);
    app.get('/', (_req, res) => {
      res.send('x');
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

  it('leaves errors of routes to Express, and stores none of them', async () => {
    let runs = 0;
    const app = express().use(fresh());
    app.get('/', () => {
      runs++;
      throw Object.assign(new Error('broken'), { status: 503, expose: true });
    });
    app.use(((_error: unknown, _req: unknown, res: any, _next: unknown) => {
      res.status(503).send('sorry');
    }) as any);
    const ask = await listen(app);
    expect((await ask('/')).status).toBe(503);
    expect((await ask('/')).text).toBe('sorry');
    expect(runs).toBe(2);
  });
});

describe.each(EXPRESSES)('%s: cachePage', (_name, express) => {
  const page = (...[timeout, options]: Parameters<typeof cachePage<string>>) =>
    cachePage(timeout, { cache: freshStoreName(), clock: standingClock, ...options });

  it('caches one route and no other', async () => {
    const app = express();
    app.get('/cached', page('5m'), (_req, res) => {
      res.send('x');
    });
    app.get('/plain', (_req, res) => {
      res.send('x');
    });
    const ask = await listen(app);
    for (const path of ['/cached', '/plain']) await ask(path);
    expect((await ask('/cached')).cache).toBe('LocMem; hit; ttl=300');
    expect((await ask('/plain')).cache).toBeUndefined();
  });

  it('without a timeout stores what the route declares fresh', async () => {
    const app = express();
    app.get('/', page(), (_req, res) => {
      res.set('Cache-Control', 's-maxage=30').send('x');
    });
    const ask = await listen(app);
    await ask('/');
    expect((await ask('/')).cache).toBe('LocMem; hit; ttl=30');
  });

  it('behind a site-wide cache of the same store names the timeout of its route', async () => {
    const cache = freshStoreName();
    const options = { cache, clock: standingClock };
    const app = express().use(responseCache({ ...options, timeout: 60 }));
    const router = express.Router();
    router.get('/short', cachePage(5, options), (_req, res) => {
      res.send('x');
    });
    app.use('/api', router);
    const ask = await listen(app);
    await ask('/api/short');
    expect((await ask('/api/short')).cache).toBe('LocMem; hit; ttl=5');
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
    [{ timeout: 5 }, undefined, 'ERR_LOCMEM_INVALID_TIMEOUT'],
    [60, 5, 'ERR_LOCMEM_INVALID_OPTION'],
    [60, null, 'ERR_LOCMEM_INVALID_OPTION'],
    [60, { ttl: 5 }, 'ERR_LOCMEM_INVALID_OPTION'],
  ])('refuses (%j, %j)', (timeout, options, code) => {
    expect(() => cachePage(timeout, options)).toThrow(expect.objectContaining({ code }));
  });
});

describe('the own store', () => {
  it('is one for all middlewares that name none, so that one can purge for another', async () => {
    const [, express] = EXPRESSES[1]!;
    const app = express();
    app.get('/', cachePage(60), (_req, res) => {
      res.send('x');
    });
    const ask = await listen(app);
    await ask('/');
    expect((await ask('/')).isHit).toBe(true);
    responseCache().invalidate({ url: '/' });
    expect((await ask('/')).isHit).toBe(false);
  });

  it('may be a LocMemCache of the application, whose other entries clear leaves alone', async () => {
    const [, express] = EXPRESSES[1]!;
    const store = new LocMemCache(freshStoreName());
    store.set('mine', 1);
    const cache = responseCache({ cache: store, timeout: 60 });
    const app = express().use(cache);
    app.get('/', (_req, res) => {
      res.send('x');
    });
    const ask = await listen(app);
    await ask('/');
    expect((await ask('/')).isHit).toBe(true);
    cache.clear();
    expect((await ask('/')).isHit).toBe(false);
    expect(store.get('mine')).toBe(1);
  });
});
