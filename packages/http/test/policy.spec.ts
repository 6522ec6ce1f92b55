import { describe, expect, it } from '@jest/globals';
import type { StoredResponse } from '../src/entry.js';
import type { Fields } from '../src/fields.js';
import {
  NO_REQUEST_DIRECTIVES,
  requestDirectives,
  reusable,
  storable,
  type StoragePolicy,
} from '../src/policy.js';

const NOW = Date.UTC(2026, 0, 15);
const EXPLICIT: StoragePolicy = {
  timeoutSeconds: undefined,
  storeSetCookie: false,
  heuristic: false,
  targetedFields: ['cdn-cache-control'],
  staleWhileRevalidateSeconds: 0,
  staleIfErrorSeconds: 0,
  cookiesAreKeyed: false,
};
const ASSUMED: StoragePolicy = { ...EXPLICIT, timeoutSeconds: 60 };

interface Case {
  method?: string;
  asked?: Record<string, string>;
  status?: number;
  answer?: Record<string, string | string[]>;
}

function decide(
  { method = 'GET', asked = {}, status = 200, answer = {} }: Case,
  policy = EXPLICIT,
) {
  const fields: Fields = new Map(
    Object.entries(answer).map(([name, value]) => [name, { name, lines: [value].flat() }]),
  );
  return storable({ method, headers: asked, timeMs: NOW }, { status, fields, timeMs: NOW }, policy);
}

function verdict(what: Case, policy = EXPLICIT): string {
  const decision = decide(what, policy);
  return decision.store ? `stored for ${decision.age.lifetimeSeconds} s` : decision.reason;
}

const FRESH = { 'cache-control': 'max-age=60' };
const cc = (value: string | string[]) => ({ answer: { 'cache-control': value } });

describe('an answer that states its freshness', () => {
  it('is stored for that long', () => {
    expect(verdict({ answer: FRESH })).toBe('stored for 60 s');
  });

  it.each([200, 203, 204, 301, 302, 404, 410, 418, 500, 503, 599])(
    'is stored with status %d',
    (status) => {
      expect(verdict({ status, answer: FRESH })).toBe('stored for 60 s');
    },
  );

  it.each([100, 103, 206, 304])('is never stored with status %d', (status) => {
    expect(verdict({ status, answer: FRESH })).toBe('status');
  });

  it('wins over the timeout of the cache', () => {
    expect(verdict({ answer: { 'cache-control': 'max-age=5' } }, ASSUMED)).toBe('stored for 5 s');
    expect(verdict({ answer: { 'cache-control': 'max-age=0' } }, ASSUMED)).toBe('stale-on-arrival');
    expect(verdict({ answer: { expires: '0' } }, ASSUMED)).toBe('invalid-freshness');
  });

  it('is not stored when its age has used it up', () => {
    expect(verdict({ answer: { ...FRESH, age: '60' } })).toBe('stale-on-arrival');
    expect(verdict({ answer: { ...FRESH, age: '59' } })).toBe('stored for 60 s');
  });
});

describe('an answer that states nothing', () => {
  it('is not stored without a timeout', () => {
    expect(verdict({})).toBe('no-freshness');
    expect(verdict({ ...cc('public') })).toBe('no-freshness');
  });

  it('is stored for the timeout with status 200', () => {
    expect(verdict({}, ASSUMED)).toBe('stored for 60 s');
  });

  it('is stored as good as for ever with timeout null', () => {
    expect(verdict({}, { ...ASSUMED, timeoutSeconds: null })).toBe(`stored for ${2 ** 31} s`);
  });

  it.each([0, -5])('is not stored with timeout %d', (timeoutSeconds) => {
    expect(verdict({}, { ...ASSUMED, timeoutSeconds })).toBe('stale-on-arrival');
  });

  it.each([201, 203, 204, 301, 302, 400, 401, 404, 410, 412, 416, 429, 500, 503])(
    'is not stored with status %d',
    (status) => {
      expect(verdict({ status }, ASSUMED)).toBe('status');
    },
  );

  it('is not stored with Pragma: no-cache', () => {
    expect(verdict({ answer: { pragma: 'no-cache' } }, ASSUMED)).toBe('response-no-cache');
  });
});

