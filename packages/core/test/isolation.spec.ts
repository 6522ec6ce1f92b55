import { EventEmitter } from 'node:events';
import { createReadStream } from 'node:fs';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { runBuilt } from './support/run-built.js';
import { testCache } from './support/test-cache.js';

function throughCache<T>(value: T): T {
  const { cache } = testCache();
  cache.set('k', value);
  return cache.get<T>('k')!;
}

class Money {
  constructor(
    readonly amount: number,
    readonly currency: string,
  ) {}
  toString() {
    return `${this.amount} ${this.currency}`;
  }
}
class Discounted extends Money {}
class Celsius {
  degrees = 0;
  set fahrenheit(_value: number) {
    throw new Error('a setter must not run');
  }
}
class Tags extends Set<string> {
  override add(): this {
    throw new Error('an overridden method must not run');
  }
}

describe("isolation 'copy': nobody shares an object with the cache", () => {
  it('what the writer changes after set() stays outside', () => {
    const { cache } = testCache();
    const value = {
      list: [1],
      map: new Map([['a', { b: 1 }]]),
      date: new Date(0),
      bytes: Buffer.from('ab'),
    };
    cache.set('k', value);
    value.list.push(2);
    value.map.get('a')!.b = 2;
    value.date.setTime(1);
    value.bytes[0] = 0;
    expect(cache.get('k')).toEqual({
      list: [1],
      map: new Map([['a', { b: 1 }]]),
      date: new Date(0),
      bytes: Buffer.from('ab'),
    });
  });

  it('what a reader changes stays with that reader', () => {
    const { cache } = testCache();
    cache.set('k', { list: [1], bytes: Buffer.from('ab'), floats: new Float32Array(2) });
    const mine = cache.get<any>('k');
    mine.list.push(2);
    mine.bytes[0] = 0;
    mine.floats[0] = 1;
    expect(cache.get('k')).toEqual({
      list: [1],
      bytes: Buffer.from('ab'),
      floats: new Float32Array(2),
    });
  });

  it('holds for getMany, add, setMany and getOrSet, too', async () => {
    const { cache } = testCache();
    const value = { n: 1 };
    cache.add('a', value);
    cache.setMany({ b: value });
    cache.getOrSet('c', () => value);
    await cache.getOrSet('d', () => Promise.resolve(value));
    value.n = 2;
    for (const read of cache.getMany<{ n: number }>(['a', 'b', 'c', 'd']).values()) {
      expect(read.n).toBe(1);
      read.n = 3;
    }
    expect([...cache.getMany(['a', 'b', 'c', 'd']).values()]).toEqual(Array(4).fill({ n: 1 }));
  });

  it('callers that waited for one load get an object each', async () => {
    const { cache } = testCache();
    const load = () => Promise.resolve({ n: 1 });
    const [a, b] = await Promise.all([cache.getOrSet('k', load), cache.getOrSet('k', load)]);
    a.n = 2;
    expect(b).toEqual({ n: 1 });
    expect(cache.get('k')).toEqual({ n: 1 });
  });
});

