/**
 * One visitor never gets what was made for another; nobody gets what was never whole. Alice asks
 * first, Bob second.
 */
import { afterAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { Readable, pipeline } from 'node:stream';
import type { ServerResponse } from 'node:http';
import { closeAll, scene, type Handler } from './harness.js';

afterAll(closeAll);

const ALICE = 'Bearer alice';
const BOB = 'Bearer bob';

/** Answers with the name of who asks, by a request field. */
const personal =
  (field: string, headers: Record<string, string> = {}): Handler =>
  (req, res) => {
    res.writeHead(200, headers).end(`for ${String(req.headers[field])}`);
  };

describe('Alice and Bob with Authorization', () => {
  it.each([
    ['max-age=60', undefined],
    [undefined, 60],
  ])('each get their own page: Cache-Control %s, timeout %s', async (cacheControl, timeout) => {
    const headers: Record<string, string> = cacheControl ? { 'Cache-Control': cacheControl } : {};
    const { ask, cache } = await scene(personal('authorization', headers), { timeout });
    const alice = await ask('/', { headers: { authorization: ALICE } });
    const bob = await ask('/', { headers: { authorization: BOB } });
    const nobody = await ask('/');
    expect(alice.text).toBe('for Bearer alice');
    expect(alice.cache).toBe('LocMem; fwd=uri-miss; detail=authorization');
    expect(bob.text).toBe('for Bearer bob');
    expect(nobody.text).toBe('for undefined');
    expect(cache.stats().refusals).toEqual({ authorization: 2 });
  });

  it('do not get the page of nobody either', async () => {
    const { ask } = await scene(personal('authorization'), { timeout: 60 });
    await ask('/');
    const alice = await ask('/', { headers: { authorization: ALICE } });
    expect(alice.text).toBe('for Bearer alice');
    expect(alice.cache).toBe('LocMem; fwd=request; detail=authorization');
    expect((await ask('/')).isHit).toBe(true);
  });

  it('count although somebody took the field away on the way', async () => {
    const { ask, cache } = await scene(
      (req, res) => {
        const user = req.headers.authorization;
        delete req.headers.authorization;
        res.end(`for ${String(user)}`);
      },
      { timeout: 60 },
    );
    await ask('/', { headers: { authorization: ALICE } });
    expect((await ask('/')).text).toBe('for undefined');
    expect(cache.stats()).toMatchObject({ stored: 1, refusals: { authorization: 1 } });
  });

  it.each(['authorization', 'cookie'])(
    'count although %s was put there after the head',
    async (name) => {
      const { ask, cache } = await scene(
        (req, res) => {
          res.writeHead(200);
          res.write('for ');
          req.headers[name] = String(req.headers['x-user']);
          res.end(req.headers[name]);
        },
        { timeout: 60 },
      );
      expect((await ask('/', { headers: { 'x-user': 'alice' } })).text).toBe('for alice');
      expect((await ask('/', { headers: { 'x-user': 'bob' } })).text).toBe('for bob');
      expect(cache.stats().refusals).toEqual({ [name]: 2 });
    },
  );

  it('share what is said to be public', async () => {
    const { ask } = await scene(
      personal('authorization', { 'Cache-Control': 'public, max-age=60' }),
    );
    await ask('/', { headers: { authorization: ALICE } });
    expect((await ask('/', { headers: { authorization: BOB } })).isHit).toBe(true);
  });

  it('get one variant each under Vary: Authorization and public', async () => {
    const { ask, runs } = await scene(
      personal('authorization', { 'Cache-Control': 'public, max-age=60', Vary: 'Authorization' }),
    );
    for (let round = 0; round < 2; round++) {
      expect((await ask('/', { headers: { authorization: ALICE } })).text).toBe('for Bearer alice');
      expect((await ask('/', { headers: { authorization: BOB } })).text).toBe('for Bearer bob');
    }
    expect(runs()).toBe(2);
  });
});

describe('Alice and Bob with a Cookie', () => {
  const alice = { headers: { cookie: 'sid=alice' } };
  const bob = { headers: { cookie: 'sid=bob' } };

  it('each get their own page under a default timeout', async () => {
    const { ask } = await scene(personal('cookie'), { timeout: 60 });
    expect((await ask('/', alice)).text).toBe('for sid=alice');
    expect((await ask('/', bob)).text).toBe('for sid=bob');
    expect((await ask('/')).text).toBe('for undefined');
    expect((await ask('/', alice)).text).toBe('for sid=alice');
  });

  it('get one variant each under Vary: Cookie', async () => {
    const { ask, runs } = await scene(personal('cookie', { Vary: 'Cookie' }), { timeout: 60 });
    for (let round = 0; round < 2; round++) {
      expect((await ask('/', alice)).text).toBe('for sid=alice');
      expect((await ask('/', bob)).text).toBe('for sid=bob');
      expect((await ask('/')).text).toBe('for undefined');
    }
    expect(runs()).toBe(3);
  });
});

describe('Set-Cookie', () => {
  it('of the handler is not stored', async () => {
    const { ask, cache } = await scene(
      (_req, res, run) => {
        res.writeHead(200, { 'Set-Cookie': `sid=${run}`, 'Cache-Control': 'max-age=60' }).end('x');
      },
      { timeout: 60 },
    );
    expect((await ask('/')).headers['set-cookie']).toEqual(['sid=1']);
    expect((await ask('/')).headers['set-cookie']).toEqual(['sid=2']);
    expect(cache.stats().refusals).toEqual({ 'set-cookie': 2 });
  });

  it('of an outer middleware, set before', async () => {
    const { ask, runs } = await scene(
      (_req, res) => res.end('x'),
      { timeout: 60 },
      (_req, res) => {
        res.setHeader('Set-Cookie', 'sid=1');
      },
    );
    await ask('/');
    await ask('/');
    expect(runs()).toBe(2);
  });

  it('of an outer middleware, set at the last moment, as sessions do', async () => {
    const { ask, runs, cache } = await scene(
      (_req, res) => res.end('x'),
      { timeout: 60 },
      (_req, res) => {
        onHeaders(res, () => res.setHeader('Set-Cookie', 'sid=1'));
      },
    );
    await ask('/');
    await ask('/');
    expect(runs()).toBe(2);
    expect(cache.stats().refusals).toEqual({ 'set-cookie': 2 });
  });

  it('of an outer middleware, given to writeHead, where nobody has set a field before', async () => {
    const { ask, runs, cache } = await scene(
      (_req, res) => res.end('x'),
      { timeout: 60, cacheStatus: false },
      (_req, res) => {
        const writeHead = res.writeHead.bind(res);
        res.writeHead = (status: number) => writeHead(status, { 'Set-Cookie': 'sid=1' });
      },
    );
    await ask('/');
    await ask('/');
    expect(runs()).toBe(2);
    expect(cache.stats().refusals).toEqual({ 'set-cookie': 2 });
  });

  it('of an inner middleware, set at the last moment', async () => {
    const { ask, runs } = await scene(
      (_req, res) => {
        onHeaders(res, () => res.setHeader('Set-Cookie', 'sid=1'));
        res.end('x');
      },
      { timeout: 60 },
    );
    await ask('/');
    await ask('/');
    expect(runs()).toBe(2);
  });
});

describe('Vary', () => {
  const language: Handler = (req, res) => {
    res.setHeader('Vary', 'Accept-Language');
    res.end(`in ${String(req.headers['accept-language'])}`);
  };

  it('gives each language its own page, and absent its own, too', async () => {
    const { ask, runs } = await scene(language, { timeout: 60 });
    for (let round = 0; round < 2; round++) {
      for (const value of ['de', 'fr', '']) {
        const { text } = await ask('/', { headers: { 'accept-language': value } });
        expect(text).toBe(`in ${value}`);
      }
      expect((await ask('/')).text).toBe('in undefined');
    }
    expect(runs()).toBe(4);
  });

  it('says vary-miss when only other variants are there', async () => {
    const { ask } = await scene(language, { timeout: 60 });
    await ask('/', { headers: { 'accept-language': 'de' } });
    const { cache } = await ask('/', { headers: { 'accept-language': 'fr' } });
    expect(cache).toBe('LocMem; fwd=vary-miss');
  });

  it('keeps 16 variants of a page and forgets the oldest', async () => {
    const { ask, runs } = await scene(language, { timeout: 60 });
    for (let i = 0; i <= 16; i++) await ask('/', { headers: { 'accept-language': `x-${i}` } });
    expect((await ask('/', { headers: { 'accept-language': 'x-1' } })).isHit).toBe(true);
    expect((await ask('/', { headers: { 'accept-language': 'x-0' } })).isHit).toBe(false);
    expect(runs()).toBe(18);
  });

  it('with a star is not stored', async () => {
    const { ask, runs } = await scene(
      (_req, res) => {
        res.setHeader('Vary', ['Accept', ', *']);
        res.end('x');
      },
      { timeout: 60 },
    );
    await ask('/');
    await ask('/');
    expect(runs()).toBe(2);
  });

  it('of a newer answer replaces the one without, for everybody', async () => {
    const { ask } = await scene(
      (req, res, run) => {
        if (run > 1) res.setHeader('Vary', 'Accept-Language');
        res.end(run > 1 ? `in ${String(req.headers['accept-language'])}` : 'for all');
      },
      { timeout: 60 },
    );
    await ask('/');
    await ask('/', { headers: { 'accept-language': 'de', 'cache-control': 'no-cache' } });
    expect((await ask('/', { headers: { 'accept-language': 'fr' } })).text).toBe('in fr');
  });

  it('of an outer middleware counts, too', async () => {
    const { ask, runs } = await scene(
      (req, res) => res.end(String(req.headers.origin)),
      { timeout: 60 },
      (_req, res) => {
        res.setHeader('Vary', 'Origin');
      },
    );
    for (const origin of ['http://a', 'http://b']) {
      expect((await ask('/', { headers: { origin } })).text).toBe(origin);
    }
    expect(runs()).toBe(2);
  });

  it('by a field that somebody changed on the way is not stored', async () => {
    const { ask, cache } = await scene(
      (req, res) => {
        req.headers['x-user'] = String(req.headers['x-token']);
        res.setHeader('Vary', 'X-User');
        res.end(`for ${req.headers['x-user']}`);
      },
      { timeout: 60 },
    );
    expect((await ask('/', { headers: { 'x-token': 'alice' } })).text).toBe('for alice');
    expect((await ask('/', { headers: { 'x-token': 'bob' } })).text).toBe('for bob');
    expect(cache.stats().refusals).toEqual({ 'vary-unstable': 2 });
  });

  it('by a field that an outer middleware set goes by what the handler saw', async () => {
    const { ask, runs } = await scene(
      (req, res) => {
        res.setHeader('Vary', 'X-User');
        res.end(`for ${String(req.headers['x-user'])}`);
      },
      { timeout: 60 },
      (req) => {
        req.headers['x-user'] = String(req.headers['x-token']);
      },
    );
    for (let round = 0; round < 2; round++) {
      expect((await ask('/', { headers: { 'x-token': 'alice' } })).text).toBe('for alice');
      expect((await ask('/', { headers: { 'x-token': 'bob' } })).text).toBe('for bob');
    }
    expect(runs()).toBe(2);
  });

  it('keeps gzip from who cannot read it', async () => {
    const { ask } = await scene(
      (req, res) => {
        res.setHeader('Vary', 'Accept-Encoding');
        if (req.headers['accept-encoding'] === 'gzip') {
          res.setHeader('Content-Encoding', 'gzip');
          res.end('zipped');
        } else {
          res.end('plain');
        }
      },
      { timeout: 60 },
    );
    for (let round = 0; round < 2; round++) {
      const zipped = await ask('/', { headers: { 'accept-encoding': 'gzip' } });
      expect([zipped.text, zipped.headers['content-encoding']]).toEqual(['zipped', 'gzip']);
      const plain = await ask('/');
      expect([plain.text, plain.headers['content-encoding']]).toEqual(['plain', undefined]);
    }
  });
});

describe('private, no-store and no-cache answers', () => {
  it.each([
    ['private', 'response-private'],
    ['private, max-age=60', 'response-private'],
    ['max-age=60, private="x"', 'response-private'],
    ['no-store', 'response-no-store'],
    ['no-cache, max-age=60', 'response-no-cache'],
    ['max-age=0', 'stale-on-arrival'],
    ['max-age=60; private', 'cache-control-malformed'],
  ])('Cache-Control: %s', async (value, reason) => {
    const { ask, runs } = await scene(
      (_req, res) => {
        res.writeHead(200, { 'Cache-Control': value }).end('x');
      },
      { timeout: 60 },
    );
    await ask('/');
    expect((await ask('/')).cache).toBe(`LocMem; fwd=uri-miss; detail=${reason}`);
    expect(runs()).toBe(2);
  });

  it('private, said by an outer middleware at the last moment', async () => {
    const { ask, runs } = await scene(
      (_req, res) => res.end('x'),
      { timeout: 60 },
      (_req, res) => {
        onHeaders(res, () => res.setHeader('Cache-Control', 'private'));
      },
    );
    await ask('/');
    await ask('/');
    expect(runs()).toBe(2);
  });
});

describe('status', () => {
  it.each([401, 403, 404, 412, 416, 429, 500, 502, 503])(
    '%d without freshness is not stored under a timeout',
    async (status) => {
      const { ask, runs } = await scene((_req, res) => res.writeHead(status).end('x'), {
        timeout: 60,
      });
      await ask('/');
      expect((await ask('/')).status).toBe(status);
      expect(runs()).toBe(2);
    },
  );

  it('500 for one is not 500 for all', async () => {
    const { ask } = await scene(
      (_req, res, run) => res.writeHead(run === 1 ? 500 : 200).end(`run ${run}`),
      { timeout: 60 },
    );
    await ask('/');
    expect((await ask('/')).text).toBe('run 2');
    expect((await ask('/')).isHit).toBe(true);
  });

  it('206 is never given to who asked for the whole', async () => {
    const { ask } = await scene(
      (req, res) => {
        if (req.headers.range) {
          res.writeHead(206, { 'Cache-Control': 'max-age=60', 'Content-Range': 'bytes 0-0/5' });
          res.end('h');
        } else {
          res.writeHead(200, { 'Cache-Control': 'max-age=60' }).end('hello');
        }
      },
      { timeout: 60 },
    );
    const part = await ask('/', { headers: { range: 'bytes=0-0' } });
    expect(part.cache).toBe('LocMem; fwd=uri-miss; detail=range');
    expect((await ask('/')).text).toBe('hello');
    expect((await ask('/', { headers: { range: 'bytes=0-0' } })).text).toBe('h');
  });

  it('that an outer middleware changed is not stored', async () => {
    const { ask, cache } = await scene(
      (_req, res) => res.end('x'),
      { timeout: 60 },
      (_req, res) => {
        const writeHead = res.writeHead.bind(res);
        res.writeHead = () => writeHead(503);
      },
    );
    await ask('/');
    expect((await ask('/')).status).toBe(503);
    expect(cache.stats().refusals).toEqual({ status: 2 });
  });

  it('206 that nobody asked for is not stored', async () => {
    const { ask, cache } = await scene((_req, res) =>
      res.writeHead(206, { 'Cache-Control': 'max-age=60' }).end('h'),
    );
    await ask('/');
    await ask('/');
    expect(cache.stats().refusals).toEqual({ status: 2 });
  });
});

describe('methods', () => {
  const echo: Handler = (req, res) => {
    res.end(`${String(req.method)} answered`);
  };

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'M-SEARCH', 'TRACE'])(
    '%s is never answered from a stored GET, nor stored',
    async (method) => {
      const { ask } = await scene(echo, { timeout: 60 });
      await ask('/');
      const answer = await ask('/', { method });
      expect(answer.text).toBe(`${method} answered`);
      expect(answer.cache).toBe('LocMem; fwd=method');
      expect((await ask('/', { method })).isHit).toBe(false);
      expect((await ask('/')).text).toBe('GET answered');
    },
  );

  it('GET with a body passes by', async () => {
    const { ask } = await scene(
      async (req, res) => {
        let body = '';
        for await (const chunk of req) body += String(chunk);
        res.end(`asked ${body}`);
      },
      { timeout: 60 },
    );
    await ask('/');
    const answer = await ask('/', { body: 'alice', headers: { 'content-length': '5' } });
    expect(answer.text).toBe('asked alice');
    expect(answer.cache).toBe('LocMem; fwd=bypass; detail=request-body');
    const chunked = { 'transfer-encoding': 'chunked' };
    expect((await ask('/', { body: 'bob', headers: chunked })).text).toBe('asked bob');
    expect((await ask('/')).text).toBe('asked ');
  });

  it.each(['if-match', 'if-unmodified-since'])('%s passes by', async (name) => {
    const { ask } = await scene(echo, { timeout: 60 });
    await ask('/');
    expect((await ask('/', { headers: { [name]: '"x"' } })).cache).toContain('fwd=bypass');
  });

  it('a method changed on the way in does not make another answer a GET', async () => {
    const { ask, cache } = await scene(
      (req, res) => {
        req.method = 'POST';
        res.end('posted');
      },
      { timeout: 60 },
    );
    await ask('/?_method=POST');
    expect(cache.stats().refusals).toEqual({ method: 1 });
  });
});