describe('never stored', () => {
  it.each([
    ['private', 'response-private'],
    ['private="set-cookie"', 'response-private'],
    ['Private = "x"', 'response-private'],
    ['no-store', 'response-no-store'],
    ['no-cache', 'response-no-cache'],
    ['no-cache="x"', 'response-no-cache'],
    ['max-age=60; private', 'cache-control-malformed'],
    ['max-age=sixty', 'invalid-freshness'],
  ])('is Cache-Control: %s', (value, reason) => {
    expect(verdict(cc([value, 'max-age=60']))).toBe(reason);
    expect(verdict(cc(value), ASSUMED)).toBe(reason);
  });

  it.each([
    ['an answer to another method', { method: 'POST', answer: FRESH }, 'method'],
    ['an answer to HEAD', { method: 'HEAD', answer: FRESH }, 'method'],
    ['Vary: *', { answer: { ...FRESH, vary: 'Accept, *' } }, 'vary-star'],
    ['a Vary that cannot be read', { answer: { ...FRESH, vary: 'a b' } }, 'vary-malformed'],
    ['Set-Cookie', { answer: { ...FRESH, 'set-cookie': ['a=1'] } }, 'set-cookie'],
    ['a part', { answer: { ...FRESH, 'content-range': 'bytes 0-1/2' } }, 'partial'],
    ['a trailer', { answer: { ...FRESH, trailer: 'Digest' } }, 'trailers'],
    [
      'CDN-Cache-Control: no-store',
      { answer: { ...FRESH, 'cdn-cache-control': 'no-store' } },
      'response-no-store',
    ],
    [
      'must-understand with a strange status',
      { status: 299, ...cc('max-age=1, must-understand') },
      'must-understand',
    ],
  ] as const)('is %s', (_name, what, reason) => {
    expect(verdict(what as Case)).toBe(reason);
    expect(verdict(what as Case, ASSUMED)).toBe(reason);
  });

  it('is Set-Cookie, unless asked for', () => {
    const answer = { ...FRESH, 'set-cookie': ['a=1'] };
    expect(verdict({ answer }, { ...EXPLICIT, storeSetCookie: true })).toBe('stored for 60 s');
  });
});

describe('an answer to a request with Authorization', () => {
  const asked = { authorization: 'Bearer x' };

  it('is not stored', () => {
    expect(verdict({ asked, answer: FRESH })).toBe('authorization');
    expect(verdict({ asked }, ASSUMED)).toBe('authorization');
  });

  it.each(['public, max-age=60', 's-maxage=60', 'must-revalidate, max-age=60'])(
    'is stored when it says %s',
    (value) => {
      expect(verdict({ asked, ...cc(value) })).toBe('stored for 60 s');
    },
  );
});

describe('an answer to a request with a Cookie', () => {
  const asked = { cookie: 'sid=1' };

  it('is stored when it states its freshness', () => {
    expect(verdict({ asked, answer: FRESH })).toBe('stored for 60 s');
  });

  it('is not stored under a timeout', () => {
    expect(verdict({ asked }, ASSUMED)).toBe('cookie');
  });

  it('is stored under a timeout when it says public, or varies by Cookie', () => {
    expect(verdict({ asked, ...cc('public') }, ASSUMED)).toBe('stored for 60 s');
    expect(verdict({ asked, answer: { vary: 'Cookie' } }, ASSUMED)).toBe('stored for 60 s');
  });
});

