/** Parsers against those of others, where they agree with the RFC, and against themselves. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import CachePolicy from 'http-cache-semantics';
import * as others from 'structured-headers';
import { deltaSeconds, parseCacheControl } from '../src/cache-control.js';
import { formatHttpDate, parseHttpDate } from '../src/http-date.js';
import { keyedCookies } from '../src/cookies.js';
import { notModified } from '../src/conditional.js';
import { parseRange } from '../src/range.js';
import { storable } from '../src/policy.js';
import type { Fields } from '../src/fields.js';
import { parseDictionary, parseList, printString, Token } from '../src/structured-fields.js';
import type { Member } from '../src/structured-fields.js';
import { cachePolicyFields } from '../src/targeted.js';
import { matches, parseVary, selectingFields } from '../src/vary.js';

/** Texts that are nearly structured: pieces of the grammar, in any order. */
const nearlyStructured = fc
  .array(
    fc.constantFrom(
      ...['a', 'b1', '*k', 'A', '=', ',', ', ', ';', '; ', ' ', '\t', '(', ')', '"', '\\', '?1'],
      ...['?0', '?', '1', '-1', '1.5', '1.', '999999999999999', '1000000000000000', '1.2345'],
      ...['"x"', '"a\\"b"', 'tok/x:y', ':YQ==:', ':', 'max-age', '=60', 'é', '\x7f', '.', '-'],
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join(''));

function plain({ value, parameters }: Member): unknown {
  const inner = Array.isArray(value) ? (value as Member[]).map(plain) : plainItem(value);
  return [inner, [...parameters].map(([key, item]) => [key, plainItem(item)])];
}

function plainItem(value: unknown): unknown {
  if (value instanceof Token) return `token ${value.text}`;
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('base64')}`;
  if (typeof value === 'object' && value !== null && 'value' in value) return value.value;
  return value === 0 ? 0 : value;
}

function plainOther([value, parameters]: any): unknown {
  const inner = Array.isArray(value) ? value.map(plainOther) : plainOtherItem(value);
  return [inner, [...parameters].map(([key, item]) => [key, plainOtherItem(item)])];
}

function plainOtherItem(value: any): unknown {
  if (value instanceof others.Token) return `token ${value.toString()}`;
  if (value instanceof ArrayBuffer) return `bytes ${Buffer.from(value).toString('base64')}`;
  // It keeps the text, in which the last bits may stand for no byte; compared are the bytes.
  if (value instanceof others.ByteSequence) return `bytes ${canonical(value.base64Value)}`;
  return value === 0 ? 0 : value;
}

function canonical(base64: string): string {
  return Buffer.from(base64, 'base64').toString('base64');
}

function orUndefined<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

describe('structured fields', () => {
  it('are read as structured-headers reads them', () => {
    fc.assert(
      fc.property(nearlyStructured, (text) => {
        const dictionary = parseDictionary([text]);
        const other = orUndefined(() => others.parseDictionary(text));
        expect(dictionary && [...dictionary].map(([key, member]) => [key, plain(member)])).toEqual(
          other && [...other].map(([key, member]) => [key, plainOther(member)]),
        );
        const list = parseList([text]);
        expect(list?.map(plain)).toEqual(
          orUndefined(() => others.parseList(text))?.map(plainOther),
        );
      }),
      { numRuns: 5_000 },
    );
  });

  it('never throw, and never take long', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 40 })), (lines) => {
        parseDictionary(lines);
        parseList(lines);
      }),
    );
    expect(parseDictionary([`a=${'('.repeat(50_000)}`])).toBeUndefined();
    expect(parseList([`"${'\\"'.repeat(50_000)}`])).toBeUndefined();
  });

  it('of strings are read as they are printed', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (texts) => {
        const printed = texts.map(printString);
        if (printed.includes(undefined)) return;
        expect(parseList([printed.join(', ')])?.map(({ value }) => value)).toEqual(texts);
      }),
    );
  });
});