describe('keys', () => {
  const echo: Handler = (req, res) => {
    res.end(`${String(req.headers.host)} ${String(req.url)}`);
  };

  it('tell hosts apart', async () => {
    const { ask } = await scene(echo, { timeout: 60 });
    for (const host of ['a.example', 'b.example', 'a.example:81']) {
      expect((await ask('/', { headers: { host } })).text).toBe(`${host} /`);
    }
  });

  it('tell targets apart that are merely alike', async () => {
    const { ask, runs } = await scene(echo, { timeout: 60 });
    const targets = ['/a', '/a/', '/a?', '/a?b=1&c=2', '/a?c=2&b=1', '/A', '/%61', '//a'];
    for (const target of targets) expect((await ask(target)).text).toContain(` ${target}`);
    for (const target of targets) expect((await ask(target)).isHit).toBe(true);
    expect(runs()).toBe(targets.length);
  });

  it.each([
    ['no Host', 'GET / HTTP/1.0\r\n\r\n'],
    ['two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n'],
    ['a malformed Host', 'GET / HTTP/1.1\r\nHost: a/b@c\r\nConnection: close\r\n\r\n'],
    ['an empty Host', 'GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n'],
  ])('%s passes by', async (_name, text) => {
    const { raw } = await scene(echo, { timeout: 60 });
    expect(await raw(text)).toContain('LocMem; fwd=bypass; detail=host');
  });

  it('a target that is no path passes by', async () => {
    const { raw } = await scene(echo, { timeout: 60 });
    const text = 'GET http://b.example/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    expect(await raw(text)).toContain('LocMem; fwd=bypass; detail=target');
  });

  it('a target with a fragment passes by: what stands behind it is no query to the handler', async () => {
    const { ask, raw } = await scene(
      (req, res) => res.end(new URL(req.url!, 'http://a').searchParams.get('page') ?? 'first'),
      { timeout: 60, ignoreQuery: ['utm'] },
    );
    const text = 'GET /?utm=1#&page=2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    expect(await raw(text)).toContain('LocMem; fwd=bypass; detail=target');
    expect((await ask('/?page=2', { headers: { host: 'a' } })).text).toBe('2');
  });

  it('see that an outer middleware has put a character before the target', async () => {
    const { ask } = await scene(echo, { timeout: 60 }, (req) => {
      Object.assign(req, { originalUrl: req.url });
      if (req.headers['x-group'] === 'b') req.url = `/${req.url!}`;
    });
    expect((await ask('/x', { headers: { 'x-group': 'b' } })).text).toMatch(/ \/\/x$/);
    expect((await ask('/x')).text).toMatch(/ \/x$/);
  });

  it('see that an outer middleware has rewritten the target', async () => {
    const { ask } = await scene(echo, { timeout: 60 }, (req) => {
      Object.assign(req, { originalUrl: req.url });
      if (req.headers['x-group'] === 'b') req.url = '/experiment';
    });
    expect((await ask('/')).text).toMatch(/ \/$/);
    expect((await ask('/', { headers: { 'x-group': 'b' } })).text).toMatch(/experiment$/);
  });

  it('tell tenants apart by keyPrefix, and releases by version', async () => {
    let version = 1;
    const { ask, runs } = await scene(
      (req, res) => res.end(`for ${String(req.headers['x-tenant'])}`),
      {
        timeout: 60,
        keyPrefix: (req) => String(req.headers['x-tenant']),
        version: () => version,
      },
    );
    const tenant = (name: string) => ask('/', { headers: { 'x-tenant': name } });
    expect((await tenant('a')).text).toBe('for a');
    expect((await tenant('b')).text).toBe('for b');
    expect((await tenant('a')).isHit).toBe(true);
    version++;
    expect((await tenant('a')).isHit).toBe(false);
    version--;
    expect((await tenant('b')).isHit).toBe(true);
    expect(runs()).toBe(3);
  });
});

