import assert from 'node:assert/strict';
import { refuses, type Chapter } from './kit.js';

class Point {
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
}

export const kinds: Chapter = {
  'dates, Maps, Sets, bytes and bigints come back as what they were': async ({ cache }) => {
    const value = {
      ...{ date: new Date(0), map: new Map([['k', new Set([1])]]), big: 2n ** 70n },
      ...{ bytes: new Uint8Array([1, 2]), buffer: Buffer.from('text'), pattern: /a+/gi },
    };
    await cache.set('k', value);
    assert.deepEqual(await cache.get('k'), value);
  },
  'NaN, infinity, minus zero and undefined in an object come back': async ({ cache }) => {
    const value = [NaN, Infinity, -0, { a: undefined }];
    await cache.set('k', value);
    assert.deepEqual(await cache.get('k'), value);
  },
  'cycles and shared references come back': async ({ cache }) => {
    interface Node {
      self?: Node;
      readonly twins: readonly object[];
    }
    const twin = {};
    const node: Node = { twins: [twin, twin] };
    node.self = node;
    await cache.set('k', node);
    const read = await cache.get<Node>('k');
    assert.equal(read?.self, read);
    assert.equal(read?.twins[0], read?.twins[1]);
  },
  'instances keep their class': async ({ cache }) => {
    await cache.set('k', new Point(1, 2));
    assert.deepEqual(await cache.get('k'), new Point(1, 2));
  },
  'bigints are counted by bigints': async ({ cache }) => {
    await cache.set('k', 2n ** 64n);
    const sync = cache as unknown as { incr(key: string, delta: bigint): unknown };
    assert.equal(await sync.incr('k', 1n), 2n ** 64n + 1n);
  },
  'what cannot be stored is refused, and leaves what was there': async ({ cache }) => {
    await cache.set('k', 1);
    for (const value of [() => 1, Symbol('s'), { nested: [() => 1] }, { at: Promise.resolve(1) }]) {
      await refuses('ERR_LOCMEM_NOT_SERIALIZABLE', () => cache.set('k', value));
      await refuses('ERR_LOCMEM_NOT_SERIALIZABLE', () => cache.add('new', value));
    }
    assert.equal(await cache.get('k'), 1);
    assert.equal(await cache.has('new'), false);
  },
};
