import assert from 'node:assert/strict';
import { refuses, type Chapter } from './kit.js';

export const many: Chapter = {
  'getMany() gives the hits in the order of the keys': async ({ cache }) => {
    await cache.set('a', 1);
    await cache.set('b', 2);
    const found = await cache.getMany(['b', 'missing', 'a', 'b']);
    assert.deepEqual(
      [...found],
      [
        ['b', 2],
        ['a', 1],
      ],
    );
  },
  'getMany() counts a stored null as a hit': async ({ cache }) => {
    await cache.set('k', null);
    assert.deepEqual([...(await cache.getMany(['k']))], [['k', null]]);
  },
  'setMany() takes pairs, a Map or an object, and names no key when all are stored': async ({
    cache,
  }) => {
    assert.deepEqual(
      await cache.setMany([
        ['a', 1],
        ['b', 2],
      ]),
      [],
    );
    assert.deepEqual(await cache.setMany(new Map([['c', 3]])), []);
    assert.deepEqual(await cache.setMany({ d: 4 }), []);
    assert.equal((await cache.getMany(['a', 'b', 'c', 'd'])).size, 4);
  },
  'setMany() stores nothing when one of the values cannot be stored': async ({ cache }) => {
    const pairs = [
      ['a', 1],
      ['b', undefined],
    ] as const;
    await refuses('ERR_LOCMEM_NOT_SERIALIZABLE', () => cache.setMany(pairs));
    assert.equal(await cache.has('a'), false);
  },
  'deleteMany() removes, and counts what was there': async ({ cache }) => {
    await cache.setMany({ a: 1, b: 2, c: 3 });
    assert.equal(await cache.deleteMany(['a', 'c', 'missing', 'a']), 2);
    assert.deepEqual([...(await cache.getMany(['a', 'b', 'c'])).keys()], ['b']);
  },
  'a lone string is no list of keys': async ({ cache }) => {
    await refuses('ERR_LOCMEM_INVALID_OPTION', () => cache.getMany('ab'));
    await refuses('ERR_LOCMEM_INVALID_OPTION', () => cache.deleteMany('ab'));
  },
  'keys() lists the own keys': async ({ cache }) => {
    await cache.setMany({ a: 1, b: 2 });
    await cache.set('other', 3, { version: 2 });
    const keys: string[] = [];
    for await (const key of cache.keys()) keys.push(key);
    assert.deepEqual(keys.sort(), ['a', 'b']);
  },
};
