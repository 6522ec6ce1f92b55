/** A steady stream of requests while an answer becomes stale. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, requestBytes } from '../load.mjs';
import { page } from '../material.mjs';

const REQUESTS = 60;
const EVERY_MS = 10;
const BEFORE_THE_EDGE_MS = 200;
const TTL_SECONDS = 1;
const HANDLER_MS = 100;
/** Late in a second of the clock: a Date, cut to whole seconds, is then wrong by most of one. */
const EDGE_IN_SECOND_MS = 800;
const body = page(1_000, {
  'Cache-Control': `max-age=${TTL_SECONDS}, stale-while-revalidate=60`,
});

export const overTheEdge = {
  id: 'stale-while-revalidate',
  group: 'Behaviour',
  title: `${REQUESTS} requests over the edge of freshness`,
  note: `One each ${EVERY_MS} ms, from ${BEFORE_THE_EDGE_MS} ms before the answer becomes stale; the handler waits for ${HANDLER_MS} ms and says \`stale-while-revalidate\`. Who had to wait for more than half of that is a waiter. The edge lies late in a second of the clock, where a Date is most wrong; the worst of several runs.`,
  isWorstShown: true,
  answer: () => body,
  handlerMs: HANDLER_MS,
  ttlSeconds: TTL_SECONDS,
  columns: { waiters: 'waiters', runs: 'handler runs' },

  async observe({ port, runs }) {
    const connections = await Promise.all(
      Array.from({ length: REQUESTS }, () => Connection.open(port)),
    );
    try {
      await sleep((EDGE_IN_SECOND_MS + 1_000 - (Date.now() % 1_000)) % 1_000);
      // RFC 9111 §4.2.3: the time that the handler takes counts towards the age.
      const edgeMs = performance.now() + TTL_SECONDS * 1_000;
      await connections[0].ask(requestBytes('/page'));
      const before = await runs();
      await sleep(edgeMs - BEFORE_THE_EDGE_MS - performance.now());
      const waits = connections.map(async (connection, number) => {
        await sleep(number * EVERY_MS);
        const startMs = performance.now();
        await connection.ask(requestBytes('/page'));
        return performance.now() - startMs;
      });
      const waiters = (await Promise.all(waits)).filter((ms) => ms > HANDLER_MS / 2).length;
      return { waiters, runs: (await runs()) - before };
    } finally {
      for (const connection of connections) connection.close();
    }
  },
};
