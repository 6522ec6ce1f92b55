import { RedisCache } from '@locmem/redis';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';

/** Where answers are kept when processes are to share them. */
export interface SharedCache {
  readonly cache: RedisCache;
  /** Waits until what was on its way to the server has been written. */
  stored: () => Promise<void>;
  close(): Promise<void>;
}

/**
 * Answers on a Redis or Valkey. One that is empty at the start, as the tour begins with misses.
 *
 * @throws when there is no server at the address: who asked for one wants to know
 */
export async function openShared(url: string): Promise<SharedCache> {
  console.log(`Keeping answers on ${new URL(url).host}`);
  let isConnected = false;
  // Who is lost later is looked for again; who was never there is not.
  const reconnectStrategy = () => (isConnected ? 500 : false);
  const client = createClient({ url, socket: { connectTimeout: 3_000, reconnectStrategy } });
  client.on('error', () => undefined); // from here on the cache goes on without
  await client.connect();
  isConnected = true;
  const cache = new RedisCache('express-cities', { client });
  await cache.clear();
  return {
    cache,
    async stored() {
      do await sleep(20);
      while (cache.stats().pending > 0);
    },
    async close() {
      await cache.close();
      client.destroy();
    },
  };
}
