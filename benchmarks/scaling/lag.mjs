/**
 * How late a front hears of a change, measured: one connection writes, a TieredCache listens by another, on
 * one host. From the moment that the write is sent to the moment that the front has given the entry up:
 *
 *     node benchmarks/scaling/lag.mjs [--changes 2000]
 */
import { LocMemCache } from '@locmem/core';
import { RedisCache, TieredCache } from '@locmem/redis';
import { Redis } from 'ioredis';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ensureRedisServer, startRedisServer } from '../../scripts/redis-server.mjs';
import { percentile } from '../harness/spread.mjs';

const { values } = parseArgs({ options: { changes: { type: 'string', default: '2000' } } });
if (!ensureRedisServer()) process.exit(1);
const server = await startRedisServer();
const clients = [new Redis(server.url), new Redis(server.url)];

for (const bus of ['tracking', 'pubsub']) {
  const back = new RedisCache('lag', { client: clients[0], deadline: '10s' });
  const listening = new TieredCache('lag', { front: new LocMemCache(`lag ${bus}`), back, bus });
  const writing =
    bus === 'tracking'
      ? new RedisCache('lag', { client: clients[1], deadline: '10s' })
      : new TieredCache('lag', {
          front: new LocMemCache('writer'),
          back: new RedisCache('lag', { client: clients[1], deadline: '10s' }),
          bus,
        });
  while (listening.stats().bus.state === 'deaf') await sleep(5);
  while (writing.stats().bus?.state === 'deaf') await sleep(5);
  const lags = [];
  for (let i = 0; i < Number(values.changes); i++) {
    const before = listening.stats().bus.entriesHeard;
    const startMs = performance.now();
    const setting = writing.set('key', i);
    while (listening.stats().bus.entriesHeard === before) await turn();
    lags.push(performance.now() - startMs);
    await setting;
  }
  lags.sort((a, b) => a - b);
  const [middle, late, worst] = [0.5, 0.99, 1].map((share) => percentile(lags, share).toFixed(2));
  console.log(`${bus}: median ${middle} ms, 99 % within ${late} ms, worst ${worst} ms`);
  await listening.close();
  if (bus === 'pubsub') await writing.close();
}
for (const client of clients) client.disconnect();
await server.stop();
