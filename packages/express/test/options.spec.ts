/**
 * Every option of a response cache reaches it through the middleware.
 */
import { afterAll, describe, it } from '@jest/globals';
import { EVERY_OPTION, wanted } from '../../http/test/every-option.js';
import type { Start } from '../../http/test/every-option.js';
import { responseCache } from '../src/index.js';
import type { ResponseCacheMiddlewareOptions } from '../src/index.js';
import { closeAll, EXPRESSES, freshStoreName, listen } from './harness.js';

afterAll(closeAll);

describe.each(EXPRESSES)('%s', (_name, express) => {
  const start: Start = async (options) => {
    const cache = responseCache({
      cache: freshStoreName(),
      ...options,
    } as ResponseCacheMiddlewareOptions<string>);
    const app = express().disable('etag').use(cache);
    let runs = 0;
    app.use(async (req, res) => {
      const { status = 200, crowd = 0, ...fields } = wanted(req.get('x-answer'));
      const run = ++runs;
      while (cache.stats().misses < crowd) await new Promise(setImmediate);
      res.status(status).set(fields).send(`run ${run}`);
    });
    return { ask: await listen(app), cache };
  };

  it.each(Object.entries(EVERY_OPTION))('passes %s through', async (_option, shows) => {
    await shows(start);
  });
});