describe('a stored answer', () => {
  const stored = {
    responseTimeMs: NOW,
    initialAgeSeconds: 0,
    lifetimeSeconds: 60,
    audience: { authorized: false, withCookie: false },
    stale: {
      alwaysValidate: false,
      forbidden: false,
      whileRevalidateSeconds: 0,
      ifErrorSeconds: 0,
    },
  } as StoredResponse;
  const ask = (headers: Record<string, string> = {}, afterSeconds = 0, over = {}) => {
    const wishes = requestDirectives(headers);
    return reusable({ ...stored, ...over }, headers, wishes, NOW + afterSeconds * 1000);
  };

  it('is reused while it is fresh', () => {
    expect(ask()).toEqual({ reuse: 'fresh' });
    expect(ask({}, 60)).toMatchObject({ reuse: false, reason: 'stale' });
  });

  it('made for nobody in particular is not given to somebody', () => {
    expect(ask({ authorization: 'x' })).toMatchObject({ reuse: false, detail: 'authorization' });
    expect(ask({ cookie: 'x' })).toMatchObject({ reuse: false, detail: 'cookie' });
    const audience = { authorized: true, withCookie: true };
    expect(ask({ authorization: 'x', cookie: 'x' }, 0, { audience })).toEqual({ reuse: 'fresh' });
  });

  it.each([
    ['no-cache', false],
    ['max-age=0', true],
    ['max-age=9', false],
    ['max-age=10', true],
    ['min-fresh=50', true],
    ['min-fresh=51', false],
    ['max-age=x, min-fresh=', true],
  ])('is judged by the request: Cache-Control: %s', (value, reuse) => {
    const age = value === 'max-age=0' ? 0 : 10;
    expect(ask({ 'cache-control': value }, age).reuse).toBe(reuse && 'fresh');
  });

  it('listens to Pragma where there is no Cache-Control', () => {
    expect(ask({ pragma: 'no-cache' }).reuse).toBe(false);
    expect(ask({ pragma: 'no-cache', 'cache-control': 'max-age=5' }).reuse).toBe('fresh');
    expect(requestDirectives({})).toBe(NO_REQUEST_DIRECTIVES);
  });

  it('that is stale is given while it is refreshed, as long as it says so', () => {
    const stale = { ...stored.stale, whileRevalidateSeconds: 10 };
    expect(ask({}, 69, { stale })).toEqual({ reuse: 'stale', refresh: true });
    expect(ask({}, 70, { stale })).toMatchObject({ reuse: false, ifError: false });
    expect(ask({ 'cache-control': 'max-age=60' }, 69, { stale }).reuse).toBe(false);
  });

  it('that is stale stands in for a handler that fails, as long as it says so', () => {
    const stale = { ...stored.stale, ifErrorSeconds: 10 };
    expect(ask({}, 69, { stale })).toMatchObject({ reuse: false, ifError: true });
    expect(ask({}, 70, { stale })).toMatchObject({ reuse: false, ifError: false });
    const noCache = ask({ 'cache-control': 'no-cache' }, 69, { stale });
    expect(noCache).toMatchObject({ reuse: false, ifError: false });
  });

  it('that is stale is given to who takes it so, unless it forbids that', () => {
    const asked = { 'cache-control': 'max-stale=10' };
    expect(ask(asked, 70)).toEqual({ reuse: 'stale', refresh: false });
    expect(ask(asked, 71).reuse).toBe(false);
    expect(ask({ 'cache-control': 'max-stale' }, 9_999).reuse).toBe('stale');
    expect(ask({ 'cache-control': 'max-stale=x' }, 70).reuse).toBe(false);
    expect(ask({ 'cache-control': 'max-stale, min-fresh=1' }, 70).reuse).toBe(false);
    const stale = { ...stored.stale, forbidden: true };
    expect(ask(asked, 70, { stale }).reuse).toBe(false);
  });

  it('under no-cache is never given without asking', () => {
    const stale = { ...stored.stale, alwaysValidate: true };
    expect(ask({}, 0, { stale })).toMatchObject({ reuse: false, ifValid: true });
    expect(ask({ 'cache-control': 'max-stale' }, 0, { stale }).reuse).toBe(false);
  });
});

