import { describe, expect, it } from '@jest/globals';
import { LocMemCache } from '@locmem/core';
import { testCache } from './support/test-cache.js';

describe('get()', () => {
  it('returns what was set', () => {
    const { cache } = testCache();
    cache.set('k', 'v');
    expect(cache.get('k')).toBe('v');
  });

  it('returns undefined, or the default, on a miss', () => {
    const { cache } = testCache();
    expect(cache.get('k')).toBeUndefined();
    expect(cache.get('k', { default: 7 })).toBe(7);
  });

  it('tells a stored null from a miss', () => {
    const { cache } = testCache();
    cache.set('k', null);
    expect(cache.get('k', { default: 7 })).toBeNull();
  });

  it.each([false, 0, '', NaN, -0, 12n])('keeps %p as it is', (value) => {
    const { cache } = testCache();
    cache.set('k', value);
    expect(cache.get('k')).toBe(value);
  });

  it('finds keys named like members of Object.prototype only when they were set', () => {
    const { cache } = testCache();
    expect(cache.get('__proto__')).toBeUndefined();
    cache.set('__proto__', 1);
    cache.set('constructor', 2);
    expect(cache.getMany(['__proto__', 'constructor', 'toString'])).toEqual(
      new Map([
        ['__proto__', 1],
        ['constructor', 2],
      ]),
    );
  });
});

describe('add()', () => {
  it('stores only what is not there', () => {
    const { cache } = testCache();
    expect(cache.add('k', 1)).toBe(true);
    expect(cache.add('k', 2)).toBe(false);
    expect(cache.get('k')).toBe(1);
  });

  it('takes the place of an entry that has expired', () => {
    const { cache, advance } = testCache();
    cache.set('k', 1, { timeout: 5 });
    advance(5);
    expect(cache.add('k', 2)).toBe(true);
  });

  it('answers true for a dead-on-arrival timeout and keeps nothing', () => {
    const { cache } = testCache();
    expect(cache.add('k', 1, { timeout: 0 })).toBe(true);
    expect(cache.size).toBe(0);
  });
});

describe('touch()', () => {
  it('gives a live entry a new timeout', () => {
    const { cache, advance } = testCache();
    cache.set('k', 1, { timeout: 5 });
    expect(cache.touch('k', { timeout: '1m' })).toBe(true);
    advance(59);
    expect(cache.get('k')).toBe(1);
  });

  it("without a timeout means the cache's own, not what is left", () => {
    const { cache } = testCache({ timeout: 100 });
    cache.set('k', 1, { timeout: 5 });
    cache.touch('k');
    expect(cache.ttl('k')).toBe(100);
  });

  it('answers false for what is missing or dead', () => {
    const { cache, advance } = testCache();
    expect(cache.touch('k')).toBe(false);
    cache.set('k', 1, { timeout: 5 });
    advance(6);
    expect(cache.touch('k')).toBe(false);
  });

  it('with a timeout of zero kills', () => {
    const { cache } = testCache();
    cache.set('k', 1);
    expect(cache.touch('k', { timeout: 0 })).toBe(true);
    expect(cache.has('k')).toBe(false);
  });
});

describe('incr() and decr()', () => {
  it('count by one, or by a delta, and return the new value', () => {
    const { cache } = testCache();
    cache.set('n', 5);
    expect(cache.incr('n')).toBe(6);
    expect(cache.incr('n', 10)).toBe(16);
    expect(cache.decr('n')).toBe(15);
    expect(cache.decr('n', 20)).toBe(-5);
    expect(cache.incr('n', 0.5)).toBe(-4.5);
    expect(cache.get('n')).toBe(-4.5);
  });

  it('keep the expiry and the tags', () => {
    const { cache, advance } = testCache();
    cache.set('n', 1, { timeout: 10, tags: ['t'] });
    advance(4);
    cache.incr('n');
    expect(cache.ttl('n')).toBe(6);
    cache.deleteByTag('t');
    expect(cache.has('n')).toBe(false);
  });

  it('count bigints by bigints', () => {
    const { cache } = testCache();
    cache.set('n', 2n ** 64n);
    expect(cache.incr('n', 1n)).toBe(2n ** 64n + 1n);
    expect(cache.decr('n', 2n)).toBe(2n ** 64n - 1n);
    expect(() => cache.incr('n', 1)).toThrow(
      expect.objectContaining({ code: 'ERR_LOCMEM_NOT_NUMERIC' }),
    );
  });

  it('refuse a key that is not there, naming key and store', () => {
    const { cache } = testCache();
    expect(() => cache.incr('n')).toThrow(
      expect.objectContaining({
        name: 'KeyNotFoundError',
        code: 'ERR_LOCMEM_KEY_NOT_FOUND',
        key: 'n',
        store: cache.name,
      }),
    );
  });

  it.each(['1', null, true, [1], {}, NaN, Infinity, new Date(0)])(
    'refuse the stored value %p and leave it alone',
    (value) => {
      const { cache } = testCache();
      cache.set('n', value);
      expect(() => cache.incr('n')).toThrow(
        expect.objectContaining({ code: 'ERR_LOCMEM_NOT_NUMERIC', key: 'n' }),
      );
      expect(cache.get('n')).toEqual(value);
    },
  );

  it.each(['1', NaN, Infinity, null, {}, 1n])('refuse the delta %p', (delta) => {
    const { cache } = testCache();
    cache.set('n', 1);
    expect(() => cache.incr('n', delta as number)).toThrow(
      expect.objectContaining({ code: 'ERR_LOCMEM_NOT_NUMERIC' }),
    );
    expect(cache.get('n')).toBe(1);
  });

  it('refuse a result that is not finite', () => {
    const { cache } = testCache();
    cache.set('n', Number.MAX_VALUE);
    expect(() => cache.incr('n', Number.MAX_VALUE)).toThrow(/must be finite/);
  });
});

