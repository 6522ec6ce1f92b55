/**
 * A handler that misbehaves harms its own client at most: whoever asks at the same time, or later,
 * gets a whole answer. Under each framework, through real sockets.
 */
import { afterAll, describe, expect, it } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { closeAll, freshStoreName, serve, TestClock } from '../harness.js';
import type { Answer } from '../harness.js';
import { FRAMEWORKS } from './frameworks.js';
import type { Framework, Reply } from './frameworks.js';

afterAll(closeAll);

/** What a handler does instead of answering; what it wrote before its mistake is `bad`. */
const MISDEEDS: Readonly<Record<string, (res: ServerResponse) => void>> = {
  'throws before it answers'() {
    throw new Error('before');
  },
  'throws in the middle of the body'(res) {
    res.write('bad');
    throw new Error('in the middle');
  },
  'destroys the response'(res) {
    res.write('bad', () => res.destroy());
  },
  'destroys the response with an error'(res) {
    res.on('error', () => {});
    res.write('bad', () => res.destroy(new Error('destroyed')));
  },
  'destroys the socket'(res) {
    res.write('bad', () => res.socket?.destroy());
  },
  'destroys the socket and then ends'(res) {
    res.write('bad', () => {
      res.socket?.destroy();
      res.end();
    });
  },
  'ends before the length that it stated'(res) {
    res.setHeader('Content-Length', 10);
    res.write('bad');
    res.end(() => res.destroy());
  },
  'sends a stream that fails'(res) {
    const parts = async function* () {
      yield 'bad';
      await new Promise(setImmediate);
      throw new Error('the stream fails');
    };
    pipeline(Readable.from(parts()), res, () => {});
  },
  'never answers'() {},
  'never ends'(res) {
    res.write('bad');
  },
};

/** What goes wrong once a whole answer, `good`, has ended. */
const AFTERTHOUGHTS: Readonly<Record<string, (res: ServerResponse) => void>> = {
  'ends twice'(res) {
    res.on('error', () => {});
    res.end('good');
    res.end('bad');
  },
  'writes after the end'(res) {
    res.on('error', () => {});
    res.end('good');
    res.write('bad');
  },
  'writes a second head'(res) {
    res.end('good');
    res.writeHead(500, { 'X-Bad': '1' });
  },
  'throws after the end'(res) {
    res.end('good');
    throw new Error('after the end');
  },
  'destroys the socket after the end'(res) {
    res.end('good', () => res.socket?.destroy());
  },
};

const OPTIONS = { collapse: { deadline: '5s' } };

/** The first run of the handler does what it is told, the others answer `good`. */
async function stage(framework: Framework, misdeed: (res: ServerResponse) => void, first = 1) {
  const clock = new TestClock();
  let runs = 0;
  let arrivals = 0;
  const reply = (): Promise<Reply> => {
    const isFirst = ++runs === first;
    const perform = (res: ServerResponse) => {
      res.statusCode = 200; // Koa begins with 404
      if (!isFirst || misdeed !== MISDEEDS['throws before it answers']) {
        res.setHeader('Cache-Control', 'max-age=60, stale-while-revalidate=600');
      }
      if (isFirst) misdeed(res);
      else res.end('good');
    };
    return Promise.resolve({
      ...{ status: 200, reason: undefined, fields: [], body: '', trailers: undefined },
      ...{ hints: undefined, processing: false, manner: undefined, perform },
    });
  };
  const server = await serve(
    framework({
      options: { ...OPTIONS, cache: freshStoreName(), clock },
      onArrival: () => arrivals++,
      reply,
    }),
  );
  return { server, clock, runs: () => runs, arrivals: () => arrivals };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await turn();
}

function expectGood(answers: readonly Answer[]): void {
  for (const { status, text, headers } of answers) {
    expect([status, text, headers['x-bad']]).toEqual([200, 'good', undefined]);
  }
}

describe.each(FRAMEWORKS)('under %s, a handler that', (_name, framework) => {
  const all = Object.entries({ ...MISDEEDS, ...AFTERTHOUGHTS });

  it.each(all)('%s harms nobody who waits for it, and nobody later', async (_what, misdeed) => {
    const { server, clock, runs, arrivals } = await stage(framework, misdeed);
    const culprit = await server.open();
    culprit.on('error', () => {}).resume();
    culprit.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => runs() === 1);
    const others = [1, 2, 3].map(() => server.ask('/', { headers: { host: 'a' } }));
    await until(() => arrivals() === 4);
    for (let i = 0; i < 50; i++) await turn();
    clock.advance(5); // of one that never ends, nobody waits for longer
    expectGood(await Promise.all(others));
    expectGood([await server.ask('/', { headers: { host: 'a' } })]);
    culprit.destroy();
    expectGood([await server.ask('/', { headers: { host: 'a' } })]);
  });

  it.each(all)('%s behind a stale answer harms nobody', async (_what, misdeed) => {
    const { server, clock, runs } = await stage(framework, misdeed, 2);
    const ask = () => server.ask('/', { headers: { host: 'a' } });
    expectGood([await ask()]);
    clock.advance(61);
    expectGood([await ask()]);
    await until(() => runs() === 2);
    for (let i = 0; i < 20; i++) await turn();
    expectGood([await ask(), await ask()]);
    clock.advance(61); // the refresh that never ends has lost its place
    expectGood([await ask()]);
    await until(() => runs() >= 3);
    expectGood([await ask()]);
  });
});
