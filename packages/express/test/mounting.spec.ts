/**
 * Where the cache is mounted, and what a hit leaves alone.
 */
import { afterAll, describe, expect, it } from '@jest/globals';
import { responseCache } from '../src/index.js';
import { closeAll, EXPRESSES, freshStoreName, listen } from './harness.js';

afterAll(closeAll);

describe.each(EXPRESSES)('%s', (_name, express) => {
  it('hits leave res.locals to those who are further out', async () => {
    const app = express();
    const seen: unknown[] = [];
    app.use((_req, res, next) => {
      res.locals.outer = true;
      res.once('finish', () => seen.push({ ...res.locals }));
      next();
    });
    app.use(responseCache({ cache: freshStoreName(), timeout: 60 }));
    app.get('/', (_req, res) => {
      res.locals.user = 'of the first';
      res.send('x');
    });
    const ask = await listen(app);
    await ask('/');
    expect((await ask('/')).isHit).toBe(true);
    expect(seen).toEqual([{ outer: true, user: 'of the first' }, { outer: true }]);
  });

  it('a cache that is mounted twice asks and stores once', async () => {
    const cache = responseCache({ cache: freshStoreName(), timeout: 60 });
    const app = express().use(cache).use(cache);
    let runs = 0;
    app.get('/', cache, (_req, res) => {
      res.send(`run ${++runs}`);
    });
    const ask = await listen(app);
    expect((await ask('/')).text).toBe('run 1');
    expect((await ask('/')).text).toBe('run 1');
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 1, stored: 1 });
  });

  it('an error handler answers for a route that fails, and the next request asks again', async () => {
    const app = express().use(responseCache({ cache: freshStoreName(), timeout: 60 }));
    let runs = 0;
    app.get('/', (_req, _res, next) => {
      next(new Error(`run ${++runs}`));
    });
    app.use(((error: Error, _req, res, _next) => {
      res.status(503).json({ error: error.message });
    }) as import('express').ErrorRequestHandler);
    const ask = await listen(app);
    for (const run of [1, 2]) {
      const answer = await ask('/');
      expect([answer.status, answer.text]).toEqual([503, `{"error":"run ${run}"}`]);
      expect(answer.isHit).toBe(false);
    }
  });

  it('a tenant from the host, a release and a plan keep answers apart', async () => {
    let release = 1;
    const app = express();
    app.use((req, res, next) => {
      res.locals.plan = req.get('x-plan') ?? 'free';
      next();
    });
    app.use(
      responseCache({
        cache: freshStoreName(),
        timeout: 60,
        keyPrefix: (req) => `${req.hostname} ${String(req.res?.locals.plan)}`,
        version: () => release,
      }),
    );
    let runs = 0;
    app.get('/', (_req, res) => {
      res.send(`run ${++runs}`);
    });
    const ask = await listen(app);
    const text = async (host: string, plan: string) =>
      (await ask('/', { headers: { host, 'x-plan': plan } })).text;
    expect(await text('a.example', 'free')).toBe('run 1');
    expect(await text('b.example', 'free')).toBe('run 2');
    expect(await text('a.example', 'paid')).toBe('run 3');
    expect(await text('a.example', 'free')).toBe('run 1');
    release++;
    expect(await text('a.example', 'free')).toBe('run 4');
    release--;
    expect(await text('a.example', 'free')).toBe('run 1');
  });
});
