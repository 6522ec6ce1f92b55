/**
 * What is promised when the server is sick, fault by fault, against a real server and a proxy that
 * misbehaves: every call is answered, none with an error that the caller did not make; nothing queues up;
 * nothing escapes; and the cache works again, without a restart, once the server does.
 */
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { RedisCache } from '@locmem/redis';
import { randomBytes } from 'node:crypto';
import { CLIENTS, type TestClient } from './support/clients.js';
import { Proxy, type Misbehaviour } from './support/proxy.js';
import { describeWithServer, TestServer } from './support/server.js';

const DEADLINE_MS = 80;

interface Patient {
  readonly server: TestServer;
  readonly proxy: Proxy;
  operator?: Awaited<ReturnType<TestServer['open']>>;
}

interface Fault {
  readonly begin: (patient: Patient) => unknown;
  readonly end?: (patient: Patient) => unknown;
  /** Whether the server does not answer at all, so that the breaker must open. */
  readonly isSilent?: boolean;
  /** Whether it is down from the start. */
  readonly fromStart?: boolean;
  readonly options?: readonly string[];
}

const misbehaving = (mode: Misbehaviour): Fault => ({
  begin: ({ proxy }) => proxy.become(mode),
  end: ({ proxy }) => proxy.become('none'),
  isSilent: true,
});

/** Spoils every entry that is there. */
async function spoil({ server }: Patient, how: (key: string) => string[][]): Promise<void> {
  for (const key of ['k', 'n', 'tagged']) {
    for (const command of how(`locmem:sick:{:1:${key}}`)) await server.command(...command);
  }
}

const FAULTS: Record<string, Fault> = {
  killed: {
    begin: ({ server }) => server.kill(),
    end: ({ server }) => server.start(),
    isSilent: true,
  },
  'stopped by a signal': {
    begin: ({ server }) => server.pause(),
    end: ({ server }) => server.resume(),
    isSilent: true,
  },
  'a black hole': misbehaving('black hole'),
  slow: misbehaving('slow'),
  'resetting connections': misbehaving('resets'),
  'sending garbage': misbehaving('garbage'),
  'sending half replies': misbehaving('half replies'),
  'with corrupted values': {
    begin: (patient) =>
      spoil(patient, (key) => [['SET', key, `L1:json {"t"${randomBytes(9).toString('hex')}`]]),
  },
  'with truncated values': {
    begin: (patient) => spoil(patient, (key) => [['SETRANGE', key, '8', '{"a":\u0000']]),
  },
  'with values of a wrong type': {
    begin: (patient) =>
      spoil(patient, (key) => [
        ['DEL', key],
        ['RPUSH', key, 'x'],
      ]),
  },
  'out of memory': {
    begin: ({ server }) => server.command('CONFIG', 'SET', 'maxmemory', '1'),
    end: ({ server }) => server.command('CONFIG', 'SET', 'maxmemory', '0'),
  },
  'a read-only replica': {
    begin: ({ server }) => server.command('REPLICAOF', '127.0.0.1', '1'),
    end: ({ server }) => server.command('REPLICAOF', 'NO', 'ONE'),
  },
  'busy with a script': {
    options: ['--lua-time-limit', '10'],
    begin: async ({ server }) => {
      void server.command('EVAL', 'while true do end', '0').catch(() => undefined);
      // From then on there is something for the end to kill.
      while (!(await server.command('PING')).startsWith('-BUSY')) await soon();
    },
    end: async ({ server }) => {
      while (!(await server.command('SCRIPT', 'KILL')).startsWith('-NOTBUSY')) await soon();
    },
  },
  'killing its clients': {
    begin: async ({ server }) => {
      for (let i = 0; i < 5; i++) await server.command('CLIENT', 'KILL', 'TYPE', 'normal');
    },
  },
  'flushed, its scripts forgotten': {
    begin: async ({ server }) => {
      await server.command('FLUSHALL');
      await server.command('SCRIPT', 'FLUSH');
    },
  },
  'asking for a password': {
    begin: async ({ server, proxy }) => {
      await server.command('CONFIG', 'SET', 'requirepass', 'secret');
      proxy.become('none'); // connections that stand are let through without it
    },
    end: ({ server }) => server.converse(['AUTH', 'secret'], ['CONFIG', 'SET', 'requirepass', '']),
  },
  'full of other clients': {
    begin: async (patient) => {
      patient.operator = await patient.server.open();
      await patient.operator.command('CONFIG', 'SET', 'maxclients', '1');
      patient.proxy.become('none'); // whoever comes back is one too many
    },
    end: async ({ operator }) => {
      await operator?.command('CONFIG', 'SET', 'maxclients', '1000');
      operator?.close();
    },
  },
  'down at the start': {
    begin: () => undefined,
    end: ({ server }) => server.start(),
    isSilent: true,
    fromStart: true,
  },
};

/** Node's own way of saying that something was not handled. */
const escaped: unknown[] = [];
const note = (error: unknown) => {
  escaped.push(error);
};

const soon = () => new Promise((resolve) => setTimeout(resolve, 10));

