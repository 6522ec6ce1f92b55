import { LocMemCache } from '@locmem/core';
import { RedisCache, TieredCache } from '@locmem/redis';
import { createClient } from 'redis';

export type Tiers = Awaited<ReturnType<typeof openCaches>>;

/**
 * Two caches over one connection: the reports, under the prefix of this release, and settings that all
 * releases share. In front of each a LocMem, kept true by Redis.
 */
export async function openCaches(url: string, keyPrefix: string) {
  const client = createClient({ url });
  client.on('error', () => undefined); // the caches go on without, and their stats() tell
  await client.connect();

  const tier = (name: string, keyPrefix: string) =>
    new TieredCache(name, {
      front: new LocMemCache(name, { keyPrefix, maxEntries: 10_000 }),
      back: new RedisCache(name, { client, keyPrefix, timeout: '5m' }),
    });
  const reports = tier('reports', keyPrefix);
  const settings = tier('settings', '');
  return {
    reports,
    settings,
    async close() {
      await reports.close();
      await settings.close();
      client.destroy();
    },
  };
}
