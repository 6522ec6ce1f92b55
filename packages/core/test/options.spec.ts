import { describe, expect, it } from '@jest/globals';
import { LocMemCache } from '@locmem/core';
import { testCache } from './support/test-cache.js';

const invalid = (option: string, value: unknown) =>
  expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_OPTION', option, value });

describe('options of the cache', () => {
  it.each([
    ['ttl', 60],
    ['max', 5],
    ['keyprefix', 'p'],
  ])('%s does not exist and is refused, with the names there are', (option, value) => {
    expect(() => new LocMemCache('o', { [option]: value })).toThrow(invalid(option, value));
    expect(() => new LocMemCache('o', { [option]: value })).toThrow(
      /there are: timeout, keyPrefix/,
    );
  });

  it.each([
    ['maxEntries', 0],
    ['maxEntries', -5],
    ['maxEntries', NaN],
    ['maxEntries', 2.5],
    ['maxEntries', '100'],
    ['maxEntries', null],
    ['cullFrequency', -1],
    ['cullFrequency', NaN],
    ['cullFrequency', 1.5],
    ['cullFrequency', Infinity],
    ['maxBytes', -1],
    ['maxBytes', NaN],
    ['maxEntryBytes', 0],
    ['version', 1.5],
    ['version', '1'],
    ['version', NaN],
    ['keyPrefix', 7],
    ['keyPrefix', null],
    ['keyFunction', 'module.fn'],
    ['policy', 'fifo'],
    ['isolation', 'clone'],
    ['keyCheck', true],
    ['compat', 'rails'],
    ['clock', Date],
    ['clock', 5],
    ['onWarning', {}],
  ])('%s: %p is refused, naming option, rule and value', (option, value) => {
    if (option === 'clock' && value === Date) value = { now: 'soon' };
    const make = () => new LocMemCache('o', { [option]: value });
    expect(make).toThrow(invalid(option, value));
    expect(make).toThrow(
      new RegExp(`^Invalid option of LocMemCache: ${option} must .*: received `),
    );
  });

  it('a clock that gives no number is refused', () => {
    expect(() => new LocMemCache('no time', { clock: { now: () => NaN } })).toThrow(
      invalid('clock', NaN),
    );
  });

  it('timeout is refused like any other', () => {
    expect(() => new LocMemCache('o', { timeout: NaN })).toThrow(
      expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_TIMEOUT', option: 'timeout' }),
    );
  });

  it('must be an object, and the name a string', () => {
    expect(() => new LocMemCache('o', 300 as any)).toThrow(
      /options must be an object: received 300/,
    );
    expect(() => new LocMemCache('o', null as any)).toThrow(/options must be an object/);
    expect(() => new LocMemCache({} as any)).toThrow(invalid('name', {}));
  });

  it('may be undefined one by one, which means the default', () => {
    const cache = new LocMemCache('undefined options', {
      timeout: undefined,
      maxEntries: undefined,
    });
    cache.set('k', 1, { timeout: undefined, version: undefined, tags: undefined });
    expect(cache.ttl('k')).toBeGreaterThan(299);
  });

  it('are not written to, and a later change of them has no effect', () => {
    const options = Object.freeze({ timeout: 5, keyPrefix: 'p' });
    expect(() => new LocMemCache('frozen options', options)).not.toThrow();
    const mutable = { keyPrefix: 'p' };
    const cache = new LocMemCache('mutable options', mutable);
    mutable.keyPrefix = 'q';
    expect(cache.makeKey('k')).toBe('p:1:k');
  });
});

describe('options of a call', () => {
  const calls: [string, (cache: LocMemCache, options: any) => unknown][] = [
    ['get', (cache, options) => cache.get('k', options)],
    ['getMany', (cache, options) => cache.getMany(['k'], options)],
    ['has', (cache, options) => cache.has('k', options)],
    ['add', (cache, options) => cache.add('l', 1, options)],
    [
      'set',
      (cache, options) => {
        cache.set('k', 2, options);
      },
    ],
    ['setMany', (cache, options) => cache.setMany({ k: 2 }, options)],
    ['touch', (cache, options) => cache.touch('k', options)],
    ['incr', (cache, options) => cache.incr('k', 1, options)],
    ['decr', (cache, options) => cache.decr('k', 1, options)],
    ['delete', (cache, options) => cache.delete('k', options)],
    ['deleteMany', (cache, options) => cache.deleteMany(['k'], options)],
    ['getOrSet', (cache, options) => cache.getOrSet('l', () => 1, options)],
    ['incrVersion', (cache, options) => cache.incrVersion('k', 1, options)],
    ['decrVersion', (cache, options) => cache.decrVersion('k', 1, options)],
    ['ttl', (cache, options) => cache.ttl('k', options)],
    [
      'clear',
      (cache, options) => {
        cache.clear(options);
      },
    ],
    ['keys', (cache, options) => [...cache.keys(options)]],
    ['makeKey', (cache, options) => cache.makeKey('k', options)],
  ];

  it.each(calls)('%s refuses one that does not exist, and changes nothing', (name, call) => {
    const { cache } = testCache();
    cache.set('k', 1);
    expect(() => call(cache, { ttl: 5 })).toThrow(invalid('ttl', 5));
    expect(() => call(cache, { ttl: 5 })).toThrow(`LocMemCache.${name}: ttl is no option`);
    expect([...cache.keys({ all: true })]).toEqual([':1:k']);
    expect(cache.get('k')).toBe(1);
  });

  it.each(calls)('%s refuses a bare number in their place', (_name, call) => {
    const { cache } = testCache();
    cache.set('k', 1);
    expect(() => call(cache, 60)).toThrow(/options must be an object: received 60/);
    expect(cache.get('k')).toBe(1);
  });

  it.each(calls.filter(([name]) => name !== 'keys'))(
    '%s refuses a version that is no integer',
    (_name, call) => {
      const { cache } = testCache();
      cache.set('k', 1);
      expect(() => call(cache, { version: 'v2' })).toThrow(invalid('version', 'v2'));
      expect(cache.get('k')).toBe(1);
    },
  );

  it.each(['t', [''], [7], {}])('tags: %p is refused', (tags) => {
    const { cache } = testCache();
    expect(() => {
      cache.set('k', 1, { tags: tags as any });
    }).toThrow(invalid('tags', tags));
    expect(cache.size).toBe(0);
  });
});
