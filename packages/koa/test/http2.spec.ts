/**
 * One server for HTTP/2 and HTTP/1.1: what was stored by the one is given to the other.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createSecureServer } from 'node:http2';
import type { ClientHttp2Session, Http2SecureServer } from 'node:http2';
import { request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { front, responseCache } from '../src/index.js';
import { freshStoreName, KOAS } from './harness.js';

/** Of a certificate that nobody trusts, for localhost. */
const fixture = (name: string) => readFileSync(join(import.meta.dirname, 'fixtures', name));
const TLS = { key: fixture('localhost.key.pem'), cert: fixture('localhost.cert.pem') };

let server: Http2SecureServer;
let session: ClientHttp2Session;

afterEach(async () => {
  session.destroy();
  server.close();
  await once(server, 'close');
});

/** @returns the port */
async function listen(app: { callback(): unknown }): Promise<number> {
  const listener = app.callback() as never;
  server = createSecureServer({ ...TLS, allowHTTP1: true }, listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  return port;
}

async function overHttp2(method = 'GET'): Promise<string> {
  const stream = session.request({ ':path': '/', ':method': method });
  stream.end();
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return `${String(headers[':status'])} ${text} ${String(headers['cache-status'])}`;
}

async function overHttp1(port: number): Promise<string> {
  const options = { host: '127.0.0.1', port, rejectUnauthorized: false, agent: false };
  const client = request(options);
  client.end();
  const [response] = (await once(client, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return `${String(response.statusCode)} ${text} ${String(response.headers['cache-status'])}`;
}

describe.each(KOAS)('%s behind http2.createSecureServer with allowHTTP1', (name, Koa) => {
  it('caches for both', async () => {
    const app = new Koa().use(responseCache({ cache: freshStoreName(), timeout: 60 }));
    let runs = 0;
    app.use((ctx) => {
      ctx.body = `run ${++runs}`;
    });
    const port = await listen(app);
    expect(await overHttp2()).toMatch(/^200 run 1 LocMem; fwd=uri-miss/);
    expect(await overHttp2()).toMatch(/^200 run 1 LocMem; hit/);
    // Koa 2 by itself never ends its answer to a HEAD over HTTP/2.
    if (name !== 'Koa 2') expect(await overHttp2('HEAD')).toMatch(/^200 {2}LocMem; hit/);
    expect(await overHttp1(port)).toMatch(/^200 run 1 LocMem; hit/);
    expect(await overHttp2('POST')).toMatch(/^200 run 2 LocMem; fwd=method/);
    expect(await overHttp1(port)).toMatch(/^200 run 3 LocMem; fwd=uri-miss/);
    expect(await overHttp2()).toMatch(/^200 run 3 LocMem; hit/);
  });

  it.each(['the cache inside', 'a cache of its own'])(
    'has a front for both, with %s',
    async (whose) => {
      const app = new Koa();
      const options = { cache: freshStoreName(), timeout: 60 };
      const cache = whose === 'the cache inside' ? responseCache(options) : options;
      if (typeof cache === 'function') app.use(cache);
      app.use((ctx) => {
        ctx.body = 'page';
      });
      const hits: (string | undefined)[] = [];
      const onHit = (req: IncomingMessage) => hits.push(req.httpVersion);
      const port = await listen(front(app, cache, { onHit }));
      expect(await overHttp2()).toMatch(/^200 page LocMem; fwd=uri-miss/);
      expect(await overHttp2()).toMatch(/^200 page LocMem; hit/);
      expect(await overHttp1(port)).toMatch(/^200 page LocMem; hit/);
      expect(hits).toEqual(['2.0', '1.1']);
    },
  );
});
