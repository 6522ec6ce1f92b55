import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { InvalidKeyError, LocMemCache } from '@locmem/core';
import { openStore } from '../src/named-stores.js';
import { resolveOptions } from '../src/options.js';
import { runBuilt } from './support/run-built.js';
import { testCache } from './support/test-cache.js';

afterEach(() => {
  jest.restoreAllMocks();
});

describe('keys', () => {
  it('keep prefixes and versions apart, also where colons would make them one in Django', () => {
    const { cache, sibling } = testCache({ keyPrefix: 'p' });
    const other = sibling({ keyPrefix: 'p:1' });
    cache.set('1:x', 'of p');
    other.set('x', 'of p:1');
    expect(cache.makeKey('1:x')).toBe(other.makeKey('x'));
    expect(cache.get('1:x')).toBe('of p');
    expect(other.get('x')).toBe('of p:1');
  });

  it.each([1, null, undefined, {}, Symbol('k'), ['k']])(
    '%p is refused: a key is a string',
    (key) => {
      const { cache } = testCache({ keyCheck: 'off' });
      const isRefused = expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_KEY', key });
      expect(() => cache.get(key as string)).toThrow(isRefused);
      expect(() => {
        cache.set(key as string, 1);
      }).toThrow(isRefused);
      expect(() => cache.delete(key as string)).toThrow(isRefused);
      expect(() => cache.makeKey(key as string)).toThrow(isRefused);
      expect(cache.size).toBe(0);
    },
  );
});

describe('makeKey()', () => {
  it("is Django's prefix:version:key", () => {
    const { cache } = testCache({ keyPrefix: 'p', version: 2 });
    expect(cache.makeKey('k')).toBe('p:2:k');
    expect(cache.makeKey('k', { version: 3 })).toBe('p:3:k');
  });
});

describe('keyFunction', () => {
  const reverse = (key: string, keyPrefix: string, version: number) =>
    `${key}@${keyPrefix}/${version}`;

  it('makes the full key', () => {
    const { cache } = testCache({ keyPrefix: 'p', keyFunction: reverse });
    cache.set('k', 1);
    expect(cache.makeKey('k')).toBe('k@p/1');
    expect([...cache.keys({ all: true })]).toEqual(['k@p/1']);
    expect([...cache.keys()]).toEqual(['k']);
    expect(cache.get('k', { version: 2 })).toBeUndefined();
  });

  it('may let versions or prefixes meet, which is then shared', () => {
    const { cache, sibling } = testCache({ keyFunction: (key) => key });
    cache.set('k', 1, { version: 7 });
    expect(cache.get('k', { version: 8 })).toBe(1);
    expect(sibling({ keyPrefix: 'q', keyFunction: (key) => key }).get('k')).toBe(1);
  });

  it('is obeyed by clear({ version, keyPrefix })', () => {
    const { cache } = testCache({ keyPrefix: 'p', keyFunction: reverse });
    cache.set('a', 1);
    cache.set('b', 1, { version: 2 });
    cache.clear({ version: 1 });
    expect([...cache.keys({ all: true })]).toEqual(['b@p/2']);
  });

  it('that throws is a clear error, with its cause, and the cache unchanged', () => {
    const cause = new Error('no tenant');
    const { cache } = testCache({
      keyFunction: (key) => {
        if (key === 'bad') throw cause;
        return key;
      },
    });
    cache.set('good', 1);
    for (const call of [
      () => cache.get('bad'),
      () => {
        cache.set('bad', 1);
      },
      () =>
        cache.setMany([
          ['good', 2],
          ['bad', 1],
        ]),
      () => cache.delete('bad'),
      () => cache.incr('bad'),
      () => cache.getOrSet('bad', () => 1),
    ]) {
      expect(call).toThrow(
        expect.objectContaining({
          code: 'ERR_LOCMEM_INVALID_KEY',
          key: 'bad',
          cause,
          message: expect.stringContaining('keyFunction threw (no tenant)'),
        }),
      );
    }
    expect(cache.size).toBe(1);
    expect(cache.get('good')).toBe(1);
  });

  it.each([Object.create(null), undefined, Symbol('s')])(
    'that throws %p, which has no message, is a clear error, too',
    (thrown) => {
      const keyFunction = () => {
        throw thrown;
      };
      const { cache } = testCache({ keyFunction });
      expect(() => cache.get('k')).toThrow(
        expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_KEY', key: 'k', cause: thrown }),
      );
    },
  );

  it('that returns no string is a clear error', () => {
    const { cache } = testCache({ keyFunction: () => 7 as unknown as string });
    expect(() => {
      cache.set('k', 1);
    }).toThrow(/keyFunction must return a string: received 7/);
  });

  it('is remembered for keys that are there, and for no others', () => {
    const { cache } = testCache({
      keyFunction: (key, prefix) => `${prefix}/${key}`,
      maxEntries: 2,
    });
    const { fullKeys } = openStore(cache.name, resolveOptions()).spaces;
    const plain = testCache().cache;
    plain.set('k', 1);
    cache.restore(plain.snapshot());
    expect([...cache.keys({ all: true })]).toEqual([':1:k']);
    cache.set('dead', 1, { timeout: 0 });
    cache.add('dead', 1, { timeout: -1 });
    for (const key of ['a', 'b', 'c']) cache.set(key, 1);
    const isKnown = (fullKey: string) => fullKeys.origin(fullKey) !== undefined;
    expect(['k', '/dead', '/a', '/b', '/c'].filter(isKnown)).toEqual(['/b', '/c']);
  });

  it('lists its own keys only, not those of another key function in the same store', () => {
    const { cache, sibling } = testCache({ keyFunction: (key) => `one/${key}` });
    sibling({ keyFunction: (key) => `two/${key}` }).set('theirs', 1);
    cache.set('ours', 1);
    expect([...cache.keys()]).toEqual(['ours']);
    expect([...cache.entries()]).toEqual([['ours', 1]]);
  });
});

