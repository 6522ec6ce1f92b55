import { describe, expect, it } from '@jest/globals';
import { notModified } from '../src/conditional.js';
import { formatHttpDate } from '../src/http-date.js';

const NOW = Date.UTC(2026, 0, 15);
const stored = { status: 200, etag: '"a"', modifiedMs: NOW - 60_000 };
const ask = (headers: Record<string, string>, over: object = {}) =>
  notModified(headers, { ...stored, ...over }, NOW);

describe('If-None-Match', () => {
  it.each(['"a"', 'W/"a"', '"x", "a"', '"x",W/"a" ', '*', ' * ', '"x,y", "a"'])(
    '%s is the stored "a"',
    (value) => {
      expect(ask({ 'if-none-match': value })).toBe(true);
    },
  );

  it.each(['"b"', 'a', 'w/"a"', '', '"a', '"b" "a"'])('%s is not', (value) => {
    expect(ask({ 'if-none-match': value })).toBe(false);
  });

  it('is compared weakly with a stored weak tag', () => {
    expect(ask({ 'if-none-match': '"a"' }, { etag: 'W/"a"' })).toBe(true);
  });

  it('does not match an answer without a tag, unless it is *', () => {
    expect(ask({ 'if-none-match': '"a"' }, { etag: undefined })).toBe(false);
    expect(ask({ 'if-none-match': '*' }, { etag: undefined })).toBe(true);
  });

  it('wins over If-Modified-Since', () => {
    const since = formatHttpDate(NOW);
    expect(ask({ 'if-none-match': '"b"', 'if-modified-since': since })).toBe(false);
    expect(ask({ 'if-modified-since': since })).toBe(true);
  });
});

describe('If-Modified-Since', () => {
  it('holds from the stored date on', () => {
    expect(ask({ 'if-modified-since': formatHttpDate(NOW - 60_000) })).toBe(true);
    expect(ask({ 'if-modified-since': formatHttpDate(NOW - 61_000) })).toBe(false);
  });

  it('is ignored when it is no date', () => {
    expect(ask({ 'if-modified-since': '2099-01-01' })).toBe(false);
  });
});

describe('a stored answer that is not a 200', () => {
  it('is repeated whole', () => {
    expect(ask({ 'if-none-match': '*' }, { status: 404 })).toBe(false);
  });
});
