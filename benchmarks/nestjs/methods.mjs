/**
 * Hits of decorated methods, by who decorates. Each subject makes a service whose method has been called
 * once with every argument, and calls it again.
 *
 * @typedef {object} Subject
 * @property {string} name
 * @property {string} [package] whose version the report names
 * @property {'sync' | 'async' | 'request'} group what it is compared within
 * @property {boolean} [isOurs]
 * @property {() => Promise<{ call: (id: number) => unknown, runs: () => number }>} make
 */
import 'reflect-metadata';
import { LocMemCache } from '@locmem/core';
import { createRequire } from 'node:module';
import { AsyncLocalStorage } from 'node:async_hooks';

const require = createRequire(import.meta.url);

/** Ten fields, as a row of a table has them. */
export function city(id) {
  return {
    id,
    name: `City ${id}`,
    country: 'DE',
    continent: 'EU',
    population: 100_000 + id,
    lat: 52.5,
    lon: 13.4,
    isCapital: id % 7 === 0,
    founded: 1237,
    mayor: null,
  };
}

/** A decorator, as a compiler would apply it. */
export function decorate(prototype, name, decorator, returnType) {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
  if (returnType) Reflect.defineMetadata('design:returntype', returnType, prototype, name);
  const replaced = decorator(prototype, name, descriptor) ?? descriptor;
  Object.defineProperty(prototype, name, replaced);
}

/** A service of its own for each subject; `isAsync` as most services are. */
function serviceClass(isAsync) {
  let runs = 0;
  class Cities {
    find(id) {
      runs++;
      return city(id);
    }
  }
  class AsyncCities {
    async find(id) {
      runs++;
      return city(id);
    }
  }
  return { Service: isAsync ? AsyncCities : Cities, runs: () => runs };
}

async function decorated(isAsync, decorator, prepare = (service) => service) {
  const { Service, runs } = serviceClass(isAsync);
  decorate(Service.prototype, 'find', decorator, isAsync ? Promise : Object);
  const service = prepare(new Service());
  return { call: (id) => service.find(id), runs };
}

const ours = async (isAsync, options) => {
  const { Cacheable, provideCaches } = await import('@locmem/nestjs');
  const cache = new LocMemCache('cities', { timeout: '1h', maxEntries: 10_000 });
  return decorated(isAsync, Cacheable(options), (service) =>
    provideCaches(service, { default: cache }),
  );
};