/** Members as structured-headers makes them, for its printer. */
const bareItem = fc.oneof(
  fc.integer({ min: -999_999_999_999_999, max: 999_999_999_999_999 }),
  fc.stringMatching(/^[ -~]{0,12}$/),
  fc.boolean(),
  fc.stringMatching(/^[A-Za-z*][A-Za-z0-9:/!#$%&'*+.^_`|~-]{0,8}$/).map((t) => new others.Token(t)),
);
const key = fc.stringMatching(/^[a-z*][a-z0-9_.*-]{0,6}$/);
const parameters = fc.array(fc.tuple(key, bareItem), { maxLength: 3 }).map((all) => new Map(all));
const item = fc.tuple(bareItem, parameters);
const member = fc.oneof(item, fc.tuple(fc.array(item, { maxLength: 3 }), parameters));

describe('structured fields, printed', () => {
  it('of dictionaries are read as they are printed', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, member)), (members) => {
        const dictionary = new Map(members);
        const read = parseDictionary([others.serializeDictionary(dictionary)]);
        expect(read && [...read].map(([name, value]) => [name, plain(value)])).toEqual(
          [...dictionary].map(([name, value]) => [name, plainOther(value)]),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it('of lists, in one line or several', () => {
    fc.assert(
      fc.property(fc.array(fc.array(member, { minLength: 1 }), { minLength: 1 }), (lines) => {
        const printed = lines.map((members) => others.serializeList(members as any));
        expect(parseList(printed)?.map(plain)).toEqual(lines.flat().map(plainOther));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a targeted field', () => {
  it('has a whole number of seconds, or is ignored', () => {
    fc.assert(
      fc.property(nearlyStructured, (value) => {
        const fields: Fields = new Map([['t', { name: 'T', lines: [`max-age${value}`] }]]);
        const { cacheControl, isTargeted } = cachePolicyFields(fields, ['t']);
        if (!isTargeted) return;
        const seconds = deltaSeconds(cacheControl, 'max-age');
        if (seconds !== undefined) expect(Number.isInteger(seconds)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

const directive = fc.oneof(
  fc.constantFrom('public', 'private', 'no-store', 'must-revalidate', 'ext="a, b"'),
  fc
    .tuple(fc.constantFrom('max-age', 's-maxage'), fc.nat(5_000))
    .map(([name, seconds]) => `${name}=${seconds}`),
);

describe('Cache-Control', () => {
  it('is read as it is printed', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z-]{1,8}$/), fc.stringMatching(/^[ -~]*$/)),
        (directives) => {
          const printed = Object.entries(directives).map(
            ([name, value]) => `${name}="${value.replace(/["\\]/g, '\\$&')}"`,
          );
          const parsed = parseCacheControl([printed.join(', ')]);
          expect(parsed.malformed).toBe(false);
          expect(Object.fromEntries(parsed.directives)).toEqual(directives);
        },
      ),
    );
  });

  it('stores nothing that http-cache-semantics does not, and for as long', () => {
    const now = Date.now();
    const date = formatHttpDate(now);
    fc.assert(
      fc.property(fc.array(directive, { minLength: 1, maxLength: 4 }), (directives) => {
        const line = directives.join(', ');
        const names = directives.map((text) => text.split('=')[0]!.toLowerCase());
        // Of equal directives the first counts (RFC 9111 §4.2.1); the other takes the last.
        if (new Set(names).size < names.length) return;
        const fields: Fields = new Map([
          ['cache-control', { name: 'Cache-Control', lines: [line] }],
          ['date', { name: 'Date', lines: [date] }],
        ]);
        const decision = storable(
          { method: 'GET', headers: {}, timeMs: now },
          { status: 200, fields, timeMs: now },
          {
            timeoutSeconds: undefined,
            storeSetCookie: false,
            heuristic: false,
            targetedFields: [],
            staleWhileRevalidateSeconds: 0,
            staleIfErrorSeconds: 0,
            cookiesAreKeyed: false,
          },
        );
        const other = new CachePolicy(
          { method: 'GET', url: '/', headers: {} },
          { status: 200, headers: { 'cache-control': line, date } },
          { shared: true, cacheHeuristic: 0, immutableMinTimeToLive: 0 },
        );
        if (decision.store) {
          expect(other.storable()).toBe(true);
          expect(decision.age.lifetimeSeconds).toBe(other.maxAge());
        } else if (decision.reason !== 'no-freshness' && decision.reason !== 'stale-on-arrival') {
          expect(other.storable()).toBe(false);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('dates', () => {
  it('are read as they are printed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (seconds) => {
        expect(parseHttpDate(formatHttpDate(seconds * 1000), 0)).toBe(seconds * 1000);
      }),
    );
  });
});

const fieldName = fc
  .stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,10}$/)
  .filter((name) => name !== '*' && name.toLowerCase() !== '__proto__');

describe('Vary', () => {
  it('is read as it is printed, in whatever order, case and number of lines', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fieldName, { minLength: 1 }), { minLength: 1 }), (lines) => {
        const parsed = parseVary(lines.map((names) => names.join(' ,\t')));
        const names = [...new Set(lines.flat().map((name) => name.toLowerCase()))].sort();
        expect(parsed).toEqual({ kind: 'names', names });
      }),
    );
  });

  it('selects by value and by presence', () => {
    const value = fc.option(fc.constantFrom('', 'a', 'b', 'a b', 'a,b'), { nil: undefined });
    fc.assert(
      fc.property(value, value, (first, second) => {
        const selecting = selectingFields(['x'], first === undefined ? {} : { x: first });
        expect(matches(selecting, second === undefined ? {} : { x: second })).toBe(
          first === second,
        );
      }),
    );
  });
});

describe('entity tags', () => {
  const opaque = fc.stringMatching(/^[!#-~\x80-\xff]{0,6}$/);
  const weak = fc.boolean();
  it('are found in the list that they are printed in, weak or not', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(weak, opaque), { minLength: 1 }),
        fc.tuple(weak, opaque),
        (list, [isWeak, stored]) => {
          const print = ([w, text]: readonly [boolean, string]) => `${w ? 'W/' : ''}"${text}"`;
          const headers = { 'if-none-match': list.map(print).join(', ') };
          const etag = print([isWeak, stored]);
          expect(notModified(headers, { status: 200, etag, modifiedMs: 0 }, 0)).toBe(
            list.some(([, text]) => text === stored),
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('cookies', () => {
  const name = fc.constantFrom('a', 'b', 'sid', 'A');
  const value = fc.stringMatching(/^[!#-+\--:<-[\]-~]{0,6}$/);
  it('are read as they are printed: all values of the named, in their order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), fc.uniqueArray(name), (pairs, names) => {
        const field = pairs.map(([key, text]) => `${key}=${text}`).join('; ');
        expect(keyedCookies(field, names)).toEqual(
          names.map((key) => [key, ...pairs.flatMap(([n, text]) => (n === key ? [text] : []))]),
        );
      }),
    );
  });
});

describe('ranges', () => {
  it('are parts of the whole', () => {
    fc.assert(
      fc.property(
        fc.nat(50),
        fc.option(fc.nat(60), { nil: '' }),
        fc.option(fc.nat(60), { nil: '' }),
        (length, from, to) => {
          const range = parseRange(`bytes=${from}-${to}`, length);
          if (typeof range === 'string') return;
          expect(range.first).toBeGreaterThanOrEqual(0);
          expect(range.last).toBeGreaterThanOrEqual(range.first);
          expect(range.last).toBeLessThan(length);
        },
      ),
    );
  });
});
