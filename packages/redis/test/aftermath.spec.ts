/**
 * What a fault leaves behind, and what a burst must not do: nobody waits for somebody who is gone, a
 * deletion that is owed is one for every call, and nothing else goes with it.
 */
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { LocMemCache } from '@locmem/core';
import { TestClock } from '@locmem/core/testing';
import { RedisCache, TieredCache, type RedisClient } from '@locmem/redis';
import { Cluster } from 'ioredis6';
import { CLIENTS, type TestClient } from './support/clients.js';
import { Proxy } from './support/proxy.js';
import { describeWithServer, TestServer } from './support/server.js';
import { until } from './support/until.js';

// Sockets and processes take their time on a busy machine.
jest.setTimeout(30_000);

const MANY = 12_000;

type Duplicable = RedisClient & { duplicate: (options: object) => RedisClient };

describeWithServer('after a fault', () => {
  let server: TestServer;
  let test: TestClient;
  beforeAll(async () => {
    server = await TestServer.start();
    test = await CLIENTS['ioredis 6']!(server.port);
  });
  afterAll(async () => {
    test.close();
    await server.stop();
  });
  const open = (
    name: string,
    options: { deadline?: `${number}ms`; keyPrefix?: string; secret?: string } = {},
  ) => new RedisCache(name, { client: test.client, deadline: '5000ms', ...options });

  /** Does something while the server can be read, and not written to. */
  async function whileReadOnly(act: () => Promise<unknown>): Promise<void> {
    await server.command('REPLICAOF', '127.0.0.1', '1');
    await act();
    await server.command('REPLICAOF', 'NO', 'ONE');
  }

  it('each of thousands of calls under way has been answered at its deadline', async () => {
    const cache = open('many', { deadline: '100ms' });
    await open('many').set('there', 1);
    server.pause();
    try {
      const gets = Array.from({ length: 3_000 }, (_, i) => cache.get(`k${i}`));
      expect((await Promise.all(gets)).every((value) => value === undefined)).toBe(true);
      expect(cache.stats().pending).toBe(0);
    } finally {
      server.resume();
    }
  });

  it('a lease or a lock that was given too late holds up nobody', async () => {
    const patient = open('late');
    await patient.getOrSet('nothing', () => undefined); // and the server knows the scripts
    await patient.get('nothing');
    const hasty = new RedisCache('late', { client: stoppingAt('eval'), deadline: '100ms' });
    expect(await hasty.getOrSet('k', () => 'for itself')).toBe('for itself');
    server.resume();
    const locking = new RedisCache('late', { client: stoppingAt('set'), deadline: '100ms' });
    await locking.update('u', () => 1);
    server.resume();
    await patient.get('nothing');
    const left = async (what: string) => server.command('EXISTS', `locmem:late:{:1:${what}`);
    expect(await left('k}:lease')).toBe(':0\r\n');
    expect(await left('u}:lock')).toBe(':0\r\n');
    expect(await patient.getOrSet('k', () => 'shared')).toBe('shared');
  });

  it('a script that the server has forgotten is not sent again after the deadline', async () => {
    const cache = open('forgotten');
    await cache.set('n', 1);
    await server.command('SCRIPT', 'FLUSH');
    const hasty = new RedisCache('forgotten', { client: stoppingAt('eval'), deadline: '100ms' });
    await expect(hasty.incr('n')).rejects.toMatchObject({ code: 'ERR_LOCMEM_KEY_NOT_FOUND' });
    server.resume();
    for (let i = 0; i < 3; i++) expect(await cache.get('n')).toBe(1);
  });

  /** The client, which stops the server just before it sends the first command that begins so. */
  function stoppingAt(begin: string): RedisClient {
    let isOver = false;
    return before(test.client, begin, () => {
      if (!isOver) server.pause();
      isOver = true;
    });
  }

  it('each of hundreds of counts under way at once is made, with tags and signed, too', async () => {
    for (const options of [{}, { secret: 'a secret of enough characters' }]) {
      const cache = open('turnstile', { deadline: '20000ms', ...options });
      await cache.set('n', 0, { tags: ['t'] });
      const counts = await Promise.all(Array.from({ length: 300 }, () => cache.incr('n')));
      expect(new Set(counts).size).toBe(300);
      expect(await cache.get('n')).toBe(300);
    }
  });

  it('a count that is told to have failed is not made later', async () => {
    const cache = open('hasty', { secret: 'a secret of enough characters' });
    await cache.set('n', 0);
    const clock = new TestClock();
    let changes = 0;
    const client = before(test.client, 'evalsha', () => {
      if (++changes === 20) clock.advance('30ms');
    });
    const secret = 'a secret of enough characters';
    const hasty = new RedisCache('hasty', { client, clock, secret, deadline: '30ms' });
    const counts = await Promise.allSettled(Array.from({ length: 2_000 }, () => hasty.incr('n')));
    const made = counts.filter(({ status }) => status === 'fulfilled').length;
    expect(made).toBeLessThan(2_000);
    // Of one that was under way nobody knows.
    for (let looks = 0; looks < 20; looks++) {
      expect((await cache.get<number>('n'))! - made).toBeLessThanOrEqual(1);
    }
  });

  it('a deletion that is owed is one while it is tried again, too', async () => {
    let removals = 0;
    let readMeanwhile: Promise<unknown> | undefined;
    const client = new globalThis.Proxy(test.client, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          const isRemoval = String(args[0]) === 'evalsha' && args.includes('locmem:retry:{:1:k}');
          if (name === 'callBuffer' && isRemoval && ++removals === 2)
            readMeanwhile = Promise.all([cache.get('k'), cache.getMany(['k', 'other'])]);
          return Reflect.apply(value, target, args);
        };
      },
    });
    const cache = new RedisCache('retry', { client, deadline: '5000ms' });
    await open('retry').set('k', 'deleted');
    await open('retry').delete('nothing'); // and the server knows the script
    await whileReadOnly(async () => {
      await cache.delete('k');
      await until(() => readMeanwhile !== undefined);
      expect(await readMeanwhile).toEqual([undefined, new Map()]);
      expect(await cache.get('k')).toBeUndefined();
    });
    await until(async () => (await server.command('EXISTS', 'locmem:retry:{:1:k}')) === ':0\r\n');
    await cache.set('k', 'new');
    expect(await cache.get('k')).toBe('new');
  });

  it('what is deleted and not yet made up for is so to add, incr and touch, too', async () => {
    const cache = open('owed');
    await cache.setMany({ a: 'old', n: 41, t: 1 }, { timeout: null });
    await whileReadOnly(() => cache.deleteMany(['a', 'n', 't']));
    expect(await cache.add('a', 'new')).toBe(true);
    expect(await cache.get('a')).toBe('new');
    await expect(cache.incr('n')).rejects.toMatchObject({ code: 'ERR_LOCMEM_KEY_NOT_FOUND' });
    expect(await cache.touch('t')).toBe(false);
  });

  it('the clearing of one prefix that is made up for is that of no other', async () => {
    const [before, after] = [
      open('deploy', { keyPrefix: 'v1' }),
      open('deploy', { keyPrefix: 'v2' }),
    ];
    await before.set('k', 1);
    await after.set('k', 2);
    await whileReadOnly(() => before.clear({ keyPrefix: 'v1' }));
    expect(await before.get('k')).toBeUndefined();
    await until(
      async () => (await server.command('EXISTS', 'locmem:deploy:{v1:1:k}')) === ':0\r\n',
    );
    expect(await after.get('k')).toBe(2);
  });

  it('more keys than may be under way are set and deleted, and nothing else is', async () => {
    const cache = open('bulk', { deadline: '20000ms' });
    await cache.set('innocent', 1);
    const pairs = Array.from({ length: MANY }, (_, i): [string, number] => [`k${i}`, i]);
    expect(await cache.setMany(pairs)).toEqual([]);
    expect(await cache.deleteMany(pairs.map(([key]) => key))).toBe(MANY);
    expect(await cache.get('innocent')).toBe(1);
    expect(cache.stats().faults.overload).toBe(0);
  });

  it('a front listens again although its connection was opened to silence', async () => {
    const silent = await Proxy.before(server.port);
    silent.become('black hole');
    let port = silent.port;
    const real = test.client as Duplicable;
    const client = new globalThis.Proxy(real, {
      get(target, name) {
        if (name === 'duplicate') return (options: object) => real.duplicate({ ...options, port });
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    let aheadMs = 0;
    const clock = { now: () => performance.now() + aheadMs };
    const back = new RedisCache('silence', { client, clock });
    const front = new LocMemCache('silence');
    const tiered = new TieredCache('silence', { front, back, heartbeat: '50ms' });
    try {
      port = server.port;
      expect(tiered.stats().bus.state).toBe('deaf');
      aheadMs += 6_000;
      await until(() => tiered.stats().bus.state === 'tracking');
    } finally {
      await tiered.close();
      await silent.close();
    }
  });

  it('a cluster that is not connected yet has a front that is deaf', async () => {
    const client = new Cluster([{ host: '127.0.0.1', port: 1 }], { lazyConnect: true });
    const back = new RedisCache('unconnected', { client });
    const tiered = new TieredCache('unconnected', { front: new LocMemCache('unconnected'), back });
    expect(tiered.stats().bus.state).toBe('deaf');
    await tiered.close();
    client.disconnect();
  });
});

/** The client, which lets something happen before it sends a command that begins so. */
function before(client: RedisClient, begin: string, act: () => void): RedisClient {
  return new globalThis.Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        if (name === 'callBuffer' && String(args[0]).startsWith(begin)) act();
        return Reflect.apply(value, target, args);
      };
    },
  });
}
