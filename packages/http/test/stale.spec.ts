import { afterAll, describe, expect, it } from '@jest/globals';
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createResponseCache } from '../src/index.js';
import { closeAll, freshStoreName, linesOf, scene, serve, TestClock } from './harness.js';
import type { Handler } from './harness.js';

afterAll(closeAll);

const SWR = 'max-age=60, stale-while-revalidate=30';
const SIE = 'max-age=60, stale-if-error=30';

describe('stale-while-revalidate', () => {
  it('gives the stale answer at once, and the next visitor what the handler made behind it', async () => {
    const { ask, clock, event, cache, runs } = await scene((_req, res, run) => {
      res.setHeader('Cache-Control', SWR).end(`run ${run}`);
    });
    await ask('/');
    clock.advance(65);
    const stored = event('stored');
    const answer = await ask('/');
    expect([answer.text, answer.cache]).toEqual(['run 1', 'LocMem; hit; ttl=-5']);
    expect(answer.headers.age).toBe('65');
    await stored;
    const next = await ask('/');
    expect([next.text, next.cache]).toEqual(['run 2', 'LocMem; hit; ttl=60']);
    expect(runs()).toBe(2);
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 1, stale: { 'while-revalidate': 1 } });
  });

  it('runs the handler with a connection that can be asked for anything and does nothing', async () => {
    const { ask, clock, event } = await scene((req, res, run) => {
      res.setTimeout(1000);
      req.setTimeout(1000);
      res.socket!.setNoDelay(true).setKeepAlive(true).unref().ref();
      req.socket.setTimeout(1000);
      res.setHeader('Cache-Control', SWR).end(`run ${run}`);
    });
    await ask('/');
    clock.advance(65);
    const stored = event('stored');
    await ask('/');
    await stored;
    expect((await ask('/')).text).toBe('run 2');
  });

  it('leaves the connection alone that the handler reaches as req.client', async () => {
    const { open, port, clock, event } = await scene((req, res, run) => {
      if (run > 1) (req as unknown as { client: Socket }).client.destroy();
      res.setHeader('Cache-Control', SWR).end(`run ${run}`);
    });
    const socket = await open();
    for (const seconds of [0, 65, 0]) {
      clock.advance(seconds);
      const refused = seconds > 0 ? event('refused') : undefined;
      socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
      const [bytes] = (await once(socket, 'data')) as [Buffer];
      expect(bytes.toString()).toContain('run 1');
      await refused;
    }
    socket.destroy();
  });

  it('gives up a refresh that has not ended after a minute', async () => {
    const { ask, clock, event, runs } = await scene((_req, res, run) => {
      res.setHeader('Cache-Control', SWR).write(`run ${run}`);
      if (run === 1) res.end();
    });
    await ask('/');
    clock.advance(65);
    await ask('/');
    while (runs() < 2 || clock.pending === 0) await new Promise(setImmediate);
    const refused = event('refused');
    clock.advance(60);
    expect(await refused).toMatchObject({ reason: 'aborted' });
    expect(clock.pending).toBe(0);
  });

  it('ends with its window', async () => {
    const { ask, clock } = await scene((_req, res, run) => {
      res.setHeader('Cache-Control', SWR).end(`run ${run}`);
    });
    await ask('/');
    clock.advance(90);
    const answer = await ask('/');
    expect([answer.text, answer.cache]).toEqual(['run 2', 'LocMem; fwd=stale']);
  });

  it('may be an option, for answers that do not say', async () => {
    const { ask, clock, event } = await scene((_req, res, run) => res.end(`run ${run}`), {
      timeout: 60,
      staleWhileRevalidate: '10s',
    });
    await ask('/');
    clock.advance(69);
    const stored = event('stored');
    expect((await ask('/')).text).toBe('run 1');
    await stored;
    expect((await ask('/')).text).toBe('run 2');
  });

  it('runs one refresh at a time', async () => {
    let release = () => {};
    const { ask, clock, event, runs } = await scene((_req, res, run) => {
      res.setHeader('Cache-Control', SWR);
      if (run === 1) res.end('1');
      else release = () => res.end('2');
    });
    await ask('/');
    clock.advance(61);
    for (let i = 0; i < 3; i++) expect((await ask('/')).text).toBe('1');
    while (runs() < 2) await new Promise(setImmediate);
    const stored = event('stored');
    expect((await ask('/')).text).toBe('1');
    release();
    await stored;
    expect((await ask('/')).text).toBe('2');
    expect(runs()).toBe(2);
  });

  it('begins another when one never ends', async () => {
    const { ask, clock, runs } = await scene((_req, res, run) => {
      res.setHeader('Cache-Control', 'max-age=60, stale-while-revalidate=300');
      if (run === 1) res.end('1');
    }, {});
    await ask('/');
    clock.advance(61);
    await ask('/');
    while (runs() < 2) await new Promise(setImmediate);
    clock.advance(61);
    await ask('/');
    while (runs() < 3) await new Promise(setImmediate);
    expect((await ask('/')).text).toBe('1');
  });

  it('is validated, where there is something to ask with', async () => {
    const asked: unknown[] = [];
    const { ask, clock, event } = await scene((req, res) => {
      asked.push(req.headers['if-none-match'], req.headers.range);
      res.setHeader('Cache-Control', SWR).setHeader('ETag', '"a"');
      if (req.headers['if-none-match']) res.writeHead(304).end();
      else res.end('hello');
    });
    await ask('/');
    clock.advance(65);
    const stored = event('stored');
    const part = await ask('/', { headers: { range: 'bytes=0-1', 'if-range': '"a"' } });
    expect([part.status, part.text]).toEqual([206, 'he']);
    await stored;
    expect((await ask('/')).cache).toBe('LocMem; hit; ttl=60');
    expect(asked).toEqual([undefined, undefined, '"a"', undefined]);
  });

  it('begins only when the stale answer has reached its client', async () => {
    const { ask, open, port, clock, event, runs } = await scene(
      (_req, res, run) => {
        res.setHeader('Cache-Control', SWR).end(String(run).repeat(16 * 2 ** 20));
      },
      { maxBodyBytes: 32 * 2 ** 20 },
    );
    await ask('/');
    clock.advance(61);
    const socket = await open();
    const stale = event('stale');
    socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`);
    await stale;
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(runs()).toBe(1);
    const stored = event('stored');
    socket.resume();
    await stored;
    expect(runs()).toBe(2);
  });

  it('is not begun by HEAD', async () => {
    const { ask, clock, runs } = await scene((_req, res) => {
      res.setHeader('Cache-Control', SWR).end('x');
    });
    await ask('/');
    clock.advance(61);
    expect((await ask('/', { method: 'HEAD' })).cache).toBe('LocMem; hit; ttl=-1');
    await new Promise(setImmediate);
    expect(runs()).toBe(1);
  });

  it('runs in the context of the request that began it', async () => {
    const visitor = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const clock = new TestClock();
    let told = () => {};
    const cache = createResponseCache({
      cache: freshStoreName(),
      clock,
      onEvent: ({ type }) => {
        if (type === 'stored') told();
      },
    });
    const { ask } = await serve((req, res) => {
      visitor.run(String(req.headers['x-visitor']), () => {
        cache.handle(req, res, () => {
          seen.push(visitor.getStore());
          res.setHeader('Cache-Control', SWR).end('x');
        });
      });
    });
    await ask('/', { headers: { 'x-visitor': 'a' } });
    clock.advance(61);
    const stored = new Promise<void>((resolve) => (told = resolve));
    await ask('/', { headers: { 'x-visitor': 'b' } });
    await stored;
    expect(seen).toEqual(['a', 'b']);
  });

  it.each<[string, Handler]>([
    [
      'writeHead with fields',
      (_req, res, run) =>
        res.writeHead(200, 'Fine', { 'X-Run': run, 'Cache-Control': SWR }).end(`run ${run}`),
    ],
    [
      'several writes',
      (_req, res, run) => {
        res.setHeader('Cache-Control', SWR).setHeader('X-Run', run).write('run ');
        res.write(Buffer.from(String(run)), () => res.end());
      },
    ],
    [
      'a stream',
      async (_req, res, run) => {
        res.setHeader('Cache-Control', SWR).setHeader('X-Run', run);
        await pipeline(Readable.from(['run ', String(run)]), res);
      },
    ],
    [
      'a stream longer than any buffer, and looks whether the client is there',
      async (req, res, run) => {
        res.setHeader('Cache-Control', SWR).setHeader('X-Run', run);
        let isGone = false as boolean;
        req.on('close', () => (isGone = !res.writableEnded));
        res.on('close', () => (isGone = !res.writableEnded));
        res.write('run ');
        for (let i = 0; i < 20; i++) {
          if (!res.write(' '.repeat(16_384))) await once(res, 'drain');
          if (isGone || req.destroyed || req.socket.destroyed || res.destroyed) {
            res.end('gone');
            return;
          }
        }
        res.end(String(run));
      },
    ],
    [
      'an end that is waited for',
      async (_req, res, run) => {
        res.setHeader('Cache-Control', SWR).setHeader('X-Run', run);
        res.end(`run ${run}`);
        await once(res, 'finish');
      },
    ],
    [
      'a head that a middleware further in adds to',
      (_req, res, run) => {
        const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => ServerResponse;
        res.writeHead = (...args: unknown[]) => {
          res.setHeader('X-Run', run);
          return writeHead(...args);
        };
        res.setHeader('Cache-Control', SWR).end(`run ${run}`);
      },
    ],
  ])('takes an answer in the form of %s', async (_form, handler) => {
    const { ask, clock, event } = await scene(handler, {});
    await ask('/');
    clock.advance(61);
    const stored = event('stored');
    expect((await ask('/')).text).toMatch(/^run +1$/);
    await stored;
    const answer = await ask('/');
    expect(answer.text).toMatch(/^run +2$/);
    expect(linesOf(answer, 'x-run')).toEqual(['2']);
    expect(answer.isHit).toBe(true);
  });
});

describe('a handler that misbehaves behind a stale answer', () => {
  /** Two requests on one connection: what the first leaves behind must not disturb the second. */
  function keptAlive(port: number) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const get = async (path: string) => {
      const client = request({ host: '127.0.0.1', port, path, agent }).end();
      const [response] = (await once(client, 'response')) as [IncomingMessage];
      let text = '';
      for await (const chunk of response) text += String(chunk);
      return `${client.reusedSocket ? 'reused' : 'new'}: ${text}`;
    };
    return { get, agent };
  }

  it.each<[string, (req: IncomingMessage, res: ServerResponse) => void]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['destroys the response', (_req, res) => void res.destroy()],
    ['destroys the socket', (req) => void req.socket.destroy()],
    ['destroys the socket of the response', (_req, res) => void res.socket?.destroy()],
    ['destroys the request', (req) => void req.destroy()],
    [
      'throws in the middle of the body',
      (_req, res) => {
        res.write('par');
        throw new Error('broken');
      },
    ],
    ['never ends', (_req, res) => void res.write('par')],
    ['ends twice', (_req, res) => void (res.end('new'), res.end('again'))],
    [
      'writes after the end',
      (_req, res) => {
        res.on('error', () => {});
        res.end('new');
        res.write('more');
      },
    ],
    [
      'writes after the end, and nobody listens',
      (_req, res) => {
        res.end('new');
        res.write('more');
      },
    ],
    ['answers with 500', (_req, res) => void res.writeHead(500).end('broken')],
  ])('%s: nobody notices', async (_name, misbehave) => {
    const { port, clock, runs } = await scene((req, res, run) => {
      if (req.url === '/slow') return void setImmediate(() => res.end('slow'));
      res.setHeader('Cache-Control', SWR);
      if (run === 1) return void res.end('old');
      return misbehave(req, res);
    });
    const { get, agent } = keptAlive(port);
    expect(await get('/')).toBe('new: old');
    clock.advance(61);
    expect(await get('/')).toBe('reused: old');
    while (runs() < 2) expect(await get('/slow')).toBe('reused: slow');
    expect(await get('/slow')).toBe('reused: slow');
    expect(await get('/')).toMatch(/^reused: (?:old|new)$/);
    agent.destroy();
  });
});

describe('stale-if-error', () => {
  const failing =
    (fail: Handler, cacheControl = SIE): Handler =>
    (req, res, run) => {
      if (run > 1) return fail(req, res, run);
      return res.setHeader('Cache-Control', cacheControl).end('good');
    };

  it.each([500, 502, 503, 504])('stands in for status %d', async (status) => {
    const handler = failing((_req, res) => res.writeHead(status, { 'X-Bad': '1' }).end('bad'));
    const { ask, clock, cache } = await scene(handler);
    await ask('/');
    clock.advance(65);
    const answer = await ask('/');
    expect([answer.status, answer.text]).toEqual([200, 'good']);
    expect(answer.headers).not.toHaveProperty('x-bad');
    expect(answer.cache).toBe(
      `LocMem; fwd=stale; fwd-status=${status}; ttl=-5; detail=stale-if-error`,
    );
    expect(cache.stats()).toMatchObject({
      stale: { 'if-error': 1 },
      refusals: { 'handler-failed': 1 },
    });
  });

  it('does not stand in for status 404, nor beyond its window', async () => {
    const missing = await scene(failing((_req, res) => res.writeHead(404).end('bad')));
    await missing.ask('/');
    missing.clock.advance(65);
    expect((await missing.ask('/')).status).toBe(404);
    const late = await scene(failing((_req, res) => res.writeHead(500).end('bad')));
    await late.ask('/');
    late.clock.advance(90);
    expect((await late.ask('/')).status).toBe(500);
  });

  it.each(['must-revalidate', 'proxy-revalidate', 's-maxage=60', 'no-cache'])(
    'is forbidden by %s, whatever the options say',
    async (directive) => {
      const handler: Handler = (_req, res, run) => {
        res.setHeader('ETag', '"a"').setHeader('Cache-Control', `max-age=60, ${directive}`);
        if (run > 1) res.statusCode = 500;
        res.end('x');
      };
      const options = { staleIfError: true, staleWhileRevalidate: true };
      const { ask, clock } = await scene(handler, options);
      await ask('/');
      clock.advance(61);
      expect((await ask('/')).status).toBe(500);
    },
  );

  it('stands in for a handler that throws, or rejects', async () => {
    const errors: Handler[] = [
      () => {
        throw new Error('broken');
      },
      () => Promise.reject(new Error('broken')),
    ];
    for (const fail of errors) {
      const { ask, clock, cache } = await scene(failing(fail, 'max-age=60'), {
        staleIfError: true,
      });
      await ask('/');
      clock.advance(61);
      const answer = await ask('/');
      expect(answer.cache).toBe('LocMem; fwd=stale; ttl=-1; detail=stale-if-error');
      expect(answer.text).toBe('good');
      expect(cache.stats().errors).toBe(1);
    }
  });

  it('stands in for a handler that has not begun to answer at the deadline', async () => {
    let late = () => {};
    const handler = failing((_req, res) => {
      late = () => {
        // None of them throws: a handler that is late does not know it.
        res.setHeader('X-Late', '1').appendHeader('X-Late', '2').removeHeader('ETag');
        res.writeEarlyHints({ link: '</late.css>; rel=preload' });
        res.writeHead(201, { 'X-Late': '3' });
        res.write('late');
        res.end();
      };
    });
    const { ask, clock, runs } = await scene(handler, { collapse: { deadline: '2s' } });
    await ask('/');
    clock.advance(61);
    const answer = ask('/');
    while (runs() < 2) await new Promise(setImmediate);
    clock.advance(2);
    expect((await answer).text).toBe('good');
    late();
    expect(clock.pending).toBe(0);
    expect((await ask('/', { headers: { 'cache-control': 'max-stale' } })).text).toBe('good');
  });

  it('stands in at the deadline also where nobody waits for anybody', async () => {
    const { ask, clock, runs } = await scene(
      failing(() => {}),
      { collapse: false },
    );
    await ask('/');
    clock.advance(61);
    const answer = ask('/');
    while (runs() < 2) await new Promise(setImmediate);
    clock.advance(5);
    expect((await answer).text).toBe('good');
    expect(clock.pending).toBe(0);
  });

  it('keeps the connection from who destroys it for the error, later', async () => {
    const { ask, open, port, clock } = await scene((req, res, run) => {
      res.setHeader('Cache-Control', SIE);
      if (run > 1) {
        res.once('close', () => req.socket.destroy());
        res.statusCode = 500;
      }
      res.end('good');
    });
    await ask('/');
    clock.advance(61);
    const socket = await open();
    for (let visit = 0; visit < 2; visit++) {
      socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
      const [bytes] = (await once(socket, 'data')) as [Buffer];
      expect(bytes.toString()).toContain('200 OK');
      await new Promise(setImmediate);
    }
    socket.destroy();
  });

  it('has nothing to say once the handler has begun to answer', async () => {
    const { ask, clock } = await scene(
      failing((_req, res) => {
        res.write('be');
        setImmediate(() => res.end('gun'));
      }),
    );
    await ask('/');
    clock.advance(61);
    expect((await ask('/')).text).toBe('begun');
    expect(clock.pending).toBe(0);
  });
});

describe("the request's max-stale", () => {
  it('takes a stale answer, and nobody refreshes it', async () => {
    const { ask, clock, runs } = await scene((_req, res) => {
      res.setHeader('Cache-Control', 'max-age=60').setHeader('ETag', '"a"').end('x');
    });
    await ask('/');
    clock.advance(70);
    const headers = { 'cache-control': 'max-stale=10' };
    expect((await ask('/', { headers })).cache).toBe('LocMem; hit; ttl=-10');
    clock.advance(1);
    expect((await ask('/', { headers })).isHit).toBe(false);
    expect(runs()).toBe(2);
  });
});
