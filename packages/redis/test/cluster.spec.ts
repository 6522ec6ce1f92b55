/** Against a real cluster of three servers: no command may touch keys of two slots. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { parseTimeout, LocMemCache, type Duration } from '@locmem/core';
import { describeStoreContract, type SiblingOptions } from '@locmem/core/testing';
import { RedisCache, TieredCache, type RedisClient } from '@locmem/redis';
import { Cluster } from 'ioredis6';
import { createCluster } from 'redis6';
import { describeWithServer, TestServer } from './support/server.js';
import { advanceServer } from './support/time.js';
import { until } from './support/until.js';

// Sockets and processes take their time on a busy machine.
jest.setTimeout(30_000);

const SERVERS = 3;
const SLOTS = 16_384;
let stores = 0;

describeWithServer('RedisCache on a cluster', () => {
  const servers: TestServer[] = [];
  const clients = new Map<string, RedisClient>();
  const closing: (() => unknown)[] = [];

  beforeAll(async () => {
    for (let i = 0; i < SERVERS; i++) {
      servers.push(await TestServer.start('--cluster-enabled', 'yes'));
    }
    for (const [i, server] of servers.entries()) {
      const slots = [Math.ceil((i * SLOTS) / SERVERS), Math.ceil(((i + 1) * SLOTS) / SERVERS) - 1];
      await server.command('CLUSTER', 'ADDSLOTSRANGE', ...slots.map(String));
      await server.command('CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1));
      for (const other of servers) {
        if (other !== server)
          await server.command('CLUSTER', 'MEET', '127.0.0.1', String(other.port));
      }
    }
    for (const server of servers) {
      await until(async () =>
        (await server.command('CLUSTER', 'INFO')).includes('cluster_state:ok'),
      );
    }
    const nodes = servers.map(({ port }) => ({ host: '127.0.0.1', port }));
    const ioredis = new Cluster(nodes);
    ioredis.on('error', () => undefined);
    clients.set('ioredis 6', ioredis);
    closing.push(() => ioredis.disconnect());
    const nodeRedis = createCluster({ rootNodes: servers.map(({ url }) => ({ url })) });
    nodeRedis.on('error', () => undefined);
    await nodeRedis.connect();
    clients.set('node-redis 6', nodeRedis);
    closing.push(() => nodeRedis.destroy());
  }, 30_000);

  afterAll(async () => {
    for (const close of closing) close();
    for (const server of servers) await server.stop();
  });

  for (const client of ['ioredis 6', 'node-redis 6']) {
    describeStoreContract(
      `through ${client} fulfils the contract`,
      () => {
        const name = `cluster ${++stores}`;
        const own = { client: clients.get(client)!, deadline: '5s' } as const;
        return Object.assign(new RedisCache(name, own), {
          advance: async (span: Duration) => {
            for (const server of servers) await advanceServer(server, parseTimeout(span)! * 1000);
          },
          sibling: (options: SiblingOptions) => new RedisCache(name, { ...own, ...options }),
        });
      },
      { describe, it, without: ['kinds'] },
    );
  }

  it('spreads its entries over all servers', async () => {
    const cache = new RedisCache('spread', { client: clients.get('ioredis 6')!, deadline: '5s' });
    await cache.setMany(Array.from({ length: 100 }, (_, i) => [`k${i}`, i] as const));
    for (const server of servers) {
      expect(Number((await server.command('DBSIZE')).slice(1))).toBeGreaterThan(10);
    }
    expect((await cache.getMany(Array.from({ length: 100 }, (_, i) => `k${i}`))).size).toBe(100);
  });

  it('keeps fronts true by pub/sub', async () => {
    const client = clients.get('ioredis 6')!;
    const make = (i: number) => {
      const front = new LocMemCache(`front of the cluster ${i}`);
      return new TieredCache('c', { front, back: new RedisCache('c', { client, deadline: '5s' }) });
    };
    const tiers = [make(1), make(2)] as const;
    const [here, there] = tiers;
    await until(() => tiers.every((tier) => tier.stats().bus.state === 'pubsub'));
    await here.set('k', 'old');
    await until(async () => (await there.get('k'), there.peek('k')) === 'old');
    await here.set('k', 'new');
    await until(() => there.peek('k') === undefined);
    for (const tier of tiers) await tier.close();
  });
});
