import assert from 'node:assert/strict';
import { keysOf, refuses, type Chapter } from './kit.js';

const V2 = { version: 2 };

export const versions: Chapter = {
  'a key has a value for each version': async ({ cache }) => {
    await cache.set('k', 'one');
    await cache.set('k', 'two', V2);
    assert.equal(await cache.get('k'), 'one');
    assert.equal(await cache.get('k', { version: 1 }), 'one');
    assert.equal(await cache.get('k', V2), 'two');
    assert.equal(await cache.get('k', { version: 3 }), undefined);
  },
  'every method keeps to its version': async ({ cache }) => {
    await cache.set('k', 1, { timeout: null });
    assert.equal(await cache.has('k', V2), false);
    assert.equal(await cache.ttl('k', V2), undefined);
    assert.equal(await cache.touch('k', V2), false);
    assert.equal(await cache.delete('k', V2), false);
    assert.equal(await cache.deleteMany(['k'], V2), 0);
    assert.equal((await cache.getMany(['k'], V2)).size, 0);
    await refuses('ERR_LOCMEM_KEY_NOT_FOUND', () => cache.incr('k', 1, V2));
    assert.equal(await cache.add('k', 10, V2), true);
    assert.equal(await cache.incr('k', 1, V2), 11);
    await cache.setMany({ k: 20 }, V2);
    assert.equal(await cache.update<number>('k', (old = 0) => old + 1, V2), 21);
    assert.equal(await cache.getOrSet('k', 0, V2), 21);
    assert.equal(await cache.get('k'), 1);
    assert.deepEqual(await keysOf(cache), ['k']);
  },
  'incrVersion() and decrVersion() move an entry, and return the new version': async ({
    cache,
  }) => {
    await cache.set('k', 'v', { timeout: null });
    assert.equal(await cache.incrVersion('k'), 2);
    assert.equal(await cache.get('k'), undefined);
    assert.equal(await cache.get('k', V2), 'v');
    assert.equal(await cache.ttl('k', V2), null);
    assert.equal(await cache.incrVersion('k', 3, V2), 5);
    assert.equal(await cache.decrVersion('k', 4, { version: 5 }), 1);
    assert.equal(await cache.get('k'), 'v');
  },
  'a move takes the place of what was there': async ({ cache }) => {
    await cache.set('k', 'mover');
    await cache.set('k', 'resident', V2);
    await cache.incrVersion('k');
    assert.equal(await cache.get('k', V2), 'mover');
  },
  'a move by nothing changes nothing': async ({ cache }) => {
    await cache.set('k', 'v');
    assert.equal(await cache.incrVersion('k', 0), 1);
    assert.equal(await cache.get('k'), 'v');
  },
  'what is not there cannot be moved': async ({ cache }) => {
    await refuses('ERR_LOCMEM_KEY_NOT_FOUND', () => cache.incrVersion('k'));
    await refuses('ERR_LOCMEM_KEY_NOT_FOUND', () => cache.decrVersion('k'));
  },
  'clear() may be of one version': async ({ cache }) => {
    await cache.set('k', 'one');
    await cache.set('k', 'two', V2);
    await cache.clear(V2);
    assert.equal(await cache.has('k', V2), false);
    assert.equal(await cache.has('k'), true);
  },
  'a version that is no integer is refused': async ({ cache }) => {
    for (const version of [1.5, NaN, '1']) {
      const options = { version: version as number };
      await refuses('ERR_LOCMEM_INVALID_OPTION', () => cache.get('k', options));
    }
  },
};
