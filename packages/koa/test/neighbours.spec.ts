/**
 * Beside other middlewares: those further out act on each answer, from the store or not, and what
 * they make of it for one visitor is not what the next one gets.
 */
import { afterAll, describe, expect, it } from '@jest/globals';
import type { Middleware } from 'koa';
import compress from 'koa-compress';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { createResponseCache } from '@locmem/http';
import { serve, TestClock } from '../../http/test/harness.js';
import { responseCache } from '../src/index.js';
import { closeAll, freshStoreName, KOAS, listen, standingClock } from './harness.js';

afterAll(closeAll);

const TEXT = 'a long text that is worth its compression. '.repeat(200);
const GZIP = { headers: { 'accept-encoding': 'gzip' } };
const IDENTITY = { headers: { 'accept-encoding': 'identity' } };
const fresh = () => responseCache({ cache: freshStoreName(), timeout: 60, clock: standingClock });

describe.each(KOAS)('%s', (_name, Koa) => {
  const send: Middleware = (ctx) => {
    ctx.body = TEXT;
  };
  const stream: Middleware = (ctx) => {
    ctx.type = 'text/plain';
    ctx.body = Readable.from(TEXT.match(/.{1,1000}/g)!);
  };

  describe.each([
    ['in one piece', send],
    ['in many', stream],
  ])('compression of an answer sent %s', (_how, handler) => {
    it('further out compresses each hit', async () => {
      const cache = fresh();
      const ask = await listen(new Koa().use(compress()).use(cache).use(handler));
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
      const ask = await listen(new Koa().use(fresh()).use(compress()).use(handler));
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

  it('fields that a middleware further out sets afterwards are set on hits, too', async () => {
    let requests = 0;
    const counting: Middleware = async (ctx, next) => {
      await next();
      ctx.set('X-Request', `${++requests} ${ctx.status} ${ctx.length}`);
    };
    const ask = await listen(new Koa().use(counting).use(fresh()).use(send));
    for (const isHit of [false, true, true]) {
      const answer = await ask('/');
      expect(answer.isHit).toBe(isHit);
      expect(answer.headers['x-request']).toBe(`${requests} 200 ${TEXT.length}`);
    }
  });

  it('a field that a middleware further out sets afterwards for one is not stored for all', async () => {
    const greeting: Middleware = async (ctx, next) => {
      await next();
      if (ctx.get('x-user')) ctx.set('X-Hello', ctx.get('x-user'));
    };
    const ask = await listen(new Koa().use(greeting).use(fresh()).use(send));
    expect((await ask('/', { headers: { 'x-user': 'alice' } })).headers['x-hello']).toBe('alice');
    const hit = await ask('/');
    expect([hit.isHit, hit.headers['x-hello']]).toEqual([true, undefined]);
  });

  it.each<[string, Middleware]>([
    ['a string', (ctx) => void (ctx.body = 'page')],
    ['a stream', (ctx) => void (ctx.body = Readable.from(['pa', 'ge']))],
    ['an object', (ctx) => void (ctx.body = { page: 1 })],
  ])("around %s, Alice's layout is not Bob's", async (_what, handler) => {
    const layout: Middleware = async (ctx, next) => {
      await next();
      const chunks: Buffer[] = [];
      const body: unknown = ctx.body;
      if (body instanceof Readable) for await (const chunk of body) chunks.push(Buffer.from(chunk));
      else if (Buffer.isBuffer(body) || typeof body === 'string') chunks.push(Buffer.from(body));
      else chunks.push(Buffer.from(JSON.stringify(body)));
      ctx.body = `${ctx.get('x-user')}: ${Buffer.concat(chunks).toString()}`;
    };
    const ask = await listen(new Koa().use(layout).use(fresh()).use(handler));
    const first = await ask('/', { headers: { 'x-user': 'alice' } });
    const second = await ask('/', { headers: { 'x-user': 'bob' } });
    expect(first.text).toMatch(/^alice: /);
    expect(second.text).toBe(first.text.replace('alice', 'bob'));
    expect(second.isHit).toBe(true);
  });

  it('an object or buffer that a middleware further out edits is stored as it was', async () => {
    const marking: Middleware = async (ctx, next) => {
      await next();
      const body: any = ctx.body;
      if (Buffer.isBuffer(body)) body.write(ctx.get('x-user'), 0);
      else body.user = ctx.get('x-user');
    };
    const app = new Koa().use(marking).use(fresh());
    app.use((ctx) => {
      ctx.body = ctx.path === '/buffer' ? Buffer.from('someone') : { someone: 1 };
    });
    const ask = await listen(app);
    expect((await ask('/buffer', { headers: { 'x-user': 'alice' } })).text).toBe('alicene');
    expect((await ask('/buffer', { headers: { 'x-user': 'bob' } })).text).toBe('bobeone');
    expect((await ask('/buffer', { headers: { 'x-user': '' } })).text).toBe('someone');
    expect((await ask('/object', { headers: { 'x-user': 'alice' } })).text).toContain('alice');
    expect((await ask('/object', { headers: { 'x-user': '' } })).text).toBe('{"someone":1}');
  });

  it('a status that a middleware further out changed keeps the answer out of the store', async () => {
    const cache = fresh();
    const strict: Middleware = async (ctx, next) => {
      await next();
      if (ctx.get('x-strict')) ctx.status = 503;
    };
    const ask = await listen(new Koa().use(strict).use(cache).use(send));
    expect((await ask('/', { headers: { 'x-strict': 'yes' } })).status).toBe(503);
    expect(cache.stats().refusals).toEqual({ status: 1 });
    expect((await ask('/')).isHit).toBe(false);
  });

  it('a session further out that opens with the answer keeps it out of the store', async () => {
    let visitor = 0;
    const session: Middleware = async (ctx, next) => {
      await next();
      ctx.cookies.set('sid', String(++visitor));
    };
    const ask = await listen(new Koa().use(session).use(fresh()).use(send));
    expect((await ask('/')).headers['set-cookie']).toEqual(['sid=1; path=/; httponly']);
    expect((await ask('/')).headers['set-cookie']).toEqual(['sid=2; path=/; httponly']);
  });

  it('private, said afterwards by a middleware further out, keeps it out of the store', async () => {
    const guard: Middleware = async (ctx, next) => {
      await next();
      ctx.set('Cache-Control', 'private');
    };
    const cache = fresh();
    const ask = await listen(new Koa().use(guard).use(cache).use(send));
    await ask('/');
    expect((await ask('/')).isHit).toBe(false);
    expect(cache.stats().refusals).toEqual({ 'response-private': 2 });
  });

  it('an error handler further out answers for itself, and that is not stored', async () => {
    let runs = 0;
    const app = new Koa();
    app.use(async (ctx, next) => {
      try {
        await next();
      } catch {
        ctx.set('Cache-Control', 'max-age=60');
        ctx.status = 200;
        ctx.body = 'sorry';
      }
    });
    app.use(fresh()).use(() => {
      runs++;
      throw new Error('broken');
    });
    const ask = await listen(app);
    expect((await ask('/')).text).toBe('sorry');
    expect((await ask('/')).text).toBe('sorry');
    expect(runs).toBe(2);
  });

  it('an error handler further out that takes its time holds up nobody who waits for the answer', async () => {
    const app = new Koa();
    let endOfErrorHandling: () => void = () => {};
    app.use(async (ctx, next) => {
      try {
        await next();
      } catch {
        await new Promise<void>((resolve) => (endOfErrorHandling = resolve));
        ctx.status = 503;
        ctx.body = 'sorry';
      }
    });
    const cache = responseCache({
      cache: freshStoreName(),
      timeout: 60,
      collapse: { deadline: '1h' },
    });
    let fail: () => void = () => {};
    let runs = 0;
    app.use(cache).use(async (ctx) => {
      if (++runs === 1) {
        await new Promise<void>((resolve) => (fail = resolve));
        throw new Error('broken');
      }
      ctx.body = 'page';
    });
    const ask = await listen(app);
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const headers = { host: 'a' };
    const first = ask('/', { headers });
    while (runs < 1) await turn();
    const second = ask('/', { headers });
    while (cache.stats().misses < 2) await turn();
    fail();
    expect((await second).text).toBe('page');
    endOfErrorHandling();
    expect((await first).text).toBe('sorry');
    expect(cache.stats()).toMatchObject({ stored: 1, refusals: { aborted: 1 } });
  });

  it('a middleware further out that has lost its patience is not disturbed', async () => {
    let release: () => void = () => {};
    const app = new Koa();
    app.use(async (ctx, next) => {
      await Promise.race([next(), Promise.resolve()]);
      ctx.status = 503;
      ctx.body = 'too late';
    });
    const cache = fresh();
    app.use(cache).use(async (ctx) => {
      await new Promise<void>((resolve) => (release = resolve));
      ctx.body = 'page';
    });
    const ask = await listen(app);
    const answer = await ask('/');
    release();
    expect([answer.status, answer.text]).toEqual([503, 'too late']);
    expect((await ask('/')).isHit).toBe(false);
    release();
  });

  it('a middleware further out gets its turn when a client leaves that waits for another’s answer', async () => {
    let release: () => void = () => {};
    let underWay = 0;
    let left: () => void = () => {};
    const app = new Koa();
    app.use(async (_ctx, next) => {
      underWay++;
      try {
        await next();
      } finally {
        underWay--;
        left();
      }
    });
    const cache = fresh();
    app.use(cache).use(async (ctx) => {
      await new Promise<void>((resolve) => (release = resolve));
      ctx.body = 'page';
    });
    const ask = await listen(app);
    const first = ask('/', { headers: { host: 'a' } });
    const waiter = await ask.open();
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    while (cache.stats().misses < 1) await turn();
    waiter.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    while (cache.stats().misses < 2) await turn();
    const isLeft = new Promise<void>((resolve) => (left = resolve));
    waiter.destroy();
    await isLeft;
    release();
    expect((await first).text).toBe('page');
    expect(underWay).toBe(0);
  });

  it('a cache around the application answers for it only when Koa has written', async () => {
    const clock = new TestClock();
    const site = createResponseCache({ cache: freshStoreName(), timeout: 60, clock });
    const inner = responseCache({ cache: freshStoreName(), timeout: 60, clock });
    let runs = 0;
    const app = new Koa();
    app.use(async (ctx, next) => {
      await next();
      if (ctx.status === 304) ctx.cookies.set('seen', 'before');
      if (ctx.status === 304 && ctx.path === '/gone') ctx.status = 410;
    });
    app.use((ctx, next) => (runs > 0 ? inner(ctx, next) : next()));
    app.use((ctx) => {
      runs++;
      ctx.etag = 'same';
      ctx.body = 'page';
      if (ctx.get('if-none-match') === '"same"') ctx.status = 304;
    });
    const koa = app.callback();
    const { ask } = await serve((req, res) => {
      site.handle(req, res, () => koa(req, res));
    });
    for (const [path, status] of [
      ['/', 200],
      ['/gone', 410],
    ] as const) {
      runs = 0;
      expect((await ask(path)).headers['set-cookie']).toBeUndefined();
      clock.advance(61);
      const again = await ask(path);
      expect(again.headers['set-cookie']?.[0]).toMatch(/^seen=before;/);
      expect(again.status).toBe(status);
    }
  });

  it('CORS further out answers each origin for itself', async () => {
    const cors: Middleware = (ctx, next) => {
      ctx.vary('Origin');
      ctx.set('Access-Control-Allow-Origin', ctx.get('origin') || '*');
      return next();
    };
    const ask = await listen(new Koa().use(cors).use(fresh()).use(send));
    for (const origin of ['http://a', 'http://b', 'http://a', 'http://b']) {
      const { headers } = await ask('/', { headers: { origin } });
      expect(headers['access-control-allow-origin']).toBe(origin);
    }
  });

  it('a second middleware of the same cache acts once', async () => {
    const cache = fresh();
    const ask = await listen(new Koa().use(cache).use(cache).use(cache).use(send));
    expect((await ask('/')).cache).toBe('LocMem; fwd=uri-miss');
    expect((await ask('/')).cache).toBe('LocMem; hit; ttl=60');
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 1, stored: 1 });
  });

  it('of two caches of two stores the inner one stores the answer, as it stands there', async () => {
    const mark: Middleware = async (ctx, next) => {
      await next();
      const body: any = ctx.body;
      ctx.body = `[${body}]`;
    };
    const outer = fresh();
    const inner = fresh();
    const ask = await listen(
      new Koa()
        .use(outer)
        .use(mark)
        .use(inner)
        .use((ctx) => void (ctx.body = 'x')),
    );
    expect((await ask('/')).text).toBe('[x]');
    expect((await ask('/')).text).toBe('[x]');
    expect([outer.stats().hits, inner.stats().hits]).toEqual([0, 1]);
    expect(outer.stats().refusals).toEqual({ 'inner-cache': 2 });
  });
});

describe.each(KOAS)('%s: Alice and Bob', (_name, Koa) => {
  const whoami: Middleware = (ctx) => {
    ctx.body = `for ${ctx.get('authorization') || ctx.get('cookie') || 'nobody'}`;
  };

  it.each(['authorization', 'cookie'])('with %s get their own pages', async (field) => {
    const ask = await listen(new Koa().use(fresh()).use(whoami));
    for (const name of ['alice', 'bob', 'alice']) {
      expect((await ask('/', { headers: { [field]: name } })).text).toBe(`for ${name}`);
    }
    expect((await ask('/')).text).toBe('for nobody');
    expect((await ask('/', { headers: { [field]: 'bob' } })).text).toBe('for bob');
    expect((await ask('/')).isHit).toBe(true);
  });

  it('with ctx.cookies.set get their own cookies', async () => {
    let run = 0;
    const app = new Koa().use(fresh()).use((ctx) => {
      ctx.cookies.set('sid', String(++run));
      ctx.body = 'x';
    });
    const ask = await listen(app);
    await ask('/');
    expect((await ask('/')).headers['set-cookie']).toEqual(['sid=2; path=/; httponly']);
  });

  it('with ctx.vary get their own variants', async () => {
    const app = new Koa().use(fresh()).use((ctx) => {
      ctx.vary('Accept-Language');
      ctx.body = `in ${ctx.acceptsLanguages('de', 'fr') || 'none'}`;
    });
    const ask = await listen(app);
    for (const language of ['de', 'fr', 'de', 'fr']) {
      const { text } = await ask('/', { headers: { 'accept-language': language } });
      expect(text).toBe(`in ${language}`);
    }
  });

  it.each(['private', 'no-store', 'no-cache', 'private="x"', 'max-age=60; private'])(
    'with Cache-Control: %s get their own pages',
    async (value) => {
      let run = 0;
      const app = new Koa().use(fresh()).use((ctx) => {
        ctx.set('Cache-Control', value);
        ctx.body = `run ${++run}`;
      });
      const ask = await listen(app);
      expect([(await ask('/')).text, (await ask('/')).text]).toEqual(['run 1', 'run 2']);
    },
  );
});

describe.each(KOAS)('%s: answers that are not whole', (_name, Koa) => {
  it('a handler that ends early because the client left is not stored', async () => {
    const cache = fresh();
    let begun: () => void = () => {};
    const isBegun = new Promise<void>((resolve) => (begun = resolve));
    let ended: () => void = () => {};
    const isEnded = new Promise<void>((resolve) => (ended = resolve));
    const app = new Koa();
    app.use(async (_ctx, next) => {
      await next();
      setImmediate(ended);
    });
    app.use(cache).use(async (ctx) => {
      if (ctx.get('x-leaves')) {
        begun();
        await once(ctx.req.socket, 'close');
        ctx.body = 'stump';
      } else ctx.body = 'the whole page';
    });
    const ask = await listen(app);
    const socket = await ask.open();
    socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Leaves: yes\r\n\r\n');
    await isBegun;
    socket.destroy();
    await isEnded;
    expect(cache.stats().stored).toBe(0);
    expect((await ask('/', { headers: { host: '127.0.0.1' } })).text).toBe('the whole page');
  });

  it('a stream that fails in the middle is not stored', async () => {
    const cache = fresh();
    let fails = true;
    const app = new Koa().use(cache).use((ctx) => {
      ctx.type = 'text/plain';
      ctx.body = Readable.from(
        (function* () {
          yield 'first half ';
          if (fails) throw new Error('broken');
          yield 'second half';
        })(),
      );
      if (fails) ctx.res.once('error', () => {});
    });
    const failed = once(app, 'error');
    app.on('error', (_error, ctx) => ctx.res.destroy());
    const ask = await listen(app);
    await ask('/').catch(() => undefined);
    await failed;
    expect(cache.stats().stored).toBe(0);
    fails = false;
    expect((await ask('/')).text).toBe('first half second half');
    expect((await ask('/')).isHit).toBe(true);
  });

  it('a body shorter or longer than the stated length is not stored', async () => {
    const cache = fresh();
    const app = new Koa().use(cache).use((ctx) => {
      ctx.set('Content-Length', '20');
      ctx.respond = false;
      ctx.res.statusCode = 200;
      ctx.res.end('short');
    });
    const ask = await listen(app);
    const socket = await ask.open();
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    await once(socket, 'data');
    socket.destroy();
    expect(cache.stats()).toMatchObject({ stored: 0, refusals: { truncated: 1 } });
  });

  it('a body above maxBodyBytes passes and is not stored', async () => {
    const cache = responseCache({ cache: freshStoreName(), timeout: 60, maxBodyBytes: 10 });
    const app = new Koa().use(cache).use((ctx) => {
      ctx.body =
        ctx.path === '/stream' ? Readable.from(['x'.repeat(6), 'y'.repeat(6)]) : 'x'.repeat(11);
    });
    const ask = await listen(app);
    expect((await ask('/')).text).toBe('x'.repeat(11));
    expect((await ask('/stream')).text).toBe('xxxxxxyyyyyy');
    expect(cache.stats()).toMatchObject({ stored: 0, refusals: { 'too-large': 2 } });
  });
});
