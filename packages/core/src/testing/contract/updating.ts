import assert from 'node:assert/strict';
import { type Chapter } from './kit.js';

export const updating: Chapter = {
  'update() reads, changes and writes': async ({ cache }) => {
    const seen: unknown[] = [];
    const next = (old: number | undefined) => {
      seen.push(old);
      return (old ?? 0) + 1;
    };
    assert.equal(await cache.update<number>('k', next), 1);
    assert.equal(await cache.update<number>('k', (old) => Promise.resolve(next(old))), 2);
    assert.deepEqual(seen, [undefined, 1]);
    assert.equal(await cache.get('k'), 2);
  },
  'updates of one key do not lose each other': async ({ cache }) => {
    const append = (item: number) =>
      cache.update<number[]>('k', async (old = []) => {
        await Promise.resolve();
        return [...old, item];
      });
    await Promise.all([1, 2, 3, 4, 5].map(append));
    const items = (await cache.get<number[]>('k')) ?? [];
    assert.deepEqual([...items].sort(), [1, 2, 3, 4, 5]);
  },
  'one that fails leaves the entry, and the next its turn': async ({ cache }) => {
    await cache.set('k', 1);
    const fails = cache.update('k', () => Promise.reject(new Error('no database')));
    const works = cache.update<number>('k', (old = 0) => old + 1);
    await assert.rejects(fails, /no database/);
    assert.equal(await works, 2);
  },
};
