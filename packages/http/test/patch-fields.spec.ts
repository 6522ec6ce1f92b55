import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  answerConditionally,
  judgeConditions,
  patchCacheControl,
  patchedCacheControl,
  patchNeverCache,
  patchVary,
} from '../src/index.js';
import type { CacheControlDirectives } from '../src/index.js';
import { parseCacheControl } from '../src/cache-control.js';
import { closeAll, serve } from './harness.js';

afterAll(closeAll);

/** Fields of a response that is not sent. */
function fields(initial: Record<string, string | string[]> = {}) {
  const present = new Map(Object.entries(initial).map(([name, v]) => [name.toLowerCase(), v]));
  return {
    statusCode: 200,
    getHeader: (name: string) => present.get(name.toLowerCase()),
    setHeader: (name: string, value: string) => void present.set(name.toLowerCase(), value),
  };
}

describe('patchedCacheControl', () => {
  it.each<[string, CacheControlDirectives, string]>([
    ['', { public: true, maxAge: 5 }, 'public, max-age=5'],
    [
      '',
      { maxAge: '1h', sMaxage: '1d', staleWhileRevalidate: '90s' },
      'max-age=3600, s-maxage=86400, stale-while-revalidate=90',
    ],
    ['', { maxAge: 1.5 }, 'max-age=1'],
    ['', { maxAge: -5 }, 'max-age=0'],
    ['', { maxAge: null }, 'max-age=2147483648'],
    [
      '',
      { noStore: true, mustRevalidate: true, noTransform: false, immutable: undefined },
      'no-store, must-revalidate',
    ],
    ['max-age=10', { maxAge: 60 }, 'max-age=10'],
    ['max-age=60', { maxAge: 10 }, 'max-age=10'],
    ['max-age="60"', { maxAge: 10 }, 'max-age=10'],
    ['max-age=abc', { maxAge: 10 }, 'max-age=0'],
    ['max-age=10, max-age=40', { maxAge: 60 }, 'max-age=10'],
    ['private, max-age=20', { public: true }, 'max-age=20, public'],
    ['public', { private: true }, 'private'],
    ['public', { private: ['Set-Cookie', 'X-User'] }, 'private="Set-Cookie, X-User"'],
    ['no-cache="a"', { noCache: 'b' }, 'no-cache="a, b"'],
    ['no-cache="a"', { noCache: ['a', 'c'] }, 'no-cache="a, c"'],
    ['no-cache="a"', { noCache: true }, 'no-cache'],
    ['no-cache', { noCache: 'a' }, 'no-cache'],
    ['Public, EXT="a, b"', { maxAge: 1 }, 'public, ext="a, b", max-age=1'],
    ['ext="max-age=5, private', { public: true }, 'ext="max-age=5, private", public'],
  ])('%j with %j is %j', (value, directives, expected) => {
    expect(patchedCacheControl(value, directives)).toBe(expected);
  });

  it.each<[any, string]>([
    [{ sMaxAge: 5 }, 'ERR_LOCMEM_INVALID_OPTION'],
    [{ public: 'yes' }, 'ERR_LOCMEM_INVALID_OPTION'],
    [{ private: [] }, 'ERR_LOCMEM_INVALID_OPTION'],
    [{ noCache: 'a b' }, 'ERR_LOCMEM_INVALID_OPTION'],
    [{ maxAge: '5 minutes' }, 'ERR_LOCMEM_INVALID_TIMEOUT'],
    [{ maxAge: true }, 'ERR_LOCMEM_INVALID_TIMEOUT'],
    [null, 'ERR_LOCMEM_INVALID_OPTION'],
  ])('refuses %j', (directives, code) => {
    expect(() => patchedCacheControl('', directives)).toThrow(expect.objectContaining({ code }));
  });

  it('throws for no field that a handler may have written, and what it adds is there to be read', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const patched = patchedCacheControl(value, { maxAge: 60, private: true });
        expect(patchedCacheControl(patched, { maxAge: 60, private: true })).toBe(patched);
        expect(parseCacheControl([patched]).directives.has('private')).toBe(true);
      }),
    );
  });

  it('never makes an answer more cacheable than the shorter of both', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(100), (theirs, ours) => {
        const patched = patchedCacheControl(`max-age=${theirs}`, { maxAge: ours });
        expect(parseCacheControl([patched]).directives.get('max-age')).toBe(
          String(Math.min(theirs, ours)),
        );
      }),
    );
  });
});

describe('patchCacheControl', () => {
  it('joins several lines, and leaves a response alone when there is nothing to say', () => {
    const several = fields({ 'Cache-Control': ['public', 'max-age=60'] });
    patchCacheControl(several, { maxAge: 5 });
    expect(several.getHeader('cache-control')).toBe('public, max-age=5');
    const none = fields();
    patchCacheControl(none, {});
    expect(none.getHeader('cache-control')).toBeUndefined();
  });
});

