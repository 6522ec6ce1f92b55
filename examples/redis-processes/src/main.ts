// Two workers of node:cluster behind one port, and a tour of what their cache does for them.
//   REDIS_URL=redis://127.0.0.1:6379 node dist/main.js
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { tour } from './tour.js';

const WORKERS = 2;

cluster.setupPrimary({
  exec: fileURLToPath(new URL('server.js', import.meta.url)),
  silent: true,
});
const env = { PORT: '0', KEY_PREFIX: `tour-${Date.now()}` };
const workers = Array.from({ length: WORKERS }, () => cluster.fork(env));
// Port 0 means the same free port to all workers.
const [port] = await Promise.all(workers.map(portOf));

const wrong = await tour(`http://127.0.0.1:${port}`, WORKERS, console.log);
for (const worker of workers) worker.process.kill('SIGTERM');
await Promise.all(workers.map((worker) => once(worker, 'exit')));
process.exitCode = wrong.length === 0 ? 0 : 1;

async function portOf(worker: Worker): Promise<number> {
  const [address] = (await once(worker, 'listening')) as [AddressInfo];
  return address.port;
}
