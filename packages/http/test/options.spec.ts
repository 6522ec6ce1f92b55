import { describe, expect, it } from '@jest/globals';
import { LocMemCache } from '@locmem/core';
import { createResponseCache } from '../src/index.js';

const create = (options: any) => () => createResponseCache(options);

function refusal(options: any): any {
  try {
    createResponseCache(options);
  } catch (error) {
    return error;
  }
  throw new Error('was accepted');
}

describe('createResponseCache options', () => {
  it('may be left out', () => {
    expect(create(undefined)).not.toThrow();
    expect(create({})).not.toThrow();
  });

  it('may be given as undefined', () => {
    const names = ['cache', 'timeout', 'version', 'keyPrefix', 'cacheStatus', 'clock', 'onEvent'];
    expect(create(Object.fromEntries(names.map((name) => [name, undefined])))).not.toThrow();
  });

  it.each(['ttl', 'Timeout', 'etags'])(
    'refuse the unknown name %s and list the known ones',
    (name) => {
      const error = refusal({ [name]: 1 });
      expect(error).toMatchObject({ code: 'ERR_LOCMEM_INVALID_OPTION', option: name, value: 1 });
      expect(error.message).toContain('maxBodyBytes');
    },
  );

  it.each([[60], [null], ['5m'], [[]]])('refuse %j in their place', (options) => {
    expect(refusal(options)).toMatchObject({
      code: 'ERR_LOCMEM_INVALID_OPTION',
      option: 'options',
    });
  });

  it.each<[string, unknown[]]>([
    ['cache', ['', 5, null, {}, [], true]],
    ['maxEntries', [0, -1, 1.5, NaN, '10', null, Infinity]],
    ['maxBytes', [0, -1, NaN, '1mb']],
    ['maxBodyBytes', [-1, NaN, 1.5, '1mb', Infinity, null]],
    ['version', ['1', NaN, 1.5, null, Infinity]],
    ['keyPrefix', [1, null, {}]],
    ['heuristic', [1, 'yes', null]],
    ['targetedFields', ['CDN-Cache-Control', [''], ['a b'], [1], null, {}]],
    ['varyCookies', ['sid', [''], ['a b'], [1], null]],
    ['tags', ['a', ['a'], null]],
    ['etag', [1, 'weak', null]],
    ['collapse', [true, 5, '5s', null, []]],
    ['key', ['id', null, {}]],
    ['bypass', [true, 'x', null]],
    ['ignoreQuery', ['utm_*', [1], [''], ['*'], ['a*b'], [null], {}]],
    ['allowQuery', ['page', [1], ['*']]],
    ['storeSetCookie', [1, 'yes', null]],
    ['requestDirectives', ['honor', true, null]],
    ['cacheStatus', [true, '', 'a\nb', 'ü', 5, null]],
    ['onEvent', ['log', null, {}]],
    ['clock', [5, null, {}, { now: 5 }]],
  ])('refuse a wrong %s', (option, values) => {
    for (const value of values) {
      const error = refusal({ [option]: value });
      expect(error).toMatchObject({ code: 'ERR_LOCMEM_INVALID_OPTION', option, value });
      expect(error.rule).toMatch(/^must/);
    }
  });

  it.each([[NaN], ['5 minutes'], [true], ['']])('refuse the timeout %j', (timeout) => {
    expect(refusal({ timeout })).toMatchObject({
      code: 'ERR_LOCMEM_INVALID_TIMEOUT',
      option: 'timeout',
    });
  });

  it.each([
    [{ staleIfError: '5 minutes' }, 'staleIfError', 'ERR_LOCMEM_INVALID_TIMEOUT'],
    [{ staleWhileRevalidate: -1 }, 'staleWhileRevalidate', 'ERR_LOCMEM_INVALID_OPTION'],
    [{ collapse: { deadline: 0 } }, 'collapse.deadline', 'ERR_LOCMEM_INVALID_OPTION'],
    [{ collapse: { deadline: null } }, 'collapse.deadline', 'ERR_LOCMEM_INVALID_OPTION'],
    [{ collapse: { timeout: 5 } }, 'timeout', 'ERR_LOCMEM_INVALID_OPTION'],
  ])('refuse %j', (options, option, code) => {
    expect(refusal(options)).toMatchObject({ code, option });
  });

  it('refuse ignoreQuery and allowQuery together', () => {
    expect(refusal({ ignoreQuery: ['a'], allowQuery: ['b'] })).toMatchObject({
      option: 'allowQuery',
    });
  });

  it('take what they describe', () => {
    expect(
      create({
        cache: new LocMemCache('options-spec'),
        maxEntries: 1,
        maxBytes: 1,
        timeout: null,
        version: -1,
        keyPrefix: () => '',
        key: () => '',
        ignoreQuery: ['utm_*', 'a'],
        bypass: () => false,
        maxBodyBytes: 0,
        storeSetCookie: true,
        requestDirectives: 'ignore',
        cacheStatus: false,
        onEvent: () => {},
        clock: { now: () => 0 },
      }),
    ).not.toThrow();
  });

  it('are read once, and not written to', () => {
    const options = Object.freeze({ ignoreQuery: Object.freeze(['a']), timeout: 5 });
    expect(create(options)).not.toThrow();
  });
});

describe('invalidate', () => {
  const cache: any = createResponseCache({ cache: 'options-spec-invalidate' });

  it.each([[{}], [{ url: 5 }], [{ url: 'cities' }], [{ url: '' }], [{ url: 'ftp://a/b' }]])(
    'refuses %j',
    (what) => {
      expect(() => cache.invalidate(what)).toThrow(
        expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_OPTION', option: 'url' }),
      );
    },
  );

  it.each([
    [{ tags: 'a' }, 'tags'],
    [{ groups: [1] }, 'groups'],
    [{ url: '/', ttl: 1 }, 'ttl'],
    [{ url: '/', soft: 1 }, 'soft'],
    ['/', 'options'],
  ])('refuses %j', (what, option) => {
    expect(() => cache.invalidate(what)).toThrow(
      expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_OPTION', option }),
    );
  });
});
