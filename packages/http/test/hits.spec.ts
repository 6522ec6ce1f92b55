import { afterAll, describe, expect, it } from '@jest/globals';
import { LocMemCache } from '@locmem/core';
import { formatHttpDate } from '../src/http-date.js';
import { closeAll, freshStoreName, linesOf, scene } from './harness.js';

afterAll(closeAll);

describe('a hit', () => {
  it('repeats status, reason, fields and exact bytes', async () => {
    const bytes = Buffer.from([0, 255, 13, 10, 128, 1]);
    const { ask, runs } = await scene((_req, res) => {
      res.writeHead(218, 'This is fine', {
        'Content-Type': 'application/octet-stream',
        'Cache-Control': 'max-age=60',
        'X-Odd-CASE': 'ä',
      });
      res.end(bytes);
    });
    const miss = await ask('/');
    const hit = await ask('/');
    expect(runs()).toBe(1);
    expect(hit.isHit).toBe(true);
    expect(hit.status).toBe(218);
    expect(hit.statusMessage).toBe('This is fine');
    expect(hit.body).toEqual(bytes);
    expect(hit.headers['content-type']).toBe('application/octet-stream');
    expect(hit.headers['x-odd-case']).toBe(miss.headers['x-odd-case']);
    expect(hit.rawHeaders).toContain('X-Odd-CASE');
    expect(hit.headers['content-length']).toBe('6');
    expect(hit.headers['transfer-encoding']).toBeUndefined();
  });

  it('keeps repeated fields as several lines', async () => {
    const { ask } = await scene((_req, res) => {
      res.setHeader('Cache-Control', 'max-age=60');
      res.setHeader('Link', ['</a>; rel=preload', '</b>; rel=preload']);
      res.setHeader('Warning', ['1', '2']);
      res.end('x');
    });
    await ask('/');
    const hit = await ask('/');
    expect(linesOf(hit, 'link')).toEqual(['</a>; rel=preload', '</b>; rel=preload']);
    expect(linesOf(hit, 'warning')).toEqual(['1', '2']);
  });

  it('carries Age in whole seconds and the time it has left', async () => {
    const { ask, clock } = await scene((_req, res) => res.end('x'), { timeout: '1m' });
    const miss = await ask('/');
    expect(miss.headers.age).toBeUndefined();
    expect((await ask('/')).headers.age).toBe('0');
    clock.advance(12.9);
    const hit = await ask('/');
    expect(hit.headers.age).toBe('12');
    expect(hit.cache).toBe('LocMem; hit; ttl=48');
  });

  it('counts the age that the handler states', async () => {
    const { ask, clock } = await scene((_req, res) => {
      res.writeHead(200, { 'Cache-Control': 'max-age=60', Age: '50' }).end('x');
    });
    expect((await ask('/')).headers.age).toBe('50');
    clock.advance(9);
    expect((await ask('/')).headers.age).toBe('59');
    clock.advance(1);
    expect((await ask('/')).isHit).toBe(false);
  });

  it('leaves the stored Date alone, and makes one where the handler made none', async () => {
    const date = 'Thu, 15 Jan 2026 11:59:50 GMT';
    const stated = await scene((_req, res) => {
      res.writeHead(200, { 'Cache-Control': 'max-age=60', Date: date }).end('x');
    });
    await stated.ask('/');
    stated.clock.advance(20);
    const old = await stated.ask('/');
    expect(old.headers.date).toBe(date);
    expect(old.headers.age).toBe('30');

    const none = await scene((_req, res) => res.end('x'), { timeout: 60 });
    const received = formatHttpDate(none.clock.now());
    await none.ask('/');
    none.clock.advance(20);
    expect((await none.ask('/')).headers.date).toBe(received);
  });

  it('ends with the freshness', async () => {
    const { ask, clock, runs } = await scene((_req, res) => res.end('x'), { timeout: 60 });
    await ask('/');
    clock.advance(60);
    const again = await ask('/');
    expect(again.cache).toBe('LocMem; fwd=stale');
    expect(runs()).toBe(2);
    expect((await ask('/')).isHit).toBe(true);
  });

  it('carries no field of the connection it was made on', async () => {
    const { ask } = await scene((_req, res) => {
      res.writeHead(200, {
        'Cache-Control': 'max-age=60',
        Connection: 'close, X-Hop',
        'X-Hop': '1',
        'Proxy-Authenticate': 'Basic',
        'X-End': '1',
      });
      res.end('x');
    });
    expect((await ask('/')).headers['x-hop']).toBe('1');
    const hit = await ask('/');
    expect(hit.isHit).toBe(true);
    expect(hit.headers['x-hop']).toBeUndefined();
    expect(hit.headers['proxy-authenticate']).toBeUndefined();
    expect(hit.headers['x-end']).toBe('1');
  });

  it('has no body and no length with status 204', async () => {
    const { ask } = await scene((_req, res) => {
      res.writeHead(204, { 'Cache-Control': 'max-age=60' }).end('ignored by node');
    });
    await ask('/');
    const hit = await ask('/');
    expect(hit.isHit).toBe(true);
    expect(hit.status).toBe(204);
    expect(hit.headers['content-length']).toBeUndefined();
  });

  it('keeps an HTTP/1.0 client on its connection length, not chunks', async () => {
    const { raw, ask } = await scene(
      (_req, res) => {
        res.write('a');
        res.end('b');
      },
      { timeout: 60 },
    );
    await ask('/', { headers: { host: 'a.example' } });
    const answer = await raw('GET / HTTP/1.0\r\nHost: a.example\r\n\r\n');
    expect(answer).toMatch(/Content-Length: 2\r\n/);
    expect(answer).toMatch(/hit/);
    expect(answer.endsWith('\r\n\r\nab')).toBe(true);
  });

  it('can hide its name, or have another', async () => {
    const hidden = await scene((_req, res) => res.end('x'), { timeout: 60, cacheStatus: false });
    for (const answer of [await hidden.ask('/'), await hidden.ask('/')]) {
      expect(answer.cache).toBeUndefined();
      // Nothing but the name is hidden, be the answer ever so bare (RFC 9110, 6.6.1).
      expect(answer.headers.date).toMatch(/ GMT$/);
    }
    expect(hidden.runs()).toBe(1);
    const named = await scene((_req, res) => res.end('x'), { timeout: 60, cacheStatus: 'edge 1' });
    await named.ask('/');
    expect((await named.ask('/')).cache).toBe('"edge 1"; hit; ttl=60');
  });

  it('works over a store that copies what it is given', async () => {
    const { ask, runs } = await scene((_req, res) => res.end('x'), {
      timeout: 60,
      cache: new LocMemCache(freshStoreName()) as any,
    });
    await ask('/');
    const hit = await ask('/');
    expect(hit.isHit).toBe(true);
    expect(hit.text).toBe('x');
    expect(runs()).toBe(1);
  });
});