describe('fidelity', () => {
  const cyclic: any = { name: 'root', children: [{}] };
  cyclic.children[0].parent = cyclic;
  const shared = { s: 1 };

  it.each<[string, unknown]>([
    ['nested plain data', { a: [1, { b: null, c: undefined }], d: 'x' }],
    ['an object without prototype', Object.assign(Object.create(null), { a: 1 })],
    ['own keys named like prototype members', JSON.parse('{"__proto__":{"x":1},"constructor":2}')],
    ['a Date', new Date(1e12)],
    ['a RegExp', /a+b/giu],
    [
      'a Map with object keys',
      new Map<unknown, unknown>([
        [{ k: 1 }, [1]],
        ['b', null],
      ]),
    ],
    ['a Set', new Set([1, 'a', { b: 1 }])],
    ['a bigint inside', { n: 10n ** 30n }],
    ['typed arrays', [new Uint8Array([1, 2]), new Float64Array([0.5]), new BigInt64Array([5n])]],
    ['a DataView', new DataView(new Uint8Array([1, 2, 3]).buffer)],
    ['an ArrayBuffer', new Uint8Array([1, 2]).buffer],
    ['a Buffer', Buffer.from('héllo')],
    ['a URL', new URL('http://a.test/x?y=1')],
    ['URLSearchParams', new URLSearchParams('a=1&a=2')],
    ['boxed primitives', [Object(1), Object('s'), Object(true)]],
    ['an array with holes', [1, , 3]], // eslint-disable-line no-sparse-arrays -- the subject
    ['an empty array of length 3', new Array(3)],
    ['an array with properties', Object.assign([1, 2], { total: 2 })],
    ['the result of a match', /(?<y>\d+)-(\d+)/.exec('on 2026-11')],
    ['class instances', [new Money(5, 'EUR'), new Discounted(4, 'EUR')]],
    ['a cycle', cyclic],
    ['shared references', { a: shared, b: shared }],
    ['NaN, -0 and Infinity inside', [NaN, -0, Infinity]],
  ])('%s comes back alike', (_what, value) => {
    const read = throughCache(value);
    expect(read).toEqual(value);
    expect(inspect(read, { depth: 9, showHidden: true })).toBe(
      inspect(value, { depth: 9, showHidden: true }),
    );
    expect(read).not.toBe(value);
  });

  it('a subclass of a typed array keeps its elements, one of Map its fields', () => {
    class Vec3 extends Float32Array {
      constructor(x: number, y: number, z: number) {
        super(3);
        this.set([x, y, z]);
      }
    }
    class Counted extends Map<string, number> {
      total = 42;
    }
    expect([...throughCache(new Vec3(1, 2, 3))]).toEqual([1, 2, 3]);
    expect(throughCache(new Vec3(1, 2, 3))).toBeInstanceOf(Vec3);
    const { cache } = testCache();
    cache.set('k', [new Counted([['a', 1]])]);
    for (let i = 0; i < 4; i++) {
      const [read] = cache.get<Counted[]>('k')!;
      expect(read).toBeInstanceOf(Counted);
      expect([read!.total, read!.get('a')]).toEqual([42, 1]);
    }
  });

  it('an invalid Date stays one', () => {
    expect(throughCache(new Date(NaN)).getTime()).toBeNaN();
  });

  it('a view is copied with what it shows of its buffer, no more', () => {
    const read = throughCache(new DataView(new Uint8Array([1, 2, 3]).buffer, 1, 1));
    expect([read.getUint8(0), read.byteLength, read.buffer.byteLength]).toEqual([2, 1, 1]);
  });

  it('a class instance keeps its class and methods', () => {
    const price = throughCache(new Discounted(4, 'EUR'));
    expect(price).toBeInstanceOf(Discounted);
    expect(String(price)).toBe('4 EUR');
  });

  it('a Buffer stays a Buffer, and is not a view of a larger pool', () => {
    const read = throughCache(Buffer.from('ab'));
    expect(Buffer.isBuffer(read)).toBe(true);
    expect(read.buffer.byteLength).toBe(2);
  });

  it('an error keeps class, message, stack, cause and fields', () => {
    const cause = new TypeError('inner');
    const error = Object.assign(new RangeError('outer', { cause }), { status: 503 });
    const read = throughCache(error);
    expect(read).toBeInstanceOf(RangeError);
    expect(read).not.toBe(error);
    expect([read.message, read.stack, read.status]).toEqual(['outer', error.stack, 503]);
    expect(read.cause).toBeInstanceOf(TypeError);
    expect(read.cause).not.toBe(cause);
    expect(Object.keys(read)).toEqual(['status']);
  });

  it('cycles and shared references are kept as such', () => {
    const read = throughCache(cyclic);
    expect(read.children[0].parent).toBe(read);
    const { a, b } = throughCache({ a: shared, b: shared });
    expect(a).toBe(b);
  });

  it('setters and overridden methods of a class do not run', () => {
    const warm = Object.assign(Object.create(Celsius.prototype), { degrees: 20 });
    Object.defineProperty(warm, 'fahrenheit', { value: 68, enumerable: true });
    expect(throughCache(warm).fahrenheit).toBe(68);
    const tags = Object.setPrototypeOf(new Set(['a']), Tags.prototype) as Tags;
    const read = throughCache(tags);
    expect(read).toBeInstanceOf(Tags);
    expect([...read]).toEqual(['a']);
  });

  it('a getter becomes the value it gives', () => {
    expect(
      throughCache({
        get now() {
          return 5;
        },
      }),
    ).toEqual({ now: 5 });
  });

  it('a toJSON method is of no consequence in a class, where JSON would lose the rest', () => {
    class Doc {
      title = 't';
      toJSON() {
        return null;
      }
    }
    expect(throughCache(new Doc())).toEqual(new Doc());
  });
});

