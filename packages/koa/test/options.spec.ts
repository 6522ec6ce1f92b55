/**
 * Every option of a response cache reaches it through the middleware.
 */
import { afterAll, describe, it } from '@jest/globals';
import { EVERY_OPTION, wanted } from '../../http/test/every-option.js';
import type { Start } from '../../http/test/every-option.js';
import { responseCache } from '../src/index.js';
import type { ResponseCacheMiddlewareOptions } from '../src/index.js';
import { closeAll, freshStoreName, KOAS, listen } from './harness.js';

afterAll(closeAll);

describe.each(KOAS)('%s', (_name, Koa) => {
  const start: Start = async (options) => {
    const cache = responseCache({
      cache: freshStoreName(),
      ...options,
    } as ResponseCacheMiddlewareOptions<string>);
    const app = new Koa().use(cache);
    let runs = 0;
    app.use(async (ctx) => {
      const { status = 200, crowd = 0, ...fields } = wanted(ctx.get('x-answer') || undefined);
      const run = ++runs;
      while (cache.stats().misses < crowd) await new Promise(setImmediate);
      ctx.status = status;
      ctx.set(fields as Record<string, string>);
      ctx.body = `run ${run}`;
    });
    return { ask: await listen(app), cache };
  };

  it.each(Object.entries(EVERY_OPTION))('passes %s through', async (_option, shows) => {
    await shows(start);
  });
});
