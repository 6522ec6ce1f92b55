import assert from 'node:assert/strict';
import type { Chapter } from './kit.js';

interface Basket {
  items: string[];
}

const basket = (): Basket => ({ items: ['tea'] });

/** What a careless caller does; a frozen object lets nobody. */
function change(value: Basket | undefined): void {
  try {
    value?.items.push('milk');
  } catch {
    // That the object refuses is isolation, too.
  }
}

export const isolation: Chapter = {
  'what the writer does afterwards to its object reaches nobody': async ({ cache }) => {
    const [a, b, c, d, e] = [basket(), basket(), basket(), basket(), basket()];
    await cache.set('a', a);
    await cache.add('b', b);
    await cache.setMany({ c });
    await cache.getOrSet('d', d);
    await cache.update('e', () => e);
    for (const each of [a, b, c, d, e]) change(each);
    for (const key of ['a', 'b', 'c', 'd', 'e']) assert.deepEqual(await cache.get(key), basket());
  },
  'what a reader does to its object reaches nobody': async ({ cache }) => {
    await cache.set('k', basket());
    change(await cache.get<Basket>('k'));
    change((await cache.getMany<Basket>(['k'])).get('k'));
    change(await cache.getOrSet('k', basket));
    const spoil = (old: Basket | undefined) => {
      change(old);
      return basket();
    };
    change(await cache.update('k', spoil));
    assert.deepEqual(await cache.get('k'), basket());
  },
  'those who wait for one load do not share an object': async ({ cache }) => {
    const load = () => Promise.resolve(basket());
    const read = async () => cache.getOrSet('k', load);
    const [one, two] = await Promise.all([read(), read()]);
    change(one);
    assert.deepEqual(two, basket());
    assert.deepEqual(await cache.get('k'), basket());
  },
  'an update that fails has changed nothing': async ({ cache }) => {
    await cache.set('k', basket());
    const spoil = (old: Basket | undefined) => {
      change(old);
      return Promise.reject<Basket>(new Error('no database'));
    };
    await assert.rejects(cache.update('k', spoil));
    assert.deepEqual(await cache.get('k'), basket());
  },
};
