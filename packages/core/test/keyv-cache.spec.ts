import { describe, expect, it } from '@jest/globals';
import type { Timeout } from '@locmem/core';
import { KeyvCache, type KeyvCacheOptions } from '@locmem/core/keyv';
import { describeStoreContract, TestClock, type SiblingOptions } from '@locmem/core/testing';
import Keyv from 'keyv';
import { setImmediate } from 'node:timers/promises';

function makeStore(keyv: Keyv, options: Partial<KeyvCacheOptions> = {}) {
  const clock = new TestClock();
  const own = { keyv, clock, ...options };
  return Object.assign(new KeyvCache('contract', own), {
    advance: clock.advance.bind(clock),
    sibling: (sibling: SiblingOptions) => new KeyvCache('contract', { ...own, ...sibling }),
  });
}

// What JSON cannot hold is refused.
const without = ['kinds'] as const;

describeStoreContract('KeyvCache over a Map fulfils the contract', () => makeStore(new Keyv()), {
  ...{ describe, it, without },
});

describeStoreContract(
  'KeyvCache with signed and compressed entries fulfils the contract',
  () => makeStore(new Keyv(), { secret: 's', compressAboveBytes: 0 }),
  { describe, it, without },
);

describe('KeyvCache', () => {
  /** A Keyv whose store is in somebody else's hands. */
  const failing = () => {
    const rejects = () => Promise.reject(new Error('no database'));
    return { get: rejects, set: rejects, delete: rejects, clear: rejects };
  };

  it('goes on without a store that fails: reads miss, writes are dropped and counted', async () => {
    const cache = new KeyvCache('x', { keyv: failing() });
    await cache.set('k', 1);
    expect(await cache.get('k')).toBeUndefined();
    expect(await cache.add('k', 1)).toBe(false);
    expect(await cache.delete('k')).toBe(false);
    expect(await cache.getOrSet('k', () => 'loaded')).toBe('loaded');
    expect(await cache.update<number>('k', (old = 1) => old + 1)).toBe(2);
    expect(await cache.setMany({ a: 1 })).toEqual(['a']);
    await expect(cache.incr('k')).rejects.toMatchObject({ code: 'ERR_LOCMEM_KEY_NOT_FOUND' });
    await cache.deleteByTag('t');
    await cache.clear();
    expect(cache.stats().failedReads).toBeGreaterThan(1);
    expect(cache.stats().droppedWrites).toBeGreaterThan(4);
  });

  it('counts as dropped what a real Keyv could not store, which it tells by false only', async () => {
    const rejects = () => Promise.reject(new Error('no database'));
    const store = { get: () => undefined, set: rejects, delete: rejects, clear: rejects };
    const cache = new KeyvCache('x', { keyv: new Keyv({ store }) });
    await cache.set('k', 1);
    expect(await cache.add('k', 1)).toBe(false);
    expect(await cache.setMany({ a: 1 })).toEqual(['a']);
    expect(cache.stats().droppedWrites).toBeGreaterThan(2);
  });

  it('lets nobody wait for a load that was begun while the store failed', async () => {
    const keyv = new Keyv();
    let reads = 0;
    const get = (key: string) =>
      ++reads === 2 ? Promise.reject(new Error('once')) : keyv.get(key);
    const set = (key: string, value: unknown, ttl?: number) => keyv.set(key, value, ttl);
    const once = { get, set, delete: keyv.delete.bind(keyv), clear: keyv.clear.bind(keyv) };
    const cache = new KeyvCache('x', { keyv: once, clock: new TestClock() });
    expect(await cache.getOrSet('k', () => 'while it failed')).toBe('while it failed');
    expect(await cache.getOrSet('k', () => 'later')).toBe('later');
    expect(await cache.get('k')).toBe('later');
  });

  it('waits no longer than its deadline for a store that does not answer', async () => {
    const clock = new TestClock();
    const never = () => new Promise<never>(() => undefined);
    const keyv = { get: never, set: never, delete: never, clear: never };
    const cache = new KeyvCache('x', { keyv, clock, deadline: '100ms' });
    const reading = cache.get('k', { default: 'none' });
    await setImmediate();
    clock.advance('100ms');
    expect(await reading).toBe('none');
  });

  describe('with a refresh that never ends', () => {
    /** After so many seconds each, how often the loader has run. */
    async function runs(deadline: Timeout | undefined, waits: number[]) {
      const clock = new TestClock();
      const cache = new KeyvCache('x', { keyv: new Keyv(), clock, deadline: null });
      await cache.getOrSet('k', () => 'old', { timeout: 1, stale: null });
      let started = 0;
      const load = () => {
        started++;
        return new Promise<string>(() => undefined);
      };
      const seen: number[] = [];
      for (const seconds of waits) {
        clock.advance(seconds);
        expect(await cache.getOrSet('k', load, { stale: null, deadline })).toBe('old');
        await setImmediate();
        seen.push(started);
      }
      return { cache, clock, seen };
    }

    it('tries again once the deadline of who began it is over, each time after twice as long', async () => {
      const { seen } = await runs('2s', [1, 1, 1, 1, 1, 1, 1, 1]);
      expect(seen).toEqual([1, 1, 2, 2, 2, 2, 3, 3]);
    });

    it('keeps what the second try brings, and tries again when that has expired', async () => {
      const { cache, clock } = await runs('2s', [1, 2]);
      clock.advance(4);
      let run = 0;
      const load = () => `new ${++run}`;
      const options = { timeout: 1, stale: null, deadline: '2s' } as const;
      expect(await cache.getOrSet('k', load, options)).toBe('old');
      await setImmediate();
      expect(await cache.get('k')).toBe('new 1');
      clock.advance(1);
      expect(await cache.getOrSet('k', load, options)).toBe('new 1');
      await setImmediate();
      expect(await cache.get('k')).toBe('new 2');
    });

    it('leaves it alone without a deadline, for as long as a load may take at all', async () => {
      expect((await runs(undefined, [1, 60, 500, 60])).seen).toEqual([1, 1, 1, 2]);
      expect((await runs(0, [1, 0, 60])).seen).toEqual([1, 1, 1]);
    });
  });

  it('keeps to its own keys in a Keyv that it shares', async () => {
    const keyv = new Keyv();
    await keyv.set('theirs', 1);
    const [one, other] = [new KeyvCache('one', { keyv }), new KeyvCache('other', { keyv })];
    await one.set('k', 1);
    await other.set('k', 2);
    await one.clear();
    expect(await one.get('k')).toBeUndefined();
    expect(await other.get('k')).toBe(2);
    expect(await keyv.get('theirs')).toBe(1);
  });

  it('refuses what is no Keyv', () => {
    expect(() => new KeyvCache('x', { keyv: {} as any })).toThrow(/keyv must be a Keyv/);
    expect(() => new KeyvCache('', { keyv: new Keyv() })).toThrow(/name/);
    expect(() => new KeyvCache('x', {} as KeyvCacheOptions)).toThrow(/keyv must be a Keyv/);
  });
});
