import { describe, expect, it } from '@jest/globals';
import { LocMemCache } from '@locmem/core';
import { LocMemKeyv } from '@locmem/core/keyv';
import { createCache } from 'cache-manager';
import { createCache as createCache6 } from 'cache-manager6';
import { Keyv, type KeyvStoreAdapter } from 'keyv';
import { runKeyvSuite } from './support/keyv-suite.js';

let stores = 0;

function fresh(options: ConstructorParameters<typeof LocMemKeyv>[1] = {}) {
  let nowMs = 1_000_000;
  const clock = { now: () => nowMs };
  const name = `keyv ${++stores}`;
  const store = new LocMemKeyv(name, { clock, ...options });
  return { name, store, clock, advanceMs: (ms: number) => (nowMs += ms) };
}

/** Keyv hands over `{ value, expires }` as it is. */
function withoutJson(keyv: Keyv): Keyv {
  keyv.serialize = undefined;
  keyv.deserialize = undefined;
  return keyv;
}

describe("LocMemKeyv passes Keyv's own suite for adapters", () => {
  describe('with the values as JSON, as Keyv hands them over by default', () => {
    runKeyvSuite(Keyv, () => new LocMemKeyv('suite json'));
  });

  describe('with a key prefix and a version', () => {
    runKeyvSuite(Keyv, () => new LocMemKeyv('suite prefixed', { keyPrefix: 'p', version: 2 }));
  });

  describe('with the values as they are', () => {
    class PlainKeyv extends Keyv {
      constructor(options: any) {
        super({ serialize: undefined, deserialize: undefined, ...options });
      }
    }
    runKeyvSuite(PlainKeyv, () => new LocMemKeyv('suite plain'));
  });
});

