import { describe, expect, it } from '@jest/globals';
import { queryFilter } from '../src/query.js';

describe('ignoreQuery', () => {
  const key = queryFilter(['utm_*', 'ref'], undefined);

  it('leaves out the named arguments and keeps the rest as sent', () => {
    expect(key('/a?utm_source=x&b=2&ref=1&a=1&utm_medium')).toBe('/a?b=2&a=1');
  });

  it('leaves out the question mark with the last argument', () => {
    expect(key('/a?ref=1')).toBe('/a');
    expect(key('/a')).toBe('/a');
  });

  it('knows a name in any encoding', () => {
    expect(key('/a?%75tm_source=x')).toBe('/a');
  });

  it('keeps what only looks alike', () => {
    expect(key('/a?REF=1&reference=2&xutm_a=1&=ref&&')).toBe(
      '/a?REF=1&reference=2&xutm_a=1&=ref&&',
    );
  });
});

describe('allowQuery', () => {
  const key = queryFilter(undefined, ['page']);

  it('keeps the named arguments only', () => {
    expect(key('/a?page=2&x=1')).toBe('/a?page=2');
    expect(key('/a?x=1')).toBe('/a');
  });

  it.each(['p%61ge=2', 'page[]=2', 'page[a]=2', '[page]=2', '%ZZ=2'])(
    'keeps %s, which a query parser may read as page',
    (argument) => {
      expect(key(`/a?${argument}`)).toBe(`/a?${argument}`);
    },
  );
});
