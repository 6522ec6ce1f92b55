import { afterAll, describe, expect, it } from '@jest/globals';
import { cacheControl, cachePage, conditionalGet, neverCache, varyOn } from '../src/index.js';
import { closeAll, EXPRESSES, freshStoreName, listen, standingClock } from './harness.js';

afterAll(closeAll);

const page = () => cachePage(60, { cache: freshStoreName(), clock: standingClock });

describe.each(EXPRESSES)('%s', (_name, express) => {
  it('cacheControl says how long an answer is fresh, and the cache before it goes by that', async () => {
    const app = express();
    app.get('/', page(), cacheControl({ public: true, maxAge: '5s' }), (_req, res) => {
      res.send('x');
    });
    const ask = await listen(app);
    expect((await ask('/')).headers['cache-control']).toBe('public, max-age=5');
    expect((await ask('/')).cache).toBe('LocMem; hit; ttl=5');
  });

  it('cacheControl adds to what the route said, also through writeHead', async () => {
    const app = express().use(cacheControl({ private: true, maxAge: 60 }));
    app.get('/', (_req, res) => {
      res.writeHead(200, { 'Cache-Control': 'public, max-age=10' }).end('x');
    });
    const ask = await listen(app);
    expect((await ask('/')).headers['cache-control']).toBe('max-age=10, private');
  });

  it('cacheControl does not say of an error that it is good for as long as the page', async () => {
    let runs = 0;
    const app = express().use(page());
    app.get('/', cacheControl({ public: true, maxAge: '1h' }), (_req, res) => {
      if (++runs === 1) throw new Error('the first time');
      if (runs === 2) res.writeHead(503).end();
      else res.send('good');
    });
    const ask = await listen(app);
    const first = await ask('/');
    expect([first.status, first.headers['cache-control']]).toEqual([500, undefined]);
    const second = await ask('/');
    expect([second.status, second.headers['cache-control']]).toEqual([503, undefined]);
    expect((await ask('/')).text).toBe('good');
    expect((await ask('/')).isHit).toBe(true);
  });

  it('neverCache keeps the answers of a route out of the cache', async () => {
    let runs = 0;
    const app = express().use(page());
    app.get('/', neverCache(), (_req, res) => {
      res.send(`run ${++runs}`);
    });
    const ask = await listen(app);
    await ask('/');
    const { text, headers } = await ask('/');
    expect(text).toBe('run 2');
    expect(headers['cache-control']).toContain('no-store');
  });

  it('varyOn gives each value its own variant', async () => {
    const app = express().use(page());
    app.get('/', varyOn('X-Plan'), (req, res) => {
      res.send(req.get('x-plan'));
    });
    const ask = await listen(app);
    for (const plan of ['a', 'b', 'a', 'b']) {
      expect((await ask('/', { headers: { 'x-plan': plan } })).text).toBe(plan);
    }
  });

  it('conditionalGet before the cache answers 304 to answers from the store, too', async () => {
    const app = express().disable('etag').use(conditionalGet()).use(page());
    app.get('/', (_req, res) => {
      res.send('a page');
    });
    const ask = await listen(app);
    const first = await ask('/');
    const hit = await ask('/');
    expect([hit.isHit, hit.headers.etag]).toEqual([true, first.headers.etag]);
    const again = await ask('/', { headers: { 'if-none-match': String(first.headers.etag) } });
    expect([again.status, again.text, again.isHit]).toEqual([304, '', true]);
  });

  it('what cannot be sent is refused when the middleware is made', () => {
    const wrong: any = { maxage: 5 };
    const code = 'ERR_LOCMEM_INVALID_OPTION';
    expect(() => cacheControl(wrong)).toThrow(expect.objectContaining({ code }));
    expect(() => varyOn('a b')).toThrow(expect.objectContaining({ code }));
  });
});
