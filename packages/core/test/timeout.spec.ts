import { describe, expect, it } from '@jest/globals';
import { LocMemCache, parseTimeout, type Duration } from '@locmem/core';
import { testCache } from './support/test-cache.js';

describe('timeout', () => {
  it.each([
    [5, 5],
    [0.25, 0.25],
    ['250ms', 0.25],
    ['1.5s', 1.5],
    ['5m', 300],
    ['2h', 7200],
    ['1d', 86400],
    ['-1s', -1],
    [null, null],
    [Infinity, null],
  ] as const)('%p is %p seconds', (timeout, seconds) => {
    expect(parseTimeout(timeout)).toBe(seconds);
  });

  it.each([NaN, true, '5', '5 m', '5 minutes', 'm', '', '0x10s', '1e3s', {}, [], undefined, 5n])(
    '%p is refused, naming option and value',
    (timeout) => {
      expect(() => parseTimeout(timeout, 'stale')).toThrow(
        expect.objectContaining({
          code: 'ERR_LOCMEM_INVALID_TIMEOUT',
          option: 'stale',
          value: timeout,
          message: expect.stringMatching(
            /^Invalid stale: must be a number of seconds.*: received /,
          ),
        }),
      );
    },
  );

  it('is the one of the call, else of the cache, else 300 seconds', () => {
    const { cache } = testCache();
    cache.set('a', 1);
    cache.set('b', 1, { timeout: 5 });
    expect([cache.ttl('a'), cache.ttl('b')]).toEqual([300, 5]);
    const { cache: patient } = testCache({ timeout: null });
    patient.set('a', 1);
    expect(patient.ttl('a')).toBeNull();
  });

  it('ends exactly at the deadline', () => {
    const { cache, advance } = testCache();
    cache.set('k', 1, { timeout: 5 });
    advance(4.999);
    expect(cache.get('k')).toBe(1);
    advance(0.001);
    expect(cache.get('k')).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  it.each([0, -1, '-5m', -Infinity] as const)(
    '%p is already over: what was there is gone',
    (timeout) => {
      const { cache } = testCache();
      cache.set('k', 1);
      cache.set('k', 2, { timeout });
      expect(cache.get('k')).toBeUndefined();
      expect(cache.size).toBe(0);
    },
  );

  it('may be longer than a timer can count', () => {
    const { cache, advance } = testCache();
    cache.set('k', 1, { timeout: '3650d' });
    advance(3649 * 86_400);
    expect(cache.get('k')).toBe(1);
  });

  it.each([1e306, Number.MAX_VALUE, `1${'0'.repeat(308)}d` as Duration])(
    'is never over when its milliseconds are beyond all numbers: %p',
    (timeout) => {
      const onWarning = () => undefined;
      const plain = new LocMemCache(`for ever by default ${timeout}`, { timeout, onWarning });
      plain.set('k', 'v');
      plain.set('k', 'w');
      const cache = new LocMemCache(`for ever ${timeout}`, { onWarning });
      cache.set('set', 'v', { timeout });
      cache.set('touched', { a: 1 });
      cache.touch('touched', { timeout });
      const { cache: stale, advance } = testCache();
      stale.getOrSet('k', () => 'old', { timeout: 1, stale: timeout });
      advance(86_400);
      expect([plain.get('k'), plain.ttl('k')]).toEqual(['w', null]);
      expect([cache.get('set'), cache.ttl('set')]).toEqual(['v', null]);
      expect([cache.get('touched'), cache.ttl('touched')]).toEqual([{ a: 1 }, null]);
      expect(stale.getOrSet('k', () => Promise.resolve('new'), { stale: timeout })).toBe('old');
    },
  );

  it('is refused before anything changes', () => {
    const { cache } = testCache();
    cache.set('k', 1);
    for (const call of [
      () => {
        cache.set('k', 2, { timeout: NaN });
      },
      () => cache.add('l', 2, { timeout: '5 minutes' as any }),
      () => cache.touch('k', { timeout: true as any }),
      () => cache.setMany({ l: 1 }, { timeout: NaN }),
      () => cache.getOrSet('l', () => 3, { timeout: NaN }),
    ]) {
      expect(call).toThrow(expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_TIMEOUT' }));
    }
    expect([...cache.keys()]).toEqual(['k']);
    expect(cache.get('k')).toBe(1);
  });

  it('of a bare number above 30 days warns that it looks like milliseconds', () => {
    const { cache, warnings } = testCache({ timeout: 30 * 86_400 });
    cache.set('a', 1, { timeout: '31d' });
    expect(warnings).toEqual([]);
    cache.set('a', 1, { timeout: 3_600_000 });
    expect(warnings).toEqual([
      {
        code: 'LOCMEM_TIMEOUT_LOOKS_LIKE_MS',
        store: cache.name,
        message: expect.stringContaining("write it with its unit, such as '3600000ms'"),
      },
    ]);
  });
});

describe('the default clock', () => {
  it('is read once for many looks, and lets the process end', async () => {
    const { LocMemCache } = await import('@locmem/core');
    const cache = new LocMemCache('real clock');
    cache.set('k', 1, { timeout: '1h' });
    const now = performance.now.bind(performance);
    let readings = 0;
    performance.now = () => (readings++, now());
    try {
      for (let i = 0; i < 1000; i++) cache.get('k');
    } finally {
      performance.now = now;
    }
    expect(readings).toBeLessThan(100);
    expect(cache.ttl('k')).toBeGreaterThan(3590);
  });

  it('is not looked at for entries that never expire', async () => {
    const { LocMemCache } = await import('@locmem/core');
    let looks = 0;
    const cache = new LocMemCache('counted clock', { clock: { now: () => ++looks } });
    cache.set('k', 'v', { timeout: null });
    const before = looks;
    cache.get('k');
    cache.has('k');
    cache.get('missing');
    expect(looks).toBe(before);
  });
});
