import { describe, expect, it } from '@jest/globals';
import { RedisCache, type RedisClient } from '@locmem/redis';
import { EventEmitter } from 'node:events';
import { Cluster as Cluster5, Redis as IoRedis5 } from 'ioredis5';
import { Cluster as Cluster6, Redis as IoRedis6 } from 'ioredis6';
import { Redis as IoValkey } from 'iovalkey';
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

  it('keep a secret out of the error about it', () => {
    expect(() => new RedisCache('x', { client, secret: ['hunter2', ''] })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    );
  });
});