describe('keyCheck', () => {
  const unportable: [string, string][] = [
    ['with a space', 'a b'],
    ['with a control character', 'a\u0000b'],
    ['with DEL', 'a\u007f'],
    ['of 248 characters, 251 with the default prefix and version', 'x'.repeat(248)],
    ['of 248 code points outside the BMP', '💥'.repeat(248)],
    ['that is empty', ''],
  ];

  it.each(unportable)("'error' refuses a key %s, on reads and writes", (_what, key) => {
    const { cache } = testCache({ keyCheck: 'error' });
    const isRefused = expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_KEY', key });
    for (const call of [
      () => {
        cache.set(key, 1);
      },
      () => cache.add(key, 1),
      () => cache.get(key),
      () => cache.has(key),
      () => cache.delete(key),
      () => cache.touch(key),
      () => cache.ttl(key),
      () => cache.getMany([key]),
      () =>
        cache.setMany([
          ['good', 1],
          [key, 1],
        ]),
      () => cache.getOrSet(key, () => 1),
    ]) {
      expect(call).toThrow(isRefused);
    }
    expect(cache.size).toBe(0);
  });

  it.each(unportable)("'warn', the default, stores a key %s and warns", (_what, key) => {
    const { cache, warnings } = testCache();
    cache.set(key, 1);
    expect(cache.get(key)).toBe(1);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]!.code).toMatch(/^LOCMEM_KEY_/);
  });

  it.each(unportable)("'off' stores a key %s in silence", (_what, key) => {
    const { cache, warnings } = testCache({ keyCheck: 'off' });
    cache.set(key, 1);
    expect(cache.get(key)).toBe(1);
    expect(warnings).toEqual([]);
  });

  it('counts code points, not UTF-16 units', () => {
    const { cache } = testCache({ keyCheck: 'error' });
    cache.set('x'.repeat(247), 1);
    cache.set('💥'.repeat(247), 1);
    expect(cache.size).toBe(2);
  });

  it('counts the prefix', () => {
    const { cache } = testCache({ keyCheck: 'error', keyPrefix: 'p'.repeat(240) });
    expect(() => {
      cache.set('x'.repeat(8), 1);
    }).toThrow(/at most 250 characters/);
    cache.set('x'.repeat(7), 1);
  });
});

describe('a warning without onWarning', () => {
  it('is told to the process, once per kind and store', () => {
    const { stderr } = runBuilt(`
      import { LocMemCache } from '@locmem/core';
      for (const name of ['first', 'second']) {
        const cache = new LocMemCache(name);
        for (const key of ['a b', 'c d', '', '']) cache.set(key, 1);
      }
    `);
    expect(stderr.match(/\[LOCMEM_\w+\] LocMemWarning: .*'(first|second)'/g)).toHaveLength(4);
    expect(stderr.match(/LOCMEM_KEY_EMPTY/g)).toHaveLength(2);
    expect(stderr.match(/LOCMEM_KEY_NOT_PORTABLE/g)).toHaveLength(2);
  });
});

describe('an onWarning that throws', () => {
  it.each([new Error('handler'), Object.create(null)])(
    'is told to the process, and the write is done: %p',
    (thrown) => {
      const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
      const onWarning = () => {
        throw thrown;
      };
      const { cache } = testCache({ onWarning });
      cache.set('a b', 1);
      expect(cache.get('a b')).toBe(1);
      const [message] = emitWarning.mock.calls[0]!;
      expect(message).toMatch(/threw at LOCMEM_KEY_NOT_PORTABLE/);
    },
  );
});

describe('a key that this cache refuses and another one of the store does not', () => {
  it.each([{}, { compat: 'django' } as const])('is listed like any other: %j', (options) => {
    const { cache, sibling } = testCache({ ...options, keyCheck: 'off' });
    const strict = sibling({ ...options, keyCheck: 'error' });
    cache.set('not portable', 1);
    expect([...strict.keys()]).toEqual(['not portable']);
    expect([...strict.entries()]).toEqual([['not portable', 1]]);
  });

  it('goes on loading when this one has refused to delete it', async () => {
    const { cache, sibling } = testCache({ keyCheck: 'off' });
    const strict = sibling({ keyCheck: 'error' });
    const loading = cache.getOrSet('not portable', Promise.resolve('loaded'));
    expect(() => strict.delete('not portable')).toThrow(InvalidKeyError);
    expect(await loading).toBe('loaded');
    expect(cache.get('not portable')).toBe('loaded');
  });
});

describe('more versions than two bytes can tell apart', () => {
  it('are kept apart, cleared one by one and moved between', () => {
    const cache = new LocMemCache('70,000 versions', { maxEntries: Infinity, timeout: null });
    const VERSIONS = 70_000;
    for (let version = 1; version <= VERSIONS; version++) cache.set('k', version, { version });
    expect(cache.size).toBe(VERSIONS);
    for (const version of [1, 65_534, 65_535, 65_536, 65_537, VERSIONS]) {
      expect(cache.get('k', { version })).toBe(version);
    }
    cache.clear({ version: 65_536 });
    expect(cache.get('k', { version: 65_536 })).toBeUndefined();
    expect(cache.incrVersion('k', 1, { version: 65_535 })).toBe(65_536);
    expect(cache.get('k', { version: 65_536 })).toBe(65_535);
    expect(cache.size).toBe(VERSIONS - 1);
  });
});