describe('delete()', () => {
  it('says whether the key was there', () => {
    const { cache } = testCache();
    cache.set('k', 1);
    expect(cache.delete('k')).toBe(true);
    expect(cache.delete('k')).toBe(false);
  });
});

describe('getMany(), setMany(), deleteMany()', () => {
  it('leave out missing keys and keep the order asked for', () => {
    const { cache } = testCache();
    cache.setMany({ a: 1, b: null });
    expect([...cache.getMany(['b', 'x', 'a', 'b'])]).toEqual([
      ['b', null],
      ['a', 1],
    ]);
  });

  it('take a Map, pairs, any iterable', () => {
    const { cache } = testCache();
    expect(cache.setMany(new Map([['a', 1]]))).toEqual([]);
    expect(cache.setMany([['b', 2]])).toEqual([]);
    expect(cache.deleteMany(new Set(['a', 'b', 'c']))).toBe(2);
  });

  it('take one timeout, version and set of tags for all', () => {
    const { cache } = testCache();
    cache.setMany({ a: 1, b: 2 }, { timeout: 7, version: 3, tags: ['t'] });
    expect(cache.ttl('b', { version: 3 })).toBe(7);
    cache.deleteByTag('t');
    expect(cache.getMany(['a', 'b'], { version: 3 }).size).toBe(0);
  });

  it('store nothing when one value cannot be stored', () => {
    const { cache } = testCache();
    expect(() =>
      cache.setMany([
        ['a', 1],
        ['b', () => 1],
      ]),
    ).toThrow(expect.objectContaining({ code: 'ERR_LOCMEM_NOT_SERIALIZABLE' }));
    expect(cache.size).toBe(0);
  });

  it.each(['getMany', 'deleteMany'] as const)(
    '%s refuses a lone string, which Django takes by letter',
    (method) => {
      const { cache } = testCache();
      expect(() => cache[method]('ab')).toThrow(
        expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_OPTION', option: 'keys', value: 'ab' }),
      );
    },
  );

  it('setMany refuses what holds no pairs', () => {
    const { cache } = testCache();
    expect(() => cache.setMany(7 as any)).toThrow(/pairs must be a Map/);
    expect(() => cache.setMany('ab' as any)).toThrow(/pairs must be a Map/);
  });
});

describe('ttl()', () => {
  it('is seconds, null for ever, undefined when missing', () => {
    const { cache, advance } = testCache();
    cache.set('a', 1, { timeout: 10 });
    cache.set('b', 1, { timeout: null });
    advance(2.5);
    expect(cache.ttl('a')).toBe(7.5);
    expect(cache.ttl('b')).toBeNull();
    expect(cache.ttl('c')).toBeUndefined();
  });
});

describe('keys()', () => {
  it("gives the bare keys of the cache's own prefix and version", () => {
    const { cache, sibling } = testCache({ keyPrefix: 'p' });
    cache.set('a', 1);
    cache.set('b', 1, { version: 2 });
    sibling({ keyPrefix: 'q' }).set('c', 1);
    expect([...cache.keys()]).toEqual(['a']);
  });

  it('gives with { all } the full keys of the store, the next victim first', () => {
    const { cache, sibling } = testCache({ keyPrefix: 'p' });
    cache.set('a', 1);
    cache.set('b', 1, { version: 2 });
    sibling({ keyPrefix: 'q' }).set('c', 1);
    cache.get('a');
    expect([...cache.keys({ all: true })]).toEqual(['p:2:b', 'q:1:c', 'p:1:a']);
  });

  it('leaves out the dead', () => {
    const { cache, advance } = testCache();
    cache.set('a', 1, { timeout: 1 });
    cache.set('b', 1);
    advance(1);
    expect([...cache.keys()]).toEqual(['b']);
    expect([...cache.keys({ all: true })]).toEqual([':1:b']);
  });
});

