import { describe, expect, it } from '@jest/globals';
import { KeyIndex } from '../src/key-index.js';
import { KeySpace, KeySpaces } from '../src/key-space.js';
import { Chunk, Slots } from '../src/slots.js';
import { Store } from '../src/store.js';
import { TagRegistry } from '../src/tags.js';
import { testCache } from './support/test-cache.js';

/** How many methods are called of whatever holds entries, the language's own collections among them. */
function callsDuring(run: () => void): number {
  let calls = 0;
  const restore: (() => void)[] = [];
  const holders = [Store, Slots, Chunk, KeyIndex, KeySpace, KeySpaces, TagRegistry];
  for (const { prototype } of [...holders, Map, Set, Array] as { prototype: object }[]) {
    for (const name of Reflect.ownKeys(prototype)) {
      const own = Object.getOwnPropertyDescriptor(prototype, name)!;
      const method: unknown = own.value;
      if (name === 'constructor' || typeof method !== 'function') continue;
      const value = function (this: unknown, ...args: unknown[]): unknown {
        calls++;
        return Reflect.apply(method, this, args);
      };
      restore.push(() => Object.defineProperty(prototype, name, own));
      Object.defineProperty(prototype, name, { ...own, value });
    }
  }
  try {
    run();
    return calls;
  } finally {
    for (const each of restore) each();
  }
}

describe('deleteByTag()', () => {
  it('removes all entries of a tag, whatever their version and prefix', () => {
    const { cache, sibling } = testCache();
    cache.set('a', 1, { tags: ['red'] });
    cache.set('b', 1, { tags: ['red', 'blue'], version: 2 });
    sibling({ keyPrefix: 'p' }).set('c', 1, { tags: ['red'] });
    cache.set('d', 1, { tags: ['blue'] });
    cache.set('e', 1);
    cache.deleteByTag('red');
    expect([...cache.keys({ all: true })]).toEqual([':1:d', ':1:e']);
  });

  it('takes several tags, and does not mind unknown ones', () => {
    const { cache } = testCache();
    cache.set('a', 1, { tags: ['x'] });
    cache.set('b', 1, { tags: ['y'] });
    cache.deleteByTag('x', 'y', 'z');
    expect([...cache.keys()]).toEqual([]);
  });

  it.each([false, true])(
    'looks at none of the entries, however many there are (soft: %j)',
    (soft) => {
      const calls = [1, 900, 5_000].map((entries) => {
        const { cache } = testCache({ maxEntries: Infinity });
        for (let i = 0; i < entries; i++) cache.set(`k${i}`, i, { tags: ['many', 'other'] });
        const during = callsDuring(() => {
          cache.deleteByTag('many', { soft });
        });
        expect(cache.has('k0')).toBe(false);
        return during;
      });
      expect(calls[0]).toBeGreaterThan(0);
      expect(new Set(calls).size).toBe(1);
    },
  );

  it('leaves what is written with the tag afterwards', () => {
    const { cache } = testCache();
    cache.set('a', 1, { tags: ['x'] });
    cache.deleteByTag('x');
    cache.set('a', 2, { tags: ['x'] });
    cache.set('b', 2, { tags: ['x', 'x'] });
    expect(cache.getMany(['a', 'b']).size).toBe(2);
    cache.deleteByTag('x');
    expect(cache.getMany(['a', 'b']).size).toBe(0);
  });

  it('goes by the tags of the last write', () => {
    const { cache } = testCache();
    cache.set('a', 1, { tags: ['x'] });
    cache.set('a', 1, { tags: ['y'] });
    cache.deleteByTag('x');
    expect(cache.has('a')).toBe(true);
    cache.set('a', 1);
    cache.deleteByTag('y');
    expect(cache.has('a')).toBe(true);
  });

  it('makes the entry a miss for every method', () => {
    const { cache } = testCache();
    const purge = () => {
      cache.set('a', 1, { tags: ['x'] });
      cache.deleteByTag('x');
    };
    purge();
    expect(cache.touch('a')).toBe(false);
    purge();
    expect(cache.delete('a')).toBe(false);
    purge();
    expect(cache.ttl('a')).toBeUndefined();
    purge();
    expect(cache.add('a', 2)).toBe(true);
    purge();
    expect(() => cache.incr('a')).toThrow(/not found/);
  });
});
