import { cachePage, responseCache, type ResponseCacheMiddlewareOptions } from '@locmem/express';
import express, { type Express, type Request, type RequestHandler } from 'express';
import { sendError } from './http-error.js';
import { renderPage } from './page.js';
import { idFrom, integerFrom, numberFrom, populationFrom, textFrom } from './parameters.js';
import type { Cities } from './queries.js';
import { requestLog } from './request-log.js';
import { TENANTS, TenantVersions, tenantOf } from './tenants.js';

/** The whole application: the cache first, then the routes it stands in front of. */
export function createApp(
  cities: Cities,
  print: (line: string) => void,
  cache?: ResponseCacheMiddlewareOptions['cache'],
): Express {
  const versions = new TenantVersions();

  // One tenant, one namespace: what is stored for `europe` cannot be found from `world`, and a
  // new version number empties one tenant's namespace at once, and no other's.
  const perTenant = {
    cache, // where answers are kept: in this process, when nothing else is given
    keyPrefix: (req: Request) => tenantOf(req).name,
    version: (req: Request) => versions.of(tenantOf(req)),
  };
  const apiCache = responseCache({ ...perTenant, timeout: '5m' });
  // A browser's reload button asks for a fresh answer. For the page it does not get one.
  const pageCache = cachePage('1m', { ...perTenant, requestDirectives: 'ignore' });

  const app = express().disable('x-powered-by');
  app.use(requestLog(print));
  app.use(knownTenant); // before the cache: nobody gets as far as a key without being somebody
  app.use('/api', apiCache);

  app.get('/', pageCache, async (req, res) => {
    const startedAt = performance.now();
    const tenant = tenantOf(req);
    const countries = await cities.countries(tenant);
    const ms = performance.now() - startedAt;
    res.send(renderPage({ tenant, tenants: TENANTS, countries, ms, at: new Date() }));
  });

  app.get('/api/countries', async (req, res) => {
    res.json(await cities.countries(tenantOf(req)));
  });

  app.get('/api/nearest', async (req, res) => {
    const lat = numberFrom(req.query, 'lat', { min: -90, max: 90 });
    const lon = numberFrom(req.query, 'lon', { min: -180, max: 180 });
    const limit = integerFrom(req.query, 'limit', { min: 1, max: 100, default: 10 });
    res.json(await cities.nearest(tenantOf(req), { lat, lon, limit }));
  });

  app.get('/api/pairs', async (req, res) => {
    const km = numberFrom(req.query, 'km', { min: 0, max: 1_000, default: 25 });
    const population = integerFrom(req.query, 'min', { min: 200_000, max: 1e9, default: 300_000 });
    res.json(await cities.pairs(tenantOf(req), { km, population }));
  });

  app.get('/api/search', async (req, res) => {
    res.json(await cities.search(tenantOf(req), textFrom(req.query, 'q', 100)));
  });

  app.get('/api/cities/:id', async (req, res) => {
    res.json(await cities.city(tenantOf(req), idFrom(req.params.id)));
  });

  // A write. The cache drops by itself what it stored for this very URL (RFC 9111 §4.4). Which
  // other answers must not be seen any more, only the application knows; here, those that add the
  // city up. Searches and neighbours may be behind for the five minutes of their timeout.
  app.post('/api/cities/:id', express.json(), async (req, res) => {
    const id = idFrom(req.params.id);
    await cities.correctPopulation(tenantOf(req), id, populationFrom(req.body));
    await apiCache.invalidate({ url: '/api/countries' });
    await apiCache.invalidate({ url: '/' }); // both caches keep their answers in one store
    res.json(await cities.city(tenantOf(req), id));
  });

  app.post('/admin/version', (req, res) => {
    const tenant = tenantOf(req);
    res.json({ tenant: tenant.name, version: versions.bump(tenant) });
  });

  app.post('/admin/clear', async (_req, res) => {
    await apiCache.clear(); // every tenant and every version
    res.status(204).end();
  });

  app.get('/admin/stats', (_req, res) => {
    res.json({ api: apiCache.stats(), page: pageCache.stats() });
  });

  app.use(sendError);
  return app;
}

/** Ends requests for unknown tenants with 404. */
const knownTenant: RequestHandler = (req, res, next) => {
  tenantOf(req);
  // Our cache needs no Vary to keep tenants apart; browsers and proxies on the way do.
  res.vary('X-Tenant');
  next();
};
