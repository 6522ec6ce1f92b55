/**
 * Watching an answer never harms it: whatever fails in the cache, the handler hears nothing of it.
 */
import { afterAll, describe, expect, it } from '@jest/globals';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { watch } from '../src/capture.js';
import type { ResponseWatcher } from '../src/capture.js';
import { closeAll, scene } from './harness.js';

afterAll(closeAll);

describe('a Vary that names what every object has', () => {
  it.each(['constructor', 'toString', 'hasOwnProperty', 'constructor, X-A'])(
    'is a field like any other: %s',
    async (vary) => {
      const { ask, cache } = await scene(
        (_req, res, run) => {
          res.setHeader('Vary', vary);
          res.end(`run ${run}`);
        },
        { timeout: 60 },
      );
      expect((await ask('/')).text).toBe('run 1');
      expect((await ask('/')).text).toBe('run 1');
      const name = vary.split(',', 1)[0]!;
      expect((await ask('/', { headers: { [name]: 'a' } })).text).toBe('run 2');
      expect((await ask('/', { headers: { [name]: 'b' } })).text).toBe('run 3');
      expect(cache.stats()).toMatchObject({ errors: 0, stored: 3 });
    },
  );

  it('is not stored where its values cannot be told apart', async () => {
    const { ask } = await scene(
      (_req, res, run) => {
        res.setHeader('Vary', '__proto__');
        res.end(`run ${run}`);
      },
      { timeout: 60 },
    );
    expect((await ask('/')).cache).toBe('LocMem; fwd=uri-miss; detail=vary-malformed');
    expect((await ask('/')).text).toBe('run 2');
  });
});

describe('a failure of the cache while it watches', () => {
  it('is told, counted, and refuses the answer', async () => {
    const { ask, cache, clock, events } = await scene(
      (_req, res, run) => {
        if (run === 1) clock.now = broken;
        res.end(`run ${run}`);
      },
      { timeout: 60 },
    );
    const now = clock.now;
    const answer = ask('/');
    expect((await answer).text).toBe('run 1');
    clock.now = now;
    expect(events).toContainEqual({ type: 'error', operation: 'capture', error: BROKEN });
    expect(cache.stats().refusals).toEqual({ failed: 1 });
    expect((await ask('/')).text).toBe('run 2');
  });

  it.each([
    'takes',
    'onHead',
    'onHeadSent',
    'onChunk',
    'onEnding',
    'onEnded',
    'onTrailers',
  ] as const)('stays with who watches: %s', (moment) => {
    const errors: unknown[] = [];
    const res = new ServerResponse(new IncomingMessage(new Socket()));
    watch(
      res,
      failingAt(moment, (error) => errors.push(error)),
    );
    res.writeHead(200, { Trailer: 'X-A', 'Transfer-Encoding': 'chunked' });
    res.write('a');
    res.addTrailers({ 'X-A': 'a' });
    res.end();
    expect(res.writableEnded).toBe(true);
    expect(new Set(errors)).toEqual(new Set([BROKEN]));
  });

  it('stays with who watches, even while it hears of it', () => {
    const res = new ServerResponse(new IncomingMessage(new Socket()));
    watch(res, failingAt('onHead', broken));
    res.end('a');
    expect(res.statusCode).toBe(200);
    expect(res.writableEnded).toBe(true);
  });

  it('is an error for the client where it had begun to answer in the place of the handler', () => {
    const res = new ServerResponse(new IncomingMessage(new Socket()));
    watch(res, { takes: (status) => status === 304, onTaken: broken });
    res.writeHead(304).end();
    expect(res.statusCode).toBe(500);
    expect(res.writableEnded).toBe(true);
  });
});

const BROKEN = new Error('broken');

function broken(): never {
  throw BROKEN;
}

function failingAt(
  moment: keyof ResponseWatcher,
  onFailed: (error: unknown) => void,
): ResponseWatcher {
  return { [moment]: broken, onFailed };
}
