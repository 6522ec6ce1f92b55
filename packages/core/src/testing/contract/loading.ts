import assert from 'node:assert/strict';
import { deferred, type Chapter } from './kit.js';

export const loading: Chapter = {
  'getOrSet() stores and returns a value, or what a function gives': async ({ cache }) => {
    assert.equal(await cache.getOrSet('a', 1), 1);
    assert.equal(await cache.getOrSet('b', () => 2), 2);
    assert.equal(await cache.getOrSet('c', () => Promise.resolve(3)), 3);
    assert.deepEqual([...(await cache.getMany(['a', 'b', 'c'])).values()], [1, 2, 3]);
  },
  'getOrSet() does not call the function on a hit, not even on a null': async ({ cache }) => {
    let calls = 0;
    await cache.set('k', null);
    assert.equal(await cache.getOrSet<unknown>('k', () => ++calls), null);
    assert.equal(calls, 0);
  },
  'a loaded null is kept, an undefined is not': async ({ cache }) => {
    assert.equal(await cache.getOrSet('a', () => Promise.resolve(null)), null);
    assert.equal(await cache.has('a'), true);
    assert.equal(await cache.getOrSet<unknown>('b', () => Promise.resolve(undefined)), undefined);
    assert.equal(await cache.has('b'), false);
  },
  'one load serves all who ask meanwhile': async ({ cache }) => {
    const { promise, resolve } = deferred<string>();
    let calls = 0;
    const load = () => {
      calls++;
      return promise;
    };
    const all = Promise.all(Array.from({ length: 10 }, async () => cache.getOrSet('k', load)));
    resolve('v');
    assert.deepEqual(new Set(await all), new Set(['v']));
    assert.equal(calls, 1);
    assert.equal(await cache.get('k'), 'v');
  },
  'an error reaches all who wait and is not kept': async ({ cache }) => {
    const fails = () => Promise.reject(new Error('no database'));
    const both = [1, 2].map(async () => cache.getOrSet<string>('k', fails));
    for (const { status } of await Promise.allSettled(both)) assert.equal(status, 'rejected');
    assert.equal(await cache.getOrSet('k', () => Promise.resolve('v')), 'v');
  },
  'a load that delete() overtook is returned, not kept': async ({ cache }) => {
    const { promise, resolve } = deferred<string>();
    const loads = cache.getOrSet('k', () => promise);
    await cache.delete('k');
    resolve('old');
    assert.equal(await loads, 'old');
    assert.equal(await cache.get('k'), undefined);
  },
  'a load that set() overtook gives way': async ({ cache }) => {
    const { promise, resolve } = deferred<string>();
    const loads = cache.getOrSet('k', () => promise);
    await cache.set('k', 'new');
    resolve('old');
    await loads;
    assert.equal(await cache.get('k'), 'new');
  },
  'getOrSet() takes timeout, version and tags': async ({ cache }) => {
    await cache.getOrSet('k', () => Promise.resolve(1), {
      timeout: null,
      version: 2,
      tags: ['red'],
    });
    assert.equal(await cache.has('k'), false);
    assert.equal(await cache.ttl('k', { version: 2 }), null);
    await cache.deleteByTag('red');
    assert.equal(await cache.has('k', { version: 2 }), false);
  },
  'a caller may leave without ending the load of the others': async ({ cache }) => {
    const { promise, resolve } = deferred<string>();
    const controller = new AbortController();
    const load = () => promise;
    const leaves = (async () => cache.getOrSet('k', load, { signal: controller.signal }))();
    const stays = (async () => cache.getOrSet('k', load))();
    controller.abort(new Error('gone'));
    // The load ends all the same: a store that does not heed the signal fails here, and does not hang.
    setImmediate(resolve, 'v');
    await assert.rejects(leaves, /gone/);
    assert.equal(await stays, 'v');
  },
};
