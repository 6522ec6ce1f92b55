import { describe, expect, it } from '@jest/globals';
import { LocMemCache } from '@locmem/core';
import { runBuilt } from './support/run-built.js';
import { testCache } from './support/test-cache.js';

describe('named stores', () => {
  it('share entries between caches of one name, and between no others', () => {
    const a = new LocMemCache('shared a');
    a.set('k', 1);
    expect(new LocMemCache('shared a').get('k')).toBe(1);
    expect(new LocMemCache('shared b').get('k')).toBeUndefined();
  });

  it('share entries but not options: the limits of whoever writes apply', () => {
    const { cache, sibling } = testCache({ maxEntries: 10, cullFrequency: 0 });
    const small = sibling({ maxEntries: 2, cullFrequency: 0, timeout: 1 });
    for (const key of ['a', 'b', 'c']) cache.set(key, 1);
    expect(cache.size).toBe(3);
    small.set('d', 1);
    expect([...cache.keys()]).toEqual(['d']);
    expect(small.ttl('d')).toBe(1);
  });

  it('warn when caches that share them have different limits', () => {
    const { sibling, warnings } = testCache({ maxEntries: 10 });
    sibling({ maxEntries: 10 });
    expect(warnings).toEqual([]);
    sibling({ maxEntries: 300 });
    expect(warnings).toEqual([
      expect.objectContaining({
        code: 'LOCMEM_OPTIONS_DIFFER',
        message: expect.stringContaining('maxEntries 10 and 300'),
      }),
    ]);
  });

  it('have one policy and one clock, those of the first cache', () => {
    const { sibling } = testCache({ policy: 'cull' });
    expect(() => sibling({ policy: 'lru' })).toThrow(
      expect.objectContaining({ option: 'policy', value: 'lru' }),
    );
    const { name } = sibling();
    expect(() => new LocMemCache(name, { clock: { now: () => 0 } })).toThrow(
      expect.objectContaining({ option: 'clock' }),
    );
  });

  it('are the same for the ES-module and the CommonJS build in one process', () => {
    const program = `
      import assert from 'node:assert/strict';
      import { createRequire } from 'node:module';
      import { LocMemCache as Esm } from '@locmem/core';
      const { LocMemCache: Cjs } = createRequire(import.meta.url)('@locmem/core');

      assert.notEqual(Esm, Cjs);
      const esm = new Esm('twice', { keyPrefix: 'p' });
      const cjs = new Cjs('twice', { keyPrefix: 'p' });
      esm.set('k', { made: 'by esm', on: new Date(5) }, { tags: ['t'] });
      assert.deepEqual(cjs.get('k'), { made: 'by esm', on: new Date(5) });
      cjs.set('n', 1);
      assert.equal(esm.incr('n'), 2);
      cjs.deleteByTag('t');
      assert.equal(esm.get('k'), undefined);
      const load = () => new Promise((resolve) => setImmediate(resolve, 'once'));
      const both = await Promise.all([esm.getOrSet('l', load), cjs.getOrSet('l', () => 'twice')]);
      assert.deepEqual(both, ['once', 'once']);
      try { cjs.incr('l'); } catch (error) { assert.equal(error.code, 'ERR_LOCMEM_NOT_NUMERIC'); }
      console.log('shared');
    `;
    expect(runBuilt(program).stdout).toBe('shared\n');
  });
});
