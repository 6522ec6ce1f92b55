import { describe, expect, it } from '@jest/globals';
import { LocMemCache, type LocMemOptions } from '@locmem/core';
import { createTestCache, type TestCache, type TestCacheOptions } from '@locmem/core/testing';
import { runBuilt } from './support/run-built.js';

const ISOLATIONS = ['copy', 'freeze', 'share'] as const;

/** Every way by which a value can come in. */
const WAYS_IN: Record<string, (cache: TestCache, value: unknown) => unknown> = {
  set: (cache, value) => cache.set('k', value),
  add: (cache, value) => cache.add('free', value),
  setMany: (cache, value) => cache.setMany([['a', 1], ['b', value]]), // prettier-ignore
  'getOrSet with a value': (cache, value) => cache.getOrSet('free', value),
  'getOrSet with a function': (cache, value) => cache.getOrSet('free', () => value),
  'getOrSet with a promise': (cache, value) => cache.getOrSet('free', () => Promise.resolve(value)),
  update: (cache, value) => cache.update('k', () => value),
};

/** What can be seen of a cache from outside. */
function everythingIn(cache: TestCache) {
  const { size, bytes } = cache;
  return { size, bytes, entries: [...cache.entries()], ttl: cache.ttl('k') };
}

/** The value is refused by every way in, with this code, and leaves no trace. */
async function isRefused(
  value: () => unknown,
  options: TestCacheOptions = {},
  waysIn = Object.keys(WAYS_IN),
): Promise<void> {
  for (const name of waysIn) {
    const wayIn = WAYS_IN[name]!;
    const cache = createTestCache({ ...options, maxEntries: 2 });
    cache.set('k', { old: [1] }, { timeout: '1h', tags: ['t'] });
    cache.set('other', 2);
    const before = everythingIn(cache);
    await expect(Promise.resolve().then(() => wayIn(cache, value()))).rejects.toMatchObject({
      code: 'ERR_LOCMEM_NOT_SERIALIZABLE',
    });
    expect(everythingIn(cache)).toEqual(before);
  }
}

function nested(depth: number): object {
  let value: object = {};
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? { value } : [value];
  return value;
}

describe('a value whose code fails while it is looked at', () => {
  const trap = () => {
    throw new Error('trap');
  };
  const allTraps = Object.fromEntries(
    Object.getOwnPropertyNames(Reflect).map((name) => [name, trap]),
  );

  it('is refused: a getter that throws', async () => {
    await isRefused(() => ({ deep: [{ get bad() { return trap(); } }] })); // prettier-ignore
  });

  it('is refused: a Proxy, without one of its traps being run', async () => {
    await isRefused(() => ({ inner: new Proxy({}, allTraps) }));
    // A promise, and who takes values or promises, must ask it whether it has a then().
    await isRefused(() => new Proxy([], allTraps), {}, ['set', 'add', 'setMany']);
    await isRefused(() => new Proxy(() => 1, allTraps), {}, ['set', 'add', 'setMany']);
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    await isRefused(() => [proxy]);
  });

  it('is refused: a class whose prototype is a Proxy that throws', async () => {
    await isRefused(() => [Object.create(new Proxy({}, allTraps))]);
  });

  it('is taken without running it: toJSON, valueOf, toString, Symbol.toPrimitive, inspect', () => {
    const cache = createTestCache();
    class Touchy {
      readonly id = 7;
      toJSON = undefined;
      get [Symbol.toStringTag](): string {
        return trap();
      }
      valueOf = undefined;
    }
    Object.assign(Touchy.prototype, { toString: trap, [Symbol.toPrimitive]: trap });
    Object.assign(Touchy.prototype, { [Symbol.for('nodejs.util.inspect.custom')]: trap });
    cache.set('k', new Touchy());
    expect(cache.get<Touchy>('k')?.id).toBe(7);
    expect(() => cache.incr('k')).toThrow(
      expect.objectContaining({ code: 'ERR_LOCMEM_NOT_NUMERIC' }),
    );
  });

  it('is shared as it is, under isolation share', () => {
    const cache = createTestCache({ isolation: 'share' });
    const values = [new Proxy({}, allTraps), { get bad() { return trap(); } }, trap]; // prettier-ignore
    for (const value of values) {
      cache.set('k', value);
      expect(cache.get('k') === value).toBe(true);
    }
  });
});

