import { describe, expect, it } from '@jest/globals';
import { testCache } from './support/test-cache.js';

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
