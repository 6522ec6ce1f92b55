import { afterAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createResponseCache } from '../src/index.js';
import { closeAll, freshStoreName, scene, serve, TestClock } from './harness.js';

afterAll(closeAll);

/** A resource that a write changes. */
async function resource(options: Parameters<typeof scene>[1] = {}) {
  let value = 0;
  return scene(
    (req, res) => {
      if (req.method === 'GET') return res.end(`value ${value}`);
      if (req.headers['x-fail']) return res.writeHead(Number(req.headers['x-fail'])).end();
      value++;
      return res.writeHead(Number(req.headers['x-status'] ?? 200)).end();
    },
    { timeout: 60, ...options },
  );
}

describe('an unsafe request', () => {
  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'PROPPATCH', 'M-SEARCH'])(
    '%s drops the answer stored for its URL',
    async (method) => {
      const { ask } = await resource();
      expect((await ask('/a?b')).text).toBe('value 0');
      await ask('/a?b', { method });
      expect((await ask('/a?b')).text).toBe('value 1');
    },
  );

  it.each(['201', '204', '302', '303'])('drops it with status %s', async (status) => {
    const { ask } = await resource();
    await ask('/');
    await ask('/', { method: 'POST', headers: { 'x-status': status } });
    expect((await ask('/')).text).toBe('value 1');
  });

  it.each(['400', '403', '404', '500', '503'])('keeps it with status %s', async (status) => {
    const { ask } = await resource();
    await ask('/');
    await ask('/', { method: 'POST', headers: { 'x-fail': status } });
    expect((await ask('/')).isHit).toBe(true);
  });

  it('leaves other URLs and other hosts alone', async () => {
    const { ask } = await resource();
    await ask('/a');
    await ask('/a?x');
    await ask('/a', { headers: { host: 'other.example' } });
    await ask('/a', { method: 'POST', headers: { host: 'mine.example' } });
    expect((await ask('/a')).isHit).toBe(true);
    await ask('/a', { method: 'POST' });
    expect((await ask('/a?x')).isHit).toBe(true);
    expect((await ask('/a', { headers: { host: 'other.example' } })).isHit).toBe(true);
    expect((await ask('/a')).isHit).toBe(false);
  });

  it('drops every variant, prefix and version', async () => {
    const { ask, runs } = await scene(
      (req, res) => {
        res.setHeader('Vary', 'Accept-Language');
        res.end(req.method);
      },
      {
        timeout: 60,
        keyPrefix: (req) => String(req.headers['x-tenant']),
        version: (req) => Number(req.headers['x-version'] ?? 1),
      },
    );
    const variants: Record<string, string>[] = [
      { 'accept-language': 'de', 'x-tenant': 'a' },
      { 'accept-language': 'fr', 'x-tenant': 'a' },
      { 'accept-language': 'de', 'x-tenant': 'b' },
      { 'accept-language': 'de', 'x-tenant': 'b', 'x-version': '2' },
    ];
    for (const headers of variants) await ask('/', { headers });
    for (const headers of variants) expect((await ask('/', { headers })).isHit).toBe(true);
    await ask('/', { method: 'POST' });
    for (const headers of variants) expect((await ask('/', { headers })).isHit).toBe(false);
    expect(runs()).toBe(2 * variants.length + 1);
  });

  it('has dropped it before its own answer has arrived', async () => {
    const { ask } = await resource();
    for (let i = 1; i <= 20; i++) {
      await ask('/');
      await ask('/', { method: 'POST' });
      expect((await ask('/')).text).toBe(`value ${i}`);
    }
  });

  it('drops it although its client has gone away', async () => {
    let arrived = () => {};
    const written = new Promise<void>((resolve) => (arrived = resolve));
    const { ask, open, event } = await scene(
      (req, res) => {
        if (req.method === 'GET') {
          res.end('x');
          return;
        }
        // The write has happened; the answer finds nobody.
        req.socket.once('close', () => res.end('done'));
        arrived();
      },
      { timeout: 60 },
    );
    const headers = { host: 'a' };
    await ask('/', { headers });
    const invalidated = event('invalidated');
    const socket = await open();
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
    await written;
    socket.destroy();
    await invalidated;
    expect((await ask('/', { headers })).isHit).toBe(false);
  });

  it('drops it when the answer breaks off after its head', async () => {
    const { ask, open, event } = await scene(
      (req, res) => {
        if (req.method === 'GET') res.end('x');
        else res.write('part', () => res.destroy());
      },
      { timeout: 60 },
    );
    const headers = { host: 'a' };
    await ask('/', { headers });
    const invalidated = event('invalidated');
    const socket = await open();
    socket.on('error', () => {});
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
    await invalidated;
    socket.destroy();
    expect((await ask('/', { headers })).isHit).toBe(false);
  });

  it('knows the URL without the arguments that the key ignores', async () => {
    const { ask } = await resource({ ignoreQuery: ['utm_*'] });
    await ask('/a?utm_source=x');
    await ask('/a?utm_source=y', { method: 'POST' });
    expect((await ask('/a')).isHit).toBe(false);
  });

  it('knows the URL in absolute form, too', async () => {
    const { ask, raw } = await resource();
    const headers = { host: 'a.example' };
    await ask('/x', { headers });
    await raw(
      'POST http://a.example/x HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    );
    expect((await ask('/x', { headers })).isHit).toBe(false);
  });
});