describe('heuristic freshness', () => {
  const HEURISTIC = { ...EXPLICIT, heuristic: true };
  const modified = (seconds: number) => new Date(NOW - seconds * 1000).toUTCString();

  it('is a tenth of the time since the last change', () => {
    const answer = { 'last-modified': modified(1000) };
    expect(verdict({ answer }, HEURISTIC)).toBe('stored for 100 s');
    expect(verdict({ answer })).toBe('no-freshness');
  });

  it('is at most a day', () => {
    const answer = { 'last-modified': modified(365 * 86_400) };
    expect(verdict({ answer }, HEURISTIC)).toBe('stored for 86400 s');
  });

  it('is not guessed from nothing, from the future, or from no date', () => {
    expect(verdict({}, HEURISTIC)).toBe('no-freshness');
    expect(verdict({ answer: { 'last-modified': 'monday' } }, HEURISTIC)).toBe('no-freshness');
    const answer = { 'last-modified': modified(-1000) };
    expect(verdict({ answer }, HEURISTIC)).toBe('stale-on-arrival');
  });

  it('is for statuses of which RFC 9110 allows it, or with public', () => {
    const answer = { 'last-modified': modified(1000) };
    expect(verdict({ status: 404, answer }, HEURISTIC)).toBe('stored for 100 s');
    expect(verdict({ status: 500, answer }, HEURISTIC)).toBe('status');
    const isPublic = { ...answer, 'cache-control': 'public' };
    expect(verdict({ status: 500, answer: isPublic }, HEURISTIC)).toBe('stored for 100 s');
  });

  it('gives way to what is stated, and to timeout', () => {
    const answer = { 'last-modified': modified(1000) };
    expect(verdict({ answer: { ...answer, ...FRESH } }, HEURISTIC)).toBe('stored for 60 s');
    expect(verdict({ answer }, { ...HEURISTIC, timeoutSeconds: 7 })).toBe('stored for 7 s');
  });

  it('is assumed, and so not for who has a Cookie', () => {
    const answer = { 'last-modified': modified(1000) };
    expect(verdict({ asked: { cookie: 'a' }, answer }, HEURISTIC)).toBe('cookie');
  });
});

describe('must-understand', () => {
  it('lets no-store be for caches that do not know the status', () => {
    expect(verdict(cc('must-understand, no-store, max-age=60'))).toBe('stored for 60 s');
  });
});

describe('an answer that must be validated', () => {
  const tagged = (value: string) => ({ 'cache-control': value, etag: '"a"' });

  it.each(['no-cache', 'max-age=0', 'no-cache, max-age=60', 's-maxage=0', 'no-cache="x"'])(
    'is stored with something to ask with: %s',
    (value) => {
      expect(verdict({ answer: tagged(value) })).toMatch('stored');
    },
  );

  it('is not stored with a tag or a date that nobody can read', () => {
    const cacheControl = { 'cache-control': 'max-age=0' };
    expect(verdict({ answer: { ...cacheControl, etag: 'a' } })).toBe('stale-on-arrival');
    expect(verdict({ answer: { ...cacheControl, 'last-modified': 'monday' } })).toBe(
      'stale-on-arrival',
    );
  });

  it('is not for who has a Cookie, unless it is said to be', () => {
    const asked = { cookie: 'a' };
    expect(verdict({ asked, answer: tagged('no-cache') })).toBe('cookie');
    expect(verdict({ asked, answer: tagged('max-age=0') })).toBe('cookie');
    expect(verdict({ asked, answer: tagged('public, max-age=0') })).toMatch('stored');
    const decision = decide({ answer: tagged('max-age=0') });
    expect(decision).toMatchObject({ audience: { withCookie: false } });
  });
});

describe('the stale rules of an answer', () => {
  const OPTIONS = { ...EXPLICIT, staleWhileRevalidateSeconds: 7, staleIfErrorSeconds: 8 };
  const rules = (value: string) => {
    const decision = decide({ answer: { 'cache-control': value } }, OPTIONS);
    return decision.store
      ? [decision.stale.whileRevalidateSeconds, decision.stale.ifErrorSeconds]
      : decision.reason;
  };

  it('are its own before those of the options', () => {
    expect(rules('max-age=60, stale-while-revalidate=1, stale-if-error=2')).toEqual([1, 2]);
    expect(rules('max-age=60')).toEqual([7, 8]);
    expect(rules('max-age=60, stale-while-revalidate=x, stale-if-error=0')).toEqual([0, 0]);
  });

  it.each(['must-revalidate', 'proxy-revalidate', 's-maxage=60'])('end with %s', (directive) => {
    const value = `max-age=60, stale-while-revalidate=9, stale-if-error=9, ${directive}`;
    expect(rules(value)).toEqual([0, 0]);
  });
});