describe('what cannot be copied is refused, naming place and reason, and the cache unchanged', () => {
  class Account {
    #balance = 1;
    get balance() {
      return this.#balance;
    }
  }
  const deep = (levels: number): object => (levels === 0 ? {} : { d: deep(levels - 1) });

  it.each<[string, () => unknown, string | RegExp, string]>([
    ['undefined', () => undefined, 'undefined', 'value'],
    ['a function', () => () => 1, 'a function', 'value'],
    [
      'a function inside',
      () => ({ user: { greet: () => 'hi' } }),
      'a function',
      'value.user.greet',
    ],
    ['a symbol', () => ({ s: [Symbol('x')] }), 'a symbol', 'value.s[0]'],
    ['a promise', () => ({ p: Promise.resolve(1) }), 'a promise (await it first)', 'value.p'],
    ['a Proxy', () => new Proxy({}, {}), 'a Proxy', 'value'],
    ['a WeakMap', () => [new WeakMap()], 'a WeakMap', 'value[0]'],
    ['a WeakRef', () => new WeakRef({}), 'a WeakRef', 'value'],
    [
      'a generator',
      () =>
        (function* () {
          yield 1;
        })(),
      'a generator',
      'value',
    ],
    ['a stream', () => ({ body: Readable.from(['a']) }), /event emitter/, 'value.body'],
    ['a socket', () => new Socket(), /event emitter/, 'value'],
    ['an event emitter', () => new EventEmitter(), /event emitter/, 'value'],
    ['an Intl formatter', () => new Intl.NumberFormat('en'), 'a NumberFormat', 'value'],
    ['an AbortSignal', () => new AbortController().signal, 'a AbortSignal', 'value'],
    ['a SharedArrayBuffer', () => new SharedArrayBuffer(1), /SharedArrayBuffer/, 'value'],
    [
      'a class with private state',
      () => ({ a: new Account() }),
      /Account, whose class has private/,
      'value.a',
    ],
    ['a function in a Map', () => new Map([['f', () => 1]]), 'a function', "value[get 'f']"],
    [
      'a getter that throws',
      () => ({
        get x() {
          throw new Error('no');
        },
      }),
      /getter throws/,
      'value.x',
    ],
    [
      'nesting 10,000 deep',
      () => deep(10_000),
      /nested deeper than 500/,
      expect.stringContaining('…') as any,
    ],
  ])('%s', (_what, make, reason, path) => {
    const { cache } = testCache();
    cache.set('k', 'old', { timeout: 50 });
    const value = make();
    const refusal = expect.objectContaining({
      code: 'ERR_LOCMEM_NOT_SERIALIZABLE',
      reason: typeof reason === 'string' ? reason : expect.stringMatching(reason),
      path,
    });
    expect(() => {
      cache.set('k', value);
    }).toThrow(refusal);
    expect(() => cache.add('other', value)).toThrow(refusal);
    expect(() =>
      cache.setMany([
        ['a', 1],
        ['other', value],
      ]),
    ).toThrow(refusal);
    if (typeof value !== 'function' && value !== undefined && !(value instanceof Promise)) {
      expect(() => cache.getOrSet('other', () => value)).toThrow(refusal);
    }
    expect([...cache.keys()]).toEqual(['k']);
    expect([cache.get('k'), cache.ttl('k')]).toEqual(['old', 50]);
  });

  it('a file stream, which is then still usable', () => {
    const { cache } = testCache();
    const stream = createReadStream(new URL(import.meta.url));
    expect(() => {
      cache.set('k', { stream });
    }).toThrow(/value.stream is an event emitter/);
    stream.destroy();
  });

  it('but nesting 450 deep is copied in and out', () => {
    const read = throughCache(deep(450));
    expect(inspect(read, { depth: 460 }).match(/d:/g)).toHaveLength(450);
  });
});