describe('answers that are not whole', () => {
  const whole: Handler = (_req, res) => {
    res.setHeader('Cache-Control', 'max-age=60');
    res.end('whole');
  };

  it('a handler that ends early because the client left', async () => {
    const { open, ask, event } = await scene((req, res, run) => {
      if (run > 1) {
        whole(req, res, run);
        return;
      }
      res.setHeader('Cache-Control', 'max-age=60');
      res.write('stump');
      // The usual pattern: stop working when nobody listens, and end properly.
      res.on('close', () => res.end());
    });
    const refused = event('refused');
    const socket = await open();
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'data');
    socket.destroy();
    expect(await refused).toMatchObject({ reason: 'aborted' });
    expect((await ask('/', { headers: { host: 'a' } })).text).toBe('whole');
  });

  it('a handler that ends early because the request was aborted', async () => {
    const { open, ask, event } = await scene((req, res, run) => {
      if (run > 1) {
        whole(req, res, run);
        return;
      }
      res.setHeader('Cache-Control', 'max-age=60');
      res.write('stump');
      req.on('error', () => res.end());
    });
    const refused = event('refused');
    const socket = await open();
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'data');
    socket.resetAndDestroy();
    expect(await refused).toMatchObject({ reason: 'aborted' });
    expect((await ask('/', { headers: { host: 'a' } })).text).toBe('whole');
  });

  it('a handler that destroys the socket and then ends the response', async () => {
    const { raw, ask, event } = await scene((req, res, run) => {
      if (run > 1) {
        whole(req, res, run);
        return;
      }
      res.setHeader('Cache-Control', 'max-age=60');
      res.write('stump', () => {
        req.socket.destroy();
        res.end();
      });
    });
    const refused = event('refused');
    await raw('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await refused).toMatchObject({ reason: 'aborted' });
    expect((await ask('/', { headers: { host: 'a' } })).text).toBe('whole');
  });

  it('a client that closed its half before the end', async () => {
    const { open, ask, event } = await scene((req, res, run) => {
      // Read to its end, a request can no longer be aborted; the connection can.
      req.resume();
      if (run > 1) {
        whole(req, res, run);
        return;
      }
      res.setHeader('Cache-Control', 'max-age=60');
      res.write('stump');
      req.socket.on('end', () => res.end());
    });
    const refused = event('refused');
    const socket = await open();
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'data');
    socket.end();
    expect(await refused).toMatchObject({ reason: 'aborted' });
    expect((await ask('/', { headers: { host: 'a' } })).text).toBe('whole');
  });

  it('a handler that destroys the response', async () => {
    const { raw, ask, event } = await scene((req, res, run) => {
      if (run > 1) {
        whole(req, res, run);
        return;
      }
      res.setHeader('Cache-Control', 'max-age=60');
      res.write('stump', () => res.destroy());
    });
    const refused = event('refused');
    await raw('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await refused).toMatchObject({ reason: 'aborted' });
    expect((await ask('/', { headers: { host: 'a' } })).text).toBe('whole');
  });

  it('a handler that destroys the response and then ends it', async () => {
    const { raw, ask, event } = await scene((req, res, run) => {
      if (run > 1) {
        whole(req, res, run);
        return;
      }
      res.setHeader('Cache-Control', 'max-age=60');
      res.write('stump', () => {
        res.destroy();
        res.end();
      });
    });
    const refused = event('refused');
    await raw('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await refused).toMatchObject({ reason: 'aborted' });
    expect((await ask('/', { headers: { host: 'a' } })).text).toBe('whole');
  });

  it('a source stream that fails in the middle', async () => {
    const { raw, ask, event } = await scene((req, res, run) => {
      if (run > 1) {
        whole(req, res, run);
        return;
      }
      res.setHeader('Cache-Control', 'max-age=60');
      const source = Readable.from(
        (function* () {
          yield 'stump';
          throw new Error('the database went away');
        })(),
      );
      pipeline(source, res, () => {});
    });
    const refused = event('refused');
    await raw('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await refused).toMatchObject({ reason: 'aborted' });
    expect((await ask('/', { headers: { host: 'a' } })).text).toBe('whole');
  });

  it.each(['10', '3', '5x', '5, 5'])(
    'a body of 5 bytes under Content-Length: %s',
    async (length) => {
      const { raw, ask, event } = await scene((req, res, run) => {
        if (run > 1) {
          whole(req, res, run);
          return;
        }
        res.writeHead(200, { 'Cache-Control': 'max-age=60', 'Content-Length': length });
        res.end('stump');
        res.on('finish', () => req.socket.destroy());
      });
      const refused = event('refused');
      await raw('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      expect(await refused).toMatchObject({ reason: 'truncated' });
      expect((await ask('/', { headers: { host: 'a' } })).text).toBe('whole');
    },
  );

  it('a handler that never ends holds nothing up', async () => {
    const { open, ask } = await scene((req, res, run) => {
      if (run > 1) {
        whole(req, res, run);
        return;
      }
      res.write('stump');
    });
    const socket = await open();
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'data');
    expect((await ask('/', { headers: { host: 'a' } })).text).toBe('whole');
    expect((await ask('/', { headers: { host: 'a' } })).isHit).toBe(true);
    socket.destroy();
  });

  it('trailers', async () => {
    const { ask, cache } = await scene(
      (_req, res) => {
        res.setHeader('Transfer-Encoding', 'chunked');
        res.write('x');
        res.addTrailers({ 'X-Sum': '1' });
        res.end();
      },
      { timeout: 60 },
    );
    await ask('/');
    await ask('/');
    expect(cache.stats().refusals).toEqual({ trailers: 2 });
  });

  it('a body above maxBodyBytes passes and is not stored; one below is', async () => {
    const { ask, cache } = await scene(
      (req, res) => {
        const bytes = Number(req.url!.slice(1));
        for (let i = 0; i < bytes; i++) res.write('x');
        res.end();
      },
      { timeout: 60, maxBodyBytes: 10 },
    );
    expect((await ask('/11')).text).toBe('x'.repeat(11));
    expect((await ask('/11')).text).toBe('x'.repeat(11));
    await ask('/10');
    expect((await ask('/10')).isHit).toBe(true);
    expect(cache.stats().refusals).toEqual({ 'too-large': 2 });
  });
});

describe('an answer that is refused by its head', () => {
  it('is not captured to begin with', async () => {
    const { ask, cache } = await scene(
      (_req, res) => {
        res.writeHead(200, { 'Cache-Control': 'private' });
        res.end('far too large');
      },
      { maxBodyBytes: 1 },
    );
    await ask('/');
    expect(cache.stats().refusals).toEqual({ 'response-private': 1 });
  });
});

describe('the bytes of a stored answer', () => {
  it('are not those of a buffer that the handler uses again', async () => {
    const buffer = Buffer.from('first ');
    const { ask } = await scene(
      (_req, res) => {
        buffer.write('first ');
        res.write(buffer, () => {
          buffer.write('second');
          res.end(buffer);
        });
      },
      { timeout: 60 },
    );
    expect((await ask('/')).text).toBe('first second');
    buffer.fill('!');
    expect((await ask('/')).text).toBe('first second');
  });
});

/** What the package on-headers does, with which sessions and compression set fields at the end. */
function onHeaders(res: ServerResponse, listener: () => unknown): void {
  const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => ServerResponse;
  let isFirst = true;
  res.writeHead = (...args: unknown[]) => {
    if (isFirst) listener();
    isFirst = false;
    return writeHead(...args);
  };
}
