/** Values on their way to the store and back, and values that somebody else has put there. */
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { RedisCache, v8Codec, type RedisCacheOptions } from '@locmem/redis';
import fc from 'fast-check';
import { CLIENTS, type TestClient } from './support/clients.js';
import { describeWithServer, TestServer } from './support/server.js';

// Sockets and processes take their time on a busy machine.
jest.setTimeout(30_000);

class Point {
  constructor(readonly x: number) {}
}

describeWithServer('values', () => {
  let server: TestServer;
  let client: TestClient;
  beforeAll(async () => {
    server = await TestServer.start();
    client = await CLIENTS['ioredis 6']!(server.port);
  });
  afterAll(async () => {
    client.close();
    await server.stop();
  });
  const open = (options: Partial<RedisCacheOptions> = {}) =>
    new RedisCache('values', { client: client.client, deadline: '5s', ...options });
  const KEY = 'locmem:values:{:1:k}';

  const kinds: Record<string, unknown> = {
    ...{ Date: new Date(0), Map: new Map([['k', new Set([1])]]) },
    ...{ RegExp: /a+/gi, bigint: 2n ** 70n, NaN, Infinity, 'minus zero': -0 },
    ...{ 'undefined inside': [{ a: undefined }, undefined], Buffer: Buffer.from('text') },
    ...{
      bytes: new Uint8Array([1, 2]),
      floats: new Float64Array([0.1]),
      'bytes of a view': Buffer.from('abc').subarray(1),
    },
    ...{
      'several bytes': [Buffer.from('a\n'), { b: Buffer.from('\n!b') }],
      ArrayBuffer: new Uint8Array([3]).buffer,
    },
    ...{ 'a $t of its own': { $t: 'date', v: new Date(1) }, 'only a $t': { $t: 'date', v: 0 } },
    ...{
      'text that begins as ours': '!{"$t":"date"}',
      'a key named __proto__': JSON.parse('{"__proto__":{"a":1},"d":null}'),
    },
    ...{
      'no prototype': Object.assign(Object.create(null), { a: 1 }),
      'an empty string': '',
      null: null,
    },
  };

  it.each(Object.entries(kinds))(
    'come back through JSON as what they were: %s',
    async (_kind, value) => {
      for (const options of [{}, { secret: 's', compressAboveBytes: 0 }]) {
        const cache = open(options);
        await cache.set('k', value);
        expect(await cache.get('k')).toEqual(value);
        await cache.set('k', { deep: [value] }, { tags: ['t'] });
        expect(await cache.get('k')).toEqual({ deep: [value] });
      }
    },
  );

  it('come back through JSON whatever they are made of', async () => {
    const cache = open();
    const anything = fc.anything({
      ...{ withMap: true, withSet: true, withBigInt: true, withTypedArray: true },
      ...{ withNullPrototype: true },
    });
    await fc.assert(
      fc.asyncProperty(anything, async (value) => {
        fc.pre(value !== undefined);
        await cache.set('k', [value]);
        expect(await cache.get('k')).toEqual([value]);
      }),
      { numRuns: 300 },
    );
  });

  it('come back exactly, under keys and tags of whatever code units', async () => {
    const text = fc
      .oneof(
        fc.array(fc.constantFrom('a', '\ufffd', '\ud83d', '\ude00', 'd83d', '\\', '}', ':'), {
          minLength: 1,
          maxLength: 5,
        }),
        fc.array(
          fc.nat(0xffff).map((unit) => String.fromCharCode(unit)),
          { minLength: 1 },
        ),
      )
      .map((units) => units.join(''));
    const texts = fc.uniqueArray(text, { minLength: 2, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(texts, text, async (keys, keyPrefix) => {
        const cache = open({ keyPrefix });
        for (const key of keys) await cache.set(key, { [key]: key }, { tags: [key] });
        for (const key of keys) expect(await cache.get(key)).toEqual({ [key]: key });
        const listed: string[] = [];
        for await (const key of cache.keys()) listed.push(key);
        expect(listed.sort()).toEqual([...keys].sort());
        await cache.deleteByTag(keys[0]!);
        expect([...(await cache.getMany(keys)).keys()]).toEqual(keys.slice(1));
        await cache.clear({ keyPrefix });
        expect((await cache.getMany(keys)).size).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it('that a codec makes into text which UTF-8 cannot hold are refused', async () => {
    const codec = { name: 'raw', encode: String, decode: (bytes: Buffer) => bytes.toString() };
    const cache = open({ codec });
    await cache.set('k', 'before');
    await expect(cache.set('k', 'half of \ud83d')).rejects.toMatchObject({
      code: 'ERR_LOCMEM_NOT_SERIALIZABLE',
    });
    await expect(cache.setMany({ k: 'x', l: '\ude00' })).rejects.toThrow(/lone surrogate/);
    expect(await cache.get('k')).toBe('before');
    expect(() => new RedisCache('\ud83d', { client: client.client })).toThrow(/lone surrogates/);
  });

  it('that JSON cannot hold are refused, with where and why', async () => {
    const cache = open();
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    await cache.set('k', 1);
    for (const [value, message] of [
      [new Point(1), /value is an instance of a class/],
      [{ a: [new Point(1)] }, /value\.a\.0 is an instance of a class/],
      [{ f: () => 1 }, /value\.f is a function/],
      [cycle, /a cycle/],
      [Promise.resolve(), /a promise/],
    ] as const) {
      await expect(cache.set('k', value)).rejects.toThrow(message);
    }
    expect(await cache.get('k')).toBe(1);
  });

  it("come back through V8's codec, cycles and shared references included", async () => {
    const cache = open({ codec: v8Codec });
    const twin = { a: 1 };
    const value: Record<string, unknown> = { twins: [twin, twin], date: new Date(0) };
    value.self = value;
    await cache.set('k', value);
    const read = (await cache.get<any>('k'))!;
    expect(read.self).toBe(read);
    expect(read.twins[0]).toBe(read.twins[1]);
    expect(Object.prototype.toString.call(read.date)).toBe('[object Date]');
    await expect(cache.set('k', { p: new Point(1) })).rejects.toThrow(/value\.p is an instance/);
    const bytes = Buffer.from('shared?');
    await cache.set('k', bytes);
    const [one, two] = await Promise.all([cache.get<any>('k'), cache.get<any>('k')]);
    one[0] = 0;
    expect(Buffer.from(two).toString()).toBe('shared?');
  });

  it('of another codec, layout or program are misses, and counted', async () => {
    const cache = open();
    await open({ codec: v8Codec }).set('k', 1n);
    const strange = [
      'L2:json\n1',
      'L1:json\n{',
      'L1:json',
      '',
      '{"a":1}',
      'L1:num\nx',
      'L1:json {"t":[1]}\n1',
    ];
    expect(await cache.get('k')).toBeUndefined();
    for (const text of strange) {
      await server.command('SET', KEY, text);
      expect(await cache.get('k')).toBeUndefined();
      expect(await cache.has('k')).toBe(false);
    }
    expect(cache.stats().unreadable).toBeGreaterThan(strange.length);
    expect(await cache.getOrSet('k', () => 'loaded')).toBe('loaded');
    expect(await cache.get('k')).toBe('loaded');
  });

  it('are never an error, whatever bytes lie there', async () => {
    const caches = [open(), open({ codec: v8Codec }), open({ secret: 's' })];
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('', 'L1:json\n', 'L1:json\n!', 'L1:v8\n', 'L1:json {'),
        async (text, head) => {
          await server.command('SET', KEY, head + text);
          for (const cache of caches) await cache.get('k');
        },
      ),
      { numRuns: 150 },
    );
  });

  it('that were not signed are misses, as are those signed for another key', async () => {
    const cache = open({ secret: 'ours' });
    await open().set('k', 'forged');
    expect(await cache.get('k')).toBeUndefined();
    await open({ secret: 'theirs' }).set('k', 'forged');
    expect(await cache.get('k')).toBeUndefined();
    await cache.set('other', 'true, elsewhere');
    await server.command('COPY', 'locmem:values:{:1:other}', KEY, 'REPLACE');
    expect(await cache.get('k')).toBeUndefined();
    await cache.set('k', 'true', { tags: ['t'] });
    expect(await cache.get('k')).toBe('true');
    expect(cache.stats().forged).toBe(3);
  });

  it('that were not signed are neither counted nor touched, and those of another store are misses', async () => {
    const cache = open({ secret: 'ours' });
    await server.command('SET', KEY, 'L1:num\n999');
    await expect(cache.incr('k')).rejects.toMatchObject({ code: 'ERR_LOCMEM_KEY_NOT_FOUND' });
    expect(await cache.touch('k')).toBe(false);
    await new RedisCache('elsewhere', { client: client.client, secret: 'ours' }).set('k', 'moved');
    await server.command('COPY', 'locmem:elsewhere:{:1:k}', KEY, 'REPLACE');
    expect(await cache.get('k')).toBeUndefined();
    await cache.set('k', 1);
    expect(await cache.incr('k')).toBe(2);
  });

  it('signed with the secret before are read while it is changed', async () => {
    await open({ secret: 'old' }).set('k', 'v');
    expect(await open({ secret: ['new', 'old'] }).get('k')).toBe('v');
    await open({ secret: ['new', 'old'] }).set('k', 'w');
    expect(await open({ secret: 'old' }).get('k')).toBeUndefined();
  });

  it('that are long are compressed, if that makes them shorter', async () => {
    const cache = open({ compressAboveBytes: 100 });
    await cache.set('k', 'long '.repeat(1_000));
    expect(Number((await server.command('STRLEN', KEY)).slice(1))).toBeLessThan(200);
    expect(await cache.get('k')).toBe('long '.repeat(1_000));
  });

  it('that unpack to more than maxEntryBytes are not unpacked; larger ones are not stored', async () => {
    await open({ compressAboveBytes: 0 }).set('k', '0'.repeat(100_000));
    const cache = open({ maxEntryBytes: 10_000, onWarning: () => undefined });
    expect(await cache.get('k')).toBeUndefined();
    await cache.set('k', 'small');
    await cache.set('k', '0'.repeat(100_000));
    expect(await cache.setMany({ k: '0'.repeat(100_000), l: 1 })).toEqual(['k']);
    expect(await cache.get('k')).toBe('small');
    expect(cache.stats().refusals).toBe(2);
    const packing = open({
      maxEntryBytes: 10_000,
      compressAboveBytes: 0,
      onWarning: () => undefined,
    });
    await packing.set('k', '0'.repeat(100_000)); // which no cache of this size would unpack
    expect(await packing.get('k')).toBe('small');
  });

  it('are found under tags of any characters', async () => {
    const cache = open();
    await cache.set('k', 1, { tags: ['a\u2028b', '\n', '}'] });
    expect(await cache.get('k')).toBe(1);
  });
});
