import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type RequestListener } from 'node:http';
import { createApp } from '../src/app.js';
import { close, listen } from '../src/listen.js';
import { Cities } from '../src/queries.js';
import { Tour } from '../src/tour.js';
import { smallWorld, type SmallWorld } from './small-world.js';

let database: SmallWorld;

beforeAll(async () => {
  database = await smallWorld();
}, 30_000);

afterAll(() => database.close());

async function tour(listener: RequestListener) {
  const { server, port } = await listen(listener, 0);
  const printed: string[] = [];
  const wrong = await new Tour({
    port,
    print: (line) => printed.push(line),
    quietly: (work) => work(),
  }).run();
  await close(server);
  return { wrong, text: printed.join('\n') };
}

describe('the tour', () => {
  it('finds nothing wrong with the application, and ends with a table', async () => {
    const { wrong, text } = await tour(createApp(new Cities(database), () => undefined));
    expect(wrong).toEqual([]);
    expect(text).toMatch(/Request +Body +Miss, ms +Hit, ms +Miss \/ hit/);
    expect(text).toMatch(/\/api\/countries +[\d.]+ kB +[\d.]+ +[\d.]+ +\d+ x/);
  });

  it('says what is wrong when nothing is ever cached', async () => {
    const { wrong } = await tour((_req, res) => {
      res.setHeader('Cache-Status', 'LocMem; fwd=uri-miss').end('{"population":1}');
    });
    expect(wrong).toContain('GET /api/countries as world is a HIT: it was a MISS');
    expect(wrong).toContain('europe gets an answer of its own');
    expect(wrong).toContain('world sees the corrected population');
  });
});

describe('listen', () => {
  it('takes a free port when the wished one is taken', async () => {
    const first = await listen(() => undefined, 0);
    const second = await listen(() => undefined, first.port);
    expect(second.port).not.toBe(first.port);
    await Promise.all([close(first.server), close(second.server)]);
  });

  it('does not hide another reason', async () => {
    await expect(listen(() => undefined, 70_000)).rejects.toMatchObject({
      code: 'ERR_SOCKET_BAD_PORT',
    });
    expect(createServer().listening).toBe(false);
  });
});
