/**
 * Freshness, age, selection and validation against http-cache-semantics, over generated answers and
 * requests, where that library agrees with the RFC. Where it does not, the case is left out, and the
 * comment says why.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import CachePolicy from 'http-cache-semantics';
import type { Fields } from '../src/fields.js';
import { currentAge, isFresh } from '../src/freshness.js';
import { formatHttpDate } from '../src/http-date.js';
import { storable } from '../src/policy.js';
import type { StoragePolicy } from '../src/policy.js';
import { askWith, isAbout, validatorsOf } from '../src/validation.js';
import { matches, parseVary, selectingFields } from '../src/vary.js';

const NOW = Date.UTC(2026, 0, 15, 12);
const POLICY: StoragePolicy = {
  ...{ timeoutSeconds: undefined, storeSetCookie: false, heuristic: false, targetedFields: [] },
  ...{ staleWhileRevalidateSeconds: 0, staleIfErrorSeconds: 0, cookiesAreKeyed: false },
};

type Plain = Readonly<Record<string, string>>;

function fieldsOf(plain: Plain): Fields {
  return new Map(Object.entries(plain).map(([name, value]) => [name, { name, lines: [value] }]));
}

/** The other library; asked for the time, it says `NOW` and so much later. */
function theirs(request: Plain, response: Plain, later = () => 0): CachePolicy {
  class PolicyAt extends CachePolicy {
    now(): number {
      return NOW + later();
    }
  }
  return new PolicyAt(
    { method: 'GET', url: '/', headers: { host: 'a', ...request } },
    { status: 200, headers: response },
    { shared: true, cacheHeuristic: 0, immutableMinTimeToLive: 0 },
  );
}

function ours(request: Plain, response: Plain) {
  return storable(
    { method: 'GET', headers: request, timeMs: NOW },
    { status: 200, fields: fieldsOf(response), timeMs: NOW },
    POLICY,
  );
}

const seconds = fc.integer({ min: -3_000, max: 3_000 });
const dateAt = (offset: number) => formatHttpDate(NOW + offset * 1000);

describe('as in http-cache-semantics', () => {
  it('a stated lifetime is max-age, s-maxage or Expires − Date, and Age counts against it', () => {
    const directive = fc.option(fc.nat(3_000), { nil: undefined });
    fc.assert(
      fc.property(
        fc.record({ maxAge: directive, sMaxAge: directive }),
        fc.option(seconds, { nil: undefined }),
        fc.option(fc.nat(3_000), { nil: undefined }),
        fc.nat(6_000),
        ({ maxAge, sMaxAge }, expires, age, later) => {
          const cacheControl = [
            ...(maxAge === undefined ? [] : [`max-age=${maxAge}`]),
            ...(sMaxAge === undefined ? [] : [`s-maxage=${sMaxAge}`]),
          ].join(', ');
          const response = {
            date: dateAt(0),
            ...(cacheControl && { 'cache-control': cacheControl }),
            ...(expires !== undefined && { expires: dateAt(expires) }),
            ...(age !== undefined && { age: String(age) }),
          };
          const decision = ours({}, response);
          let passedMs = 0;
          const other = theirs({}, response, () => passedMs);
          // A lifetime of zero is none to that library, and it goes on to the next field.
          if (maxAge === 0 || sMaxAge === 0) return;
          if (!decision.store) {
            expect(other.timeToLive()).toBe(0);
            return;
          }
          expect(decision.age.lifetimeSeconds).toBe(other.maxAge());
          passedMs = later * 1000;
          expect(currentAge(decision.age, NOW + passedMs)).toBe(other.age());
          expect(isFresh(decision.age, NOW + passedMs)).toBe(!other.stale());
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('a request selects what was stored for the same values of the fields in Vary', () => {
    const name = fc.constantFrom('accept-language', 'x-a', 'x-b', 'Accept-Encoding');
    // Of white space, that library knows nothing.
    const value = fc.constantFrom('', 'a', 'b', 'A', 'a,b', '"a"');
    const headers = fc.dictionary(
      name.map((text) => text.toLowerCase()),
      value,
    );
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { minLength: 1 }),
        headers,
        headers,
        (names, first, second) => {
          const vary = names.join(', ');
          const parsed = parseVary([vary]);
          if (parsed.kind !== 'names') throw new Error('names are names');
          const policy = theirs(first, { 'cache-control': 'max-age=60', date: dateAt(0), vary });
          const isSelected = policy.satisfiesWithoutRevalidation({
            method: 'GET',
            url: '/',
            headers: { host: 'a', ...second },
          });
          // It does not tell an empty field from one that is not there; RFC 9111 §4.1 does.
          const isEmpty = (text?: string) => text === '';
          if (parsed.names.some((key) => isEmpty(first[key]) || isEmpty(second[key]))) return;
          expect(matches(selectingFields(parsed.names, first), second)).toBe(isSelected);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('a stale answer is validated with what it has, and a 304 is about it or not', () => {
    const tag = fc.option(fc.constantFrom('"a"', 'W/"a"', '"b"', 'W/"b"'), { nil: undefined });
    const modified = fc.option(fc.constantFrom(dateAt(-60), dateAt(-120)), { nil: undefined });
    fc.assert(
      fc.property(tag, modified, tag, (etag, lastModified, etagOf304) => {
        const response = {
          'cache-control': 'max-age=60',
          date: dateAt(0),
          ...(etag && { etag }),
          ...(lastModified && { 'last-modified': lastModified }),
        };
        const validators = validatorsOf(fieldsOf(response), NOW);
        const asked: Record<string, string> = {};
        askWith(asked, validators);
        const other = theirs({}, response);
        const request = { method: 'GET', url: '/', headers: { host: 'a' } };
        const theirAsked = other.revalidationHeaders(request);
        expect(asked).toEqual({
          ...(theirAsked['if-none-match'] && { 'if-none-match': theirAsked['if-none-match'] }),
          ...(theirAsked['if-modified-since'] && {
            'if-modified-since': theirAsked['if-modified-since'],
          }),
        });

        // Without any tag in it, a 304 can only mean what it was asked with; that library then wants
        // the date repeated. A tag for what had none: it takes for another answer, and we cannot say.
        if (etagOf304 === undefined || etag === undefined) return;
        const notModified = { etag: etagOf304 };
        const { matches: isSame } = other.revalidatedPolicy(request, {
          ...{ status: 304, headers: notModified },
        });
        expect(isAbout(fieldsOf(notModified), validators)).toBe(isSame);
      }),
      { numRuns: 2_000 },
    );
  });
});