describe('LocMemKeyv', () => {
  it("is what Keyv's types call a storage adapter", () => {
    const adapter: KeyvStoreAdapter = fresh().store;
    expect(adapter.opts).toEqual({ dialect: 'sqlite', url: expect.stringMatching(/^locmem:/) });
  });

  it('shares the named store with every cache of that name', async () => {
    const { name, store, clock } = fresh({ keyPrefix: 'p', version: 3 });
    await store.set('k', 'v');
    expect(new LocMemCache(name, { clock, keyPrefix: 'p', version: 3 }).get('k')).toBe('v');
  });

  it('reads a ttl as milliseconds', async () => {
    const { store, advanceMs } = fresh();
    await store.set('k', 'v', 1500);
    expect(store.cache.ttl('k')).toBe(1.5);
    advanceMs(1499);
    expect(await store.get('k')).toBe('v');
    advanceMs(1);
    expect(await store.get('k')).toBeUndefined();
    expect(await store.has('k')).toBe(false);
  });

  it('takes a ttl of months for what it is', async () => {
    const warnings: unknown[] = [];
    const { store } = fresh({ onWarning: (warning) => warnings.push(warning) });
    await store.set('k', 'v', 90 * 86_400_000);
    expect(store.cache.ttl('k')).toBe(90 * 86_400);
    await store.set('ever', 'v', Infinity);
    expect(store.cache.ttl('ever')).toBeNull();
    expect(warnings).toEqual([]);
  });

  it('keeps values without a ttl for ever, or for the timeout in its options', async () => {
    const { store } = fresh();
    await store.set('none', 'v');
    await store.set('zero', 'v', 0);
    expect([store.cache.ttl('none'), store.cache.ttl('zero')]).toEqual([null, null]);
    const { store: timed } = fresh({ timeout: '5m' });
    await timed.set('none', 'v');
    expect(timed.cache.ttl('none')).toBe(300);
  });

  it('answers for many keys in their order', async () => {
    const { store } = fresh();
    await store.setMany([
      { key: 'a', value: 1 },
      { key: 'b', value: null, ttl: 1000 },
    ]);
    expect(await store.getMany(['b', 'x', 'a'])).toEqual([null, undefined, 1]);
    expect(await store.hasMany(['b', 'x'])).toEqual([true, false]);
    expect(store.cache.ttl('b')).toBe(1);
    expect(await store.deleteMany(['a', 'x'])).toBe(true);
    expect(await store.deleteMany(['a', 'x'])).toBe(false);
  });

  it('answers for no keys at all', async () => {
    const { store } = fresh();
    expect(await store.setMany([])).toEqual([]);
    expect([await store.getMany([]), await store.hasMany([])]).toEqual([[], []]);
    expect(await store.deleteMany([])).toBe(false);
    for await (const entry of store.iterator()) expect(entry).toBeUndefined();
  });

  it('keeps nothing whose time is over before it is stored', async () => {
    const { store } = fresh();
    await store.set('k', 'before');
    expect(await store.set('k', 'late', -1)).toBe(true);
    expect([await store.get('k'), await store.has('k'), store.cache.size]).toEqual([
      ...[undefined, false, 0],
    ]);
  });

  it('answers to all that Keyv asks about many keys', async () => {
    const { store } = fresh();
    const keyv = new Keyv({ store });
    await keyv.setMany([
      { key: 'a', value: 1 },
      { key: 'b', value: 2, ttl: 1000 },
    ]);
    expect(await keyv.getMany(['b', 'x', 'a'])).toEqual([2, undefined, 1]);
    expect(await keyv.getManyRaw(['a', 'x'])).toMatchObject([{ value: 1 }, undefined]);
    expect(await keyv.hasMany(['a', 'x'])).toEqual([true, false]);
    expect(await keyv.deleteMany(['a', 'x'])).toBe(true);
    expect(await keyv.has(['a', 'b'])).toEqual([false, true]);
  });

  it.each([1e21, Number.MAX_VALUE, Infinity])('takes a ttl of %p for for ever', async (ttl) => {
    const { store } = fresh();
    await store.set('k', 1, ttl);
    expect(store.cache.ttl('k')).toBeNull();
  });

  it('clears its own prefix and version only', async () => {
    const { name, store, clock } = fresh({ keyPrefix: 'a' });
    const other = new LocMemKeyv(name, { clock, keyPrefix: 'b' });
    const later = new LocMemKeyv(name, { clock, keyPrefix: 'a', version: 2 });
    for (const each of [store, other, later]) await each.set('k', 'v');
    await store.clear();
    expect(await Promise.all([store, other, later].map((each) => each.has('k')))).toEqual([
      ...[false, true, true],
    ]);
  });

  it("clears its own Keyv namespace only, though 'a' is the beginning of 'ab'", async () => {
    const { name, clock } = fresh();
    const [a, ab] = ['a', 'ab'].map(
      (namespace) => new Keyv({ store: new LocMemKeyv(name, { clock }), namespace }),
    );
    await a!.set('k', 1);
    await ab!.set('k', 2);
    await a!.clear();
    expect([await a!.get('k'), await ab!.get('k')]).toEqual([undefined, 2]);
  });

  it('works with a key function', async () => {
    const { store } = fresh({
      keyFunction: (key, prefix, version) => `${prefix}/${version}/${key}`,
    });
    const keyv = new Keyv({ store, namespace: 'n' });
    await keyv.set('k', 1);
    expect(await keyv.get('k')).toBe(1);
    await keyv.clear();
    expect(store.cache.size).toBe(0);
  });

  it("lists its entries through Keyv's iterator", async () => {
    const { store } = fresh();
    const keyv = new Keyv({ store, namespace: 'n' });
    await keyv.set('a', 1);
    await keyv.set('b', [2]);
    await store.set('other:c', 'not of this namespace');
    const listed: unknown[] = [];
    for await (const entry of keyv.iterator!(undefined)) listed.push(entry);
    expect(listed).toEqual([
      ['a', 1],
      ['b', [2]],
    ]);
  });

  it('isolates values and keeps their kinds when Keyv leaves them as they are', async () => {
    const { store } = fresh();
    const keyv = withoutJson(new Keyv({ store }));
    const value = { since: new Date(0), tags: new Set(['a']) };
    await keyv.set('k', value);
    value.tags.add('b');
    const read = await keyv.get<typeof value>('k');
    expect(read).toEqual({ since: new Date(0), tags: new Set(['a']) });
    read!.tags.clear();
    expect(await keyv.get('k')).toEqual({ since: new Date(0), tags: new Set(['a']) });
  });

  it('says of a value that is too large that it was not stored', async () => {
    const { store } = fresh({ maxEntryBytes: 200, onWarning: () => undefined });
    const keyv = new Keyv({ store });
    expect(await keyv.set('k', 'x'.repeat(1000))).toBe(false);
    expect(
      await keyv.setMany([
        { key: 'a', value: 1 },
        { key: 'b', value: 'x'.repeat(1000) },
      ]),
    ).toEqual([true, false]);
  });

  it('lets Keyv hear of a value that cannot be stored', async () => {
    const { store } = fresh();
    const keyv = withoutJson(new Keyv({ store }));
    const heard: unknown[] = [];
    keyv.on('error', (error) => heard.push(error));
    expect(await keyv.set('k', () => 1)).toBe(false);
    expect(heard).toMatchObject([{ code: 'ERR_LOCMEM_NOT_SERIALIZABLE' }]);
  });

  it('disconnects without losing what others may share', async () => {
    const { store } = fresh();
    await store.set('k', 'v');
    await new Keyv({ store }).disconnect();
    expect(await store.get('k')).toBe('v');
  });
});

