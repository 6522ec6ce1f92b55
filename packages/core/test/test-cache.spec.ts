import { describe, expect, it } from '@jest/globals';
import { LocMemCache } from '@locmem/core';
import { createTestCache, TestClock } from '@locmem/core/testing';

describe('createTestCache()', () => {
  it('gives a LocMemCache on a store that nobody else has', () => {
    const [one, two] = [createTestCache(), createTestCache()];
    one.set('k', 1);
    expect(one).toBeInstanceOf(LocMemCache);
    expect(two.get('k')).toBeUndefined();
    expect(one.name).not.toBe(two.name);
  });

  it('takes the options of a LocMemCache, and a name', () => {
    const cache = createTestCache({ name: 'test: named', keyPrefix: 'p', version: 2, timeout: 9 });
    cache.set('k', 1);
    expect(cache.name).toBe('test: named');
    expect(cache.makeKey('k')).toBe('p:2:k');
    expect(cache.ttl('k')).toBe(9);
    expect(() => createTestCache({ ttl: 1 } as any)).toThrow(/ttl is no option/);
  });

  it('advance() lets time pass, in seconds or with a unit', () => {
    const cache = createTestCache({ timeout: '5m' });
    cache.set('k', 'v');
    cache.advance(299);
    expect(cache.get('k')).toBe('v');
    cache.advance('1s');
    expect(cache.get('k')).toBeUndefined();
  });

  it('advance() sweeps out what has expired, however much it is', async () => {
    const cache = createTestCache({ maxEntries: Infinity });
    const expired: string[] = [];
    cache.on('expire', ({ fullKey }) => expired.push(fullKey));
    for (let i = 0; i < 5000; i++) cache.set(`k${i}`, i, { timeout: '1m' });
    cache.set('kept', 1, { timeout: null, tags: ['t'] });
    cache.advance('2m');
    expect(cache.size).toBe(1);
    await Promise.resolve();
    expect(expired).toHaveLength(5000);
    cache.deleteByTag('t');
    cache.advance(0);
    expect(cache.size).toBe(0);
  });

  it('advance() does not sweep as Django would not', () => {
    const cache = createTestCache({ compat: 'django' });
    cache.set('k', 1, { timeout: 1 });
    cache.advance('1h');
    expect(cache.size).toBe(1);
  });

  it('lets deadlines of loads fall due', async () => {
    const cache = createTestCache();
    const waits = cache.getOrSet('k', () => new Promise<never>(() => undefined), {
      deadline: '5s',
    });
    cache.advance('5s');
    await expect(waits).rejects.toMatchObject({ code: 'ERR_LOCMEM_DEADLINE' });
  });

  it('keeps the warnings at hand, and prints none', () => {
    const heard: string[] = [];
    const cache = createTestCache({ onWarning: ({ code }) => heard.push(code) });
    cache.set('not portable', 1, { timeout: 86_400_000 });
    const codes = ['LOCMEM_TIMEOUT_LOOKS_LIKE_MS', 'LOCMEM_KEY_NOT_PORTABLE'];
    expect(cache.warnings.map(({ code }) => code)).toEqual(codes);
    expect(heard).toEqual(codes);
  });

  it('sibling() is another cache on the same store and clock', () => {
    const cache = createTestCache({ timeout: null });
    const tenant = cache.sibling({ keyPrefix: 'acme', timeout: 10 });
    tenant.set('k', 1);
    expect(cache.get('k')).toBeUndefined();
    expect(cache.size).toBe(1);
    cache.advance(10);
    expect(cache.size).toBe(0);
    expect(tenant.sibling({ keyPrefix: 'acme' }).get('k')).toBeUndefined();
  });

  it('may share a clock with other caches', () => {
    const clock = new TestClock();
    const caches = [createTestCache({ clock }), createTestCache({ clock })];
    for (const cache of caches) cache.set('k', 1, { timeout: 1 });
    clock.advance('1s');
    expect(caches.map(({ size }) => size)).toEqual([0, 0]);
  });
});

describe('TestClock', () => {
  it('fires timers in the order in which they fall due, each at its own time', () => {
    const clock = new TestClock();
    const start = clock.now();
    const fired: [string, number][] = [];
    const note = (name: string) => () => void fired.push([name, clock.now() - start]);
    clock.setTimeout(note('c'), 30);
    clock.setTimeout(note('a'), 10);
    clock.setTimeout(note('b'), 10);
    clock.clearTimeout(clock.setTimeout(note('called off'), 20));
    clock.setTimeout(() => clock.setTimeout(note('d'), 15), 20);
    clock.setTimeout(note('later'), 50);
    clock.advance('40ms');
    expect(fired).toEqual([
      ...[['a', 10], ['b', 10], ['c', 30], ['d', 35]], // prettier-ignore
    ]);
    expect(clock.now() - start).toBe(40);
  });

  it('goes on when a timer sets itself again without delay', () => {
    const clock = new TestClock();
    let fired = 0;
    const again = () => {
      fired++;
      clock.setTimeout(again, 0);
    };
    again();
    clock.advance('10ms');
    expect(fired).toBe(11);
  });

  it.each([-1, '-5s', null, Infinity, NaN, 'soon'])('refuses to go by %p', (span: any) => {
    expect(() => new TestClock().advance(span)).toThrow(/span/);
  });
});
