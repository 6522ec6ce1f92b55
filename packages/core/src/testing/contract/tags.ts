import assert from 'node:assert/strict';
import { deferred, refuses, type Chapter } from './kit.js';

export const tags: Chapter = {
  'deleteByTag() removes what carries the tag, and nothing else': async ({ cache }) => {
    await cache.set('a', 1, { tags: ['red'] });
    await cache.set('b', 2, { tags: ['red', 'blue'] });
    await cache.set('c', 3, { tags: ['blue'] });
    await cache.set('d', 4);
    await cache.deleteByTag('red');
    assert.deepEqual([...(await cache.getMany(['a', 'b', 'c', 'd'])).keys()], ['c', 'd']);
    assert.equal(await cache.has('a'), false);
    assert.equal(await cache.add('b', 5), true);
  },
  'deleteByTag() takes several': async ({ cache }) => {
    await cache.setMany({ a: 1 }, { tags: ['red'] });
    await cache.add('b', 2, { tags: ['blue'] });
    await cache.deleteByTag('red', 'blue', 'unheard of');
    assert.equal((await cache.getMany(['a', 'b'])).size, 0);
  },
  'deleteByTag() reaches every version': async ({ cache }) => {
    await cache.set('k', 1, { version: 2, tags: ['red'] });
    await cache.deleteByTag('red');
    assert.equal(await cache.has('k', { version: 2 }), false);
  },
  'what is written afterwards is new': async ({ cache }) => {
    await cache.set('k', 1, { tags: ['red'] });
    await cache.deleteByTag('red');
    await cache.set('k', 2, { tags: ['red'] });
    assert.equal(await cache.get('k'), 2);
  },
  'set() without tags takes them away; incr(), touch() and incrVersion() do not': async ({
    cache,
  }) => {
    for (const key of ['a', 'b', 'c', 'd']) await cache.set(key, 1, { tags: ['red'] });
    await cache.set('a', 2);
    await cache.incr('b');
    await cache.touch('c');
    await cache.incrVersion('d');
    await cache.deleteByTag('red');
    assert.deepEqual([...(await cache.getMany(['a', 'b', 'c'])).keys()], ['a']);
    assert.equal(await cache.has('d', { version: 2 }), false);
  },
  'a load under way with the tag is not kept': async ({ cache }) => {
    const { promise, resolve } = deferred<string>();
    const loading = cache.getOrSet('k', () => promise, { tags: ['red'] });
    await cache.deleteByTag('red');
    resolve('old');
    assert.equal(await loading, 'old');
    assert.equal(await cache.get('k'), undefined);
  },
  'a soft purge leaves the entry to who takes it stale': async ({ cache }) => {
    const options = { tags: ['red'], stale: 60 };
    await cache.getOrSet('k', 'old', options);
    await cache.deleteByTag('red', { soft: true });
    assert.equal(await cache.get('k'), undefined);
    const fails = () => Promise.reject(new Error('no database'));
    assert.equal(await cache.getOrSet('k', fails, options), 'old');
  },
  'tags that are no list of names are refused': async ({ cache }) => {
    for (const wrong of ['red', [1], ['']]) {
      const options = { tags: wrong as string[] };
      await refuses('ERR_LOCMEM_INVALID_OPTION', () => cache.set('k', 1, options));
    }
    assert.equal(await cache.has('k'), false);
  },
};