export const subjects = [
  {
    name: 'LocMemCache.get, the key at hand',
    group: 'sync',
    async make() {
      const cache = new LocMemCache('cities', { timeout: '1h', maxEntries: 10_000 });
      const keys = Array.from({ length: 100 }, (_, id) => `city:${id}`);
      for (const [id, key] of keys.entries()) cache.set(key, city(id));
      return { call: (id) => cache.get(keys[id]), runs: () => 0 };
    },
  },
  {
    name: 'LocMemCache.get, the key made',
    group: 'sync',
    async make() {
      const cache = new LocMemCache('cities', { timeout: '1h', maxEntries: 10_000 });
      for (let id = 0; id < 100; id++) cache.set(`city:${id}`, city(id));
      return { call: (id) => cache.get(`city:${id}`), runs: () => 0 };
    },
  },
  {
    name: 'LocMem @Cacheable, default key',
    group: 'sync',
    isOurs: true,
    make: () => ours(false, {}),
  },
  {
    name: 'LocMem @Cacheable, a key of its own',
    group: 'sync',
    isOurs: true,
    make: () => ours(false, { key: (id) => `city:${id}` }),
  },
  {
    name: 'the method alone',
    group: 'async',
    async make() {
      const { Service } = serviceClass(true);
      const service = new Service();
      return { call: (id) => service.find(id), runs: () => 0 };
    },
  },
  {
    name: 'LocMem @Cacheable',
    group: 'async',
    isOurs: true,
    make: () => ours(true, {}),
  },
  {
    name: '@type-cacheable (lru-cache)',
    package: '@type-cacheable/core',
    group: 'async',
    async make() {
      const { Cacheable } = require('@type-cacheable/core');
      const { useAdapter } = require('@type-cacheable/lru-cache-adapter');
      const { LRUCache } = require('lru-cache');
      const client = useAdapter(new LRUCache({ max: 10_000 }));
      return decorated(
        true,
        Cacheable({ cacheKey: ([id]) => `city:${id}`, ttlSeconds: 3_600, client }),
      );
    },
  },
  {
    name: 'ts-cacheable (PCacheable)',
    package: 'ts-cacheable',
    group: 'async',
    async make() {
      const { PCacheable } = require('ts-cacheable');
      return decorated(true, PCacheable({ maxAge: 3_600_000, maxCacheCount: 10_000 }));
    },
  },
  {
    name: 'nestjs-cacheable',
    package: 'nestjs-cacheable',
    group: 'async',
    async make() {
      const { Cacheable } = require('nestjs-cacheable');
      const helper = require('nestjs-cacheable/dist/cacheable.helper.js');
      const { createCache } = await import('cache-manager');
      helper.setCacheManager(createCache({ ttl: 3_600_000 }));
      helper.setCacheManagerIsv5OrGreater(true);
      return decorated(true, Cacheable({ key: (id) => `city:${id}`, ttl: 3_600_000 }));
    },
  },
  {
    name: '@nestjs/cache-manager wrap',
    package: '@nestjs/cache-manager',
    group: 'async',
    async make() {
      const { CacheModule, CACHE_MANAGER } = await import('@nestjs/cache-manager');
      const { NestFactory } = await import('@nestjs/core');
      const module = { module: class {}, imports: [CacheModule.register({ ttl: 3_600_000 })] };
      const app = await NestFactory.createApplicationContext(module, { logger: false });
      const cache = app.get(CACHE_MANAGER, { strict: false });
      const { Service, runs } = serviceClass(true);
      const service = new Service();
      return { call: (id) => cache.wrap(`city:${id}`, () => service.find(id)), runs };
    },
  },
  {
    name: 'the method alone, ten fields that it makes',
    group: 'request',
    async make() {
      const users = new (userClass(({ id }) => city(id)))();
      return { call: () => users.current(), runs: () => 0, inRequest: plainRequest() };
    },
  },
  {
    name: 'the method alone, a field that it hands out',
    group: 'request',
    async make() {
      const users = new (userClass((user) => user))();
      return { call: () => users.current(), runs: () => 0, inRequest: plainRequest() };
    },
  },
  {
    name: 'the method alone, of one class in eight',
    group: 'request',
    async make() {
      // More than a call site remembers: the compiler cannot put the method in its place.
      const all = Array.from({ length: 8 }, () => new (userClass((user) => user))());
      return { call: (id) => all[id & 7].current(), runs: () => 0, inRequest: plainRequest() };
    },
  },
  {
    name: 'AsyncLocalStorage.getStore() alone',
    group: 'request',
    async make() {
      const storage = new AsyncLocalStorage();
      const inRequest = (run) => storage.run({}, run);
      return { call: () => storage.getStore(), runs: () => 0, inRequest };
    },
  },
  {
    name: 'LocMem @RequestMemo',
    group: 'request',
    isOurs: true,
    async make() {
      const { RequestMemo } = await import('@locmem/nestjs');
      const Users = userClass(({ id }) => city(id));
      decorate(Users.prototype, 'current', RequestMemo());
      const users = new Users();
      return { call: () => users.current(), runs: () => 0, inRequest: await ourRequest() };
    },
  },
];

function userClass(make) {
  return class Users {
    user = city(1);
    current() {
      return make(this.user);
    }
  };
}

function plainRequest() {
  const storage = new AsyncLocalStorage();
  return (run) => storage.run({}, run);
}

/** The scope of a request, taken from an application that is asked once and never answers. */
async function ourRequest() {
  const { AsyncResource } = await import('node:async_hooks');
  const { LocMemModule } = await import('@locmem/nestjs');
  const { Controller, Get, Module } = await import('@nestjs/common');
  const { NestFactory } = await import('@nestjs/core');
  let tell;
  const held = new Promise((resolve) => {
    tell = resolve;
  });
  class Holder {
    hold() {
      tell(new AsyncResource('measured'));
      return new Promise(() => undefined);
    }
  }
  Controller()(Holder);
  decorate(Holder.prototype, 'hold', Get());
  class App {}
  Module({ imports: [LocMemModule.register()], controllers: [Holder] })(App);
  const app = await NestFactory.create(App, { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  fetch(await app.getUrl()).catch(() => undefined);
  const resource = await held;
  return (run) => resource.runInAsyncScope(run);
}
