import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { CacheEvent, CacheEventType } from '@locmem/core';
import { createTestCache } from '@locmem/core/testing';
import { deliver } from '../src/events.js';
import { testCache } from './support/test-cache.js';

afterEach(() => {
  jest.restoreAllMocks();
});

describe('stats()', () => {
  it('counts hits, misses and their ratio', () => {
    const { cache } = testCache();
    expect(cache.stats()).toMatchObject({ hits: 0, misses: 0, hitRatio: undefined });
    cache.set('a', 1);
    cache.get('a');
    cache.getMany(['a', 'b']);
    cache.getOrSet('a', () => 2);
    cache.getOrSet('c', () => 3);
    expect(cache.stats()).toMatchObject({ hits: 3, misses: 2, hitRatio: 0.6, sets: 2 });
  });

  it('counts what left, by reason', () => {
    const { cache, advance, sibling } = testCache({ maxEntries: 3, cullFrequency: 3 });
    cache.set('a', 1, { timeout: 1 });
    advance(1);
    cache.get('a');
    cache.set('b', 1, { tags: ['t'] });
    cache.deleteByTag('t');
    cache.get('b');
    for (const key of ['c', 'd', 'e', 'f']) cache.set(key, 1);
    cache.delete('f');
    cache.delete('f');
    sibling({ maxBytes: 1000, maxEntries: 3 }).set('big', 'x'.repeat(400));
    sibling({ maxEntryBytes: 100, maxEntries: 3 }).set('huge', 'x'.repeat(400));
    expect(cache.stats()).toMatchObject({
      evictions: { entries: 1, bytes: expect.any(Number) },
      expiries: { timeout: 1, tag: 1 },
      deletes: 1,
      refusals: 1,
    });
  });

  it('counts loads, their failures and their time', async () => {
    const { cache, advance } = testCache();
    let finish!: (value: number) => void;
    const load = cache.getOrSet('a', () => new Promise<number>((resolve) => (finish = resolve)));
    advance(2);
    finish(1);
    await load;
    await Promise.resolve(cache.getOrSet('b', () => Promise.reject(new Error('no')))).catch(
      () => 0,
    );
    expect(cache.stats()).toMatchObject({ loads: 2, loadFailures: 1, loadSeconds: 2 });
  });

  it('tells entries and bytes', () => {
    const { cache } = testCache();
    cache.set('a', 'x'.repeat(100));
    expect(cache.stats()).toMatchObject({ entries: 1, bytes: cache.bytes });
    expect(cache.bytes).toBeGreaterThan(100);
  });

  it('tells the hit ratio of the last minute, five, fifteen and hour', () => {
    const { cache, advance } = testCache({ timeout: null });
    cache.set('a', 1);
    for (let i = 0; i < 90; i++) cache.get('missing');
    // Ten minutes with a write and four hits every ten seconds.
    for (let i = 0; i < 60; i++) {
      advance(10);
      cache.set('now', i);
      for (let hit = 0; hit < 4; hit++) cache.get('a');
    }
    const { windows } = cache.stats();
    // A window begins between two samples: it is right to within the hits between them.
    expect(Math.abs(windows['1m'].hits - 24)).toBeLessThanOrEqual(4);
    expect(Math.abs(windows['5m'].hits - 120)).toBeLessThanOrEqual(4);
    expect(windows['1m'].hitRatio).toBe(1);
    expect(windows['15m']).toEqual({ hits: 240, misses: 90, hitRatio: 240 / 330 });
    advance(7200);
    expect(cache.stats().windows['1m']).toEqual({ hits: 0, misses: 0, hitRatio: undefined });
  });

  it('tells it where nothing is written for hours, too', () => {
    const cache = createTestCache({ timeout: '1d' });
    cache.set('a', 1);
    for (let hit = 0; hit < 1000; hit++) cache.get('a');
    for (let minute = 0; minute < 120; minute++) cache.advance('1m');
    for (let hit = 0; hit < 10; hit++) cache.get('a');
    const { hits, windows } = cache.stats();
    expect(hits).toBe(1010);
    expect(windows['1h'].hits).toBe(10);
  });

  it('is of the whole named store, and a thing of the past once taken', () => {
    const { cache, sibling } = testCache();
    sibling({ keyPrefix: 'p' }).set('a', 1);
    const before = cache.stats();
    expect(before.sets).toBe(1);
    cache.set('b', 1);
    expect(before.sets).toBe(1);
    expect(Object.isFrozen(before)).toBe(true);
  });
});

