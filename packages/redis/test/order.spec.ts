/**
 * Writes of one key take effect in the order in which they are called, awaited or not: whatever a row of
 * them comes to one after the other, it comes to all at once.
 */
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { RedisCache, type RedisCacheOptions } from '@locmem/redis';
import fc from 'fast-check';
import { setImmediate as turn } from 'node:timers/promises';
import { CLIENTS, type TestClient } from './support/clients.js';
import { describeWithServer, TestServer } from './support/server.js';
import { until } from './support/until.js';

// Sockets and processes take their time on a busy machine.
jest.setTimeout(30_000);

type Write = (cache: RedisCache, key: string) => Promise<unknown>;

/** What was thrown is an outcome, too. */
const outcome = (promise: Promise<unknown>): Promise<unknown> =>
  promise.catch((error: unknown) => (error as { code: unknown }).code);

const WRITES: Record<string, Write> = {
  set: (cache, key) => cache.set(key, 1, { timeout: 100 }),
  'set other': (cache, key) => cache.set(key, 'text', { timeout: 300 }),
  'set tagged': (cache, key) => cache.set(key, 2, { timeout: 500, tags: ['a', 'b'] }),
  'set other tagged': (cache, key) => cache.set(key, 3, { timeout: 700, tags: ['b'] }),
  'set to be over': (cache, key) => cache.set(key, 4, { timeout: 0 }),
  add: (cache, key) => cache.add(key, 5, { timeout: 900 }),
  'add tagged': (cache, key) => cache.add(key, 6, { timeout: 1_100, tags: ['a'] }),
  touch: (cache, key) => cache.touch(key, { timeout: 1_300 }),
  'touch for ever': (cache, key) => cache.touch(key, { timeout: null }),
  'touch to be over': (cache, key) => cache.touch(key, { timeout: 0 }),
  incr: (cache, key) => cache.incr(key, 10),
  decr: (cache, key) => cache.decr(key, 3),
  delete: (cache, key) => cache.delete(key),
  setMany: (cache, key) => cache.setMany([[key, 7]], { timeout: 1_500 }),
  'setMany tagged': (cache, key) => cache.setMany([[key, 8]], { timeout: 1_700, tags: ['b'] }),
  deleteMany: (cache, key) => cache.deleteMany([key, `${key} beside`]),
};

async function stateOf(cache: RedisCache, key: string): Promise<unknown> {
  const found = await cache.inspect(key);
  if (!found) return 'nothing';
  const left = found.timeLeft === null ? null : Math.round(found.timeLeft / 100);
  return { value: found.read(), left, tags: [...found.tags] };
}

describeWithServer.each(['node-redis 6', 'ioredis 6'])('writes through %s', (name) => {
  let server: TestServer;
  let client: TestClient;
  beforeAll(async () => {
    server = await TestServer.start();
    client = await CLIENTS[name]!(server.port);
    await until(async () => (await server.command('PING')) === '+PONG\r\n');
  });
  afterAll(async () => {
    client.close();
    await server.stop();
  });

  let keys = 0;
  const open = (options: Partial<RedisCacheOptions> = {}) =>
    new RedisCache('order', { client: client.client, deadline: '20s', ...options });

  it('end with the last of two, whatever the first needs', async () => {
    const cache = open();
    const first = cache.set('k', 'first', { tags: ['t'] });
    const second = cache.set('k', 'second');
    await Promise.all([first, second]);
    expect(await cache.get('k')).toBe('second');
  });

  it.each([
    ['plain', {}],
    ['signed', { secret: 'a secret' }],
  ] as const)('come to the same, awaited or not: %s entries', async (_kind, options) => {
    const cache = open(options);
    const row = fc.array(fc.constantFrom(...Object.keys(WRITES)), { minLength: 2, maxLength: 7 });
    await fc.assert(
      fc.asyncProperty(row, async (names) => {
        const [oneByOne, atOnce] = [`one by one ${++keys}`, `at once ${keys}`];
        const expected: unknown[] = [];
        for (const write of names) expected.push(await outcome(WRITES[write]!(cache, oneByOne)));
        // Scripts have to be sent twice, which is how they would be overtaken.
        await server.command('SCRIPT', 'FLUSH');
        const writing = names.map((write) => outcome(WRITES[write]!(cache, atOnce)));
        expect(await Promise.all(writing)).toEqual(expected);
        expect(await stateOf(cache, atOnce)).toEqual(await stateOf(cache, oneByOne));
      }),
      { numRuns: 150 },
    );
  });

  it('of one kind go out together, and those of other keys wait for nobody', async () => {
    const cache = open();
    await cache.setMany({ counter: 0, other: 0 });
    await cache.incr('counter'); // the script is known
    server.pause();
    const counting = Array.from({ length: 50 }, () => cache.incr('counter'));
    const beside = cache.set('other', 1);
    await turn();
    const { pending } = cache.stats();
    server.resume();
    expect(pending).toBe(51);
    expect(Math.max(...(await Promise.all(counting)))).toBe(51);
    await beside;
  });

  it('that waited in vain are dropped, and those after them are not held up', async () => {
    const cache = open({ deadline: '80ms', breakAfter: 1_000 });
    await open().set('k', 'before');
    server.pause();
    const writing = [cache.set('k', 1, { tags: ['t'] }), cache.set('k', 2), cache.add('k', 3)];
    await Promise.all(writing);
    server.resume();
    expect(cache.stats().droppedWrites).toBe(3);
    await until(async () => {
      await cache.set('k', 'after');
      return (await cache.get('k')) === 'after';
    });
  });

  it('that waited for the connection come before those that are called as it comes back', async () => {
    const lost = await TestServer.start();
    const own = await CLIENTS[name]!(lost.port);
    const isReady = () => own.client.isReady ?? own.client.status === 'ready';
    await until(isReady);
    const cache = new RedisCache('connected', { client: own.client, deadline: '20s' });
    await lost.kill();
    await until(() => !isReady());
    const waiting = [cache.set('k', 'first'), cache.set('other', 'first')];
    const called = new Promise((resolve) => {
      own.client.on('ready', () => {
        resolve(Promise.all([cache.set('k', 'second'), cache.delete('other')]));
      });
    });
    await lost.start();
    await Promise.all([...waiting, called]);
    expect([await cache.get('k'), await cache.get('other')]).toEqual(['second', undefined]);
    own.close();
    await lost.stop();
  });
});