describe('reading again and again', () => {
  // From the third read on, a copier made to measure does the work. The first reads are the oracle.
  const plain = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.oneof(
        fc.string(),
        fc.integer(),
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        fc.constant(undefined),
      ),
      fc.oneof(
        fc.date(),
        fc.constant(new Map([['m', { n: 1 }]])),
        fc.constant(new Money(1, 'EUR')),
      ),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(
        fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', '1', 'a"b', '\u2028')),
        tie('value'),
        { maxKeys: 4 },
      ),
    ),
  })).value;

  it('gives the same each time, and an object of its own', () => {
    const show = (value: unknown) => inspect(value, { depth: 20, showHidden: true });
    fc.assert(
      fc.property(fc.array(plain, { minLength: 1, maxLength: 3 }), (value) => {
        const { cache } = testCache();
        cache.set('k', value);
        const reads = [1, 2, 3, 4].map(() => cache.get<unknown[]>('k')!);
        expect(new Set(reads).size).toBe(4);
        expect(new Set(reads.map(show)).size).toBe(1);
        expect(show(reads[0])).toBe(show(value));
      }),
      { numRuns: 500 },
    );
  });

  it('keeps readers apart in every nested object', () => {
    const { cache } = testCache();
    cache.set('k', {
      rows: [
        { tags: ['a'], by: { name: 'x' } },
        { tags: [], by: { name: 'y' } },
      ],
    });
    for (let i = 0; i < 5; i++) {
      const read = cache.get<any>('k');
      expect(read).toEqual({
        rows: [
          { tags: ['a'], by: { name: 'x' } },
          { tags: [], by: { name: 'y' } },
        ],
      });
      read.rows[1].tags.push('mine');
      read.rows[0].by.name = 'mine';
      read.rows.length = 1;
    }
  });

  it('works where code generation from strings is forbidden', () => {
    const program = `
      import assert from 'node:assert/strict';
      import { LocMemCache } from '@locmem/core';
      assert.throws(() => new Function('1'));
      const cache = new LocMemCache();
      cache.set('k', { a: [{ b: 1 }] });
      for (let i = 0; i < 5; i++) {
        const read = cache.get('k');
        assert.deepEqual(read, { a: [{ b: 1 }] });
        read.a[0].b = 2;
      }
      console.log('copied');
    `;
    expect(runBuilt(program, ['--disallow-code-generation-from-strings']).stdout).toBe('copied\n');
  });

  it('stays correct beyond the number of shapes that are compiled', () => {
    const { cache } = testCache({ maxEntries: Infinity });
    for (let i = 0; i < 600; i++) {
      cache.set('k', { [`field${i}`]: [i] });
      for (let read = 0; read < 3; read++) expect(cache.get('k')).toEqual({ [`field${i}`]: [i] });
    }
  });
});

describe("isolation 'freeze'", () => {
  it('hands out one frozen copy, never the object of the caller', () => {
    const { cache } = testCache({ isolation: 'freeze' });
    const value = { list: [{ n: 1 }], price: new Money(1, 'EUR') };
    cache.set('k', value);
    const read = cache.get<typeof value>('k')!;
    expect(read).toEqual(value);
    expect(read).not.toBe(value);
    expect(cache.get('k')).toBe(read);
    expect(() => read.list[0]!.n++).toThrow(TypeError);
    expect(() => read.list.push({ n: 2 })).toThrow(TypeError);
    value.list[0]!.n = 9;
    expect(Object.isFrozen(value)).toBe(false);
    expect(read.list[0]!.n).toBe(1);
  });

  it('freezes cycles', () => {
    const { cache } = testCache({ isolation: 'freeze' });
    cache.set('k', cyclicValue());
    const read = cache.get<any>('k');
    expect(read.self).toBe(read);
    expect(Object.isFrozen(read)).toBe(true);
  });

  it.each([new Date(0), new Map([['a', 1]]), new Set([1]), Buffer.from('a'), /x/g])(
    'copies on each read what cannot be frozen: %p',
    (value) => {
      const { cache } = testCache({ isolation: 'freeze' });
      cache.set('k', { value });
      const [a, b] = [cache.get<any>('k'), cache.get<any>('k')];
      expect(a).toEqual({ value });
      expect(a.value).not.toBe(b.value);
    },
  );

  it('refuses what cannot be copied', () => {
    const { cache } = testCache({ isolation: 'freeze' });
    expect(() => cache.set('k', { f: () => 1 })).toThrow(/value.f is a function/);
    expect(cache.size).toBe(0);
  });
});

function cyclicValue(): object {
  const value: { self?: object } = {};
  value.self = value;
  return value;
}

describe("isolation 'share'", () => {
  it('hands out the very object, functions and all', () => {
    const { cache } = testCache({ isolation: 'share' });
    const value = { f: () => 1 };
    cache.set('k', value);
    expect(cache.get('k')).toBe(value);
    cache.set('f', value.f);
    expect(cache.get('f')).toBe(value.f);
  });

  it('weighs a Proxy without looking into it', () => {
    const { cache } = testCache({ isolation: 'share', maxEntries: 3 });
    expect(cache.bytes).toBe(0);
    for (const key of ['a', 'b']) cache.set(key, new Proxy(new Map(), {}));
    expect(cache.bytes).toBeGreaterThan(0);
    expect(cache.size).toBe(2);
    expect(cache.snapshot()).toBeInstanceOf(Buffer);
  });

  it('takes the word of an object that says what it weighs', () => {
    const { cache } = testCache({ isolation: 'share', maxEntries: 3 });
    const before = cache.bytes;
    cache.set('k', { [Symbol.for('@locmem/core/bytes')]: 5_000, rest: 'x' });
    expect(cache.bytes - before).toBeGreaterThan(5_000);
    expect(cache.bytes - before).toBeLessThan(5_100);
  });

  it('still cannot hold undefined', () => {
    const { cache } = testCache({ isolation: 'share' });
    expect(() => {
      cache.set('k', undefined);
    }).toThrow(/value is undefined/);
  });
});