describe('events', () => {
  const types: CacheEventType[] = [
    ...(['hit', 'stale', 'miss', 'set', 'refuse', 'delete', 'evict', 'expire', 'load'] as const),
  ];

  it('tell what happens to entries, in order', async () => {
    const { cache, advance } = testCache({ maxEntries: 2, maxEntryBytes: 500, keyPrefix: 'p' });
    const log: string[] = [];
    const note = ({ type, fullKey, reason }: CacheEvent) =>
      log.push([type, fullKey, reason].filter(Boolean).join(' '));
    for (const type of types) cache.on(type, note);
    cache.set('a', 1, { timeout: 1 });
    cache.get('a');
    advance(1);
    cache.get('a');
    cache.set('b', 'x'.repeat(1000));
    cache.set('b', 1);
    cache.set('c', 1);
    cache.set('d', 1);
    cache.delete('d');
    await cache.getOrSet('e', () => Promise.resolve(1), { timeout: 1, stale: 10 });
    advance(2);
    void cache.getOrSet('e', () => Promise.resolve(2), { stale: 10 });
    deliver();
    expect(log).toEqual([
      'set p:1:a',
      'hit p:1:a',
      'expire p:1:a timeout',
      'miss p:1:a',
      'refuse p:1:b',
      'set p:1:b',
      'set p:1:c',
      'evict p:1:b entries',
      'set p:1:d',
      'delete p:1:d',
      'miss p:1:e',
      'set p:1:e',
      'load p:1:e',
      'stale p:1:e',
    ]);
  });

  it('end with off(), and unknown ones are refused', async () => {
    const { cache } = testCache();
    let heard = 0;
    const listener = () => heard++;
    cache.on('set', listener).set('a', 1);
    await Promise.resolve();
    cache.off('set', listener).set('a', 1);
    await Promise.resolve();
    expect(heard).toBe(1);
    expect(() => cache.on('written' as any, listener)).toThrow(/type must be the name of an event/);
  });

  it('of every store reach the diagnostics channels of the process', async () => {
    const { cache } = testCache();
    const heard: unknown[] = [];
    const listen = (message: unknown) => heard.push(message);
    subscribe('locmem:miss', listen);
    cache.get('a');
    await Promise.resolve();
    unsubscribe('locmem:miss', listen);
    cache.get('a');
    expect(heard).toEqual([{ type: 'miss', store: cache.name, fullKey: ':1:a' }]);
  });

  it('leave a listener free to do with the cache what it likes', async () => {
    const { cache, advance } = testCache({ maxEntries: 3 });
    let evictions = 0;
    cache.on('expire', ({ fullKey }) => {
      cache.delete('a');
      cache.set(`again ${fullKey}`, 1);
    });
    cache.on('evict', () => {
      if (++evictions < 50) cache.set(`evicted ${evictions}`, 1);
    });
    cache.set('a', 1, { timeout: 1 });
    advance(1);
    cache.get('a');
    for (const key of ['b', 'c', 'd', 'e']) cache.set(key, 1);
    for (let i = 0; i < 60; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(evictions).toBeGreaterThanOrEqual(50);
    expect(cache.size).toBeLessThanOrEqual(3);
    expect([...cache.keys()]).toHaveLength(cache.size);
  });

  it.each([new Error('listener'), 'listener', Object.create(null), undefined])(
    'go on to the others, with a warning, when a listener throws %p',
    async (thrown) => {
      const { cache } = testCache();
      const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
      const heard: string[] = [];
      cache.on('set', () => {
        throw thrown;
      });
      cache.on('set', ({ fullKey }) => heard.push(fullKey));
      cache.set('a', 1);
      await Promise.resolve();
      cache.set('b', 1);
      await Promise.resolve();
      expect(heard).toEqual([':1:a', ':1:b']);
      const codes = emitWarning.mock.calls.map(([, options]) => (options as any).code);
      expect(codes).toEqual(['LOCMEM_LISTENER_THREW', 'LOCMEM_LISTENER_THREW']);
    },
  );

  it('are told once to a listener that leaves and comes back', async () => {
    const { cache } = testCache();
    let heard = 0;
    const listener = () => {
      cache.off('set', listener);
      if (++heard < 100) cache.on('set', listener);
    };
    cache.on('set', listener).on('set', () => undefined);
    cache.set('a', 1);
    await Promise.resolve();
    expect(heard).toBe(1);
    cache.set('b', 1);
    await Promise.resolve();
    expect(heard).toBe(2);
  });
});

describe('entries()', () => {
  it("gives keys and copies of the cache's own prefix and version, without counting as use", () => {
    const { cache, sibling } = testCache({ maxEntries: 10 });
    cache.set('a', { n: 1 });
    cache.set('b', 2);
    sibling({ keyPrefix: 'p', maxEntries: 10 }).set('c', 3);
    const entries = [...cache.entries<any>()];
    expect(entries).toEqual([
      ['a', { n: 1 }],
      ['b', 2],
    ]);
    entries[0]![1].n = 9;
    expect(cache.get('a')).toEqual({ n: 1 });
    expect(cache.stats().hits).toBe(1);
  });
});