describe('a value that changes while it is copied', () => {
  it('is stored as it was seen, once', () => {
    const cache = createTestCache();
    let reads = 0;
    const shifty = { get n() { return ++reads; } }; // prettier-ignore
    cache.set('k', shifty);
    expect([cache.get('k'), cache.get('k'), cache.get('k')]).toEqual(Array(3).fill({ n: 1 }));
    expect(reads).toBe(1);
  });

  it('may write to the cache itself', () => {
    const cache = createTestCache({ maxEntries: 3 });
    const meddler = { get n() { cache.clear(); cache.set('k', 'inner'); return 1; } }; // prettier-ignore
    cache.set('k', 'before');
    cache.set('k', meddler);
    expect(cache.get('k')).toEqual({ n: 1 });
    expect(cache.size).toBe(1);
  });

  it('may delete the entry that an update is about to write', async () => {
    const cache = createTestCache();
    const meddler = { get n() { cache.delete('k'); return 2; } }; // prettier-ignore
    cache.set('k', { n: 1 });
    expect(await cache.update('k', () => meddler)).toEqual({ n: 2 });
    expect(cache.get('k')).toEqual({ n: 2 });
    expect(cache.ttl('k')).toBe(300);
  });

  it('may make so many versions that the one in hand is let go', () => {
    const cache = createTestCache();
    const churn = () => {
      for (let version = 100; version < 300; version++) {
        cache.set('x', 1, { version });
        cache.delete('x', { version });
      }
    };
    cache.set('first', 1);
    const meddler = { get n() { churn(); return 1; } }; // prettier-ignore
    cache.setMany([['k', 1], ['l', meddler]], { version: 7 }); // prettier-ignore
    expect(cache.get('k', { version: 7 })).toBe(1);
    expect(cache.get('l', { version: 7 })).toEqual({ n: 1 });
    cache.set('k', 2, { version: 500 });
    expect(cache.get('k', { version: 7 })).toBe(1);
  });

  it('may shrink its own array or Map', () => {
    const cache = createTestCache();
    const array: unknown[] = [1, { get x() { array.length = 1; return 1; } }, 2, 3]; // prettier-ignore
    cache.set('array', array);
    const map = new Map<string, unknown>();
    map.set('a', { get x() { map.clear(); return 1; } }).set('b', 2); // prettier-ignore
    cache.set('map', map);
    for (let i = 0; i < 4; i++) expect(cache.get<unknown[]>('array')?.[0]).toBe(1);
    for (let i = 0; i < 4; i++) expect(cache.get<Map<string, unknown>>('map')?.size).toBe(1);
  });
});

describe('names with a meaning to JavaScript', () => {
  const names = [
    ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then', 'length'],
    ...[
      '0',
      '-1',
      '4294967295',
      '1e21',
      'NaN',
      'undefined',
      'null',
      '',
      '\0',
      '\ud800',
      '__defineGetter__',
    ],
  ];

  it.each(ISOLATIONS)('are keys like any other, isolation %s', (isolation) => {
    const cache = createTestCache({ isolation, keyCheck: 'off' });
    for (const name of names) expect(cache.has(name)).toBe(false);
    for (const name of names) cache.set(name, { name });
    for (const name of names) expect(cache.get(name)).toEqual({ name });
    expect(new Set(cache.keys())).toEqual(new Set(names));
    expect(cache.getMany(names).size).toBe(names.length);
    for (const name of names) expect(cache.delete(name)).toBe(true);
    expect(cache.size).toBe(0);
    expect(({} as any).name).toBeUndefined();
  });

  it.each(ISOLATIONS)('are properties like any other, isolation %s', (isolation) => {
    const cache = createTestCache({ isolation });
    const value = JSON.parse(
      '{ "__proto__": { "polluted": true }, "constructor": { "prototype": { "polluted": true } } }',
    );
    cache.set('k', value);
    cache.setMany(JSON.parse('{ "__proto__": 1 }') as Record<string, unknown>);
    for (let i = 0; i < 4; i++) {
      const read = cache.get<any>('k');
      expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
      expect(Object.keys(read as object)).toEqual(['__proto__', 'constructor']);
    }
    expect(cache.get('__proto__')).toBe(1);
    expect(({} as any).polluted).toBeUndefined();
  });

  it('are tags, prefixes and stores like any other', () => {
    for (const name of ['__proto__', 'constructor']) {
      const cache = createTestCache({ name, keyPrefix: name });
      cache.set('k', 1, { tags: [name] });
      cache.deleteByTag('toString');
      expect(cache.get('k')).toBe(1);
      cache.deleteByTag(name);
      expect(cache.has('k')).toBe(false);
      cache.clear();
    }
  });

  it('are refused as options of a call', () => {
    const cache = createTestCache();
    const options = JSON.parse('{ "__proto__": { "version": 2 } }') as object;
    expect(() => cache.set('k', 1, options)).toThrow(/__proto__/);
    expect(cache.size).toBe(0);
  });
});

