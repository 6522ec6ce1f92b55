import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createApp } from './app.js';

const app = createApp(({ method, url, status, by }) => {
  console.log(`  ${method.padEnd(4)} ${url.padEnd(16)} ${status}  ${by}`);
});
const server = app.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1');
await once(server, 'listening');
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
console.log(`Serving on ${origin}`);

for (const [method, path] of [
  ['GET', '/primes/1000000'],
  ['GET', '/primes/1000000'],
  ['GET', '/me'],
  ['GET', '/me'],
  ['POST', '/purge/1000000'],
  ['GET', '/primes/1000000'],
] as const) {
  const startedAt = performance.now();
  const response = await fetch(origin + path, { method });
  await response.arrayBuffer();
  const status = response.headers.get('cache-status') ?? '';
  console.log(`${(performance.now() - startedAt).toFixed(1).padStart(8)} ms  ${status}`);
}

if (process.argv.includes('--once')) {
  server.close();
  server.closeAllConnections();
} else console.log('Ctrl-C ends.');
