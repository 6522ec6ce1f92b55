/**
 * Over HTTP/2 a request names its host by `:authority`, and the rest is as ever.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, createServer } from 'node:http2';
import type { ClientHttp2Session, Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createResponseCache } from '../src/index.js';
import { freshStoreName } from './harness.js';

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

describe('over HTTP/2', () => {
  it('requests are answered, whatever their method and host', async () => {
    const cache = createResponseCache({ cache: freshStoreName(), timeout: 60 });
    let runs = 0;
    server = createServer((req, res) => {
      const [request, response] = [req, res] as unknown as [IncomingMessage, ServerResponse];
      cache.handle(request, response, () => response.end(`run ${++runs}`));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);

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
});