describe('a value nested too deep', () => {
  it('is refused with a clear error, 10,000 levels and a cycle at the end', async () => {
    await isRefused(() => nested(10_000));
    await isRefused(() => nested(10_000), { isolation: 'freeze' });
    await isRefused(() => {
      const value = nested(10_000) as any;
      value.value ??= value[0];
      let last = value;
      while (last.value ?? last[0]) last = last.value ?? last[0];
      last.back = value;
      return value;
    });
  });

  it('is refused so by depth in a Map, a Set, an error and a class, too', async () => {
    class Box {
      constructor(readonly value: unknown) {}
    }
    const wrap: ((value: unknown) => unknown)[] = [
      (value) => new Map([['k', value]]),
      (value) => new Set([value]),
      (cause) => new Error('e', { cause }),
      (value) => new Box(value),
    ];
    for (const each of wrap) {
      let value: unknown = 1;
      for (let i = 0; i < 2_000; i++) value = each(value);
      await isRefused(() => value);
    }
  });

  it('is shared as it is, under isolation share, at any depth', () => {
    const cache = createTestCache({ isolation: 'share', maxBytes: 1e9 });
    const value = nested(100_000);
    cache.set('k', value);
    expect(cache.get('k')).toBe(value);
    expect(cache.bytes).toBeGreaterThan(100_000 * 8);
  });

  it.each(['copy', 'freeze'] as const)(
    'or called with little stack left, isolation %s: stored and read whole, or refused',
    (isolation) => {
      const cache = createTestCache({ isolation });
      const value = nested(400);
      const outcomes = new Set<string>();
      const descend = (): void => {
        try {
          descend();
        } catch {
          // On the way up there is a little more stack each time.
        }
        if (outcomes.has('stored')) return;
        try {
          cache.set('k', value);
          outcomes.add('stored');
        } catch (error) {
          outcomes.add((error as { code?: string }).code ?? (error as Error).name);
          expect(cache.size).toBe(0);
        }
      };
      descend();
      expect(outcomes).toContain('stored');
      for (let i = 0; i < 3; i++) expect(cache.get('k')).toEqual(value);
      // A RangeError where not even the call itself has room.
      expect(outcomes).toContain('ERR_LOCMEM_NOT_SERIALIZABLE');
      expect(['stored', 'ERR_LOCMEM_NOT_SERIALIZABLE', 'RangeError']).toEqual(
        expect.arrayContaining([...outcomes]),
      );
    },
  );
});

