/**
 * Beside other middlewares: compression further out and further in, sessions, CORS.
 */
import { afterAll, describe, expect, it } from '@jest/globals';
import compression from 'compression';
import type { RequestHandler } from 'express';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { responseCache } from '../src/index.js';
import { closeAll, EXPRESSES, freshStoreName, listen, standingClock } from './harness.js';

afterAll(closeAll);

const TEXT = 'a long text that is worth its compression. '.repeat(200);
const GZIP = { headers: { 'accept-encoding': 'gzip' } };
const IDENTITY = { headers: { 'accept-encoding': 'identity' } };
const fresh = () => responseCache({ cache: freshStoreName(), timeout: 60, clock: standingClock });

describe.each(EXPRESSES)('%s', (_name, express) => {
  const send: RequestHandler = (_req, res) => {
    res.type('txt').send(TEXT);
  };
  const stream: RequestHandler = (_req, res) => {
    res.type('txt');
    for (let i = 0; i < TEXT.length; i += 1000) res.write(TEXT.slice(i, i + 1000));
    res.end();
  };

  describe.each([
    ['in one piece', send],
    ['in many', stream],
  ])('compression of an answer sent %s', (_how, handler) => {
    it('further out compresses each hit', async () => {
      const cache = fresh();
      const ask = await listen(express().use(compression()).use(cache).get('/', handler));
      for (const isHit of [false, true]) {
        const zipped = await ask('/', GZIP);
        expect(zipped.headers['content-encoding']).toBe('gzip');
        expect(gunzipSync(zipped.body).toString()).toBe(TEXT);
        expect(zipped.isHit).toBe(isHit);
        const plain = await ask('/', IDENTITY);
        expect(plain.headers['content-encoding']).toBeUndefined();
        expect(plain.text).toBe(TEXT);
      }
      expect(cache.stats().refusals).toEqual({});
    });

    it('further in is stored, one variant for each encoding', async () => {
      const ask = await listen(express().use(fresh()).use(compression()).get('/', handler));
      for (const isHit of [false, true]) {
        const zipped = await ask('/', GZIP);
        expect(zipped.headers['content-encoding']).toBe('gzip');
        expect(gunzipSync(zipped.body).toString()).toBe(TEXT);
        expect(zipped.isHit).toBe(isHit);
        const plain = await ask('/', IDENTITY);
        expect(plain.text).toBe(TEXT);
        expect(plain.isHit).toBe(isHit);
      }
    });
  });

  it('compression further out does not hold up a stream behind a stale answer', async () => {
    const clock = { ms: 0, now: () => clock.ms };
    let stored = () => {};
    const cache = responseCache({
      cache: freshStoreName(),
      clock,
      onEvent: ({ type }) => {
        if (type === 'stored') stored();
      },
    });
    let runs = 0;
    const ask = await listen(
      express()
        .use(compression())
        .use(cache)
        .get('/', (_req, res) => {
          res.set('Cache-Control', 'max-age=60, stale-while-revalidate=60').type('txt');
          Readable.from(Array(10).fill(`run ${++runs} `.repeat(5000)), { objectMode: false }).pipe(
            res,
          );
        }),
    );
    await ask('/', GZIP);
    clock.ms += 61_000;
    const isStored = new Promise<void>((resolve) => (stored = resolve));
    expect(gunzipSync((await ask('/', GZIP)).body).toString()).toMatch(/^run 1 /);
    await isStored;
    expect(gunzipSync((await ask('/', GZIP)).body).toString()).toMatch(/^run 2 /);
    expect(runs).toBe(2);
  });

  it('a session further out that opens with the answer keeps it out of the store', async () => {
    let visitor = 0;
    const session: RequestHandler = (_req, res, next) => {
      const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => typeof res;
      res.writeHead = (...args: unknown[]) => {
        res.setHeader('Set-Cookie', `sid=${++visitor}`);
        return writeHead(...args);
      };
      next();
    };
    const ask = await listen(express().use(session).use(fresh()).get('/', send));
    expect((await ask('/')).headers['set-cookie']).toEqual(['sid=1']);
    expect((await ask('/')).headers['set-cookie']).toEqual(['sid=2']);
  });

  it('CORS further out answers each origin for itself', async () => {
    const cors: RequestHandler = (req, res, next) => {
      res.vary('Origin').set('Access-Control-Allow-Origin', req.get('origin') ?? '*');
      next();
    };
    const ask = await listen(express().use(cors).use(fresh()).get('/', send));
    for (const origin of ['http://a', 'http://b', 'http://a', 'http://b']) {
      const { headers } = await ask('/', { headers: { origin } });
      expect(headers['access-control-allow-origin']).toBe(origin);
    }
  });

  it('a second middleware of the same cache on the route acts once', async () => {
    const cache = fresh();
    const ask = await listen(express().use(cache).get('/', cache, cache, send));
    expect((await ask('/')).cache).toBe('LocMem; fwd=uri-miss');
    expect((await ask('/')).cache).toBe('LocMem; hit; ttl=60');
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 1, stored: 1 });
  });
});

describe.each(EXPRESSES)('%s: Alice and Bob', (_name, express) => {
  const whoami: RequestHandler = (req, res) => {
    res.send(`for ${req.get('authorization') ?? req.get('cookie') ?? 'nobody'}`);
  };

  it.each(['authorization', 'cookie'])('with %s get their own pages', async (field) => {
    const ask = await listen(express().use(fresh()).get('/', whoami));
    for (const name of ['alice', 'bob', 'alice']) {
      expect((await ask('/', { headers: { [field]: name } })).text).toBe(`for ${name}`);
    }
    expect((await ask('/')).text).toBe('for nobody');
    expect((await ask('/', { headers: { [field]: 'bob' } })).text).toBe('for bob');
    expect((await ask('/')).isHit).toBe(true);
  });

  it('with res.cookie get their own cookies', async () => {
    let run = 0;
    const handler: RequestHandler = (_req, res) => {
      res.cookie('sid', String(++run)).send('x');
    };
    const ask = await listen(express().use(fresh()).get('/', handler));
    await ask('/');
    expect((await ask('/')).headers['set-cookie']).toEqual(['sid=2; Path=/']);
  });

  it('with res.vary get their own variants', async () => {
    const handler: RequestHandler = (req, res) => {
      res.vary('Accept-Language').send(`in ${req.acceptsLanguages('de', 'fr') || 'none'}`);
    };
    const ask = await listen(express().use(fresh()).get('/', handler));
    for (const language of ['de', 'fr', 'de', 'fr']) {
      const { text } = await ask('/', { headers: { 'accept-language': language } });
      expect(text).toBe(`in ${language}`);
    }
  });
});