describe('invalidate', () => {
  it('drops a path with its query, on every host', async () => {
    const { ask, cache } = await resource();
    const hosts = ['a.example', 'b.example:81'];
    for (const host of hosts) await ask('/a?b=1', { headers: { host } });
    cache.invalidate({ url: '/a' });
    for (const host of hosts) expect((await ask('/a?b=1', { headers: { host } })).isHit).toBe(true);
    cache.invalidate({ url: '/a?b=1' });
    for (const host of hosts)
      expect((await ask('/a?b=1', { headers: { host } })).isHit).toBe(false);
  });

  it('drops an absolute URL on its host only', async () => {
    const { ask, cache } = await resource();
    const hosts = ['a.example', 'b.example'];
    for (const host of hosts) await ask('/a', { headers: { host } });
    cache.invalidate({ url: 'https://A.example:443/a#part' });
    expect((await ask('/a', { headers: { host: 'a.example' } })).isHit).toBe(false);
    expect((await ask('/a', { headers: { host: 'b.example' } })).isHit).toBe(true);
    await ask('/', { headers: { host: 'a.example' } });
    cache.invalidate({ url: 'http://a.example' });
    expect((await ask('/', { headers: { host: 'a.example' } })).isHit).toBe(false);
  });

  it('reaches what another cache of the same store has stored', async () => {
    const store = freshStoreName();
    const { ask } = await resource({ cache: store });
    await ask('/');
    createResponseCache({ cache: store }).invalidate({ url: '/' });
    expect((await ask('/')).isHit).toBe(false);
  });

  it('counts', async () => {
    const { ask, cache } = await resource();
    cache.invalidate({ url: '/' });
    await ask('/', { method: 'POST' });
    expect(cache.stats().invalidations).toBe(2);
  });
});

describe('clear', () => {
  it('drops every answer', async () => {
    const { ask, cache } = await resource();
    await ask('/a');
    await ask('/b');
    cache.clear();
    expect((await ask('/a')).isHit).toBe(false);
    expect((await ask('/b')).isHit).toBe(false);
  });
});

describe('an answer that is being made while its URL is invalidated', () => {
  /** A GET that reads the old value, and answers when it is told to. */
  async function slowRead() {
    let value = 'old';
    let release = () => {};
    let started = () => {};
    const it = await scene(
      (req, res, run) => {
        if (req.method !== 'GET') {
          value = 'new';
          res.end();
          return;
        }
        const read = value;
        if (run > 1) {
          res.end(read);
          return;
        }
        release = () => res.end(read);
        started();
      },
      { timeout: 60 },
    );
    const isStarted = new Promise<void>((resolve) => (started = resolve));
    const answer = it.ask('/');
    await isStarted;
    return { ...it, answer, release: () => release() };
  }

  it('by a write is not stored', async () => {
    const { ask, answer, release, cache } = await slowRead();
    await ask('/', { method: 'PUT' });
    release();
    expect((await answer).text).toBe('old');
    expect((await ask('/')).text).toBe('new');
    expect(cache.stats().refusals).toEqual({ invalidated: 1 });
  });

  it('by invalidate or clear is not stored', async () => {
    for (const drop of ['invalidate', 'clear'] as const) {
      const { answer, release, cache } = await slowRead();
      if (drop === 'clear') cache.clear();
      else cache.invalidate({ url: '/' });
      release();
      await answer;
      expect(cache.stats()).toMatchObject({ stored: 0, refusals: { invalidated: 1 } });
    }
  });

  it('of another URL is stored', async () => {
    const { ask, answer, release, cache } = await slowRead();
    await ask('/other', { method: 'PUT' });
    cache.invalidate({ url: '/other' });
    release();
    await answer;
    expect((await ask('/')).isHit).toBe(true);
  });

  it('through another cache of the same store is not stored', async () => {
    const store = freshStoreName();
    const clock = new TestClock();
    const [pages, site] = [1, 2].map(() =>
      createResponseCache({ cache: store, timeout: 60, clock }),
    );
    let release = () => {};
    const server = await serve((req, res) => {
      pages!.handle(req, res, () => {
        release = () => res.end('old');
        req.emit('reading');
      });
    });
    const socket = await server.open();
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await new Promise<void>((resolve) => {
      const look = () => (pages!.stats().misses === 1 ? resolve() : setImmediate(look));
      look();
    });
    site!.invalidate({ url: '/' });
    release();
    await once(socket, 'data');
    socket.destroy();
    expect(pages!.stats()).toMatchObject({ stored: 0, refusals: { invalidated: 1 } });
  });
});
