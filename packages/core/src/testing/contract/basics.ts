import assert from 'node:assert/strict';
import { refuses, type Chapter } from './kit.js';

export const basics: Chapter = {
  'get() of what is not there is undefined, or the default': async ({ cache }) => {
    assert.equal(await cache.get('k'), undefined);
    assert.equal(await cache.get('k', { default: 'none' }), 'none');
  },
  'get() gives back what was set, whatever kind of plain value it is': async ({ cache }) => {
    const values = ['text', '', 0, -1.5, true, false, [], {}, [1, [2]], { a: { b: [null] } }];
    for (const [i, value] of values.entries()) await cache.set(`k${i}`, value);
    for (const [i, value] of values.entries()) assert.deepEqual(await cache.get(`k${i}`), value);
  },
  'a stored null is there': async ({ cache }) => {
    await cache.set('k', null);
    assert.equal(await cache.get('k'), null);
    assert.equal(await cache.get<unknown>('k', { default: 'none' }), null);
    assert.equal(await cache.has('k'), true);
    assert.equal(await cache.add('k', 1), false);
  },
  'undefined cannot be stored, and leaves what was there': async ({ cache }) => {
    await cache.set('k', 1);
    await refuses('ERR_LOCMEM_NOT_SERIALIZABLE', () => cache.set('k', undefined));
    await refuses('ERR_LOCMEM_NOT_SERIALIZABLE', () => cache.add('other', undefined));
    assert.equal(await cache.get('k'), 1);
  },
  'set() overwrites': async ({ cache }) => {
    await cache.set('k', 1);
    await cache.set('k', 'two');
    assert.equal(await cache.get('k'), 'two');
  },
  'add() stores only what is not there, and says whether it did': async ({ cache }) => {
    assert.equal(await cache.add('k', 1), true);
    assert.equal(await cache.add('k', 2), false);
    assert.equal(await cache.get('k'), 1);
    await cache.delete('k');
    assert.equal(await cache.add('k', 3), true);
    assert.equal(await cache.get('k'), 3);
  },
  'has() says whether a key is there': async ({ cache }) => {
    await cache.set('k', 0);
    assert.deepEqual([await cache.has('k'), await cache.has('x')], [true, false]);
  },
  'delete() removes, and says whether it was there': async ({ cache }) => {
    await cache.set('k', 1);
    assert.equal(await cache.delete('k'), true);
    assert.equal(await cache.get('k'), undefined);
    assert.equal(await cache.delete('k'), false);
  },
  'clear() empties': async ({ cache }) => {
    await cache.set('a', 1);
    await cache.set('b', 2, { version: 2 });
    await cache.clear();
    assert.equal(await cache.has('a'), false);
    assert.equal(await cache.has('b', { version: 2 }), false);
  },
  'keys are told apart by every character': async ({ cache }) => {
    const keys = [
      'a',
      'A',
      'a:',
      ':a',
      '1',
      '01',
      'ä',
      '日本',
      '__proto__',
      'constructor',
      'a/b?c=d',
    ];
    for (const key of keys) await cache.set(key, `value of ${key}`);
    for (const key of keys) assert.equal(await cache.get(key), `value of ${key}`);
  },
  'a key that is no string is refused': async ({ cache }) => {
    for (const key of [1, null, undefined, {}] as unknown as string[]) {
      await refuses('ERR_LOCMEM_INVALID_KEY', () => cache.get(key));
      await refuses('ERR_LOCMEM_INVALID_KEY', () => cache.set(key, 1));
    }
  },
  'an option that does not exist is refused, and nothing is stored': async ({ cache }) => {
    const misspelt = { ttl: 60 } as object;
    await refuses('ERR_LOCMEM_INVALID_OPTION', () => cache.set('k', 1, misspelt));
    await refuses('ERR_LOCMEM_INVALID_OPTION', () => cache.get('k', misspelt));
    assert.equal(await cache.has('k'), false);
  },
  'makeKey() tells keys and versions apart': ({ cache }) => {
    const made = new Set([
      cache.makeKey('a'),
      cache.makeKey('b'),
      cache.makeKey('a', { version: 2 }),
    ]);
    assert.equal(made.size, 3);
    assert.equal(cache.makeKey('a'), cache.makeKey('a'));
  },
};