describe('clear()', () => {
  it('empties the whole named store, whoever wrote', () => {
    const { cache, sibling } = testCache();
    const other = sibling({ keyPrefix: 'q', version: 5 });
    other.set('a', 1);
    cache.set('a', 1);
    cache.clear();
    expect(cache.size).toBe(0);
    expect(other.get('a')).toBeUndefined();
    other.set('a', 2);
    expect(other.get('a')).toBe(2);
  });

  it('empties one version, one prefix, or both', () => {
    const { cache, sibling } = testCache({ keyPrefix: 'p' });
    const fill = () => {
      for (const keyPrefix of ['p', 'q'])
        for (const version of [1, 2]) sibling({ keyPrefix }).set('k', 1, { version });
    };
    const left = () => [...cache.keys({ all: true })];
    fill();
    cache.clear({ version: 2 });
    expect(left()).toEqual(['p:1:k', 'q:1:k']);
    fill();
    cache.clear({ keyPrefix: 'q' });
    expect(left().sort()).toEqual(['p:1:k', 'p:2:k']);
    fill();
    cache.clear({ keyPrefix: 'p', version: 1 });
    expect(left().sort()).toEqual(['p:2:k', 'q:1:k', 'q:2:k']);
  });
});

describe('incrVersion() and decrVersion()', () => {
  it('move an entry with its value, tags and remaining time', () => {
    const { cache, advance } = testCache();
    cache.set('k', 'v', { timeout: 10, tags: ['t'] });
    advance(4);
    expect(cache.incrVersion('k')).toBe(2);
    expect(cache.get('k')).toBeUndefined();
    expect(cache.ttl('k', { version: 2 })).toBe(6);
    expect(cache.decrVersion('k', 3, { version: 2 })).toBe(-1);
    expect(cache.get('k', { version: -1 })).toBe('v');
    cache.deleteByTag('t');
    expect(cache.get('k', { version: -1 })).toBeUndefined();
  });

  it('put an entry in the place of the one that is there, and of a load of it', async () => {
    const { cache } = testCache({ maxBytes: 10_000 });
    cache.set('k', 'x'.repeat(100));
    cache.set('k', 'a long one'.repeat(100), { version: 2, tags: ['t'] });
    const loading = cache.getOrSet('k', Promise.resolve('loaded'), { version: 3 });
    const alone = testCache().cache;
    alone.set('k', 'x'.repeat(100), { version: 3 });
    cache.incrVersion('k', 2);
    cache.delete('k', { version: 2 });
    expect(await loading).toBe('x'.repeat(100));
    expect(cache.get('k', { version: 3 })).toBe('x'.repeat(100));
    expect([cache.size, cache.bytes]).toEqual([1, alone.bytes]);
  });

  it('leave nothing behind that a refresh under way could bring back', async () => {
    const { cache } = testCache();
    cache.set('k', 'old', { timeout: 5 });
    expect(cache.getOrSet('k', Promise.resolve('new'))).toBe('old');
    expect(cache.getOrSet('k', () => Promise.resolve('new'), { refreshAhead: 10 })).toBe('old');
    cache.incrVersion('k');
    await new Promise((resolve) => setImmediate(resolve));
    expect([cache.get('k'), cache.get('k', { version: 2 })]).toEqual([undefined, 'old']);
  });

  it('refuse a missing key and a delta that is no integer', () => {
    const { cache } = testCache();
    expect(() => cache.incrVersion('k')).toThrow(
      expect.objectContaining({ code: 'ERR_LOCMEM_KEY_NOT_FOUND' }),
    );
    cache.set('k', 1);
    expect(() => cache.incrVersion('k', 0.5)).toThrow(/delta must be an integer: received 0.5/);
    expect(cache.get('k')).toBe(1);
  });
});

describe('close()', () => {
  it('leaves the entries, as in Django, also at the end of a using block', () => {
    const { cache } = testCache();
    cache.set('k', 1);
    cache.close();
    cache[Symbol.dispose]();
    expect(cache.get('k')).toBe(1);
  });
});

describe('versions', () => {
  it('are told apart, down to zero and below', () => {
    const { cache } = testCache();
    for (const version of [-1, 0, 1, 2]) cache.set('k', version, { version });
    expect(cache.get('k')).toBe(1);
    expect([-1, 0, 1, 2].map((version) => cache.get('k', { version }))).toEqual([-1, 0, 1, 2]);
  });

  it('that come and go leave nothing behind', () => {
    const { cache } = testCache();
    for (let version = 0; version < 10_000; version++) {
      cache.set('k', version, { version });
      cache.delete('k', { version });
    }
    expect(cache.size).toBe(0);
    cache.set('k', 'still here', { version: 3 });
    expect(cache.get('k', { version: 3 })).toBe('still here');
  });
});

describe('a cache whose own version lay idle while many others came', () => {
  it('finds what it and others write there afterwards', () => {
    const { cache, sibling } = testCache();
    for (let version = 2; version < 500; version++) cache.get('k', { version });
    cache.set('k', 1);
    expect(sibling().get('k')).toBe(1);
    sibling().set('l', 2);
    expect(cache.get('l')).toBe(2);
  });
});

describe('a cache without a name', () => {
  it("shares the store 'default'", () => {
    new LocMemCache().set('k', 1);
    expect(new LocMemCache('default').get('k')).toBe(1);
    new LocMemCache().clear();
  });
});
