/**
 * Over HTTP/2 a request names its host by `:authority`, and the rest is as ever.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, constants, createServer } from 'node:http2';
import type { ClientHttp2Session, Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { answerConditionally, createResponseCache } from '../src/index.js';
import type { ResponseCacheOptions } from '../src/index.js';
import { freshStoreName, TestClock } from './harness.js';

let server: Http2Server;
let session: ClientHttp2Session;

afterEach(async () => {
  session.destroy();
  server.close();
  await once(server, 'close');
});

async function ask(fields: Record<string, string>): Promise<string> {
  const stream = session.request({ ':path': '/', ...fields });
  stream.end();
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return `${String(headers[':status'])} ${text} ${String(headers['cache-status'])}`;
}

/** A cache over HTTP/2 before a handler. */
async function scene(
  handler: (req: IncomingMessage, res: ServerResponse, run: number) => void,
  options: ResponseCacheOptions<IncomingMessage, string> = {},
) {
  const clock = new TestClock();
  const cache = createResponseCache({ cache: freshStoreName(), timeout: 60, clock, ...options });
  let runs = 0;
  server = createServer((req, res) => {
    const [request, response] = [req, res] as unknown as [IncomingMessage, ServerResponse];
    cache.handle(request, response, () => {
      handler(request, response, ++runs);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return { cache, clock };
}

describe('over HTTP/2', () => {
  it('requests are answered, whatever their method and host', async () => {
    await scene((_req, res, run) => res.end(`run ${run}`));
    expect(await ask({})).toMatch(/^200 run 1 LocMem; fwd=uri-miss/);
    expect(await ask({})).toMatch(/^200 run 1 LocMem; hit/);
    expect(await ask({ ':method': 'HEAD' })).toMatch(/^200 {2}LocMem; hit/);
    expect(await ask({ ':authority': 'a' })).toMatch(/^200 run 2 LocMem; fwd=uri-miss/);
    expect(await ask({ ':authority': 'a', host: 'a' })).toMatch(/^200 run 2 LocMem; hit/);
    // RFC 9113 §8.3.1: who says two things is not believed.
    expect(await ask({ ':authority': 'a', host: 'b' })).toBe(
      '200 run 3 LocMem; fwd=bypass; detail=host',
    );
    expect(await ask({ ':method': 'POST' })).toBe('200 run 4 LocMem; fwd=method');
    expect(await ask({})).toMatch(/^200 run 5 LocMem; fwd=uri-miss/);
  });

  it('a stored answer that the handler says still holds is given', async () => {
    const { cache, clock } = await scene((req, res, run) => {
      res.setHeader('ETag', '"1"');
      res.statusCode = req.headers['if-none-match'] === '"1"' ? 304 : 200;
      res.end(res.statusCode === 304 ? undefined : `run ${run}`);
    });
    await ask({});
    clock.advance(60);
    expect(await ask({})).toBe('200 run 1 LocMem; fwd=stale; fwd-status=304; ttl=60');
    expect(cache.stats()).toMatchObject({ validated: 1, errors: 0 });
  });

  it('a stale answer stands in for one that fails, and for one that is late', async () => {
    let answerLate = () => {};
    const { cache, clock } = await scene(
      (_req, res, run) => {
        if (run === 2) res.writeHead(500).end('failed');
        else if (run === 1) res.end('run 1');
        else {
          answerLate = () => {
            res.setHeader('X-Late', '1');
            res.end('late');
          };
          setImmediate(() => {
            clock.advance(5);
          });
        }
      },
      { staleIfError: true },
    );
    await ask({});
    clock.advance(60);
    expect(await ask({})).toBe(
      '200 run 1 LocMem; fwd=stale; fwd-status=500; ttl=0; detail=stale-if-error',
    );
    expect(await ask({})).toBe('200 run 1 LocMem; fwd=stale; ttl=-5; detail=stale-if-error');
    expect(answerLate).not.toThrow();
    expect(cache.stats()).toMatchObject({ stale: { 'if-error': 2 }, errors: 0 });
  });

  it('a stale answer is given while the handler runs for a new one', async () => {
    let isStored = () => {};
    const stored = new Promise<void>((resolve) => (isStored = resolve));
    const { cache, clock } = await scene((_req, res, run) => res.end(`run ${run}`), {
      staleWhileRevalidate: true,
      onEvent: ({ type }) => {
        if (type === 'stored' && cache.stats().stored === 2) isStored();
      },
    });
    await ask({});
    clock.advance(60);
    expect(await ask({})).toBe('200 run 1 LocMem; hit; ttl=0');
    await stored;
    expect(await ask({})).toBe('200 run 2 LocMem; hit; ttl=60');
    expect(cache.stats()).toMatchObject({ errors: 0 });
  });

  it('nobody asks for a reason phrase, of which node would warn', async () => {
    const asked: string[] = [];
    const cache = createResponseCache({ cache: freshStoreName(), timeout: 60, etag: true });
    server = createServer((req, res) => {
      const statusMessage = {
        get: () => asked.push('get'),
        set: () => asked.push('set'),
      };
      Object.defineProperty(res, 'statusMessage', statusMessage);
      const [request, response] = [req, res] as unknown as [IncomingMessage, ServerResponse];
      cache.handle(request, response, () => {
        answerConditionally(request, response);
        response.end('x');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect(await ask({ ':path': '/a', 'if-none-match': '*' })).toMatch(/^304 /);
    expect(await ask({})).toMatch(/^200 x LocMem; fwd=uri-miss/);
    expect(await ask({})).toMatch(/^200 x LocMem; hit/);
    expect(await ask({ 'if-none-match': '*' })).toMatch(/^304 {2}LocMem; hit/);
    expect(asked).toEqual([]);
  });

  it('what a handler ends because its client has left is not stored', async () => {
    let hasBegun = () => {};
    const begun = new Promise<void>((resolve) => (hasBegun = resolve));
    let hasEnded = () => {};
    const ended = new Promise<void>((resolve) => (hasEnded = resolve));
    const { cache } = await scene((req, res, run) => {
      if (run > 1) {
        res.end('whole');
        return;
      }
      res.write('part');
      req.once('aborted', () => {
        res.end();
        hasEnded();
      });
      hasBegun();
    });
    const stream = session.request({ ':path': '/' });
    await begun;
    stream.close(constants.NGHTTP2_CANCEL);
    await ended;
    expect(await ask({})).toMatch(/^200 whole LocMem; fwd=uri-miss/);
    expect(cache.stats().refusals).toEqual({ aborted: 1 });
  });
});
