/**
 * How cached code is tested: the application as it is, behind a socket; a cache with a clock to advance
 * in the place of its own; and a count of what the database was asked.
 */
import 'reflect-metadata';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createTestCache } from '@locmem/core/testing';
import type { TestCache } from '@locmem/core/testing';
import { getCacheToken, PageCache } from '@locmem/nestjs';
import type { INestApplication } from '@nestjs/common';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { firstValueFrom } from 'rxjs';
import request from 'supertest';
import { BERLIN, smallWorld, TOKYO } from '../../express-cities/test/small-world.js';
import type { SmallWorld } from '../../express-cities/test/small-world.js';
import { AppModule } from '../src/app.module.js';

const SLOW_MS = 60_000;

let database: SmallWorld;
let cache: TestCache;
let app: INestApplication;

beforeAll(async () => {
  database = await smallWorld();
}, SLOW_MS);
afterAll(() => database.close());

beforeEach(async () => {
  cache = createTestCache();
  const module = await Test.createTestingModule({ imports: [AppModule.over(database)] })
    .overrideProvider(getCacheToken('cities'))
    .useValue(cache)
    .compile();
  app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
});
afterEach(() => app.close());

/** Asks, and says how often the database was asked for it. */
async function ask(path: string, tenant = 'world') {
  const before = database.asked;
  const response = await request(app.getHttpServer() as never)
    .get(path)
    .set('x-tenant', tenant);
  const { status, headers } = response;
  return { status, headers, body: response.body as unknown, asked: database.asked - before };
}

const put = (id: number, population: unknown) =>
  request(app.getHttpServer() as never)
    .put(`/cities/${id}`)
    .send({ population });

describe('the services', () => {
  it('ask the database once for the same city', async () => {
    expect((await ask(`/cities/${BERLIN}`)).asked).toBe(1);
    const again = await ask(`/cities/${BERLIN}`);
    expect(again.asked).toBe(0);
    expect(again.body).toMatchObject({ name: 'Berlin' });
  });

  it('ask again when five minutes are over', async () => {
    await ask(`/cities/${BERLIN}`);
    cache.advance('4m');
    expect((await ask(`/cities/${BERLIN}`)).asked).toBe(0);
    cache.advance('1m');
    expect((await ask(`/cities/${BERLIN}`)).asked).toBe(1);
  });

  it('give neighbours the same answer', async () => {
    expect((await ask('/near?lat=52.521&lon=13.401')).asked).toBe(1);
    expect((await ask('/near?lat=52.523&lon=13.399')).asked).toBe(0);
  });

  it('do not keep that there is no such city', async () => {
    expect((await ask('/cities/1')).status).toBe(404);
    expect((await ask('/cities/1')).asked).toBe(1);
  });

  it('keep tenants apart', async () => {
    expect((await ask(`/cities/${TOKYO}`, 'asia')).status).toBe(200);
    expect((await ask(`/cities/${TOKYO}`, 'europe')).status).toBe(404);
    expect([...cache.keys()]).toEqual([`{"asia"}["city",${TOKYO}]`]);
  });

  it('forget what a write has changed, for every tenant', async () => {
    await ask(`/cities/${BERLIN}`);
    await ask(`/cities/${BERLIN}`, 'europe');
    await put(BERLIN, 4_000_000).expect(200);
    for (const tenant of ['world', 'europe']) {
      const { body } = await ask(`/cities/${BERLIN}`, tenant);
      expect(body).toMatchObject({ population: 4_000_000 });
    }
  });

  it('forget nothing when the write has failed', async () => {
    await ask(`/cities/${BERLIN}`);
    await put(BERLIN, 'many').expect(400);
    await put(1, 5).expect(404);
    expect((await ask(`/cities/${BERLIN}`)).asked).toBe(0);
  });
});

describe('the pages', () => {
  it('are answered from the store, by tenant', async () => {
    expect((await ask('/countries', 'europe')).asked).toBe(1);
    const hit = await ask('/countries', 'europe');
    expect(hit.headers['cache-status']).toMatch(/^LocMem; hit/);
    expect(hit.headers.vary).toContain('X-Tenant');
    expect((await ask('/countries', 'asia')).asked).toBe(1);
    expect(app.get(PageCache).stats()).toMatchObject({ hits: 1, misses: 2 });
  });

  it('show a write at once', async () => {
    await ask('/countries');
    await put(BERLIN, 5_000_000).expect(200);
    const after = await ask('/countries');
    expect(after.asked).toBe(1);
    expect(after.headers['cache-status']).not.toContain('; hit');
  });

  it('of unknown tenants there are none', async () => {
    expect((await ask('/countries', 'nobody')).status).toBe(404);
  });
});

describe('messages', () => {
  it('share the caches of the service, under the prefix of their tenant', async () => {
    const options = { host: '127.0.0.1', port: await freePort() };
    app.connectMicroservice({ transport: Transport.TCP, options }, { inheritAppConfig: true });
    await app.startAllMicroservices();
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
    try {
      await ask(`/cities/${BERLIN}`, 'europe');
      const before = database.asked;
      const city = client.send<unknown>('city', { id: BERLIN, tenant: 'europe' });
      expect(await firstValueFrom(city)).toMatchObject({ name: 'Berlin' });
      expect(database.asked).toBe(before);
    } finally {
      await client.close();
    }
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
