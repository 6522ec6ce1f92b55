import { describe, expect, it } from '@jest/globals';
import { testCache } from './support/test-cache.js';

// Deviations from Django that show in no other test. Each is a line of docs/django-parity.md.

describe('delete() of an entry that has expired unnoticed', () => {
  it('answers false: it was not there any more', () => {
    const { cache, advance } = testCache();
    cache.set('k', 1, { timeout: 5 });
    advance(5);
    expect(cache.delete('k')).toBe(false);
    expect(cache.size).toBe(0);
  });

  it("answers true under compat 'django'", () => {
    const { cache, advance } = testCache({ compat: 'django' });
    cache.set('k', 1, { timeout: 5 });
    advance(5);
    expect(cache.delete('k')).toBe(true);
  });
});

describe('incrVersion() by zero', () => {
  it('changes nothing', () => {
    const { cache } = testCache();
    cache.set('k', 1, { timeout: 5 });
    expect(cache.incrVersion('k', 0)).toBe(1);
    expect([cache.get('k'), cache.ttl('k')]).toEqual([1, 5]);
  });

  it("deletes the key under compat 'django'", () => {
    const { cache } = testCache({ compat: 'django' });
    cache.set('k', 1);
    expect(cache.incrVersion('k', 0)).toBe(1);
    expect(cache.has('k')).toBe(false);
  });
});

describe('incrVersion() of an entry about to expire', () => {
  it("gives it the default timeout only under compat 'django'", () => {
    const ttlAfterMove = (compat: 'django' | undefined) => {
      const { cache } = testCache({ compat });
      cache.set('k', 1, { timeout: 5 });
      cache.incrVersion('k');
      return cache.ttl('k', { version: 2 });
    };
    expect([ttlAfterMove(undefined), ttlAfterMove('django')]).toEqual([5, 300]);
  });
});

describe('incr() of a stored null', () => {
  it('is not numeric, except to the Django before 2.1, which takes it for missing', () => {
    const codeOf = (options: Parameters<typeof testCache>[0]) => {
      const { cache } = testCache(options);
      cache.set('k', null);
      try {
        return cache.incr('k');
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect(codeOf({})).toBe('ERR_LOCMEM_NOT_NUMERIC');
    expect(codeOf({ policy: 'cull' })).toBe('ERR_LOCMEM_NOT_NUMERIC');
    expect(codeOf({ compat: 'django' })).toBe('ERR_LOCMEM_NOT_NUMERIC');
    expect(codeOf({ compat: 'django', policy: 'cull' })).toBe('ERR_LOCMEM_KEY_NOT_FOUND');
  });
});
