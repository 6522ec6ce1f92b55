/**
 * Each call is answered at its deadline, and not before: shown on a clock that only the test moves, against
 * a server that takes everything in and answers nothing.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { TestClock } from '@locmem/core/testing';
import { RedisCache, type RedisClient } from '@locmem/redis';
import { setImmediate as turn } from 'node:timers/promises';
import { CLIENTS, type TestClient } from './support/clients.js';
import { Proxy } from './support/proxy.js';
import { describeWithServer, TestServer } from './support/server.js';
import { until } from './support/until.js';

// Sockets and processes take their time on a busy machine.
jest.setTimeout(30_000);

const DEADLINE_MS = 80;

/** Every method that asks the server, by one call each. */
const CALLS: Record<string, (cache: RedisCache) => Promise<unknown>> = {
  get: (cache) => cache.get('k'),
  'get, of a tagged entry': (cache) => cache.get('tagged'),
  inspect: (cache) => cache.inspect('k'),
  has: (cache) => cache.has('k'),
  add: (cache) => cache.add('k', 1),
  set: (cache) => cache.set('k', 1),
  'set, with tags': (cache) => cache.set('k', 1, { tags: ['t'] }),
  'set, to be over at once': (cache) => cache.set('k', 1, { timeout: 0 }),
  touch: (cache) => cache.touch('k'),
  ttl: (cache) => cache.ttl('k'),
  incr: (cache) => cache.incr('n'),
  decr: (cache) => cache.decr('n'),
  delete: (cache) => cache.delete('k'),
  getMany: (cache) => cache.getMany(['k', 'tagged']),
  setMany: (cache) => cache.setMany({ a: 1, b: 2 }),
  'setMany, with tags': (cache) => cache.setMany({ a: 1, b: 2 }, { tags: ['t'] }),
  deleteMany: (cache) => cache.deleteMany(['k', 'n']),
  deleteByTag: (cache) => cache.deleteByTag('t'),
  incrVersion: (cache) => cache.incrVersion('k'),
  decrVersion: (cache) => cache.decrVersion('k'),
  clear: (cache) => cache.clear(),
  keys: async (cache) => {
    for await (const key of cache.keys()) expect(typeof key).toBe('string');
  },
  // What it is to be given lies in the function, which is reached within the deadline.
  'getOrSet, up to its loader': (cache) =>
    new Promise((resolve, reject) => {
      cache.getOrSet('loaded', () => (resolve(undefined), 'value')).catch(reject);
    }),
  'update, up to its function': (cache) =>
    new Promise((resolve, reject) => {
      cache.update('updated', () => (resolve(undefined), 'value')).catch(reject);
    }),
};

interface Patient {
  readonly server: TestServer;
  readonly proxy: Proxy;
}

/** Faults in which a connection stands, and nothing comes through it. */
const SILENT: Record<string, { begin: (p: Patient) => void; end: (p: Patient) => void }> = {
  'stopped by a signal': {
    begin: ({ server }) => server.pause(),
    end: ({ server }) => server.resume(),
  },
  'a black hole': {
    begin: ({ proxy }) => proxy.become('black hole'),
    end: ({ proxy }) => proxy.become('none'),
  },
};

describeWithServer.each(['node-redis 6', 'ioredis 6'])('at the deadline, through %s,', (name) => {
  let patient: Patient;
  let test: TestClient;
  beforeAll(async () => {
    const server = await TestServer.start();
    patient = { server, proxy: await Proxy.before(server.port) };
  });
  beforeEach(async () => {
    test = await CLIENTS[name]!(patient.proxy.port);
    await until(() => isConnected(test.client));
    const calm = new RedisCache('sick', { client: test.client, deadline: '20s' });
    await calm.setMany({ k: 1, n: 1 });
    await calm.set('tagged', 1, { tags: ['t'] });
  });
  afterEach(() => {
    test.close();
  });
  afterAll(async () => {
    await patient.proxy.close();
    await patient.server.stop();
  });

  it.each(Object.entries(SILENT))(
    'and not a tick before, every call is answered: a server that is %s',
    async (_fault, { begin, end }) => {
      const clock = new TestClock();
      const deadline = `${DEADLINE_MS}ms` as const;
      // The breaker would answer at once; here every single call waits.
      const own = { client: test.client, clock, deadline, breakAfter: 1_000 };
      const cache = new RedisCache('sick', own);
      begin(patient);
      try {
        const waiting = new Set(Object.keys(CALLS));
        for (const [call, make] of Object.entries(CALLS)) {
          const leave = () => waiting.delete(call);
          make(cache).then(leave, (error: unknown) => {
            leave();
            expect(error).toMatchObject({ code: 'ERR_LOCMEM_KEY_NOT_FOUND' });
          });
        }
        await turns(); // each is under way
        clock.advance(`${DEADLINE_MS - 1}ms`);
        await turns();
        expect([...waiting]).toEqual(Object.keys(CALLS));
        clock.advance('1ms');
        await turns();
        expect([...waiting]).toEqual([]);
      } finally {
        end(patient);
      }
    },
  );
});

/** Timers end calls by a turn of the event loop, promises by some more. */
async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await turn();
}

function isConnected({ isReady, status }: RedisClient): boolean {
  return isReady ?? status === 'ready';
}
