/**
 * Where the cache is mounted makes no difference to what a client gets: mounted first, a hit is
 * written by node alone; behind others, it goes outwards through the context.
 */
import { afterAll, describe, expect, it } from '@jest/globals';
import { responseCache } from '../src/index.js';
import { closeAll, freshStoreName, KOAS, listen } from './harness.js';

afterAll(closeAll);

describe.each(KOAS)('%s', (_name, Koa) => {
  it('answers alike wherever the cache is mounted', async () => {
    const answers: unknown[][] = [];
    // Stands still: the second must not turn between what is compared.
    const nowMs = Date.now();
    const clock = { now: () => nowMs };
    const date = new Date(nowMs).toUTCString();
    for (const isFirst of [true, false]) {
      const app = new Koa();
      if (!isFirst) app.use((_ctx, next) => next());
      app.use(responseCache({ cache: freshStoreName(), timeout: 60, clock }));
      app.use((ctx) => {
        ctx.set('Date', date);
        ctx.set('ETag', '"one"');
        ctx.set('Link', ['</a>; rel=next', '</b>; rel=prev']);
        ctx.body = { a: 1 };
      });
      const ask = await listen(app);
      await ask('/');
      for (const method of ['GET', 'HEAD']) {
        for (const headers of [{}, { 'if-none-match': '"one"' }]) {
          const got = await ask('/', { method, headers });
          expect(got.isHit).toBe(true);
          answers.push([isFirst, got.status, got.statusMessage, { ...got.headers }, got.text]);
        }
      }
    }
    const of = (isFirst: boolean) =>
      answers.filter(([first]) => first === isFirst).map(([, ...rest]) => rest);
    expect(of(true)).toEqual(of(false));
    expect(of(true)).toHaveLength(4);
  });

  it('does not run what is further in, nor what that puts on the state', async () => {
    const app = new Koa();
    const seen: unknown[] = [];
    app.use(async (ctx, next) => {
      await next();
      seen.push([{ ...ctx.state }, ctx.status, String(ctx.body)]);
    });
    app.use(responseCache({ cache: freshStoreName(), timeout: 60 }));
    app.use((ctx) => {
      ctx.state.user = 'of the first';
      ctx.body = 'x';
    });
    const ask = await listen(app);
    await ask('/');
    await ask('/');
    expect(seen).toEqual([
      [{ user: 'of the first' }, 200, 'x'],
      [{}, 200, 'x'],
    ]);
  });

  it('a cache that is mounted twice asks and stores once', async () => {
    const cache = responseCache({ cache: freshStoreName(), timeout: 60 });
    const app = new Koa().use(cache).use(cache);
    let runs = 0;
    app.use((ctx) => {
      ctx.body = `run ${++runs}`;
    });
    const ask = await listen(app);
    expect((await ask('/')).text).toBe('run 1');
    expect((await ask('/')).text).toBe('run 1');
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 1, stored: 1 });
  });
});
