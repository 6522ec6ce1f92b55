import { afterAll, describe, expect, it } from '@jest/globals';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createResponseCache } from '../src/index.js';
import { Crowds } from '../src/collapse.js';
import { closeAll, freshStoreName, scene, serve, TestClock } from './harness.js';
import type { Scene } from './harness.js';

afterAll(closeAll);

interface Run {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

/** A handler that is run by hand: `await run(n)` is its n-th run, once it has begun. */
async function byHand(options: object = {}) {
  const runs: Run[] = [];
  const waiting = new Map<number, () => void>();
  const it = await scene(
    (req, res, number) => {
      runs[number] = { req, res };
      waiting.get(number)?.();
    },
    { timeout: 60, ...options },
  );
  const run = async (number: number): Promise<Run> => {
    if (!runs[number]) await new Promise<void>((resolve) => waiting.set(number, resolve));
    return runs[number]!;
  };
  return { ...it, run };
}

/** Asks, and resolves once so many requests have missed. */
async function asking(it: Scene, count: number, path = '/', ask: object = {}) {
  const target = it.cache.stats().misses + count;
  const answers = Array.from({ length: count }, () => it.ask(path, ask));
  while (it.cache.stats().misses < target) await new Promise(setImmediate);
  return answers;
}

describe('concurrent requests for what is not stored', () => {
  it('run the handler once, and share what it stores', async () => {
    const it = await byHand();
    const answers = await asking(it, 5);
    (await it.run(1)).res.end('made once');
    const [first, ...others] = await Promise.all(answers);
    expect(first!.cache).toBe('LocMem; fwd=uri-miss');
    for (const other of others) {
      expect([other.text, other.cache]).toEqual([
        'made once',
        'LocMem; fwd=uri-miss; collapsed; ttl=60',
      ]);
    }
    expect(it.runs()).toBe(1);
    expect(it.cache.stats()).toMatchObject({ misses: 5, collapsed: 4, stored: 1 });
    expect(it.clock.pending).toBe(0);
  });

  it('each run their own when the answer is not stored, and the next do not wait at all', async () => {
    const it = await byHand();
    const answers = await asking(it, 3);
    (await it.run(1)).res.writeHead(200, { 'Cache-Control': 'private' }).end('for 1');
    (await it.run(2)).res.writeHead(200, { 'Cache-Control': 'private' }).end('for 2');
    (await it.run(3)).res.writeHead(200, { 'Cache-Control': 'private' }).end('for 3');
    const texts = (await Promise.all(answers)).map(({ text }) => text);
    expect(texts.sort()).toEqual(['for 1', 'for 2', 'for 3']);
    const next = await asking(it, 2);
    await it.run(5);
    for (const number of [4, 5]) (await it.run(number)).res.end('side by side');
    await Promise.all(next);
    expect(it.clock.pending).toBe(0);
  });

  it('are released by a head that forbids storing, not by the end', async () => {
    const it = await byHand();
    const answers = await asking(it, 2);
    const { res } = await it.run(1);
    res.writeHead(200, { 'Cache-Control': 'private' }).write('for ');
    (await it.run(2)).res.end('other');
    res.end('one');
    const texts = (await Promise.all(answers)).map(({ text }) => text);
    expect(texts.sort()).toEqual(['for one', 'other']);
  });

  it('forget after two minutes that a page could not be shared', async () => {
    const it = await byHand();
    const [first] = await asking(it, 1);
    (await it.run(1)).res.writeHead(200, { 'Cache-Control': 'no-store' }).end();
    await first;
    it.clock.advance(120);
    const answers = await asking(it, 2);
    (await it.run(2)).res.end('shared');
    expect((await Promise.all(answers)).map(({ text }) => text)).toEqual(['shared', 'shared']);
    expect(it.runs()).toBe(2);
  });

  it('do not share what Vary keeps apart', async () => {
    const it = await byHand();
    const de = await asking(it, 1, '/', { headers: { 'accept-language': 'de' } });
    const fr = await asking(it, 1, '/', { headers: { 'accept-language': 'fr' } });
    (await it.run(1)).res.setHeader('Vary', 'Accept-Language').end('deutsch');
    (await it.run(2)).res.setHeader('Vary', 'Accept-Language').end('français');
    expect((await de[0]!).text).toBe('deutsch');
    expect((await fr[0]!).text).toBe('français');
  });

  it('do not share what is one visitor’s', async () => {
    const it = await byHand();
    const answers = [
      ...(await asking(it, 1, '/', { headers: { cookie: 'sid=alice' } })),
      ...(await asking(it, 1, '/', { headers: { cookie: 'sid=bob' } })),
      ...(await asking(it, 1, '/', { headers: { authorization: 'carol' } })),
      ...(await asking(it, 1)),
    ];
    for (let number = 1; number <= 4; number++) {
      const { req, res } = await it.run(number);
      res.end(req.headers.cookie ?? req.headers.authorization ?? 'nobody');
    }
    const texts = (await Promise.all(answers)).map(({ text }) => text);
    expect(texts).toEqual(['sid=alice', 'sid=bob', 'carol', 'nobody']);
  });

  it('do not wait for somebody with a cookie, or be waited for', async () => {
    const it = await byHand();
    const somebody = await asking(it, 1, '/', { headers: { cookie: 'sid=alice' } });
    const anybody = await asking(it, 2);
    (await it.run(2)).res.end('for all');
    for (const answer of anybody) expect((await answer).text).toBe('for all');
    (await it.run(1)).res.end('alice');
    expect((await somebody[0]!).text).toBe('alice');
  });

  it('do not wait behind a condition of somebody else’s', async () => {
    const it = await byHand();
    const conditional = await asking(it, 1, '/', { headers: { 'if-none-match': '"a"' } });
    const plain = await asking(it, 1);
    (await it.run(2)).res.end('whole');
    (await it.run(1)).res.writeHead(304).end();
    expect((await plain[0]!).text).toBe('whole');
    expect((await conditional[0]!).status).toBe(304);
  });

  it('share a validation', async () => {
    const it = await byHand({ timeout: undefined });
    const [first] = await asking(it, 1);
    const fields = { 'Cache-Control': 'max-age=60', ETag: '"a"' };
    (await it.run(1)).res.writeHead(200, fields).end('x');
    await first;
    it.clock.advance(61);
    const answers = await asking(it, 3);
    (await it.run(2)).res.writeHead(304).end();
    for (const { text } of await Promise.all(answers)) expect(text).toBe('x');
    expect(it.runs()).toBe(2);
  });
});

describe('a leader that fails', () => {
  const failures: [string, (run: Run) => void][] = [
    ['throws away its socket', ({ req }) => req.socket.destroy()],
    ['destroys its response', ({ res }) => res.destroy()],
    [
      'destroys its socket in the middle of the body',
      ({ req, res }) => {
        res.write('par', () => req.socket.destroy());
      },
    ],
    ['states more bytes than it sends', ({ res }) => res.setHeader('Content-Length', 3).end('x')],
    ['answers with 500', ({ res }) => res.writeHead(500).end('broken')],
    [
      'ends twice and writes after the end',
      ({ res }) => {
        res.on('error', () => {});
        res.setHeader('Cache-Control', 'private').end('mine');
        res.end('again');
        res.write('more');
      },
    ],
  ];

  it.each(failures)('because it %s does not take others with it', async (_name, fail) => {
    const it = await byHand();
    const [leader, ...others] = await asking(it, 3);
    void leader!.catch(() => undefined);
    fail(await it.run(1));
    // Of the two, the second finds what the first has stored, or makes its own.
    (await it.run(2)).res.end('good');
    for (const answer of others) expect((await answer).text).toBe('good');
    expect(it.clock.pending).toBe(0);
  });

  it('because its client leaves does not take others with it', async () => {
    const it = await byHand();
    const socket = await it.open();
    socket.on('error', () => {});
    const misses = it.event('miss');
    socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${it.port}\r\n\r\n`);
    await misses;
    const [waiter] = await asking(it, 1);
    socket.destroy();
    (await it.run(2)).res.end('good');
    expect((await waiter!).text).toBe('good');
  });

  it('because it throws releases the others, and the error is whose it was', async () => {
    const clock = new TestClock();
    const cache = createResponseCache({ cache: freshStoreName(), timeout: 60, clock });
    const errors: unknown[] = [];
    let begin = () => {};
    let runs = 0;
    const { ask } = await serve((req, res) => {
      try {
        cache.handle(req, res, () => {
          if (++runs > 1) return res.end('good');
          throw new Error('broken');
        });
      } catch (error) {
        errors.push(error);
        begin = () => res.writeHead(500).end('broken');
        setImmediate(() => {
          begin();
        });
      }
    });
    const answers = await Promise.all([ask('/'), ask('/')]);
    expect(answers.map(({ text }) => text).sort()).toEqual(['broken', 'good']);
    expect(errors).toEqual([new Error('broken')]);
  });

  it('by never answering is given up at the deadline, and others lead after it', async () => {
    const it = await byHand({ collapse: { deadline: '2s' } });
    const [, waiter] = await asking(it, 2);
    it.clock.advance(2);
    (await it.run(2)).res.end('good');
    expect((await waiter!).text).toBe('good');
    expect(it.clock.pending).toBe(0);
    it.cache.invalidate({ url: '/' });
    const later = await asking(it, 2);
    (await it.run(3)).res.end('later');
    for (const answer of later) expect((await answer).text).toBe('later');
    (await it.run(1)).res.end('at last');
  });
});

describe('a refresh behind a stale answer', () => {
  it('that never ends is waited for until the deadline, and by nobody after it', async () => {
    const it = await byHand({ collapse: { deadline: '2s' }, staleWhileRevalidate: true });
    const [first] = await asking(it, 1);
    (await it.run(1)).res.end('old');
    await first;
    it.clock.advance(61);
    expect((await it.ask('/')).text).toBe('old');
    await it.run(2); // the refresh
    it.cache.invalidate({ url: '/' });
    const [waiter] = await asking(it, 1);
    it.clock.advance(2);
    (await it.run(3)).res.writeHead(200, { 'Cache-Control': 'private' }).end('own');
    expect((await waiter!).text).toBe('own');
    const [next] = await asking(it, 1);
    (await it.run(4)).res.end('at once');
    expect((await next!).text).toBe('at once');
    (await it.run(2)).res.end();
  });
});

describe('a waiter', () => {
  it('that leaves is forgotten, and its handler never runs', async () => {
    const it = await byHand();
    const [leader] = await asking(it, 1);
    const socket = await it.open();
    const missed = it.event('miss');
    socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${it.port}\r\n\r\n`);
    await missed;
    expect(it.clock.pending).toBe(1);
    socket.destroy();
    while (it.clock.pending > 0) await new Promise(setImmediate);
    (await it.run(1)).res.writeHead(200, { 'Cache-Control': 'private' }).end();
    await leader;
    await new Promise(setImmediate);
    expect(it.runs()).toBe(1);
  });

  it('runs its handler in its own context', async () => {
    const visitor = new AsyncLocalStorage<string>();
    const cache = createResponseCache({ cache: freshStoreName(), timeout: 60 });
    const seen: string[] = [];
    let release = () => {};
    const { ask } = await serve((req, res) => {
      visitor.run(String(req.headers['x-visitor']), () => {
        cache.handle(req, res, () => {
          seen.push(`${req.headers['x-visitor'] as string} as ${visitor.getStore()}`);
          const answer = () => res.setHeader('Cache-Control', 'private').end();
          if (seen.length === 1) release = answer;
          else answer();
        });
      });
    });
    const a = ask('/', { headers: { 'x-visitor': 'a' } });
    while (seen.length < 1) await new Promise(setImmediate);
    const b = ask('/', { headers: { 'x-visitor': 'b' } });
    while (cache.stats().misses < 2) await new Promise(setImmediate);
    release();
    await Promise.all([a, b]);
    expect(seen).toEqual(['a as a', 'b as b']);
  });

  it('gets the stale answer when the handler fails the leader', async () => {
    const it = await byHand({ staleIfError: true });
    const [first] = await asking(it, 1);
    (await it.run(1)).res.end('good');
    await first;
    it.clock.advance(61);
    const answers = await asking(it, 3);
    (await it.run(2)).res.writeHead(503).end();
    for (const { text } of await Promise.all(answers)) expect(text).toBe('good');
    expect(it.runs()).toBe(2);
  });
});

describe('collapse: false', () => {
  it('lets each run its own', async () => {
    const it = await byHand({ collapse: false });
    const answers = await asking(it, 2);
    await it.run(2);
    for (const number of [1, 2]) (await it.run(number)).res.end('x');
    await Promise.all(answers);
    expect(it.runs()).toBe(2);
  });
});

describe('requests that never wait', () => {
  it.each<[string, object]>([
    ['HEAD', { method: 'HEAD' }],
    ['a range', { headers: { range: 'bytes=0-1' } }],
  ])('%s', async (_name, ask) => {
    const it = await byHand();
    const [leader] = await asking(it, 1);
    const [other] = await asking(it, 1, '/', ask);
    (await it.run(2)).res.end();
    await other;
    (await it.run(1)).res.end();
    await leader;
  });
});

describe('what cannot be shared', () => {
  it('is remembered for at most ten thousand keys', () => {
    const crowds = new Crowds();
    for (let i = 0; i <= 10_000; i++) crowds.remember(String(i), 0);
    expect(crowds.isUnshareable('0', 1)).toBe(false);
    expect(crowds.isUnshareable('1', 1)).toBe(true);
    expect(crowds.isUnshareable('1', 120_000)).toBe(false);
  });
});
