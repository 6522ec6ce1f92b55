import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatHttpDate, parseHttpDate } from '../src/http-date.js';

const NOW = Date.UTC(2026, 0, 15);
const parse = (text: string) => parseHttpDate(text, NOW);
const INSTANT = Date.UTC(1994, 10, 6, 8, 49, 37);

describe('an HTTP date', () => {
  it.each([
    ['IMF-fixdate', 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ['RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT'],
    ['asctime', 'Sun Nov  6 08:49:37 1994'],
    ['any case', 'sun, 06 NOV 1994 08:49:37 gmt'],
  ])('is read in the format %s', (_format, text) => {
    expect(parse(text)).toBe(INSTANT);
  });

  it.each([
    '0',
    '-1',
    '',
    'now',
    '1994-11-06T08:49:37Z',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 8:49:37 GMT',
    'Sun, 06 Nov 94 08:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37 UTC',
    'Sun, 06 Nov 1994 08:49:37 +0000',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun,  06 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37 GMT; x',
    'Sunday, 06 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:60:37 GMT',
    'Sun, 31 Feb 1994 08:49:37 GMT',
    'Sun Nov 6 08:49:37 1994',
    'Sun Nov  6 08:49:37 1994 GMT',
  ])('is not %j, whatever Date.parse makes of it', (text) => {
    expect(parse(text)).toBeUndefined();
  });

  it('with two digits for the year is at most fifty years ahead', () => {
    expect(parse('Thursday, 06-Nov-75 08:49:37 GMT')).toBe(Date.UTC(2075, 10, 6, 8, 49, 37));
    expect(parse('Sunday, 06-Nov-77 08:49:37 GMT')).toBe(Date.UTC(1977, 10, 6, 8, 49, 37));
  });

  it('takes the years before 100 as they are written', () => {
    const date = new Date(parse('Sun, 06 Nov 0050 08:49:37 GMT')!);
    expect(date.getUTCFullYear()).toBe(50);
  });

  it('survives formatting and parsing', () => {
    const seconds = fc.integer({ min: -62_135_596_800, max: 253_402_300_799 });
    fc.assert(
      fc.property(seconds, (instant) => {
        expect(parse(formatHttpDate(instant * 1000))).toBe(instant * 1000);
      }),
      { numRuns: 200 },
    );
  });

  it('never throws, and is never looser than Date.parse', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const instant = parse(text);
        if (instant !== undefined) expect(Date.parse(text)).not.toBeNaN();
      }),
      { numRuns: 200 },
    );
  });
});