describe('patchVary', () => {
  it.each<[string | string[] | undefined, string[], string]>([
    [undefined, ['Cookie'], 'Cookie'],
    ['Accept', ['accept', 'Cookie', 'cookie'], 'Accept, Cookie'],
    [['Accept', 'X-A'], ['X-B'], 'Accept, X-A, X-B'],
    ['Accept', ['*'], '*'],
    ['Accept, *', ['Cookie'], '*'],
  ])('%j and %j are %j', (present, names, expected) => {
    const target = fields(present === undefined ? {} : { Vary: present });
    patchVary(target, names);
    expect(target.getHeader('Vary')).toBe(expected);
  });

  it('refuses what is no field name', () => {
    expect(() => {
      patchVary(fields(), ['a, b']);
    }).toThrow(expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_OPTION' }));
  });
});

describe('patchNeverCache', () => {
  it('says it in every way, whatever the handler said', () => {
    const target = fields({ 'Cache-Control': 'public, max-age=3600' });
    patchNeverCache(target, Date.UTC(2026, 0, 15));
    expect(target.getHeader('Cache-Control')).toBe(
      'max-age=0, no-cache, no-store, must-revalidate, private',
    );
    expect(target.getHeader('Expires')).toBe('Thu, 15 Jan 2026 00:00:00 GMT');
  });
});

describe('judgeConditions', () => {
  const LATER = 'Thu, 15 Jan 2026 00:00:00 GMT';
  const EARLIER = 'Wed, 14 Jan 2026 00:00:00 GMT';
  it.each<[Record<string, string>, Record<string, string>, string]>([
    [{ 'if-none-match': '"a"' }, { ETag: 'W/"a"' }, 'not-modified'],
    [
      { 'if-none-match': '"b"', 'if-modified-since': LATER },
      { ETag: '"a"', 'Last-Modified': EARLIER },
      'send',
    ],
    [{ 'if-modified-since': LATER }, { 'Last-Modified': EARLIER }, 'not-modified'],
    [{ 'if-modified-since': LATER }, {}, 'send'],
    [{ 'if-match': '"a"' }, { ETag: '"a"' }, 'send'],
    [{ 'if-match': '"a"' }, { ETag: 'W/"a"' }, 'precondition-failed'],
    [{ 'if-match': 'W/"a"' }, { ETag: 'W/"a"' }, 'precondition-failed'],
    [{ 'if-match': '*' }, {}, 'send'],
    [{ 'if-unmodified-since': EARLIER }, { 'Last-Modified': LATER }, 'precondition-failed'],
    [{ 'if-unmodified-since': 'never' }, { 'Last-Modified': LATER }, 'send'],
    [{ 'if-match': '"a"', 'if-none-match': '"a"' }, { ETag: '"a"' }, 'not-modified'],
  ])('%j against %j: %s', (headers, stored, verdict) => {
    expect(judgeConditions(headers, fields(stored))).toBe(verdict);
  });

  it('leaves alone what is no success', () => {
    const target = { ...fields({ ETag: '"a"' }), statusCode: 404 };
    expect(judgeConditions({ 'if-none-match': '"a"' }, target)).toBe('send');
  });
});

describe('answerConditionally', () => {
  const page = 'a page of some length';

  it('makes an ETag of an answer in one piece, and 304 of a request that has it', async () => {
    const server = await serve((req, res) => {
      answerConditionally(req, res);
      res.setHeader('Content-Type', 'text/plain');
      res.end(page);
    });
    const first = await server.ask('/');
    expect([first.status, first.text, first.headers['content-length']]).toEqual([200, page, '21']);
    const again = await server.ask('/', { headers: { 'If-None-Match': first.headers.etag! } });
    expect([again.status, again.text, again.headers['content-type']]).toEqual([304, '', undefined]);
    const post = await server.ask('/', { method: 'POST', headers: { 'If-None-Match': '*' } });
    expect([post.status, post.headers.etag]).toEqual([200, undefined]);
  });

  it('judges a streamed answer by the validators that it has, and drains its writer', async () => {
    let written = 0;
    const server = await serve((req, res) => {
      answerConditionally(req, res);
      res.writeHead(200, { ETag: '"v1"', 'Content-Type': 'text/plain' });
      res.write('one ', () => written++);
      res.end('two', () => written++);
    });
    expect((await server.ask('/')).text).toBe('one two');
    const again = await server.ask('/', { headers: { 'If-None-Match': '"v1"' } });
    expect([again.status, again.text, written]).toEqual([304, '', 4]);
  });

  it('answers 412 where If-Match names another representation', async () => {
    const server = await serve((req, res) => {
      answerConditionally(req, res);
      res.setHeader('ETag', '"v2"');
      res.end(page);
    });
    const answer = await server.ask('/', { headers: { 'If-Match': '"v1"' } });
    expect([answer.status, answer.text]).toEqual([412, '']);
  });

  it('makes no ETag of what says no-store, and none of nothing', async () => {
    const server = await serve((req, res) => {
      answerConditionally(req, res);
      if (req.url === '/no-store') res.setHeader('Cache-Control', 'no-store');
      res.end(req.url === '/empty' ? '' : page);
    });
    for (const path of ['/no-store', '/empty']) {
      expect((await server.ask(path)).headers.etag).toBeUndefined();
    }
  });
});