/** Every kind of call; what each must be answered while nothing can be had is left open but for errors. */
async function callEverything(cache: RedisCache): Promise<void> {
  const notFound = (error: unknown) => {
    expect(error).toMatchObject({ code: 'ERR_LOCMEM_KEY_NOT_FOUND' });
  };
  await cache.get('k');
  await cache.set('k', { a: 1 });
  await cache.add('k', 1);
  await cache.has('k');
  await cache.touch('k');
  await cache.ttl('k');
  await cache.incr('n').catch(notFound);
  expect(await cache.getOrSet('loaded', () => 'value')).toBe('value');
  expect(await cache.update<number>('updated', () => 7)).toBe(7);
  await cache.set('tagged', 1, { tags: ['t'] });
  await cache.get('tagged');
  await cache.getMany(['k', 'tagged']);
  await cache.setMany({ a: 1, b: 2 });
  await cache.deleteMany(['a', 'b']);
  await cache.incrVersion('k').catch(notFound);
  await cache.delete('loaded');
  await cache.deleteByTag('t');
  for await (const key of cache.keys()) expect(typeof key).toBe('string');
  await cache.clear();
}

// Sockets and processes take their time on a busy machine.
jest.setTimeout(30_000);

// All faults through the newest two; those that depend on the client through all.
const NEWEST = ['node-redis 6', 'ioredis 6'];
const BY_CLIENT = ['killed', 'stopped by a signal', 'sending garbage', 'resetting connections'];

/** Which clients a fault is tried through. */
const clientsFor = (fault: string) =>
  Object.keys(CLIENTS).filter((client) => NEWEST.includes(client) || BY_CLIENT.includes(fault));

describeWithServer('a server', () => {
  beforeAll(() => {
    process.on('unhandledRejection', note);
    process.on('uncaughtException', note);
  });
  afterAll(() => {
    process.off('unhandledRejection', note);
    process.off('uncaughtException', note);
  });

  // A fault is mostly waiting: its clients wait together, each for a server of its own.
  it.each(Object.entries(FAULTS))(
    'that is %s costs hits, and nothing else',
    async (name, fault) => {
      const outcomes = await Promise.all(
        clientsFor(name).map(async (client) => {
          const outcome = await suffer(client, fault).then(
            () => 'well',
            (error: unknown) => error,
          );
          return [client, outcome];
        }),
      );
      expect(outcomes).toEqual(clientsFor(name).map((client) => [client, 'well']));
      await soon();
      expect(escaped.splice(0)).toEqual([]);
    },
  );
});

/** A cache before, during and after a fault of its server. */
async function suffer(clientName: string, fault: Fault): Promise<void> {
  const server = TestServer.make(...(fault.options ?? []));
  if (!fault.fromStart) await server.start();
  const proxy = await Proxy.before(server.port);
  const patient: Patient = { server, proxy };
  let test: TestClient | undefined;
  try {
    test = await CLIENTS[clientName]!(proxy.port);
    const counted = counting(test);
    const cache = new RedisCache('sick', {
      client: counted.client,
      deadline: `${DEADLINE_MS}ms`,
    });
    if (!fault.fromStart) {
      // Nothing is wrong yet, however busy the machine is.
      const calm = new RedisCache('sick', { client: test.client, deadline: '20s' });
      await calm.setMany({ k: { a: 1 }, n: 1 });
      await calm.set('tagged', 1, { tags: ['t'] });
      expect(await calm.get('k')).toEqual({ a: 1 });
    }

    await fault.begin(patient);
    await callEverything(cache);
    const before = counted.commands();
    await Promise.all(Array.from({ length: 300 }, (_, i) => cache.get(`other ${i % 7}`)));
    if (fault.isSilent) {
      expect(cache.stats().breaker).not.toBe('closed');
      // Of 300 calls at most some that tried whether it is back.
      expect(counted.commands() - before).toBeLessThan(30);
    }
    // What is left is the cache trying, now and then, to make up for deletions.
    expect(cache.stats().pending).toBeLessThan(10);

    await fault.end?.(patient);
    await worksAgain(cache);
    await cache.close();
  } finally {
    test?.close();
    await proxy.close();
    await server.stop();
  }
}

/** Calls, as an application goes on calling, until what is written is there to be read. */
async function worksAgain(cache: RedisCache): Promise<void> {
  for (let tries = 0; tries < 800; tries++) {
    await cache.set('again', tries);
    if ((await cache.get('again')) === tries) {
      await cache.delete('again');
      const key = `fresh ${tries}`;
      expect(await cache.getOrSet(key, () => 'loaded')).toBe('loaded');
      // On a busy machine even a server that is well can be late for a call.
      if ((await cache.get(key)) === 'loaded') return;
    }
    await soon();
  }
  throw new Error(`still not working: ${JSON.stringify(cache.stats())}`);
}

/** How many commands the cache hands to its client. */
function counting({ client }: TestClient): {
  client: TestClient['client'];
  commands: () => number;
} {
  let commands = 0;
  const proxied = new globalThis.Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name === 'sendCommand' || name === 'callBuffer') commands++;
      return value.bind(target) as unknown;
    },
  });
  return { client: proxied, commands: () => commands };
}
