/**
 * A cache for the whole application and one on the route, both over one store: what sets requests
 * apart in one of them holds for both.
 */
import { afterAll, describe, expect, it } from '@jest/globals';
import type { Request } from 'express';
import { cachePage, responseCache } from '../src/index.js';
import type { ResponseCacheMiddlewareOptions } from '../src/index.js';
import { closeAll, EXPRESSES, freshStoreName, listen } from './harness.js';

afterAll(closeAll);

type Options = Omit<ResponseCacheMiddlewareOptions<string>, 'timeout'>;

const tenant = (req: Request) => req.get('x-tenant') ?? '';
const isAdmin = (req: Request) => req.get('x-admin') !== undefined;
const A = { headers: { 'x-tenant': 'a' } };
const B = { headers: { 'x-tenant': 'b' } };
const ADMIN = { headers: { 'x-admin': '1' } };

describe.each(EXPRESSES)('%s', (_name, express) => {
  async function application(outer: Options, inner: Options, timeout?: number) {
    const cache = freshStoreName();
    const site = responseCache({ cache, ...outer, ...(timeout && { timeout }) });
    const route = cachePage('5m', { cache, ...inner });
    let runs = 0;
    const router = express.Router();
    router.get('/page', site, route, route, (_req, res) => {
      res.send(`run ${++runs}`);
    });
    // The same middlewares again, and below a mount path: they act once.
    const ask = await listen(express().use(site).use(site).use('/mount', router));
    return {
      page: async (options = {}) => (await ask('/mount/page', options)).text,
      site,
      route,
    };
  }

  describe.each([undefined, 60])('a site-wide cache with the timeout %s', (timeout) => {
    it.each<[string, Options, Options]>([
      ['the site', { keyPrefix: tenant }, {}],
      ['the route', {}, { keyPrefix: tenant }],
    ])('sets tenants apart by the prefix of %s', async (_where, outer, inner) => {
      const { page } = await application(outer, inner, timeout);
      expect(await page(A)).toBe('run 1');
      expect(await page(B)).toBe('run 2');
      expect(await page(A)).toBe('run 1');
      expect(await page(B)).toBe('run 2');
    });

    it.each<[string, Options, Options]>([
      ['the site', { bypass: isAdmin }, {}],
      ['the route', {}, { bypass: isAdmin }],
    ])('keeps no page that %s lets past', async (_where, outer, inner) => {
      const { page } = await application(outer, inner, timeout);
      expect(await page(ADMIN)).toBe('run 1');
      expect(await page()).toBe('run 2');
      expect(await page()).toBe('run 2');
    });

    it.each(['the site', 'the route'])('is empty after another version of %s', async (where) => {
      let release = 1;
      const version = { version: () => release };
      const { page } = await application(
        where === 'the site' ? version : {},
        where === 'the route' ? version : {},
        timeout,
      );
      expect(await page()).toBe('run 1');
      expect(await page()).toBe('run 1');
      release++;
      expect(await page()).toBe('run 2');
      expect(await page()).toBe('run 2');
    });
  });

  it('captures an answer once where both have one identity', async () => {
    const { page, site, route } = await application({ keyPrefix: tenant }, {}, 60);
    await page(A);
    expect(await page(A)).toBe('run 1');
    expect([site.stats().stored, route.stats().stored]).toEqual([1, 0]);
    expect(site.stats().hits).toBe(1);
  });

  it('remembers who asked when a middleware has taken the credentials away', async () => {
    const cache = freshStoreName();
    let runs = 0;
    const app = express()
      .use((req, _res, next) => {
        delete req.headers.authorization;
        delete req.headers.cookie;
        next();
      })
      .use(responseCache({ cache, timeout: 60 }))
      .get('/', (_req, res) => {
        res.send(`run ${++runs}`);
      });
    const ask = await listen(app);
    for (const headers of [{ authorization: 'Basic YTpi' }, { cookie: 'sid=1' }]) {
      const [reason] = Object.keys(headers);
      expect((await ask('/', { headers })).cache).toBe(`LocMem; fwd=uri-miss; detail=${reason}`);
    }
    expect((await ask('/')).text).toBe('run 3');
    expect((await ask('/')).text).toBe('run 3');
    expect((await ask('/', { headers: { cookie: 'sid=1' } })).text).toBe('run 4');
  });
});
