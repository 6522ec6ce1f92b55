/** Clients that write each command by itself are held back until the end of the turn. */
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { RedisCache } from '@locmem/redis';
import type { Socket } from 'node:net';
import { CLIENTS, type TestClient } from './support/clients.js';
import { describeWithServer, TestServer } from './support/server.js';
import { until } from './support/until.js';

jest.setTimeout(30_000);

describeWithServer.each(['ioredis 5', 'ioredis 6', 'iovalkey'])('commands by %s', (clientName) => {
  let server: TestServer;
  let testClient: TestClient;
  let cache: RedisCache;
  const client = () => testClient.client as unknown as { stream: Socket; status: string };
  beforeAll(async () => {
    server = await TestServer.start();
    testClient = await CLIENTS[clientName]!(server.port);
    cache = new RedisCache('gathered', { client: testClient.client, deadline: '5s' });
    await until(() => client().status === 'ready');
  });
  afterAll(async () => {
    testClient.close();
    await server.stop();
  });

  it('of one turn go out together, and no later than its end', async () => {
    const { stream } = client();
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
    const writes = keys.map((key) => cache.set(key, key));
    const reads = keys.map((key) => cache.get(key));
    const heldBytes = stream.writableLength;
    expect(heldBytes).toBeGreaterThan(20 * 2 * 'locmem:gathered:{:1:k}'.length);
    await new Promise((resolve) => process.nextTick(resolve));
    expect(stream.writableCorked).toBe(0);
    await Promise.all(writes);
    expect(await Promise.all(reads)).toEqual(keys);
  });

  it('are not held for ever when the connection is lost in that turn', async () => {
    const lost = client().stream;
    const reading = cache.get('k1');
    lost.destroy();
    expect(['k1', undefined]).toContain(await reading);
    await until(() => client().status === 'ready' && client().stream !== lost);
    await cache.set('k1', 'anew');
    expect(await cache.get('k1')).toBe('anew');
    expect(client().stream.writableCorked).toBe(0);
  });
});
