import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { LocMemCache, parseTimeout, type Duration } from '@locmem/core';
import { describeStoreContract, TestClock, type SiblingOptions } from '@locmem/core/testing';
import { RedisCache, TieredCache, type RedisClient, type TieredCacheOptions } from '@locmem/redis';
import { CLIENTS, type TestClient } from './support/clients.js';
import { Proxy } from './support/proxy.js';
import { describeWithServer, TestServer } from './support/server.js';
import { advanceServer } from './support/time.js';
import { until } from './support/until.js';

// Sockets and processes take their time on a busy machine.
jest.setTimeout(30_000);

let stores = 0;

type Bus = TieredCacheOptions['bus'];

describeWithServer('TieredCache', () => {
  let server: TestServer;
  const clients = new Map<string, TestClient>();
  const open: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    server = await TestServer.start();
    for (const [name, make] of Object.entries(CLIENTS)) clients.set(name, await make(server.port));
  });

  afterEach(async () => {
    for (const cache of open.splice(0)) await cache.close();
  });

  afterAll(async () => {
    for (const { close } of clients.values()) close();
    await server.stop();
  });

  /** One process's worth of caches: a front of its own over the shared back. */
  async function tier(
    name: string,
    {
      client = clients.get('ioredis 6')!.client,
      ...options
    }: Partial<Omit<TieredCacheOptions, 'front' | 'back'>> & {
      client?: RedisClient;
      keyPrefix?: string;
      version?: number;
      timeout?: number;
      clock?: TestClock;
      /** Of deadlines and heartbeats. */
      backClock?: TestClock;
      deadline?: Duration;
    } = {},
  ): Promise<TieredCache<RedisCache>> {
    const { keyPrefix, version, timeout, clock, backClock, deadline = '5s', ...own } = options;
    // On a busy machine a heartbeat of a second may be late.
    const tiering = { heartbeat: '1m', ...own } as const;
    const keys = { keyPrefix, version, timeout };
    const front = new LocMemCache(`front ${++stores}`, { ...keys, clock, maxEntries: 10_000 });
    const back = new RedisCache(name, { client, deadline, clock: backClock, ...keys });
    const cache = new TieredCache(name, { front, back, ...tiering });
    open.push(cache);
    if (options.bus !== 'none') await until(() => cache.stats().bus.state !== 'deaf');
    return cache;
  }

  /** What goes past the tiers, and is in no hurry. */
  const plain = (name: string, client = 'ioredis 6') =>
    new RedisCache(name, { client: clients.get(client)!.client, deadline: '10s' });

  for (const client of Object.keys(CLIENTS)) {
    describeStoreContract(
      `through ${client} fulfils the contract`,
      async () => {
        const name = `tiered ${++stores}`;
        const clock = new TestClock();
        const own = { client: clients.get(client)!.client, clock };
        const cache = await tier(name, own);
        return Object.assign(cache, {
          advance: async (span: Duration) => {
            // In this order, so that what is read in between is not taken to live longer.
            await advanceServer(server, parseTimeout(span)! * 1000);
            clock.advance(span);
          },
          sibling: (options: SiblingOptions) => tier(name, { ...own, ...options }),
        });
      },
      { describe, it, without: ['kinds'] },
    );
  }

  describe.each(Object.keys(CLIENTS))('hears through %s', (clientName) => {
    const pair = async (bus: Bus) => {
      const { client } = clients.get(clientName)!;
      const name = `pair ${++stores}`;
      return Promise.all([tier(name, { client, bus }), tier(name, { client, bus })]);
    };

    /** Reads until the front has it: what was told of the write itself may come after the first read. */
    const warm = async (cache: TieredCache, key: string, value: unknown) => {
      await until(async () => {
        await cache.get(key);
        return cache.peek(key) !== undefined;
      });
      expect(cache.peek(key)).toEqual(value);
    };

    it.each(['tracking', 'pubsub'] as const)(
      '%s: what others write, delete, purge and clear',
      async (bus) => {
        const [here, there] = await pair(bus);
        expect(here.stats().bus.state).toBe(bus);
        await here.set('k', 'old', { tags: ['t'] });
        await warm(there, 'k', 'old');

        await here.set('k', 'new', { tags: ['t'] });
        await until(() => there.peek('k') === undefined);
        await warm(there, 'k', 'new');

        await here.delete('k');
        await until(() => there.peek('k') === undefined);
        expect(await there.get('k')).toBeUndefined();

        await here.set('k', 'tagged', { tags: ['t'] });
        await warm(there, 'k', 'tagged');
        await here.deleteByTag('t');
        await until(() => there.peek('k') === undefined);
        expect(await there.get('k')).toBeUndefined();

        await here.set('k', 'kept');
        await warm(there, 'k', 'kept');
        await here.clear();
        await until(() => there.peek('k') === undefined);
        expect(await there.get('k')).toBeUndefined();
      },
    );

    it('tracking: what goes past the tiers: a plain RedisCache, an operator, a flush', async () => {
      const [, there] = await pair('tracking');
      const other = plain(there.name, clientName);
      await other.set('k', 'old');
      await warm(there, 'k', 'old');
      await other.set('k', 'new');
      await until(() => there.peek('k') === undefined);
      await warm(there, 'k', 'new');
      await server.command('UNLINK', `locmem:${there.name}:{:1:k}`);
      await until(() => there.peek('k') === undefined);
      await other.set('k', 'last');
      await warm(there, 'k', 'last');
      await server.command('FLUSHALL');
      await until(() => there.peek('k') === undefined);
    });

    it('again, after its connection was killed', async () => {
      const [here, there] = await pair('tracking');
      await here.set('k', 'old');
      await warm(there, 'k', 'old');
      const before = there.stats().bus.frontsCleared;
      await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await until(() => there.stats().bus.frontsCleared > before + 1); // lost, and back
      expect(there.stats().bus.state).toBe('tracking');
      await warm(there, 'k', 'old');
      await until(async () => (await here.set('k', 'new'), await here.get('k')) === 'new');
      await until(() => there.peek('k') === undefined);
    });
  });

  it('answers from the front without asking the server', async () => {
    const cache = await tier(`t${++stores}`);
    await cache.set('k', { a: [1] });
    // What is told of that write would take the key out of the front again.
    await until(() => cache.stats().bus.entriesHeard > 0);
    await until(async () => (await cache.get('k'), cache.peek('k')) !== undefined);
    const before = cache.stats().back.hits;
    expect(await cache.get('k')).toEqual({ a: [1] });
    expect(await cache.getOrSet('k', () => 'not loaded')).toEqual({ a: [1] });
    expect(await cache.getMany(['k'])).toEqual(new Map([['k', { a: [1] }]]));
    expect(await cache.has('k')).toBe(true);
    expect(cache.stats().back.hits).toBe(before);
  });

  it('reads one key once, however many ask at the same time', async () => {
    const cache = await tier(`t${++stores}`);
    await cache.set('k', { a: 1 });
    const before = cache.stats().back.hits;
    const values = await Promise.all(Array.from({ length: 50 }, () => cache.get<object>('k')));
    expect(cache.stats().back.hits - before).toBe(1);
    expect(new Set(values).size).toBe(50); // an object for each
  });

  it('keeps an entry no longer than the back does, nor than frontTimeout', async () => {
    const clock = new TestClock();
    const cache = await tier(`t${++stores}`, { clock, frontTimeout: '10s' });
    await cache.set('short', 1, { timeout: 5 });
    await cache.set('ever', 1, { timeout: null });
    await until(
      async () => (
        await cache.getMany(['short', 'ever']),
        cache.peek('ever') !== undefined && cache.peek('short') !== undefined
      ),
    );
    expect(cache.front.ttl('short')).toBeLessThanOrEqual(5);
    expect(cache.front.ttl('ever')).toBeLessThanOrEqual(10);
  });

  it('does not bring back, with a read that comes late, what was deleted meanwhile', async () => {
    const gate = gated(clients.get('ioredis 6')!.client);
    const cache = await tier(`t${++stores}`, { client: gate.client });
    const other = plain(cache.name);
    for (const change of [
      () => other.delete('k'),
      () => other.deleteByTag('t'),
      () => other.set('k', 'new'),
      () => cache.delete('k'),
      () => cache.clear(),
    ]) {
      await other.set('k', 'old', { tags: ['t'] });
      await until(() => cache.peek('k') === undefined);
      const heard = cache.stats().bus;
      gate.hold(); // the answer has left the server, and is not here yet
      const reading = cache.get('k');
      await until(() => gate.held() > 0);
      await change();
      await until(() => {
        const { entriesHeard, tagsHeard } = cache.stats().bus;
        return entriesHeard + tagsHeard > heard.entriesHeard + heard.tagsHeard;
      });
      gate.release();
      await reading;
      expect(cache.peek('k')).toBeUndefined();
      await cache.clear();
    }
  });

  it('holds nothing for longer than deafTimeout while nothing is heard', async () => {
    const clock = new TestClock();
    const cache = await tier(`t${++stores}`, { bus: 'none', clock, deafTimeout: '2s' });
    const other = plain(cache.name);
    await other.set('k', 'old');
    expect(await cache.get('k')).toBe('old');
    await other.set('k', 'new');
    expect(await cache.get('k')).toBe('old');
    clock.advance('2s');
    expect(await cache.get('k')).toBe('new');
  });

  it('loads once in deafTimeout, and not at each call, while the server is away', async () => {
    const clock = new TestClock();
    const lost = await TestServer.start();
    const client = await CLIENTS['ioredis 6']!(lost.port);
    const cache = await tier(`t${++stores}`, { client: client.client, clock, deadline: '50ms' });
    await lost.kill();
    await until(() => cache.stats().bus.state === 'deaf');
    let loads = 0;
    for (let i = 0; i < 5; i++) await cache.getOrSet('k', () => ++loads);
    expect(loads).toBe(1);
    clock.advance('1s');
    await cache.getOrSet('k', () => ++loads);
    expect(loads).toBe(2);
    client.close();
    await lost.stop();
  });

  it('notices a connection that has fallen silent, by its heartbeat, and gives up its front', async () => {
    const proxy = await Proxy.before(server.port);
    const client = await CLIENTS['ioredis 6']!(proxy.port);
    const cache = await tier(`t${++stores}`, { client: client.client, heartbeat: '50ms' });
    const other = plain(cache.name);
    await other.set('k', 'old');
    await until(async () => (await cache.get('k'), cache.peek('k')) !== undefined);
    proxy.become('black hole');
    await other.set('k', 'new');
    await until(() => cache.stats().bus.state === 'deaf');
    expect(cache.peek('k')).toBeUndefined();
    proxy.become('none');
    await until(() => cache.stats().bus.state === 'tracking');
    await until(async () => (await cache.get('k')) === 'new');
    client.close();
    await cache.close();
    await proxy.close();
  });

  it.each([
    ['full', [['CONFIG', 'SET', 'maxmemory', '1']]],
    ['a read-only replica', [['REPLICAOF', '127.0.0.1', '1']]],
  ])('keeps its front while the server is %s', async (_how, commands) => {
    const sick = await TestServer.start();
    const backClock = new TestClock();
    const client = await CLIENTS['ioredis 6']!(sick.port);
    const cache = await tier(`t${++stores}`, { client: client.client, heartbeat: '1s', backClock });
    await cache.set('k', 'v');
    await until(() => cache.stats().bus.entriesHeard > 0);
    await until(async () => (await cache.get('k'), cache.peek('k')) !== undefined);
    try {
      const before = await sick.command('CLIENT', 'LIST', 'TYPE', 'pubsub');
      for (const command of commands) await sick.command(...command);
      // A heartbeat that is lost is noticed by the one after it; each lags by as much as the clock says.
      let passedMs = 0;
      for (const lagMs of [1, 2, 3, 4]) {
        backClock.advance(`${1_000 - passedMs}ms`);
        backClock.advance(`${lagMs}ms`);
        passedMs = lagMs;
        await until(() => cache.stats().bus.lagMs === lagMs);
        expect(cache.stats().bus.state).toBe('tracking');
        expect(cache.peek('k')).toBe('v');
      }
      expect(idOf(await sick.command('CLIENT', 'LIST', 'TYPE', 'pubsub'))).toBe(idOf(before));
    } finally {
      await cache.close();
      client.close();
      await sick.stop();
    }
  });

  const idOf = (clients: string) => /\bid=(\d+)/.exec(clients)?.[1];

  it('falls back to pub/sub where the server forbids tracking', async () => {
    const guarded = await TestServer.start();
    await guarded.command('ACL', 'SETUSER', 'default', '-client|tracking');
    const client = await CLIENTS['node-redis 6']!(guarded.port);
    const name = `t${++stores}`;
    const [here, there] = [
      await tier(name, { client: client.client }),
      await tier(name, { client: client.client }),
    ];
    expect(here.stats().bus.state).toBe('pubsub');
    await here.set('k', 'old');
    await until(async () => (await there.get('k'), there.peek('k')) !== undefined);
    await here.set('k', 'new');
    await until(() => there.peek('k') === undefined);
    await Promise.all([here.close(), there.close()]);
    client.close();
    await guarded.stop();
  });

  it('bears a flood: every one of thousands of changes is heard', async () => {
    const cache = await tier(`t${++stores}`);
    const other = plain(cache.name);
    const keys = Array.from({ length: 2_000 }, (_, i) => `k${i}`);
    await other.setMany(keys.map((key) => [key, 'old'] as const));
    await until(
      async () => (await cache.getMany(keys), keys.every((key) => cache.peek(key) === 'old')),
    );
    await other.setMany(keys.map((key) => [key, 'new'] as const));
    await until(() => keys.every((key) => cache.peek(key) !== 'old'));
    expect(await cache.getMany(keys)).toEqual(new Map(keys.map((key) => [key, 'new'])));
  });

  it('refuses a front and a back that would not mean the same by a key', () => {
    const back = new RedisCache('x', { client: clients.get('iovalkey')!.client, keyPrefix: 'p' });
    const front = new LocMemCache(`front ${++stores}`);
    expect(() => new TieredCache('x', { front, back })).toThrow(/keyPrefix, version/);
    expect(() => new TieredCache('x', { front, back, ttl: 5 } as any)).toThrow(/ttl is no option/);
    expect(() => new TieredCache('x', { front: {} as any, back })).toThrow(
      /front must be a LocMem/,
    );
    expect(() => new TieredCache('x', { front, back: front as any })).toThrow(/back must be/);
    expect(() => new TieredCache('', { front, back })).toThrow(/name/);
  });
});

/** A client whose answers to GET can be held up between server and cache. */
function gated(client: RedisClient) {
  let isHolding = false;
  let waiting: (() => void)[] = [];
  const callBuffer = async (...args: unknown[]) => {
    const reply: unknown = await (client as any).callBuffer(...args);
    if (isHolding && args[0] === 'get' && String(args[1]).startsWith('locmem:'))
      await new Promise<void>((resolve) => waiting.push(resolve));
    return reply;
  };
  const gatedClient = new globalThis.Proxy(client, {
    get(target, name) {
      if (name === 'callBuffer') return callBuffer;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return {
    client: gatedClient,
    hold: () => {
      isHolding = true;
    },
    held: () => waiting.length,
    release: () => {
      isHolding = false;
      for (const resolve of waiting) resolve();
      waiting = [];
    },
  };
}
