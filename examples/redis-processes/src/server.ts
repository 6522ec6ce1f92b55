// One process: a worker of main.ts, or started by itself, as often as one likes.
//   REDIS_URL=redis://127.0.0.1:6379 PORT=3001 KEY_PREFIX=release-7 node dist/server.js
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createApp } from './app.js';
import { openCaches } from './cache.js';

const url = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';
const caches = await openCaches(url, process.env['KEY_PREFIX'] ?? '');
const server = createApp(caches).listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1');
await once(server, 'listening');
console.log(`listening on ${(server.address() as AddressInfo).port}`);

process.once('SIGTERM', () => {
  server.close(() => {
    void caches.close().then(() => {
      if (process.connected) process.disconnect(); // a worker's channel to its primary
    });
  });
});
