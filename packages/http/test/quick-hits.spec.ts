/**
 * The short path against the long one: two caches over one store, of which one never takes the short
 * path. Whatever is stored and asked, both say the same, field by field.
 */
import { afterAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createResponseCache } from '../src/index.js';
import type { ResponseCacheOptions } from '../src/index.js';
import { closeAll, freshStoreName, serve, TestClock } from './harness.js';

afterAll(closeAll);

const maybe = <T>(...values: readonly T[]) =>
  fc.option(fc.constantFrom(...values), { nil: undefined });

/** What the handler answers. */
const answers = fc.record({
  status: fc.constantFrom(200, 200, 200, 404, 301, 204),
  cacheControl: maybe(
    'max-age=60',
    'public, max-age=60',
    'max-age=5',
    'no-cache, max-age=60',
    's-maxage=9',
  ),
  etag: maybe('"a"', 'W/"b"'),
  lastModified: maybe('Wed, 14 Jan 2026 12:00:00 GMT'),
  vary: maybe('Accept', 'Cookie', 'Accept-Encoding, X-Plan'),
  cacheStatus: maybe('Origin; hit'),
  link: maybe<string | string[]>('</a>', ['</a>', '</b>']),
  body: fc.constantFrom('', 'hello', 'ä'),
  removes: maybe('X-Powered-By'),
});

/** What stands on the response before the cache sees it. */
const outerFields = fc.record({
  'X-Powered-By': maybe('Express'),
  Vary: maybe('Origin'),
  'Set-Cookie': maybe('seen=1'),
  Link: maybe('</outer>'),
});

/** What clients ask. */
const asks = fc.record({
  method: fc.constantFrom('GET', 'GET', 'HEAD'),
  headers: fc.dictionary(
    fc.constantFrom(
      ...['accept', 'cookie', 'x-plan', 'if-none-match', 'if-modified-since', 'authorization'],
      ...['cache-control', 'range', 'x-forwarded-host', 'pragma'],
    ),
    fc.constantFrom('a', '"a"', '"b", "c"', '*', 'max-age=3', 'bytes=1-2', 'no-cache', ''),
    { maxKeys: 2 },
  ),
  laterSeconds: fc.constantFrom(0, 0, 3, 7),
});

type Setting = Partial<ResponseCacheOptions<IncomingMessage, string>>;
const settings: fc.Arbitrary<Setting> = fc.record({
  cacheStatus: fc.constantFrom<string | false>('LocMem', 'my "cache"', false),
  keyPrefix: fc.constantFrom('', 'a'),
  version: fc.constantFrom(undefined, 3),
  etag: fc.boolean(),
  requestDirectives: fc.constantFrom<'honour' | 'ignore'>('honour', 'ignore'),
  ignoreQuery: fc.constantFrom(undefined, ['utm_*']),
});

