import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { testCache } from './support/test-cache.js';

afterEach(() => {
  jest.restoreAllMocks();
});

/** Lets the wall clock go on: that is what passes between two processes. */
function wallClockIsAhead(seconds: number) {
  const now = Date.now();
  jest.spyOn(Date, 'now').mockReturnValue(now + seconds * 1000);
}

describe('snapshot() and restore()', () => {
  it('bring back every prefix, version, expiry, tag, and the order of eviction', () => {
    const before = testCache();
    before.cache.set(
      'a',
      { on: new Date(0), map: new Map([['x', Buffer.from('y')]]) },
      { tags: ['t'] },
    );
    before.cache.set('b', 1, { version: 2, timeout: null });
    before.sibling({ keyPrefix: 'p' }).set('c', 'three', { timeout: 50 });
    before.cache.get('a');
    const data = before.cache.snapshot();

    const after = testCache();
    expect(after.cache.restore(data)).toBe(3);
    expect([...after.cache.keys({ all: true })]).toEqual([':2:b', 'p:1:c', ':1:a']);
    expect(after.cache.get('a')).toEqual({
      on: new Date(0),
      map: new Map([['x', Buffer.from('y')]]),
    });
    expect(after.cache.ttl('b', { version: 2 })).toBeNull();
    expect(Math.round(after.sibling({ keyPrefix: 'p' }).ttl('c')!)).toBe(50);
    after.cache.deleteByTag('t');
    expect(after.cache.has('a')).toBe(false);
  });

  it('count the time between them', () => {
    const { cache } = testCache();
    cache.set('short', 1, { timeout: 30 });
    cache.set('long', 1, { timeout: 100 });
    const data = cache.snapshot();
    wallClockIsAhead(60);
    const after = testCache().cache;
    expect(after.restore(data)).toBe(1);
    expect(Math.round(after.ttl('long')!)).toBe(40);
  });

  it('bear a wall clock that was set back: nothing lives longer than it had left', () => {
    const { cache } = testCache();
    cache.set('k', 1, { timeout: 30 });
    const data = cache.snapshot();
    wallClockIsAhead(-3600);
    const after = testCache().cache;
    after.restore(data);
    expect(after.ttl('k')).toBe(30);
  });

  it('know what a key function made of a key', () => {
    const keyFunction = (key: string, prefix: string) => `${key}@${prefix}`;
    const before = testCache({ keyPrefix: 'p', keyFunction });
    before.cache.set('k', 1);
    const after = testCache({ keyPrefix: 'p', keyFunction });
    after.cache.restore(before.cache.snapshot());
    expect(after.cache.get('k')).toBe(1);
    expect([...after.cache.keys()]).toEqual(['k']);
  });

  it('count what was taken in, not what was there before', () => {
    const { cache } = testCache();
    cache.set('short', 'old', { timeout: 30 });
    const data = cache.snapshot();
    wallClockIsAhead(60);
    const after = testCache().cache;
    after.set('short', 'new');
    expect(after.restore(data)).toBe(0);
    expect(after.get('short')).toBe('new');
  });

  it('leave out what would come back as something else, with a warning', () => {
    class Money {
      amount = 1;
    }
    const { cache, warnings, sibling } = testCache();
    cache.set('money', { price: new Money() });
    cache.set('error', new Error('e'));
    sibling({ isolation: 'share' }).set('function', () => 1);
    cache.set('plain', [1]);
    const after = testCache().cache;
    expect(after.restore(cache.snapshot())).toBe(1);
    expect([...after.keys()]).toEqual(['plain']);
    expect(warnings.at(-1)).toMatchObject({ code: 'LOCMEM_SNAPSHOT_INCOMPLETE' });
  });

  it.each<[string, () => object]>([
    ['a field on a Date', () => Object.assign(new Date(0), { extra: 1 })],
    ['a field on a Map', () => Object.assign(new Map([[1, 2]]), { extra: 1 })],
    ['a field on a Set', () => Object.assign(new Set([1]), { extra: 1 })],
    ['a field on a boxed string', () => Object.assign(Object('ab') as object, { extra: 1 })],
    ['where a RegExp goes on', () => Object.assign(/x/g, { lastIndex: 3 })],
  ])('lose nothing in silence: %s', (_what, make) => {
    const { cache, warnings } = testCache();
    cache.set('odd', [make()]);
    expect(cache.get('odd')).toEqual([make()]);
    const after = testCache().cache;
    expect(after.restore(cache.snapshot())).toBe(0);
    expect(warnings).toMatchObject([{ code: 'LOCMEM_SNAPSHOT_INCOMPLETE' }]);
  });

  it('keep what is plain of its kind', () => {
    const { cache } = testCache();
    const kinds = [/x/g, Object('ab'), Object(1), new Set([1]), new Uint16Array([1]), 12n, -0, NaN];
    cache.set('kinds', kinds);
    const after = testCache().cache;
    expect(after.restore(cache.snapshot())).toBe(1);
    expect(after.get('kinds')).toEqual(kinds);
  });

  it('bear what is shared and was never looked at: endless depth, getters that throw, a Proxy', () => {
    const { cache, warnings } = testCache({ isolation: 'share' });
    const deep: { next?: object } = {};
    for (let i = 0, last = deep; i < 100_000; i++) last = last.next = {};
    cache.set('deep', deep);
    // Only as deep as it goes on the first way through: from the last one on all are known.
    const chain: { next?: object }[] = [{}];
    for (let i = 0; i < 100_000; i++) chain.push({ next: chain.at(-1)! });
    cache.set('chain', chain.reverse());
    const throwing = {
      get field(): never {
        throw new Error('getter');
      },
    };
    cache.set('throwing', throwing);
    cache.set('proxy', new Proxy({}, {}));
    cache.set('good', { a: 1 });
    const after = testCache().cache;
    expect(after.restore(cache.snapshot())).toBe(1);
    expect(after.get('good')).toEqual({ a: 1 });
    expect(warnings).toMatchObject([{ message: expect.stringMatching(/^4 entries/) }]);
  });

  it('keep to the limits of the cache that restores', () => {
    const { cache } = testCache();
    for (let i = 0; i < 10; i++) cache.set(`k${i}`, i);
    const after = testCache({ maxEntries: 4, cullFrequency: 4 }).cache;
    after.restore(cache.snapshot());
    expect([...after.keys()].sort()).toEqual(['k6', 'k7', 'k8', 'k9']);
  });

  it.each<[string, (data: Buffer) => Uint8Array]>([
    ['empty', () => new Uint8Array()],
    ['cut short', (data) => data.subarray(0, data.length - 1)],
    ['changed in one bit', (data) => ((data[data.length - 3]! ^= 4), data)],
    [
      'of another format',
      (data) => Buffer.from(data.toString('latin1').replace(' 1 ', ' 2 '), 'latin1'),
    ],
    ['something else', () => Buffer.from('{"json":true}\n')],
  ])('take bytes that are %s for a cold start, with a warning', (_what, damage) => {
    const before = testCache().cache;
    before.set('k', 'value');
    const { cache, warnings } = testCache();
    cache.set('mine', 1);
    expect(cache.restore(damage(before.snapshot()))).toBe(0);
    expect([...cache.keys()]).toEqual(['mine']);
    expect(warnings.map(({ code }) => code)).toEqual(['LOCMEM_SNAPSHOT_UNREADABLE']);
  });

  it('refuse what are no bytes', () => {
    const { cache } = testCache();
    expect(() => cache.restore('text' as any)).toThrow(/data must be the bytes of a snapshot/);
  });
});
