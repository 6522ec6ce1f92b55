/**
 * Each call is answered at its deadline, and not before: shown on a clock that only the test moves, against
 * a server that takes everything in and answers nothing.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import type { Clock } from '@locmem/core';
import { TestClock } from '@locmem/core/testing';
import { RedisCache, type RedisCacheOptions, type RedisClient } from '@locmem/redis';
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
  getOrSet: (cache) => cache.getOrSet('loaded', () => 'value', { tags: ['t'] }),
  update: (cache) => cache.update('updated', () => 'value'),
};

/** These have the deadline for each of their steps, however many keys there are. */
const BY_STEPS = ['clear', 'keys'];

interface Patient {
  readonly server: TestServer;
  readonly proxy: Proxy;
}

interface Fault {
  readonly begin: (patient: Patient) => unknown;
  readonly end: (patient: Patient) => unknown;
  /** Whether some calls are answered before, or fail. */
  readonly mayBeEarlier?: boolean;
}

const FAULTS: Record<string, Fault> = {
  'stopped by a signal': {
    begin: ({ server }) => server.pause(),
    end: ({ server }) => server.resume(),
  },
  'a black hole': {
    begin: ({ proxy }) => proxy.become('black hole'),
    end: ({ proxy }) => proxy.become('none'),
  },
  killed: {
    begin: ({ server }) => server.kill(),
    end: ({ server }) => server.start(),
    mayBeEarlier: true,
  },
  'sending half replies': {
    begin: ({ proxy }) => proxy.become('half replies'),
    end: ({ proxy }) => proxy.become('none'),
    mayBeEarlier: true,
  },
};

describeWithServer.each(Object.keys(CLIENTS))('at the deadline, through %s,', (name) => {
  let patient: Patient;
  let test: TestClient;
  beforeAll(async () => {
    const server = await TestServer.start();
    patient = { server, proxy: await Proxy.before(server.port) };
  });
  beforeEach(async () => {
    await patient.server.command('FLUSHALL');
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

  /** The breaker would answer at once; here every single call waits. */
  const open = (clock: Clock) => {
    const own = { client: test.client, clock, deadline: `${DEADLINE_MS}ms`, breakAfter: 1_000 };
    return new RedisCache('sick', own as RedisCacheOptions);
  };

  /** Makes every call. @returns those that have not been answered */
  function callAll(cache: RedisCache, calls: readonly string[]): Set<string> {
    const waiting = new Set(calls);
    for (const call of calls) {
      const leave = () => waiting.delete(call);
      CALLS[call]!(cache).then(leave, (error: unknown) => {
        leave();
        expect(error).toMatchObject({ code: 'ERR_LOCMEM_KEY_NOT_FOUND' });
      });
    }
    return waiting;
  }

  it.each(Object.entries(FAULTS))(
    'every call is answered, and by a silent server not a tick before: %s',
    async (_fault, { begin, end, mayBeEarlier }) => {
      const clock = new TestClock();
      const cache = open(clock);
      await begin(patient);
      try {
        const waiting = callAll(cache, Object.keys(CALLS));
        await turns(); // each is under way
        clock.advance(`${DEADLINE_MS - 1}ms`);
        await turns();
        if (!mayBeEarlier) expect([...waiting]).toEqual(Object.keys(CALLS));
        clock.advance('1ms');
        await turns();
        expect([...waiting]).toEqual([]);
      } finally {
        await end(patient);
      }
    },
  );

  it('every call of several steps is answered, too, where each step takes nearly as long', async () => {
    const clock = new TestClock();
    for (const call of Object.keys(CALLS).filter((name) => !BY_STEPS.includes(name))) {
      await until(() => isConnected(test.client));
      patient.proxy.become('held');
      const waiting = callAll(open(clock), [call]);
      await until(() => patient.proxy.held > 0);
      clock.advance(`${DEADLINE_MS - 10}ms`);
      patient.proxy.letGo();
      await until(() => patient.proxy.held > 0 || waiting.size === 0);
      clock.advance('10ms');
      await turns();
      expect([...waiting]).toEqual([]);
      patient.proxy.become('none'); // what is held still must not be taken for an answer to the next
    }
  });
});

describeWithServer('whatever clock is given,', () => {
  let server: TestServer;
  let test: TestClient;
  beforeAll(async () => {
    server = await TestServer.start();
    test = await CLIENTS['ioredis 6']!(server.port);
    await until(() => isConnected(test.client));
  });
  afterAll(async () => {
    test.close();
    await server.stop();
  });

  const timers = {
    setTimeout: (run: () => void, delayMs: number) => setTimeout(run, delayMs),
    clearTimeout: (timer: unknown) => clearTimeout(timer as NodeJS.Timeout),
  };
  let stepMs = 0;
  const CLOCKS: Record<string, Clock> = {
    'one that stands still': { now: () => 1_000 },
    'one that stands still, with timers': { now: () => 1_000, ...timers },
    'one that is set back at every look': { now: () => (stepMs -= 3_600_000) },
    'one that is set back at every look, with timers': {
      now: () => (stepMs -= 3_600_000),
      ...timers,
    },
  };

  it.each(Object.entries(CLOCKS))('a silent server costs the deadline: %s', async (_how, given) => {
    let looks = 0;
    const clock = { ...given, now: () => (looks++, given.now()) };
    const cache = new RedisCache('sick', { client: test.client, clock, deadline: '20ms' });
    server.pause();
    try {
      await Promise.all([cache.get('k'), cache.set('k', 1), cache.delete('k')]);
      await cache.getOrSet('k', () => 'value');
      await cache.update('k', () => 'value');
      expect(looks).toBeLessThan(200);
    } finally {
      server.resume();
    }
    await until(async () => {
      await cache.set('k', 1);
      return (await cache.get('k')) === 1;
    });
  });
});

/** Timers end calls by a turn of the event loop, promises by some more. */
async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await turn();
}

function isConnected({ isReady, status }: RedisClient): boolean {
  return isReady ?? status === 'ready';
}