describe('a hit behind other middlewares', () => {
  let visitor = 0;
  const outer = (_req: any, res: any) => {
    res.setHeader('X-Request-Id', String(++visitor));
    res.setHeader('Vary', 'Origin');
    res.setHeader('X-Gone', '1');
  };

  it('leaves them the fields that they have set for this visitor', async () => {
    const { ask } = await scene(
      (_req, res) => {
        res.removeHeader('X-Gone');
        res.setHeader('X-Handler', '1');
        res.end('x');
      },
      { timeout: 60 },
      outer,
    );
    const first = await ask('/');
    const second = await ask('/');
    expect(second.isHit).toBe(true);
    expect(second.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
    expect(second.headers['x-handler']).toBe('1');
    expect(second.headers['x-gone']).toBeUndefined();
  });

  it('joins Vary instead of replacing it', async () => {
    const { ask } = await scene(
      (_req, res) => {
        res.setHeader('Vary', 'Origin, Accept');
        res.end('x');
      },
      { timeout: 60 },
      outer,
    );
    await ask('/');
    expect((await ask('/')).headers.vary).toBe('Origin, Accept');
  });

  it('repeats only the cookies of the handler, when asked to repeat any', async () => {
    const { ask } = await scene(
      (_req, res) => {
        res.appendHeader('Set-Cookie', 'theme=dark');
        res.end('x');
      },
      { timeout: 60, storeSetCookie: true },
      (_req, res) => {
        res.setHeader('Set-Cookie', [`sid=${++visitor}`]);
      },
    );
    const first = await ask('/');
    const second = await ask('/');
    expect(second.isHit).toBe(true);
    expect(second.headers['set-cookie']).toHaveLength(2);
    expect(second.headers['set-cookie']![0]).not.toBe(first.headers['set-cookie']![0]);
    expect(second.headers['set-cookie']![1]).toBe('theme=dark');
  });
});

describe('HEAD', () => {
  it('is answered from a stored GET, without the bytes', async () => {
    const { ask, runs } = await scene((_req, res) => res.end('hello'), { timeout: 60 });
    await ask('/');
    const head = await ask('/', { method: 'HEAD' });
    expect(head.isHit).toBe(true);
    expect(head.headers['content-length']).toBe('5');
    expect(head.text).toBe('');
    expect(runs()).toBe(1);
  });

  it('goes to the handler on a miss, and stores nothing', async () => {
    const { ask, runs } = await scene((_req, res) => res.end('hello'), { timeout: 60 });
    expect((await ask('/', { method: 'HEAD' })).cache).toBe('LocMem; fwd=uri-miss');
    expect((await ask('/')).text).toBe('hello');
    expect(runs()).toBe(2);
  });
});

describe("the client's validators", () => {
  const ETAG = '"v1"';
  const MODIFIED = 'Mon, 12 Jan 2026 00:00:00 GMT';
  const start = async () => {
    const it = await scene((_req, res) => {
      res.writeHead(200, {
        'Cache-Control': 'max-age=60',
        'Content-Type': 'text/plain',
        ETag: ETAG,
        'Last-Modified': MODIFIED,
        'Content-Location': '/a',
        Vary: 'Accept',
        'X-Other': '1',
      });
      res.end('hello');
    });
    await it.ask('/');
    return it;
  };

  it('are answered with 304 and the fields that belong to it', async () => {
    const { ask, runs } = await start();
    const answer = await ask('/', { headers: { 'if-none-match': 'W/"v1"' } });
    expect(answer.status).toBe(304);
    expect(answer.statusMessage).toBe('Not Modified');
    expect(answer.text).toBe('');
    expect(answer.headers).toMatchObject({
      etag: ETAG,
      vary: 'Accept',
      'cache-control': 'max-age=60',
      'content-location': '/a',
      age: '0',
    });
    expect(answer.headers.date).toBeDefined();
    expect(answer.headers['content-type']).toBeUndefined();
    expect(answer.headers['x-other']).toBeUndefined();
    expect(answer.headers['content-length']).toBeUndefined();
    expect(answer.isHit).toBe(true);
    expect(runs()).toBe(1);
  });

  it('are answered with the whole when they differ', async () => {
    const { ask } = await start();
    const answer = await ask('/', {
      headers: { 'if-none-match': '"v0"', 'if-modified-since': MODIFIED },
    });
    expect(answer.status).toBe(200);
    expect(answer.text).toBe('hello');
  });

  it('may be a date', async () => {
    const { ask } = await start();
    const since = (date: string) => ask('/', { headers: { 'if-modified-since': date } });
    expect((await since(MODIFIED)).status).toBe(304);
    expect((await since('Sun, 11 Jan 2026 23:59:59 GMT')).status).toBe(200);
  });

  it('reach the handler on a miss, and its 304 is not stored', async () => {
    const { ask, runs } = await scene((req, res) => {
      if (req.headers['if-none-match']) res.writeHead(304, { 'Cache-Control': 'max-age=60' }).end();
      else res.writeHead(200, { 'Cache-Control': 'max-age=60' }).end('whole');
    });
    expect((await ask('/', { headers: { 'if-none-match': '"x"' } })).status).toBe(304);
    expect((await ask('/')).text).toBe('whole');
    expect(runs()).toBe(2);
  });
});

describe("the request's Cache-Control", () => {
  const headers = (value: string) => ({ headers: { 'cache-control': value } });

  it('no-cache fetches anew, and stores that', async () => {
    const { ask } = await scene((_req, res, run) => res.end(String(run)), { timeout: 60 });
    await ask('/');
    const reload = await ask('/', headers('no-cache'));
    expect(reload.text).toBe('2');
    expect(reload.cache).toBe('LocMem; fwd=request; detail=no-cache');
    expect((await ask('/')).text).toBe('2');
  });

  it('no-store passes by', async () => {
    const { ask, cache } = await scene((_req, res, run) => res.end(String(run)), { timeout: 60 });
    expect((await ask('/', headers('no-store'))).cache).toBe(
      'LocMem; fwd=bypass; detail=request-no-store',
    );
    expect(cache.stats().stored).toBe(0);
  });

  it('only-if-cached is answered from the store, or with 504', async () => {
    const { ask, runs } = await scene((_req, res) => res.end('x'), { timeout: 60 });
    const answer = await ask('/', headers('only-if-cached'));
    expect(answer.status).toBe(504);
    expect(runs()).toBe(0);
    await ask('/');
    expect((await ask('/', headers('only-if-cached'))).text).toBe('x');
  });

  it('is not listened to with requestDirectives: ignore', async () => {
    const { ask, runs } = await scene((_req, res) => res.end('x'), {
      timeout: 60,
      requestDirectives: 'ignore',
    });
    await ask('/');
    for (const value of ['no-cache', 'no-store', 'max-age=0', 'only-if-cached']) {
      expect((await ask('/', headers(value))).isHit).toBe(true);
    }
    expect(runs()).toBe(1);
  });
});
