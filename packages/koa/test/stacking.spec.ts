/**
 * A cache for the whole application and one on the route, both over one store: what sets requests
 * apart in one of them holds for both.
 */
import { afterAll, describe, expect, it } from '@jest/globals';
import type { ParameterizedContext } from 'koa';
import { cachePage, responseCache } from '../src/index.js';
import type { ResponseCacheMiddlewareOptions } from '../src/index.js';
import { closeAll, freshStoreName, KOAS, listen } from './harness.js';

afterAll(closeAll);

type Options = Omit<ResponseCacheMiddlewareOptions<string>, 'timeout'>;

const tenant = (ctx: ParameterizedContext) => ctx.get('x-tenant');
const isAdmin = (ctx: ParameterizedContext) => ctx.get('x-admin') !== '';
const A = { headers: { 'x-tenant': 'a' } };
const B = { headers: { 'x-tenant': 'b' } };
const ADMIN = { headers: { 'x-admin': '1' } };

describe.each(KOAS)('%s', (_name, Koa) => {
  async function pages(outer: Options, inner: Options) {
    const cache = freshStoreName();
    const site = responseCache({ cache, timeout: 60, ...outer });
    let runs = 0;
    const app = new Koa();
    app.use(site).use(site);
    app.use(cachePage('5m', { cache, ...inner }));
    app.use((ctx) => {
      ctx.body = `run ${++runs}`;
    });
    const ask = await listen(app);
    return async (options = {}) => (await ask('/', options)).text;
  }

  it.each<[string, Options, Options]>([
    ['the site', { keyPrefix: tenant }, {}],
    ['the route', {}, { keyPrefix: tenant }],
    ['both', { keyPrefix: tenant }, { keyPrefix: tenant }],
  ])('sets tenants apart by the prefix of %s', async (_where, outer, inner) => {
    const page = await pages(outer, inner);
    expect(await page(A)).toBe('run 1');
    expect(await page(B)).toBe('run 2');
    expect(await page(A)).toBe('run 1');
    expect(await page(B)).toBe('run 2');
  });

  it.each<[string, Options, Options]>([
    ['the site', { bypass: isAdmin }, {}],
    ['the route', {}, { bypass: isAdmin }],
  ])('keeps no page that %s lets past', async (_where, outer, inner) => {
    const page = await pages(outer, inner);
    expect(await page(ADMIN)).toBe('run 1');
    expect(await page()).toBe('run 2');
    expect(await page()).toBe('run 2');
  });
});
