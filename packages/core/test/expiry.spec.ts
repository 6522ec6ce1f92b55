import { describe, expect, it } from '@jest/globals';
import { runBuilt } from './support/run-built.js';
import { testCache } from './support/test-cache.js';

const manyEntries = 5_000;

describe('dead entries', () => {
  it('do not take the place of living ones, in a large store either', () => {
    const { cache, advance } = testCache({ maxEntries: manyEntries });
    for (let i = 0; i < manyEntries / 2; i++) cache.set(`dead${i}`, i, { timeout: 5 });
    for (let i = 0; i < manyEntries / 2; i++) cache.set(`live${i}`, i, { timeout: null });
    advance(6);
    for (let i = 0; i < manyEntries / 2; i++) cache.set(`new${i}`, i, { timeout: null });
    expect(cache.stats().evictions.entries).toBe(0);
    expect(cache.has('live0')).toBe(true);
  });

  it('nor do those whose tag was purged', () => {
    const { cache } = testCache({ maxEntries: manyEntries });
    for (let i = 0; i < manyEntries / 2; i++) cache.set(`dead${i}`, i, { tags: ['t'] });
    for (let i = 0; i < manyEntries / 2; i++) cache.set(`live${i}`, i);
    cache.deleteByTag('t');
    for (let i = 0; i < manyEntries / 2; i++) cache.set(`new${i}`, i);
    expect(cache.stats().evictions.entries).toBe(0);
    expect(cache.has('live0')).toBe(true);
  });

  it('give way though the store shrinks below the size at which it is swept whole', () => {
    const { cache } = testCache({ maxEntries: 1200 });
    for (let i = 0; i < 1200; i++) cache.set(`dead${i}`, i, { tags: ['t'], timeout: null });
    cache.deleteByTag('t');
    for (let i = 0; i < 1200; i++) cache.set(`live${i}`, i, { timeout: null });
    expect(cache.stats().evictions.entries).toBe(0);
    expect(cache.size).toBe(1200);
  });

  it('are gone from memory when a write moves their deadline back and forth', () => {
    const { cache, advance } = testCache({ maxEntries: manyEntries });
    for (let i = 0; i < manyEntries; i++) {
      cache.set(`k${i}`, i, { timeout: 3600 });
      cache.set(`k${i}`, i, { timeout: 10 });
      cache.touch(`k${i}`, { timeout: 20 });
    }
    advance(3601);
    for (let i = 0; i < manyEntries; i++) cache.set(`new${i}`, i);
    expect(cache.stats().evictions.entries).toBe(0);
  });
});

describe('the background sweep', () => {
  // Real time, in a process of its own that ends as soon as it has seen what it waits for.
  it('gives memory back without a touch, lets the process end, and stops when nothing can die', () => {
    const { stdout } = runBuilt(`
      import { LocMemCache } from '@locmem/core';
      const cache = new LocMemCache('swept', { maxEntries: Infinity });
      for (let i = 0; i < 20_000; i++) cache.set('k' + i, i, { timeout: '50ms', tags: [i % 2 ? 'odd' : 'even'] });
      for (let i = 0; i < 3_000; i++) cache.set('p' + i, i, { timeout: null, tags: ['purged'] });
      cache.set('stays', 1, { timeout: null });
      cache.deleteByTag('purged');
      const started = performance.now();
      let worst = 0, last = started;
      const watch = setInterval(() => {
        const now = performance.now();
        worst = Math.max(worst, now - last - 5);
        last = now;
        if (cache.size > 1 && now - started < 20_000) return;
        clearInterval(watch);
        console.log(JSON.stringify({ size: cache.size, expiries: cache.stats().expiries }));
      }, 5);
    `);
    expect(JSON.parse(stdout)).toEqual({ size: 1, expiries: { timeout: 20_000, tag: 3_000 } });
  });

  it('gives all of it back where other stores have nothing to give', () => {
    const { stdout } = runBuilt(`
      import { LocMemCache } from '@locmem/core';
      const quiet = ['a', 'b', 'c'].map((name) => new LocMemCache(name));
      for (const cache of quiet) cache.set('k', 1, { timeout: '1h' });
      const cache = new LocMemCache('swept', { maxEntries: Infinity });
      for (let i = 0; i < 20_000; i++) cache.set('k' + i, i, { timeout: '50ms' });
      const started = performance.now();
      const watch = setInterval(() => {
        if (cache.size > 0 && performance.now() - started < 20_000) return;
        clearInterval(watch);
        console.log(JSON.stringify([cache.size, ...quiet.map(({ size }) => size)]));
      }, 5);
    `);
    expect(JSON.parse(stdout)).toEqual([0, 1, 1, 1]);
  });

  it('does not keep a process that has nothing else to do', () => {
    const { stdout } = runBuilt(`
      import { LocMemCache } from '@locmem/core';
      const cache = new LocMemCache('idle');
      cache.set('k', 1, { timeout: '1h' });
      cache.get('k');
      console.log('done');
    `);
    expect(stdout).toBe('done\n');
  });
});
