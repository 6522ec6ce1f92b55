/**
 * Nest applications that answer one page, by what caches it. Each starts on a port of its own.
 *
 * @typedef {object} Subject
 * @property {string} id
 * @property {string} name
 * @property {'node' | 'Express' | 'Fastify'} platform
 * @property {boolean} caches whether a second request runs no handler
 */
import 'reflect-metadata';
import { Buffer } from 'node:buffer';
import { createServer } from 'node:http';
import { city, decorate } from './methods.mjs';

const PAGE = Array.from({ length: 10 }, (_, id) => city(id));

export const PATH = '/cities';

const KINDS = [
  { kind: 'bare', name: 'a bare controller', caches: false },
  { kind: 'interceptor', name: "Nest's CacheInterceptor", caches: true },
  { kind: 'page', name: 'LocMem @CachePage', caches: true },
  { kind: 'scoped', name: 'LocMem @CachePage, with scopes for @CacheVersion', caches: true },
  { kind: 'front', name: 'LocMem @CachePage, front: true', caches: true },
];

export const subjects = [
  { id: 'node', name: 'node:http', platform: 'node', caches: false },
  ...['Express', 'Fastify'].flatMap((platform) =>
    KINDS.map((kind) => ({ ...kind, id: `${platform}/${kind.kind}`, platform })),
  ),
];

/** @returns {Promise<{ port: number, runs: () => number }>} */
export async function start({ platform, kind }) {
  let runs = 0;
  const answer = () => {
    runs++;
    return PAGE;
  };
  if (platform === 'node') {
    const server = createServer((_req, res) => {
      const body = JSON.stringify(answer());
      res.setHeader('Content-Type', 'application/json; charset=utf-8');
      res.setHeader('Content-Length', Buffer.byteLength(body));
      res.end(body);
    });
    server.keepAliveTimeout = 0; // while others have their turn
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { port: server.address().port, runs: () => runs };
  }
  const app = await create(platform, await moduleOf(kind, answer));
  app.getHttpServer().keepAliveTimeout = 0;
  await app.listen(0, '127.0.0.1');
  return { port: Number(new URL(await app.getUrl()).port), runs: () => runs };
}

async function create(platform, module) {
  const { NestFactory } = await import('@nestjs/core');
  if (platform === 'Express') return NestFactory.create(module, { logger: ['error'] });
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  return NestFactory.create(module, new FastifyAdapter(), { logger: ['error'] });
}

async function moduleOf(kind, answer) {
  const { Controller, Get, Module, UseInterceptors } = await import('@nestjs/common');
  const { CacheInterceptor, CacheModule } = await import('@nestjs/cache-manager');
  const { CachePage, CacheVersion, LocMemModule } = await import('@locmem/nestjs');
  class Cities {
    list() {
      return answer();
    }
  }
  // Applied only where it is wanted: it alone makes every request of the process open a scope.
  const versioned = (...place) => CacheVersion(() => 2)(...place);
  const how = {
    bare: [[], []],
    interceptor: [[CacheModule.register({ ttl: 3_600_000 })], [UseInterceptors(CacheInterceptor)]],
    page: [[LocMemModule.register()], [CachePage('1h')]],
    scoped: [[LocMemModule.register()], [CachePage('1h'), versioned]],
    front: [[LocMemModule.register({ front: true })], [CachePage('1h')]],
  };
  const [imports, decorators] = how[kind];
  for (const one of decorators) decorate(Cities.prototype, 'list', one);
  decorate(Cities.prototype, 'list', Get(PATH));
  Controller()(Cities);
  class App {}
  Module({ imports, controllers: [Cities] })(App);
  return App;
}
