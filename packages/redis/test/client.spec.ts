import { describe, expect, it } from '@jest/globals';
import { LocMemCache, type AsyncCache } from '@locmem/core';
import { KeyvCache } from '@locmem/core/keyv';
import { RedisCache, TieredCache, type RedisClient } from '@locmem/redis';
import { EventEmitter } from 'node:events';
import { Cluster as Cluster5, Redis as IoRedis5 } from 'ioredis5';
import { Cluster as Cluster6, Redis as IoRedis6 } from 'ioredis6';
import { Redis as IoValkey } from 'iovalkey';
import Keyv from 'keyv';
import * as redis4 from 'redis4';
import * as redis5 from 'redis5';
import * as redis6 from 'redis6';

describe('clients', () => {
  it('are accepted by their own types, whichever release made them', () => {
    // Compiled, not called: the type checker is the test.
    const makers: (() => RedisClient)[] = [
      () => redis4.createClient(),
      () => redis5.createClient(),
      () => redis6.createClient(),
      () => redis5.createClient({ RESP: 3 }),
      () => redis4.createCluster({ rootNodes: [] }),
      () => redis5.createCluster({ rootNodes: [] }),
      () => redis6.createCluster({ rootNodes: [] }),
      () => new IoRedis5(),
      () => new IoRedis6(),
      () => new IoValkey(),
      () => new Cluster5([]),
      () => new Cluster6([]),
    ];
    expect(makers).toHaveLength(12);
  });

  it.each([undefined, null, {}, 'redis://localhost', new EventEmitter(), { on() {}, off() {} }])(
    'that are none are refused: %p',
    (client) => {
      expect(() => new RedisCache('x', { client: client as unknown as RedisClient })).toThrow(
        /client must be a client of node-redis, ioredis or iovalkey/,
      );
    },
  );

  it('hear one listener for each event, however many caches they serve, and none once all are closed', async () => {
    const client = new IoRedis6({ lazyConnect: true });
    const before = client.eventNames().map((event) => [event, client.listenerCount(event)]);
    const caches = Array.from({ length: 12 }, (_, i) => new RedisCache(`c${i}`, { client }));
    expect(client.listenerCount('error')).toBe(1);
    expect(client.listenerCount('ready')).toBe(1);
    await Promise.all(caches.slice(1).map((cache) => cache.close()));
    expect(client.listenerCount('ready')).toBe(1);
    await caches[0]!.close();
    await caches[0]!.close();
    expect(client.eventNames().map((event) => [event, client.listenerCount(event)])).toEqual(
      before,
    );
  });

  it('that put a prefix of their own before keys are refused', () => {
    const client = new IoRedis6({ keyPrefix: 'app:', lazyConnect: true });
    expect(() => new RedisCache('x', { client })).toThrow(/must have no keyPrefix of its own/);
  });
});