it('takes no other decision than the long path, and says it in no other way', async () => {
  let handle: Record<string, (req: IncomingMessage, res: ServerResponse) => void> = {};
  const server = await serve((req, res) => {
    const path = req.headers['x-path'] as string;
    handle[path]!(req, res);
  });

  await fc.assert(
    fc.asyncProperty(
      answers,
      settings,
      outerFields,
      fc.array(asks, { minLength: 1, maxLength: 4 }),
      async (answer, setting, outer, requests) => {
        const clock = new TestClock();
        const options = { ...setting, cache: freshStoreName(), clock, timeout: 20 };
        const quick = createResponseCache(options);
        // Where the scheme is asked of somebody, a URL alone does not say where an answer is.
        const plain = createResponseCache(options, { scheme: () => 'http' });
        const set = (
          res: ServerResponse,
          fields: Record<string, string | string[] | undefined>,
        ) => {
          for (const [name, value] of Object.entries(fields)) {
            if (value !== undefined) res.setHeader(name, value);
          }
        };
        const respond = (_req: IncomingMessage, res: ServerResponse) => {
          const { status, cacheControl, etag, lastModified, vary, cacheStatus, link } = answer;
          res.statusCode = status;
          const fields = { 'Cache-Control': cacheControl, ETag: etag, Vary: vary };
          const others = { 'Last-Modified': lastModified, 'Cache-Status': cacheStatus, Link: link };
          set(res, { ...fields, ...others });
          if (answer.removes) res.removeHeader(answer.removes);
          res.end(status === 204 ? undefined : answer.body);
        };
        const through = (cache: typeof quick) => (req: IncomingMessage, res: ServerResponse) => {
          set(res, outer);
          cache.handle(req, res, () => {
            // Nothing more is stored: both are asked about the same.
            if (req.headers['x-fill']) respond(req, res);
            else res.writeHead(599, { 'Cache-Control': 'no-store' }).end();
          });
        };
        handle = { quick: through(quick), plain: through(plain) };
        await server.ask('/?utm_source=1', { headers: { 'x-path': 'quick', 'x-fill': '1' } });
        for (const { method, headers, laterSeconds } of requests) {
          clock.advance(laterSeconds);
          const said = [];
          for (const path of ['quick', 'plain', 'quick']) {
            const got = await server.ask('/?utm_source=1', {
              method,
              headers: { ...headers, 'x-path': path },
            });
            // Node dates what is not dated when it sends it.
            const rawHeaders = got.status === 599 ? [] : got.rawHeaders;
            said.push([got.status, got.statusMessage, rawHeaders, got.text]);
          }
          expect(said[0]).toEqual(said[1]);
          expect(said[2]).toEqual(said[1]);
        }
        // The quick one was asked twice as often, and once to fill it.
        expect(quick.stats().hits).toBe(2 * plain.stats().hits);
        expect(quick.stats().misses).toBe(2 * plain.stats().misses + 1);
      },
    ),
    { numRuns: 300 },
  );
}, 60_000);

/** What a middleware further out makes of `X-Was`, which is all that the client sends. */
const REWRITTEN = [
  ['host', 'a.example', 'b.example'],
  ['x-forwarded-host', 'a.example', 'b.example'],
  ['x-forwarded-proto', undefined, 'https'],
  ['authorization', undefined, 'Bearer b'],
  ['cookie', undefined, 'sid=b'],
] as const;

it.each(REWRITTEN)('goes by the %s that a middleware has made', async (name, one, other) => {
  const cache = createResponseCache(
    { cache: freshStoreName(), timeout: 60 },
    {
      isAsSentUnlessForwarded: true,
      scheme: (req) => String(req.headers['x-forwarded-proto'] ?? 'http'),
      authority: (req) => String(req.headers['x-forwarded-host'] ?? req.headers.host),
    },
  );
  const { ask } = await serve((req, res) => {
    const was = req.headers['x-was'];
    if (was !== undefined) req.headers[name] = was as never;
    cache.handle(req, res, () => res.end(String(req.headers[name])));
  });
  const askAs = (value: string | undefined) =>
    ask('/', { headers: { host: 'inner', ...(value !== undefined && { 'x-was': value }) } });
  for (let i = 0; i < 3; i++) await askAs(one);
  expect((await askAs(one)).isHit).toBe(true);
  expect((await askAs(other)).text).toBe(other);
});

it('keeps no request once it is answered', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const cache = createResponseCache({ cache: freshStoreName(), timeout: 60 });
  const requests: WeakRef<IncomingMessage>[] = [];
  const { ask } = await serve((req, res) => {
    requests.push(new WeakRef(req));
    cache.handle(req, res, () => res.end('x'));
  });
  await ask('/');
  expect((await ask('/')).isHit).toBe(true);
  const kept = () => requests.filter((request) => request.deref() !== undefined).length;
  for (let round = 0; kept() > 0 && round < 100; round++) {
    await setImmediate();
    collectGarbage();
  }
  expect(kept()).toBe(0);
});
