import { describe, expect, it, jest } from '@jest/globals';
import { LocMemCache } from '@locmem/core';
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

  it('give way though the store has grown large by what never dies', () => {
    const { cache, advance } = testCache({ maxEntries: 1200 });
    for (let i = 0; i < 900; i++) cache.set(`dead${i}`, i, { timeout: 5 });
    for (let i = 0; i < 300; i++) cache.set(`live${i}`, i, { timeout: null });
    advance(6);
    for (let i = 0; i < 900; i++) cache.set(`new${i}`, i, { timeout: null });
    expect(cache.stats().evictions.entries).toBe(0);
    expect(cache.size).toBe(1200);
  });

  it('give way at their own time, whatever time their key or their place had before', () => {
    const { cache, advance } = testCache({ maxEntries: manyEntries });
    for (let i = 0; i < manyEntries; i++) {
      cache.set(`old${i}`, i, { timeout: '30d' });
      if (i % 2 === 0) cache.set(`old${i}`, i, { timeout: 10 });
      if (i % 2 === 0) cache.touch(`old${i}`, { timeout: 20 });
      else cache.delete(`old${i}`);
    }
    for (let i = 1; i < manyEntries; i += 2) cache.set(`new${i}`, i, { timeout: 20 });
    advance(21);
    for (let i = 0; i < manyEntries; i++) cache.set(`newer${i}`, i);
    expect(cache.stats().evictions.entries).toBe(0);
    expect(cache.size).toBe(manyEntries);
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

describe('a step of the clock', () => {
  it('of the wall neither empties the cache nor makes its entries immortal', () => {
    const cache = new LocMemCache('wall clock steps', { timeout: 60 });
    const wall = jest.spyOn(Date, 'now');
    try {
      cache.set('before', 1);
      for (const nowMs of [0, 9e15]) {
        wall.mockReturnValue(nowMs);
        cache.set('during', 1);
        for (const key of ['before', 'during']) {
          expect(cache.get(key)).toBe(1);
          expect(Math.round(cache.ttl(key)! / 10)).toBe(6);
        }
      }
    } finally {
      wall.mockRestore();
    }
  });

  it("of the user's own, back or forth by years, leaves a store that goes on", () => {
    const { cache, advance } = testCache({ maxEntries: manyEntries });
    const years = 3 * 365 * 86_400;
    for (let i = 0; i < 2_000; i++) cache.set(`k${i}`, i, { timeout: 60 });
    advance(-years);
    cache.set('new', 1, { timeout: 1 });
    expect([cache.get('new'), cache.get('k0')]).toEqual([1, 0]);
    advance(1);
    expect([cache.get('new'), cache.get('k0')]).toEqual([undefined, 0]);
    advance(2 * years);
    expect(cache.get('k0')).toBeUndefined();
    for (let i = 0; i < manyEntries; i++) cache.set(`next${i}`, i, { timeout: 60 });
    expect(cache.stats().evictions.entries).toBe(0);
    expect(cache.size).toBe(manyEntries);
  });
});

describe('a process that was suspended', () => {
  it('finds dead what expired meanwhile, and sweeps it', () => {
    const { stdout } = runBuilt(`
      import { LocMemCache } from '@locmem/core';
      import { spawn } from 'node:child_process';
      const cache = new LocMemCache('suspended', { maxEntries: Infinity });
      for (let i = 0; i < 2_000; i++) cache.set('k' + i, i, { timeout: '300ms' });
      cache.set('stays', 1, { timeout: '1h' });
      // Wakes this process up once it has been asleep for longer than the entries live.
      const { pid } = process;
      const wake = 'until ps -o state= -p ' + pid + ' | grep -q T; do sleep 0.05; done; sleep 0.5; kill -CONT ' + pid;
      spawn('sh', ['-c', wake], { stdio: 'ignore' });
      setTimeout(() => process.kill(pid, 'SIGSTOP'), 50);
      setTimeout(() => {
        const seen = [cache.get('k0'), cache.has('k1'), cache.get('stays')];
        const started = performance.now();
        const watch = setInterval(() => {
          if (cache.size > 1 && performance.now() - started < 20_000) return;
          clearInterval(watch);
          console.log(JSON.stringify([...seen, cache.size]));
        }, 5);
      }, 400);
    `);
    expect(JSON.parse(stdout)).toEqual([null, false, 1, 1]);
  });
});