describe('options', () => {
  const client = new IoRedis6({ lazyConnect: true });
  it.each([
    ['name', () => new RedisCache('a{b}', { client })],
    ['name', () => new RedisCache('', { client })],
    ['deadline', () => new RedisCache('x', { client, deadline: 0 })],
    ['breakAfter', () => new RedisCache('x', { client, breakAfter: 0 })],
    ['maxPending', () => new RedisCache('x', { client, maxPending: 1.5 })],
    ['codec', () => new RedisCache('x', { client, codec: { name: 'A B' } as any })],
    ['secret', () => new RedisCache('x', { client, secret: '' })],
    ['secret', () => new RedisCache('x', { client, secret: [] })],
    ['maxEntryBytes', () => new RedisCache('x', { client, maxEntryBytes: -1 })],
    ['ttl', () => new RedisCache('x', { client, ttl: 5 } as any)],
    ['version', () => new RedisCache('x', { client, version: 1.5 })],
  ] as const)('that break their rule are refused by name: %s', (option, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_OPTION', option }));
  });

  const back = () => new RedisCache('x', { client });
  const caches: Record<string, () => AsyncCache> = {
    RedisCache: back,
    TieredCache: () =>
      new TieredCache('x', { front: new LocMemCache('named'), back: back(), bus: 'none' }),
    KeyvCache: () => new KeyvCache('x', { keyv: new Keyv() }),
  };
  const wrong = { ttl: 5 } as object;
  const calls: Record<string, (cache: AsyncCache) => unknown> = {
    get: (cache) => cache.get('k', wrong),
    has: (cache) => cache.has('k', wrong),
    add: (cache) => cache.add('k', 1, wrong),
    set: (cache) => cache.set('k', 1, { tags: 'x' as never }),
    setMany: (cache) => cache.setMany(null as never),
    getMany: (cache) => cache.getMany('text'),
    deleteMany: (cache) => cache.deleteMany('text'),
    touch: (cache) => cache.touch('k', wrong),
    ttl: (cache) => cache.ttl('k', wrong),
    incr: (cache) => cache.incr('k', 1, wrong),
    decr: (cache) => cache.decr('k', 1, wrong),
    delete: (cache) => cache.delete('k', { version: 1.5 }),
    deleteByTag: (cache) => cache.deleteByTag('t', { soft: 1 as never }),
    getOrSet: (cache) => cache.getOrSet('k', () => 1, { signal: {} as never }),
    update: (cache) => cache.update('k', () => 1, { signal: {} as never }),
    incrVersion: (cache) => cache.incrVersion('k', 1.5),
    decrVersion: (cache) => cache.decrVersion('k', Number.MAX_SAFE_INTEGER * -1),
    clear: (cache) => cache.clear({ keyPrefix: 1 as never }),
    keys: async (cache) => {
      for await (const key of cache.keys({ all: 1 as never })) expect(key).toBe('none');
    },
    makeKey: (cache) => cache.makeKey('k', wrong),
  };

  it.each(Object.entries(caches))('of calls are refused in the name of %s', async (name, make) => {
    const cache = make();
    for (const [method, call] of Object.entries(calls)) {
      const refused = Promise.resolve().then(() => call(cache));
      await expect(refused).rejects.toMatchObject({
        code: 'ERR_LOCMEM_INVALID_OPTION',
        place: `${name}.${method}`,
      });
    }
    await cache.close();
  });

  /** What a call must not be given, or cannot do, whatever the cache. */
  const mistakes: [string, string, (cache: AsyncCache) => Promise<unknown>][] = [
    ['a key that is no string', 'INVALID_KEY', (cache) => cache.get(7 as never)],
    ['the same in has', 'INVALID_KEY', (cache) => cache.has(7 as never)],
    ['the same among many', 'INVALID_KEY', (cache) => cache.getMany([7 as never])],
    ['the same in set', 'INVALID_KEY', (cache) => cache.set(7 as never, 1)],
    ['the same in getOrSet', 'INVALID_KEY', (cache) => cache.getOrSet(7 as never, 1)],
    ['the same in update', 'INVALID_KEY', (cache) => cache.update(7 as never, () => 1)],
    ['a key that is not there', 'KEY_NOT_FOUND', (cache) => cache.incr('nowhere')],
    ['the same in another version', 'KEY_NOT_FOUND', (cache) => cache.incrVersion('nowhere')],
    ['a delta that is no number', 'NOT_NUMERIC', (cache) => cache.incr('key', NaN)],
    [
      'a load that takes too long',
      'DEADLINE',
      (cache) => cache.getOrSet('slow', () => new Promise(() => undefined), { deadline: '1ms' }),
    ],
  ];

  it.each(Object.entries(caches))('tell what went wrong in the name of %s', async (name, make) => {
    const cache = make();
    for (const [what, code, call] of mistakes) {
      const error = (await Promise.resolve()
        .then(() => call(cache))
        .catch((refusal: unknown) => refusal)) as Error;
      expect([what, error]).toEqual([
        what,
        expect.objectContaining({ code: `ERR_LOCMEM_${code}` }),
      ]);
      expect([what, error.message]).toEqual([what, expect.stringContaining(name)]);
      expect([what, error.message]).not.toEqual([what, expect.stringContaining('LocMemCache')]);
    }
  });

  it('of a cache whose keys cannot be told apart, and clocks, are refused likewise', async () => {
    const cache = new RedisCache('x', { client, keyFunction: (key) => key });
    await expect(cache.clear({ version: 1 })).rejects.toMatchObject({ place: 'RedisCache.clear' });
    const clock = { now: () => NaN };
    expect(() => new RedisCache('x', { client, clock })).toThrow(/^Invalid option of RedisCache/);
  });

  it('keep a secret out of the error about it', () => {
    expect(() => new RedisCache('x', { client, secret: ['hunter2', ''] })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    );
  });
});
