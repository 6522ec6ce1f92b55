import assert from 'node:assert/strict';
import type { AsyncCache } from '../../contract.js';
import { keysOf, refuses, type Chapter } from './kit.js';

async function isGone(cache: AsyncCache, key: string): Promise<void> {
  assert.equal(await cache.get(key), undefined);
  assert.equal(await cache.has(key), false);
  assert.equal(await cache.ttl(key), undefined);
  assert.equal((await cache.getMany([key])).size, 0);
  assert.deepEqual(await keysOf(cache), []);
  assert.equal(await cache.delete(key), false);
}

/**
 * A store across a wire has a clock that runs on between two calls: of what is left, as much may be
 * missing as has passed since, and no more.
 *
 * @param sinceMs `performance.now()` before the entry was written
 */
async function assertLeft(
  cache: AsyncCache,
  key: string,
  seconds: number,
  sinceMs: number,
): Promise<void> {
  const left = await cache.ttl(key);
  const passed = (performance.now() - sinceMs) / 1000;
  assert.equal(typeof left, 'number');
  // A server may count in whole milliseconds.
  assert.ok(left! <= seconds + 0.01, `${left} s are left of ${seconds}`);
  assert.ok(left! >= seconds - passed - 0.01, `only ${left} s are left of ${seconds}`);
}

export const expiry: Chapter = {
  'an entry lives as long as its timeout': async ({ cache, advance }) => {
    await cache.set('k', 1, { timeout: 1 });
    await advance('500ms');
    assert.equal(await cache.get('k'), 1);
    await advance('500ms');
    await isGone(cache, 'k');
  },
  'a timeout may carry its unit': async ({ cache, advance }) => {
    await cache.set('k', 1, { timeout: '300ms' });
    await cache.set('kept', 1, { timeout: '1h' });
    await advance('300ms');
    assert.deepEqual(await keysOf(cache), ['kept']);
  },
  'null is for ever': async ({ cache, advance }) => {
    await cache.set('k', 1, { timeout: null });
    assert.equal(await cache.ttl('k'), null);
    await advance('1s');
    assert.equal(await cache.get('k'), 1);
  },
  'zero and less is over already, and takes away what was there': async ({ cache }) => {
    for (const timeout of [0, -1]) {
      await cache.set('k', 'old');
      await cache.set('k', 'new', { timeout });
      await isGone(cache, 'k');
      assert.equal(await cache.add('k', 'new', { timeout }), true);
      await isGone(cache, 'k');
    }
  },
  'what is no time span is refused, and leaves what was there': async ({ cache }) => {
    await cache.set('k', 1);
    for (const timeout of [NaN, '5 minutes', true, {}]) {
      const options = { timeout: timeout as number };
      await refuses('ERR_LOCMEM_INVALID_TIMEOUT', () => cache.set('k', 2, options));
      await refuses('ERR_LOCMEM_INVALID_TIMEOUT', () => cache.touch('k', options));
    }
    assert.equal(await cache.get('k'), 1);
  },
  'ttl() tells the seconds left': async ({ cache, advance }) => {
    const sinceMs = performance.now();
    await cache.set('k', 1, { timeout: 60 });
    await advance('1s');
    await assertLeft(cache, 'k', 59, sinceMs);
    assert.equal(await cache.ttl('missing'), undefined);
  },
  'set() begins anew': async ({ cache, advance }) => {
    await cache.set('k', 1, { timeout: 1 });
    await cache.set('k', 2, { timeout: 60 });
    await advance('1s');
    assert.equal(await cache.get('k'), 2);
    await cache.set('k', 3, { timeout: null });
    assert.equal(await cache.ttl('k'), null);
  },
  'setMany() gives each the timeout': async ({ cache, advance }) => {
    await cache.setMany({ a: 1, b: 2 }, { timeout: 1 });
    await advance('1s');
    assert.equal((await cache.getMany(['a', 'b'])).size, 0);
  },
  'add() takes the place of what has expired, not of what has not': async ({ cache, advance }) => {
    await cache.set('k', 1, { timeout: 1 });
    assert.equal(await cache.add('k', 2, { timeout: 60 }), false);
    await advance('1s');
    assert.equal(await cache.add('k', 3), true);
    assert.equal(await cache.get('k'), 3);
  },
  'touch() gives a new timeout, and says whether the key was there': async ({ cache, advance }) => {
    await cache.set('k', 1, { timeout: 1 });
    assert.equal(await cache.touch('k', { timeout: 60 }), true);
    await advance('1s');
    assert.equal(await cache.get('k'), 1);
    assert.equal(await cache.touch('k', { timeout: null }), true);
    assert.equal(await cache.ttl('k'), null);
    assert.equal(await cache.touch('k', { timeout: 0 }), true);
    await isGone(cache, 'k');
    assert.equal(await cache.touch('k', { timeout: 60 }), false);
  },
  'touch() does not wake the dead': async ({ cache, advance }) => {
    await cache.set('k', 1, { timeout: 1 });
    await advance('1s');
    assert.equal(await cache.touch('k', { timeout: 60 }), false);
    await isGone(cache, 'k');
  },
  'incr() keeps the expiry': async ({ cache, advance }) => {
    const sinceMs = performance.now();
    await cache.set('k', 1, { timeout: 60 });
    await cache.set('ever', 1, { timeout: null });
    await advance('1s');
    await cache.incr('k');
    await cache.incr('ever');
    await assertLeft(cache, 'k', 59, sinceMs);
    assert.equal(await cache.ttl('ever'), null);
  },
  'incr() does not find what has expired': async ({ cache, advance }) => {
    await cache.set('k', 1, { timeout: 1 });
    await advance('1s');
    await refuses('ERR_LOCMEM_KEY_NOT_FOUND', () => cache.incr('k'));
  },
  'update() keeps the expiry, unless it is given another': async ({ cache, advance }) => {
    const sinceMs = performance.now();
    await cache.set('k', 1, { timeout: 60 });
    await advance('1s');
    await cache.update<number>('k', (old = 0) => old + 1);
    await assertLeft(cache, 'k', 59, sinceMs);
    await cache.update<number>('k', (old = 0) => old + 1, { timeout: 10 });
    await assertLeft(cache, 'k', 10, sinceMs);
  },
  'incrVersion() keeps the expiry': async ({ cache, advance }) => {
    await cache.set('k', 1, { timeout: 60 });
    await advance('1s');
    await cache.incrVersion('k');
    const left = await cache.ttl('k', { version: 2 });
    assert.equal(Math.round(left ?? 0), 59);
  },
  'getOrSet() loads anew what has expired': async ({ cache, advance }) => {
    const sinceMs = performance.now();
    await cache.getOrSet('k', 'old', { timeout: 1 });
    await advance('1s');
    assert.equal(await cache.getOrSet('k', () => 'new', { timeout: 60 }), 'new');
    await assertLeft(cache, 'k', 60, sinceMs);
  },
  'getOrSet() with stale serves what has expired while it loads anew': async ({
    cache,
    advance,
  }) => {
    const options = { timeout: 1, stale: 60 };
    await cache.getOrSet('k', 'old', options);
    await advance('1s');
    assert.equal(await cache.get('k'), undefined);
    const fails = () => Promise.reject(new Error('no database'));
    assert.equal(await cache.getOrSet('k', fails, options), 'old');
  },
};
