/** Who is compared: each opens itself on a server of its own database prefix. */
import { createKeyv } from '@keyv/redis';
import { LocMemCache } from '@locmem/core';
import { RedisCache, TieredCache } from '@locmem/redis';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisDriver } from 'bentocache/drivers/redis';
import { createCache } from 'cache-manager';
import { Cacheable, CacheableMemory } from 'cacheable';
import { Redis } from 'ioredis';
import Keyv from 'keyv';
import { createClient } from 'redis';
import { setTimeout as sleep } from 'node:timers/promises';

const TTL_MS = 300_000;
const CAPACITY = 10_000;
/** As long as a test of speed may wait: the machine is shared. */
const DEADLINE = '10s';

let names = 0;
const unique = () => `bench-${process.pid}-${++names}`;

async function nodeRedis(url) {
  const client = createClient({ url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

const ioredis = (url) => new Redis(url);

/** The client by itself, with the values as JSON: the same commands, nothing around them. */
const bareIoredis = {
  name: 'ioredis, bare',
  package: 'ioredis',
  async make(url) {
    const client = ioredis(url);
    const at = unique();
    return {
      get: async (key) => parse(await client.get(at + key)),
      set: (key, value) => client.set(at + key, JSON.stringify(value), 'PX', TTL_MS),
      getMany: async (keys) => (await client.mget(keys.map((key) => at + key))).map(parse),
    };
  },
};

const bareNodeRedis = {
  name: 'node-redis, bare',
  package: 'redis',
  async make(url) {
    const client = await nodeRedis(url);
    const at = unique();
    return {
      get: async (key) => parse(await client.get(at + key)),
      set: (key, value) => client.set(at + key, JSON.stringify(value), { PX: TTL_MS }),
      getMany: async (keys) => (await client.mGet(keys.map((key) => at + key))).map(parse),
    };
  },
};

const parse = (text) => (text === null ? undefined : JSON.parse(text));

function ours(cache) {
  return {
    get: (key) => cache.get(key),
    set: (key, value) => cache.set(key, value),
    getMany: async (keys) => [...(await cache.getMany(keys)).values()],
    load: (key, loader) => cache.getOrSet(key, loader),
    sibling: undefined,
  };
}

/** @param bare the same client without us */
const redisCache = (title, client, bare) => ({
  name: `LocMem RedisCache, ${title}`,
  package: '@locmem/redis',
  bare,
  async make(url, name = unique()) {
    const cache = new RedisCache(name, { client: await client(url), deadline: DEADLINE });
    return ours(cache);
  },
});

const tieredCache = {
  name: 'LocMem TieredCache',
  package: '@locmem/redis',
  async make(url, name = unique()) {
    const back = new RedisCache(name, { client: ioredis(url), deadline: DEADLINE });
    const front = new LocMemCache(unique(), { maxEntries: CAPACITY });
    const cache = new TieredCache(name, { front, back });
    while (cache.stats().bus.state === 'deaf') await sleep(5);
    return ours(cache);
  },
};

const locMem = {
  name: 'LocMem, in process alone',
  package: '@locmem/core',
  async make() {
    return ours(new LocMemCache(unique(), { maxEntries: CAPACITY }));
  },
};

function bento(name, layers) {
  return {
    name,
    package: 'bentocache',
    async make(url, prefix = unique()) {
      const l2 = redisDriver({ connection: ioredis(url), prefix });
      const store =
        layers === 2 ? bentostore().useL1Layer(memoryDriver({ maxItems: CAPACITY })) : bentostore();
      const stores = { cache: store.useL2Layer(l2) };
      const cache = new BentoCache({ default: 'cache', ttl: TTL_MS, stores });
      return {
        get: (key) => cache.get({ key }),
        set: (key, value) => cache.set({ key, value }),
        load: (key, loader) => cache.getOrSet({ key, factory: loader }),
      };
    },
  };
}

function keyvRedis(url, namespace) {
  const keyv = createKeyv(url, { namespace });
  keyv.ttl = TTL_MS;
  return keyv;
}

const cacheableRemote = {
  name: 'cacheable, @keyv/redis',
  package: 'cacheable',
  async make(url, namespace = unique()) {
    const cache = new Cacheable({ primary: keyvRedis(url, namespace), ttl: TTL_MS });
    return cacheableMethods(cache);
  },
};

const cacheableTiered = {
  name: 'cacheable, memory and @keyv/redis',
  package: 'cacheable',
  async make(url, namespace = unique()) {
    const primary = new Keyv({ store: new CacheableMemory({ lruSize: CAPACITY }) });
    const cache = new Cacheable({ primary, secondary: keyvRedis(url, namespace), ttl: TTL_MS });
    return cacheableMethods(cache);
  },
};

function cacheableMethods(cache) {
  return {
    get: (key) => cache.get(key),
    set: (key, value) => cache.set(key, value),
    getMany: (keys) => cache.getMany(keys),
    load: (key, loader) => cache.getOrSet(key, loader),
  };
}

function cacheManager(name, hasMemory) {
  return {
    name,
    package: 'cache-manager',
    async make(url, namespace = unique()) {
      const memory = new Keyv({ store: new CacheableMemory({ lruSize: CAPACITY }) });
      const remote = keyvRedis(url, namespace);
      const cache = createCache({ stores: hasMemory ? [memory, remote] : [remote], ttl: TTL_MS });
      return {
        get: (key) => cache.get(key),
        set: (key, value) => cache.set(key, value),
        getMany: (keys) => cache.mget(keys),
        load: (key, loader) => cache.wrap(key, loader),
      };
    },
  };
}

export const subjects = {
  bareIoredis,
  bareNodeRedis,
  redisCacheIoredis: redisCache('ioredis', (url) => Promise.resolve(ioredis(url)), 'bareIoredis'),
  redisCacheNodeRedis: redisCache('node-redis', nodeRedis, 'bareNodeRedis'),
  tieredCache,
  locMem,
  bentoRemote: bento('bentocache, redis driver', 1),
  bentoTiered: bento('bentocache, memory and redis', 2),
  cacheableRemote,
  cacheableTiered,
  cacheManagerRemote: cacheManager('cache-manager, @keyv/redis', false),
  cacheManagerTiered: cacheManager('cache-manager, memory and @keyv/redis', true),
};