describe.each([
  { version: 6, create: createCache6 as typeof createCache, missing: null },
  { version: 7, create: createCache, missing: undefined },
])('cache-manager $version over LocMemKeyv', ({ create, missing }) => {
  function managed(options?: ConstructorParameters<typeof LocMemKeyv>[1]) {
    const { store, advanceMs } = fresh(options);
    return { cache: create({ stores: [new Keyv({ store })] }), store, advanceMs };
  }

  it('gets, sets and deletes', async () => {
    const { cache } = managed();
    await cache.set('k', { a: [1] });
    expect(await cache.get('k')).toEqual({ a: [1] });
    await cache.del('k');
    expect(await cache.get('k')).toBe(missing);
  });

  it('gets, sets and deletes many', async () => {
    const { cache } = managed();
    await cache.mset([
      { key: 'a', value: 1 },
      { key: 'b', value: 2, ttl: 1000 },
    ]);
    expect(await cache.mget(['a', 'x', 'b'])).toEqual([1, missing, 2]);
    await cache.mdel(['a', 'b']);
    expect(await cache.mget(['a', 'b'])).toEqual([missing, missing]);
  });

  it('counts its ttl in milliseconds', async () => {
    const { cache, store, advanceMs } = managed();
    await cache.set('k', 'v', 2000);
    expect(store.cache.ttl('keyv:k')).toBe(2);
    advanceMs(2000);
    expect(await cache.get('k')).toBe(missing);
  });

  it('runs a wrapped function once for all who wait', async () => {
    const { cache } = managed();
    let calls = 0;
    const work = () => Promise.resolve(++calls);
    expect(await Promise.all([cache.wrap('k', work, 1000), cache.wrap('k', work, 1000)])).toEqual([
      ...[1, 1],
    ]);
    expect(await cache.wrap('k', work, 1000)).toBe(1);
  });

  it('keeps a wrapped null', async () => {
    const { cache } = managed();
    let calls = 0;
    const work = () => (calls++, Promise.resolve(null));
    expect(await cache.wrap('k', work)).toBeNull();
    expect(await cache.wrap('k', work)).toBeNull();
    expect(calls).toBe(1);
  });

  it('clears what is its own', async () => {
    const { cache, store } = managed();
    await store.set('not-managed', 'v');
    await cache.set('k', 'v');
    await cache.clear();
    expect(await cache.get('k')).toBe(missing);
    expect(await store.get('not-managed')).toBe('v');
  });
});
