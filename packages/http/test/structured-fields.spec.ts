import { describe, expect, it } from '@jest/globals';
import {
  Decimal,
  parseDictionary,
  parseList,
  printString,
  Token,
} from '../src/structured-fields.js';

const values = (lines: string[]) =>
  [...(parseDictionary(lines) ?? [])].map(([key, { value }]) => [key, value]);

describe('a dictionary', () => {
  it('has keys with items, and keys that are merely there', () => {
    expect(values(['a=1, b, c="x", d=tok;p=1, e=?0, f=1.5, g=:YQ==:'])).toEqual([
      ['a', 1],
      ['b', true],
      ['c', 'x'],
      ['d', new Token('tok')],
      ['e', false],
      ['f', new Decimal(1.5)],
      ['g', Buffer.from('a')],
    ]);
  });

  it('has inner lists', () => {
    expect(parseDictionary(['a=( 1  "b";q )'])?.get('a')?.value).toMatchObject([
      { value: 1 },
      { value: 'b' },
    ]);
  });

  it('goes over several lines, and the last of equal keys counts', () => {
    expect(values(['a=1', 'b=2', 'a=3'])).toEqual([
      ['b', 2],
      ['a', 3],
    ]);
  });

  it.each([
    'A=1',
    'a=',
    'a=1,',
    ',a',
    'a b',
    'a="x',
    'a=1.',
    'a=1.2345',
    'a=(1',
    'a=(1"b")',
    'a=é',
  ])('%s is none', (line) => {
    expect(parseDictionary([line])).toBeUndefined();
  });

  it('may be empty', () => {
    expect(parseDictionary(['  '])?.size).toBe(0);
  });
});

describe('a list', () => {
  it('has members', () => {
    expect(parseList(['"a", "b\\"c"', 'd'])?.map(({ value }) => value)).toEqual([
      'a',
      'b"c',
      new Token('d'),
    ]);
    expect(parseList(['"a" "b"'])).toBeUndefined();
  });
});

describe('a string', () => {
  it.each(['', 'a', 'a"b\\c', '  '])('%j is read as it was printed', (text) => {
    expect(parseList([printString(text)!])?.[0]?.value).toBe(text);
  });

  it('of anything but printable ASCII cannot be printed', () => {
    expect(printString('ü')).toBeUndefined();
    expect(printString('a\nb')).toBeUndefined();
  });
});
