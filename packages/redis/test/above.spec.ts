/** What stands on a cache stands on these: response caches, fronts and cached methods. */
import 'reflect-metadata';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { LocMemCache, type AsyncCache, type LocMemOptions } from '@locmem/core';
import { front, responseCache as expressCache } from '@locmem/express';
import { responseCache as koaCache } from '@locmem/koa';
import { TestClock } from '@locmem/core/testing';
import { Cacheable, CacheEvict, LocMemModule } from '@locmem/nestjs';
import { RedisCache, TieredCache, type RedisClient } from '@locmem/redis';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import express from 'express';
import Koa from 'koa';
import { once } from 'node:events';
import { request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CLIENTS, type TestClient } from './support/clients.js';
import { describeWithServer, TestServer } from './support/server.js';
import { until } from './support/until.js';

// Sockets and processes take their time on a busy machine.
jest.setTimeout(30_000);

interface Site {
  readonly get: (path: string) => Promise<{ status: number; body: string; cache: string }>;
  readonly runs: () => number;
  readonly cache: {
    invalidate(what: object): unknown;
  };
}

describeWithServer('on a shared store', () => {
  let redis: TestServer;
  let client: TestClient;
  const servers: Server[] = [];
  const caches: AsyncCache[] = [];
  let stores = 0;

  beforeAll(async () => {
    redis = await TestServer.start();
    client = await CLIENTS['node-redis 6']!(redis.port);
  });

  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    }
    for (const cache of caches.splice(0)) await cache.close();
  });

  afterAll(async () => {
    client.close();
    await redis.stop();
  });

  const STORES: Record<string, (name: string, client: RedisClient) => AsyncCache> = {
    RedisCache: (name, client) => new RedisCache(name, { client, deadline: '5s' }),
    TieredCache: (name, client) =>
      new TieredCache(name, {
        front: new LocMemCache(`front ${++stores}`, { maxEntries: 1_000 }),
        back: new RedisCache(name, { client, deadline: '5s' }),
      }),
  };

  const open = async (kind: string, name: string): Promise<AsyncCache> => {
    const cache = STORES[kind]!(name, client.client);
    caches.push(cache);
    if (cache instanceof TieredCache) await until(() => cache.stats().bus.state === 'tracking');
    return cache;
  };

  const listen = async (server: Server) => {
    servers.push(server);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return async (path: string) => {
      // The same site to all: keys hold the host, as the client names it.
      const headers = { host: 'site.test' };
      const asking = request({ host: '127.0.0.1', port, path, headers, agent: false }).end();
      const [answer] = (await once(asking, 'response')) as [IncomingMessage];
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks).toString('latin1');
      return { status: answer.statusCode!, body, cache: String(answer.headers['cache-status']) };
    };
  };

  /** The handler of both frameworks: bytes that are no text, a tag, and a failure when asked for. */
  const page = (run: number) => Buffer.from([0, 0xff, 0x0a, run]);
  let fails = false;

  const FRAMEWORKS: Record<string, (cache: AsyncCache) => Promise<Site>> = {
    Express: async (cache) => {
      const middleware = expressCache({ cache, timeout: '1m', staleIfError: true });
      let runs = 0;
      const app = express();
      app.get('/why', async (req, res) => {
        req.url = req.originalUrl = '/page';
        res.json(await middleware.explain(req));
      });
      app.use(middleware);
      app.get('/page', async (_req, res) => {
        runs++;
        await new Promise(setImmediate);
        if (fails) res.sendStatus(500);
        else res.set('Cache-Tag', 'pages').type('bin').send(page(runs));
      });
      return { get: await listen(app.listen(0, '127.0.0.1')), runs: () => runs, cache: middleware };
    },
    Koa: async (cache) => {
      const middleware = koaCache({ cache, timeout: '1m', staleIfError: true });
      let runs = 0;
      const app = new Koa();
      app.use(async (ctx, next) => {
        if (ctx.url !== '/why') return next();
        ctx.url = ctx.originalUrl = '/page';
        ctx.body = await middleware.explain(ctx);
      });
      app.use(middleware).use(async (ctx) => {
        runs++;
        await new Promise(setImmediate);
        if (fails) ctx.throw(500);
        ctx.set('Cache-Tag', 'pages');
        ctx.type = 'bin';
        ctx.body = page(runs);
      });
      app.silent = true;
      return { get: await listen(app.listen(0, '127.0.0.1')), runs: () => runs, cache: middleware };
    },
  };

  describe.each(Object.keys(STORES))('a response cache on a %s', (kind) => {
    describe.each(Object.keys(FRAMEWORKS))('under %s', (framework) => {
      /** An answer is stored when it has been sent, which is when its client has it, or a little later. */
      const stored = async (site: Site) => {
        const made = await site.get('/page');
        await until(async () => (await site.get('/page')).cache.includes('hit'));
        return made;
      };

      const pair = async (): Promise<[Site, Site]> => {
        const name = `pages ${++stores}`;
        const site = async () => FRAMEWORKS[framework]!(await open(kind, name));
        return [await site(), await site()];
      };

      it('answers in one process what another has stored, byte for byte', async () => {
        const [here, there] = await pair();
        const made = await stored(here);
        expect(made.body).toBe('\x00\xff\n\x01');
        for (const site of [there, here, there]) {
          const answer = await site.get('/page');
          expect(answer).toMatchObject({ status: 200, body: made.body });
          expect(answer.cache).toMatch(/hit/);
        }
        expect([here.runs(), there.runs()]).toEqual([1, 0]);
      });

      it('collapses a crowd, and explains', async () => {
        const [here] = await pair();
        const crowd = await Promise.all(Array.from({ length: 10 }, () => here.get('/page')));
        expect(new Set(crowd.map(({ body }) => body)).size).toBe(1);
        expect(here.runs()).toBe(1);
        await stored(here);
        expect(JSON.parse((await here.get('/why')).body)).toMatchObject({ outcome: 'hit' });
      });

      it('purged by tag or URL in one process, asks the handler in all', async () => {
        const [here, there] = await pair();
        await stored(here);
        await stored(there);
        await here.cache.invalidate({ tags: ['pages'] });
        await until(
          async () => (await there.get('/page')).body === '\x00\xff\n\x01' && there.runs() === 1,
        );
        await there.cache.invalidate({ url: '/page' });
        await until(async () => {
          await here.get('/page');
          return here.runs() === 2;
        });
      });

      it('purged softly, serves the stale answer when the handler fails', async () => {
        const [here] = await pair();
        const made = await stored(here);
        await here.cache.invalidate({ tags: ['pages'], soft: true });
        fails = true;
        try {
          const answer = await here.get('/page');
          expect(answer).toMatchObject({ status: 200, body: made.body });
        } finally {
          fails = false;
        }
        expect(here.runs()).toBe(2);
      });
    });

    it('gives hits away before the framework wakes up', async () => {
      const cache = await open(kind, `front ${++stores}`);
      const middleware = expressCache({ cache, timeout: '1m' });
      const app = express().use(middleware);
      let runs = 0;
      app.get('/page', (_req, res) => res.send(`run ${++runs}`));
      let woken = 0;
      const server = front(app, middleware).listen(0, '127.0.0.1');
      app.use((_req, _res, next) => (woken++, next()));
      const get = await listen(server);
      expect((await get('/page')).body).toBe('run 1');
      await until(async () => (await get('/page')).cache.includes('hit'));
      expect(await get('/page')).toMatchObject({
        body: 'run 1',
        cache: expect.stringMatching(/hit/),
      });
      expect(runs).toBe(1);
      expect(woken).toBe(0);
    });

    it('in front of a server that is silent, a request waits for one deadline', async () => {
      const clock = new TestClock();
      const back = new RedisCache(`silent ${++stores}`, { client: client.client, clock });
      const cache =
        kind === 'RedisCache'
          ? back
          : new TieredCache(back.name, { front: new LocMemCache(back.name), back, bus: 'none' });
      caches.push(cache);
      const middleware = expressCache({ cache, timeout: '1m', clock });
      const app = express().use(middleware);
      app.get('/page', (_req, res) => res.send('page'));
      const get = await listen(front(app, middleware).listen(0, '127.0.0.1'));
      redis.pause();
      try {
        const asking = get('/page');
        await until(() => back.stats().pending > 0);
        clock.advance('250ms');
        expect(await asking).toMatchObject({ status: 200, body: 'page' });
      } finally {
        redis.resume();
      }
    });

    it('keeps the results of methods: one run for two applications', async () => {
      const name = `methods ${++stores}`;
      let runs = 0;

      @Injectable()
      class Cities {
        @Cacheable({ key: (id: number) => `city:${id}`, timeout: '10m', tags: ['cities'] })
        async find(id: number): Promise<{ id: number; since: Date }> {
          runs++;
          await new Promise(setImmediate);
          return { id, since: new Date(0) };
        }

        @CacheEvict({ key: (id: number) => `city:${id}` })
        async rename(id: number): Promise<number> {
          return Promise.resolve(id);
        }
      }

      // A backend is what `new` makes a cache of; this one is the store under test, whatever it is asked for.
      const Shared = function (_location: string, _options: LocMemOptions): AsyncCache {
        const cache = STORES[kind]!(name, client.client);
        caches.push(cache);
        return cache;
      };
      const start = async () => {
        const backend = Shared as unknown as new (at: string, of: LocMemOptions) => AsyncCache;
        const module = await Test.createTestingModule({
          imports: [LocMemModule.register({ caches: { default: { backend } } })],
          providers: [Cities],
        }).compile();
        return { module, cities: module.get(Cities) };
      };
      const [one, other] = [await start(), await start()];
      const found = await Promise.all([
        one.cities.find(1),
        one.cities.find(1),
        other.cities.find(1),
      ]);
      expect(found).toEqual(Array(3).fill({ id: 1, since: new Date(0) }));
      expect(runs).toBe(1);
      await other.cities.rename(1);
      await until(async () => (await one.cities.find(1), runs === 2));
      await one.module.close();
      await other.module.close();
    });
  });

  it('a response cache goes on when the server is killed', async () => {
    const lost = await TestServer.start();
    const own = await CLIENTS['ioredis 6']!(lost.port);
    const cache = new RedisCache('lost', { client: own.client, deadline: '50ms' });
    const site = await FRAMEWORKS.Express!(cache);
    // On a busy machine a write may miss the deadline, or still be under way.
    await until(async () => (await site.get('/page')).cache.includes('hit'));
    await lost.kill();
    for (let i = 0; i < 10; i++) expect((await site.get('/page')).status).toBe(200);
    await lost.start();
    await until(async () => (await site.get('/page')).cache.includes('hit'));
    own.close();
    await lost.stop();
  });
});
