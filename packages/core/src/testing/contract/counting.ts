import assert from 'node:assert/strict';
import { refuses, type Chapter } from './kit.js';

export const counting: Chapter = {
  'incr() and decr() count by one, or by a delta, and return the new value': async ({ cache }) => {
    await cache.set('k', 1);
    assert.equal(await cache.incr('k'), 2);
    assert.equal(await cache.incr('k', 10), 12);
    assert.equal(await cache.decr('k'), 11);
    assert.equal(await cache.decr('k', 20), -9);
    assert.equal(await cache.incr('k', -1), -10);
    assert.equal(await cache.get('k'), -10);
  },
  'what is not there cannot be counted': async ({ cache }) => {
    await refuses('ERR_LOCMEM_KEY_NOT_FOUND', () => cache.incr('k'));
    await refuses('ERR_LOCMEM_KEY_NOT_FOUND', () => cache.decr('k'));
    assert.equal(await cache.has('k'), false);
  },
  'what is no number cannot be counted, and stays': async ({ cache }) => {
    for (const value of ['1', null, true, [1], {}]) {
      await cache.set('k', value);
      await refuses('ERR_LOCMEM_NOT_NUMERIC', () => cache.incr('k'));
      await refuses('ERR_LOCMEM_NOT_NUMERIC', () => cache.decr('k'));
      assert.deepEqual(await cache.get('k'), value);
    }
  },
  'a delta that is no finite number is refused': async ({ cache }) => {
    await cache.set('k', 1);
    for (const delta of [NaN, Infinity, '1']) {
      await refuses('ERR_LOCMEM_NOT_NUMERIC', () => cache.incr('k', delta as number));
    }
    assert.equal(await cache.get('k'), 1);
  },
  'counting at the same time loses nothing': async ({ cache }) => {
    await cache.set('k', 0);
    await Promise.all(Array.from({ length: 20 }, async () => cache.incr('k')));
    assert.equal(await cache.get('k'), 20);
  },
};
