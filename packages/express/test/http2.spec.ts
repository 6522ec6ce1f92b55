/**
 * Behind `http2.createSecureServer` with `allowHTTP1`. Express itself speaks HTTP/1.1 there and throws
 * over HTTP/2; a front that is the cache gives what is stored to both.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createSecureServer } from 'node:http2';
import type { Http2SecureServer, IncomingHttpHeaders } from 'node:http2';
import { request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { front, responseCache } from '../src/index.js';
import { EXPRESSES, freshStoreName } from './harness.js';

/** Of a certificate that nobody trusts, for localhost. */
const fixture = (name: string) =>
  readFileSync(join(import.meta.dirname, '../../koa/test/fixtures', name));
const TLS = { key: fixture('localhost.key.pem'), cert: fixture('localhost.cert.pem') };

let server: Http2SecureServer;

afterEach(async () => {
  server.close();
  await once(server, 'close');
});

/** @returns the port */
async function listen(app: Express): Promise<number> {
  server = createSecureServer({ ...TLS, allowHTTP1: true }, app as never).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function overHttp1(port: number, method = 'GET'): Promise<string> {
  const options = { host: '127.0.0.1', port, method, rejectUnauthorized: false, agent: false };
  const client = request(options);
  client.end();
  const [response] = (await once(client, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return `${text} ${String(response.headers['cache-status'])}`;
}

async function overHttp2(port: number): Promise<string> {
  const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  const stream = session.request({ ':path': '/' });
  stream.end();
  const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  session.close();
  return `${text} ${String(headers['cache-status'])}`;
}

describe.each(EXPRESSES)('%s', (_name, express) => {
  const paged = () => {
    let runs = 0;
    return (req: { protocol: string }, res: { send(text: string): unknown }) => {
      res.send(`run ${++runs} over ${req.protocol}`);
    };
  };

  it('caches what HTTP/1.1 asks for', async () => {
    const app = express().use(responseCache({ cache: freshStoreName(), timeout: 60 }));
    app.use(paged());
    const port = await listen(app);
    expect(await overHttp1(port)).toMatch(/^run 1 over https LocMem; fwd=uri-miss/);
    expect(await overHttp1(port)).toMatch(/^run 1 over https LocMem; hit/);
    await overHttp1(port, 'POST');
    expect(await overHttp1(port)).toMatch(/^run 3 over https LocMem; fwd=uri-miss/);
  });

  it('a front that is the cache gives that to HTTP/2, too', async () => {
    const app = express().use(paged());
    const port = await listen(front(app, { cache: freshStoreName(), timeout: 60 }));
    expect(await overHttp1(port)).toMatch(/^run 1 over https LocMem; fwd=uri-miss/);
    expect(await overHttp2(port)).toMatch(/^run 1 over https LocMem; hit/);
  });
});
