/** A stranger who sends an endless stream of distinct query strings. */
import { Crowd, requestBytes } from '../load.mjs';
import { page } from '../material.mjs';

const REQUESTS = 100_000;
const BATCH = 1_000;
const PATIENCE_MS = 30_000;
const CONNECTIONS = 32;
const MIB = 2 ** 20;
const body = page(1_000);

export const endless = {
  id: 'endless',
  group: 'Behaviour',
  title: 'memory under 100,000 distinct query strings, 1 kB each',
  note: 'What the server holds after a full garbage collection, less what it held before (nginx: on disk and in its zone, not measured). The stream ends after half a minute, wherever it is.',
  answer: () => body,
  admits: ({ id, caches }) => caches && !id.startsWith('nginx/'),
  runs: 1,
  columns: { requests: 'requests', heldMiB: 'MiB held', cpuUs: 'CPU µs a request' },

  async observe({ port, heldBytes, cpuMicros }) {
    const crowd = await Crowd.open(port, CONNECTIONS);
    try {
      await crowd.send(() => requestBytes('/page'), 200, BATCH);
      const before = { bytes: await heldBytes(), cpuUs: await cpuMicros() };
      const untilMs = performance.now() + PATIENCE_MS;
      let requests = 0;
      const next = () => requestBytes(`/page?session=${requests++}`);
      while (requests < REQUESTS && performance.now() < untilMs) {
        await crowd.send(next, 200, BATCH);
      }
      const cpuUs = ((await cpuMicros()) - before.cpuUs) / requests;
      return { requests, heldMiB: ((await heldBytes()) - before.bytes) / MIB, cpuUs };
    } finally {
      crowd.close();
    }
  },
};