describe('an endless recursion through the cache', () => {
  /** Calls from the depth at which the stack is full, and from each level above it until there is room. */
  function fromEveryDepth(call: (attempt: number) => void): void {
    let attempt = 0;
    let isRoom = false;
    const descend = (): void => {
      try {
        descend();
      } catch {
        // On the way up there is a little more stack each time.
      }
      if (isRoom) return;
      try {
        call(attempt++);
        isRoom = true;
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
    };
    descend();
  }

  /** Everything that can be asked about the entries agrees, and eviction still keeps the bound. */
  function expectWhole(cache: LocMemCache, maxEntries: number): void {
    const keys = [...cache.keys()];
    expect(cache.size).toBe(keys.length);
    expect([...cache.keys({ all: true })]).toHaveLength(keys.length);
    for (const key of keys) expect(cache.get(key)).toBeDefined();
    for (let i = 0; i < 3 * maxEntries; i++) {
      cache.set(`later ${i}`, i);
      if (cache.size > maxEntries) throw new Error(`${cache.size} entries`);
    }
    expect(cache.get(`later ${3 * maxEntries - 1}`)).toBe(3 * maxEntries - 1);
    cache.clear();
    expect([cache.size, cache.bytes]).toEqual([0, 0]);
  }

  const options: LocMemOptions[] = [
    {},
    { policy: 'lru' },
    { policy: 'cull' },
    { compat: 'django' },
    { maxBytes: 20_000 },
    { keyFunction: (key, prefix, version) => `${prefix}/${version}/${key}`, keyPrefix: 'p' },
  ];

  it.each(options)('through set, delete, incr and getOrSet leaves the store whole: %j', (more) => {
    const calls: ((cache: LocMemCache, attempt: number) => unknown)[] = [
      (cache, attempt) => {
        cache.set(`new ${attempt}`, attempt);
      },
      (cache, attempt) => {
        cache.set(`before ${attempt % 30}`, attempt);
      },
      (cache, attempt) => {
        cache.set(`new ${attempt}`, { tree: attempt }, { tags: ['t'] });
      },
      (cache, attempt) => cache.delete(`before ${attempt % 30}`),
      (cache, attempt) => cache.getOrSet(`new ${attempt}`, () => 'loaded'),
      (cache) => cache.incr('before 1'),
    ];
    for (const [round, call] of [...calls, ...calls, ...calls].entries()) {
      const maxEntries = 40;
      const cache = new LocMemCache(`recursion ${JSON.stringify(more)} ${round}`, {
        ...{ maxEntries, keyCheck: 'off', ...more },
      });
      for (let i = 0; i < 39; i++) cache.set(`before ${i}`, i);
      fromEveryDepth((attempt) => call(cache, attempt));
      expectWhole(cache, maxEntries);
    }
  });
});

describe('a policy that throws', () => {
  it.each(['inserted', 'removed', 'hit', 'overwritten'] as const)(
    'in %s leaves the store whole for the next call',
    (method) => {
      let isBroken = false;
      class Breaking {
        readonly #slots = new Set<number>();
        #break(where: string) {
          if (isBroken && where === method) throw new Error(`broken in ${where}`);
        }
        inserted(slot: number) {
          this.#break('inserted');
          this.#slots.add(slot);
        }
        removed(slot: number) {
          this.#break('removed');
          this.#slots.delete(slot);
        }
        hit() {
          this.#break('hit');
        }
        overwritten() {
          this.#break('overwritten');
        }
        victims() {
          return this.#slots;
        }
        victim(spared?: number) {
          return [...this.#slots].find((slot) => slot !== spared);
        }
      }
      const cache = new LocMemCache(`breaking ${method}`, {
        policy: () => new Breaking(),
        maxEntries: 2,
      });
      cache.setMany({ a: 1, b: 2 });
      isBroken = true;
      const calls = [
        () => cache.set('c', 3),
        () => cache.delete('a'),
        () => cache.get('b'),
        () => cache.set('b', { n: 4 }),
      ];
      for (const call of calls) {
        try {
          call();
        } catch (error) {
          expect(String(error)).toContain(`broken in ${method}`);
        }
      }
      isBroken = false;
      expect(cache.size).toBe([...cache.keys()].length);
      expect([...cache.keys({ all: true })]).toHaveLength(cache.size);
      cache.setMany({ x: 1, y: 2, z: 3 });
      expect([...cache.keys()].sort()).toEqual(['y', 'z']);
    },
  );
});

describe('values and keys that are very large', () => {
  it('an array of a million numbers', () => {
    const cache = createTestCache({ maxBytes: 1e9 });
    const array = Array.from({ length: 1e6 }, (_, i) => i);
    cache.set('k', array);
    for (let i = 0; i < 3; i++) expect(cache.get<number[]>('k')).toHaveLength(1e6);
    expect(cache.bytes).toBeGreaterThan(8e6);
    cache.delete('k');
    expect(cache.bytes).toBe(0);
  });

  it('an array with a million holes, or a property beyond them', () => {
    const cache = createTestCache();
    const sparse: unknown[] = [];
    sparse[999_999] = 1;
    Object.assign(sparse, { extra: true });
    cache.set('k', sparse);
    const read = cache.get<typeof sparse>('k')!;
    expect([read.length, 0 in read, read[999_999], (read as any).extra]).toEqual([
      1e6,
      false,
      1,
      true,
    ]);
    const huge: unknown[] = [];
    huge.length = 2 ** 32 - 1;
    cache.set('huge', huge);
    for (let i = 0; i < 3; i++) expect(cache.get<unknown[]>('huge')).toHaveLength(2 ** 32 - 1);
  });

  it('an object of 100,000 fields', () => {
    const cache = createTestCache();
    const value = Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => [`field ${i}`, i]));
    cache.set('k', value);
    for (let i = 0; i < 3; i++) expect(Object.keys(cache.get<object>('k')!)).toHaveLength(1e5);
  });

  it('a string of 100 million characters, which is refused where it does not fit', () => {
    const cache = createTestCache({ maxBytes: 1e8 });
    const text = 'x'.repeat(1e8);
    cache.set('small', 1);
    cache.set('k', text);
    expect(cache.has('k')).toBe(false);
    expect(cache.get('small')).toBe(1);
    expect(cache.warnings).toMatchObject([{ code: 'LOCMEM_ENTRY_TOO_LARGE' }]);
    const roomy = createTestCache({ maxBytes: 1e9 });
    roomy.set('k', text);
    expect(roomy.get<string>('k')).toHaveLength(1e8);
    expect(roomy.bytes).toBeGreaterThan(2e8);
  });

  it('keys of 10 MB, which count for what they weigh', () => {
    const cache = createTestCache({ maxBytes: 1e8, maxEntries: 100 });
    const key = (i: number) => `${'k'.repeat(1e7)}${i}`;
    for (let i = 0; i < 6; i++) cache.set(key(i), i);
    expect(cache.size).toBeLessThan(6);
    expect(cache.bytes).toBeLessThanOrEqual(1e8);
    expect(cache.get(key(5))).toBe(5);
    expect(cache.warnings.every(({ message }) => message.length < 500)).toBe(true);
    expect(() => cache.incr(key(9))).toThrow(/not found/);
  });
});

