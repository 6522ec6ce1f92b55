import { describe, expect, it } from '@jest/globals';
import { testCache } from './support/test-cache.js';

const letters = 'abcdefghijklmnopqrstuvwxyz'.split('');

describe("policy 'lru'", () => {
  it('gives up the least recently used third of a full store', () => {
    const { cache } = testCache({ policy: 'lru', maxEntries: 6 });
    for (const key of letters.slice(0, 6)) cache.set(key, 1);
    cache.get('a');
    cache.set('b', 2);
    cache.set('g', 1);
    expect([...cache.keys({ all: true })].map((key) => key.slice(3))).toEqual([
      'e',
      'f',
      'a',
      'b',
      'g',
    ]);
  });

  it('takes reading, writing and counting for use, but not has() and touch()', () => {
    const { cache } = testCache({ policy: 'lru', maxEntries: 4, cullFrequency: 4 });
    for (const key of ['a', 'b', 'c', 'd']) cache.set(key, 1);
    cache.has('a');
    cache.touch('a');
    cache.incr('b');
    cache.set('e', 1);
    expect(cache.has('a')).toBe(false);
    cache.set('f', 1);
    expect([...cache.keys()].sort()).toEqual(['b', 'd', 'e', 'f']);
  });

  it("passes Django's own test: 49 sets into 30 entries leave 29", () => {
    const { cache } = testCache({ policy: 'lru', maxEntries: 30, cullFrequency: 3 });
    for (let i = 1; i < 50; i++) cache.set(`cull${i}`, 'value', { timeout: 1000 });
    expect(cache.size).toBe(29);
  });
});

describe("policy 'cull'", () => {
  it('gives up every third entry in order of arrival, whatever was read since', () => {
    const { cache } = testCache({ policy: 'cull', maxEntries: 6 });
    for (const key of letters.slice(0, 6)) cache.set(key, 1);
    cache.get('a');
    cache.set('b', 2);
    cache.set('g', 1);
    expect([...cache.keys({ all: true })].map((key) => key.slice(3))).toEqual([
      'b',
      'c',
      'e',
      'f',
      'g',
    ]);
  });
});

describe('cullFrequency', () => {
  it.each(['lru', 'cull'] as const)('0 empties a full store (%s)', (policy) => {
    const { cache } = testCache({ policy, maxEntries: 3, cullFrequency: 0 });
    for (const key of ['a', 'b', 'c', 'd']) cache.set(key, 1);
    expect([...cache.keys()]).toEqual(['d']);
  });

  it.each(['lru', 'cull'] as const)('above maxEntries still evicts one (%s)', (policy) => {
    const { cache } = testCache({ policy, maxEntries: 5, cullFrequency: 100 });
    for (const key of letters) cache.set(key, 1);
    expect(cache.size).toBe(5);
  });
});

describe('a full store', () => {
  it('evicts nobody when a key in it is overwritten', () => {
    const { cache } = testCache({ maxEntries: 3 });
    for (const key of ['a', 'b', 'c']) cache.set(key, 1);
    for (let i = 0; i < 10; i++) cache.set('a', i);
    expect(cache.size).toBe(3);
  });

  it('lets the dead go before the living', () => {
    const { cache, advance } = testCache({ maxEntries: 4 });
    cache.set('old', 1, { timeout: null });
    for (const key of ['x', 'y', 'z']) cache.set(key, 1, { timeout: 5 });
    advance(5);
    cache.set('new', 1);
    expect([...cache.keys({ all: true })]).toEqual([':1:old', ':1:new']);
    expect(cache.size).toBe(2);
  });

  it('counts what a tag has killed as dead', () => {
    const { cache } = testCache({ maxEntries: 3 });
    cache.set('old', 1, { timeout: null });
    cache.set('x', 1, { tags: ['t'], timeout: null });
    cache.set('y', 1, { tags: ['t'], timeout: null });
    cache.deleteByTag('t');
    cache.set('new', 1);
    expect([...cache.keys()].sort()).toEqual(['new', 'old']);
    expect(cache.size).toBe(2);
  });

  it('holds one entry when it may hold one', () => {
    const { cache } = testCache({ maxEntries: 1 });
    for (const key of letters) cache.set(key, key);
    expect(cache.size).toBe(1);
    expect(cache.get('z')).toBe('z');
  });

  it('is unbounded by Infinity', () => {
    const { cache } = testCache({ maxEntries: Infinity });
    for (let i = 0; i < 5000; i++) cache.set(`k${i}`, i);
    expect(cache.size).toBe(5000);
    expect(cache.get('k0')).toBe(0);
  });
});

describe('maxBytes', () => {
  it('evicts as many as needed, the least recently used first', () => {
    const { cache } = testCache({ maxEntries: Infinity, maxBytes: 10_000 });
    for (const key of letters.slice(0, 4)) cache.set(key, Buffer.alloc(2000));
    cache.get('a');
    cache.set('z', Buffer.alloc(3000));
    expect([...cache.keys()].sort()).toEqual(['a', 'c', 'd', 'z']);
    expect(cache.bytes).toBeLessThanOrEqual(10_000);
  });

  it('holds when an entry grows', () => {
    const { cache } = testCache({ maxEntries: Infinity, maxBytes: 10_000 });
    for (const key of ['a', 'b', 'c']) cache.set(key, Buffer.alloc(1000));
    cache.set('a', Buffer.alloc(9000));
    expect([...cache.keys()]).toEqual(['a']);
  });

  it('counts strings, buffers, nested objects, Maps; and nothing once all is gone', () => {
    const { cache } = testCache({ maxEntries: Infinity });
    const weight = (value: unknown) => {
      cache.clear();
      cache.set('k', value);
      return cache.bytes;
    };
    expect(weight('x'.repeat(1000))).toBeGreaterThanOrEqual(1000);
    expect(weight(Buffer.alloc(1000))).toBeGreaterThanOrEqual(1000);
    expect(weight([[['x'.repeat(500)], 'x'.repeat(500)]])).toBeGreaterThanOrEqual(1000);
    expect(weight(new Map([['a', Buffer.alloc(1000)]]))).toBeGreaterThanOrEqual(1000);
    expect(weight(new Set(['x'.repeat(1000)]))).toBeGreaterThanOrEqual(1000);
    const twice = Buffer.alloc(1000);
    expect(weight([twice, twice])).toBeLessThan(1500);
    expect(weight(1)).toBeLessThan(200);
    cache.incr('k');
    cache.incrVersion('k');
    cache.delete('k', { version: 2 });
    expect(cache.bytes).toBe(0);
  });
});

describe('maxEntryBytes', () => {
  it('refuses a larger entry, with a warning, and does not leave the old one to be taken for it', () => {
    const { cache, warnings } = testCache({ maxEntryBytes: 1000 });
    cache.set('k', 'small');
    cache.set('k', Buffer.alloc(2000));
    expect(cache.get('k')).toBeUndefined();
    expect(warnings.map(({ code }) => code)).toEqual(['LOCMEM_ENTRY_TOO_LARGE']);
  });

  it('is told by add() and setMany(), and getOrSet() still returns the value', () => {
    const { cache } = testCache({ maxEntryBytes: 1000 });
    const large = 'x'.repeat(2000);
    expect(cache.add('k', large)).toBe(false);
    expect(cache.setMany({ a: 1, b: large, c: 2 })).toEqual(['b']);
    expect(cache.getOrSet('k', () => large)).toBe(large);
    expect([...cache.keys()]).toEqual(['a', 'c']);
  });
});