describe('keys made to collide', () => {
  it('that differ only after a long common beginning, or only in order', () => {
    const cache = createTestCache({ maxEntries: Infinity, keyCheck: 'off' });
    const beginning = 'x'.repeat(2_000);
    for (let i = 0; i < 5_000; i++) cache.set(`${beginning}${i}`, i);
    for (let i = 0; i < 5_000; i++) expect(cache.get(`${beginning}${i}`)).toBe(i);
    expect(cache.size).toBe(5_000);
  });

  it('integer-like ones, whose hashes are their values', () => {
    const cache = createTestCache({ maxEntries: Infinity });
    const started = process.cpuUsage();
    for (let i = 0; i < 200_000; i++) cache.set(String(i * 4_096), i);
    for (let i = 0; i < 200_000; i += 97) expect(cache.get(String(i * 4_096))).toBe(i);
    expect(cache.size).toBe(200_000);
    expect(process.cpuUsage(started).user).toBeLessThan(10e6);
  });

  it('that are all of one shard of the index: slower, never wrong', () => {
    const cache = createTestCache({ maxEntries: Infinity, keyCheck: 'off' });
    // Equal but for the middle, which a hash of a few characters may not look at.
    const key = (i: number) => `${'a'.repeat(40)}${i}${'z'.repeat(40)}`;
    for (let i = 0; i < 100_000; i++) cache.set(key(i), i);
    for (let i = 0; i < 100_000; i += 97) expect(cache.get(key(i))).toBe(i);
    for (let i = 0; i < 100_000; i += 2) expect(cache.delete(key(i))).toBe(true);
    expect(cache.size).toBe(50_000);
  });

  it('across prefixes, versions and keys with colons in them', () => {
    const cache = createTestCache({ keyPrefix: 'p', keyCheck: 'off' });
    const other = cache.sibling({ keyPrefix: 'p:1', keyCheck: 'off' });
    cache.set('1:x', 'one');
    other.set('x', 'two');
    expect([cache.get('1:x'), other.get('x')]).toEqual(['one', 'two']);
  });
});

describe('a million named stores', () => {
  const program = `
    import { LocMemCache } from '@locmem/core';
    const COUNT = 1_000_000;
    const used = () => (gc(), process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers);
    const before = used();
    for (let i = 0; i < COUNT; i++) new LocMemCache('store ' + i);
    const bytes = (used() - before) / COUNT;
    const last = new LocMemCache('store ' + (COUNT - 1));
    last.set('k', 1);
    console.log(JSON.stringify({
      bytes,
      works: last.get('k') === 1 && new LocMemCache('store 7').size === 0,
    }));
  `;

  it('weigh less than 3 kB each while nothing is in them', () => {
    const { stdout } = runBuilt(program, ['--expose-gc', '--max-old-space-size=4096']);
    const { bytes, works } = JSON.parse(stdout) as Record<string, number | boolean>;
    expect(works).toBe(true);
    expect(bytes).toBeLessThan(3_000);
  }, 120_000);
});
