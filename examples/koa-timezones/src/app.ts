import { responseCache } from '@locmem/koa';
import Koa from 'koa';
import { Readable } from 'node:stream';
import { accountOf, type Account } from './accounts.js';
import { answerErrors, HttpError } from './http-error.js';
import { dateFrom, yearFrom, yearsFrom, zoneFrom, zonesFrom } from './parameters.js';
import { requestLog } from './request-log.js';
import { router } from './router.js';
import type { TimeZones } from './time-zones.js';

/** What the middlewares tell one another about a request. */
export interface State {
  account: Account;
  /** The zones that an answer is made of. */
  zones?: readonly string[];
}

/** The whole application: who asks, then the cache, then the routes. */
export function createApp(timeZones: TimeZones, print: (line: string) => void): Koa<State> {
  let release = 1;

  const cache = responseCache<string, State>({
    // A plan decides what an answer contains, so it is part of what answers are kept under. Two
    // accounts of one plan share theirs.
    keyPrefix: ({ state }) => state.account.plan.name,
    // Another release may answer otherwise: it finds nothing of what this one has stored.
    version: () => release,
    // Whatever a zone has gone into can be found again by its name.
    tags: ({ state }) => (state.zones ?? []).map((zone) => `zone:${zone}`),
    // The word that is meant for this cache alone, see below.
    targetedFields: ['LocMem-Cache-Control'],
  });

  const routes = router<State>({
    'GET /api/offsets': async (ctx) => {
      ctx.body = await timeZones.offsets();
    },

    'GET /api/changes': async (ctx) => {
      const zone = zoneFrom(ctx.query);
      const years = yearsFrom(ctx.query, ctx.state.account.plan.years);
      ctx.state.zones = [zone];
      ctx.body = await timeZones.changes(zone, years);
    },

    // A stream: it goes to the client as it comes, and is stored when it has ended.
    'GET /api/changes.csv': (ctx) => {
      const zones = zonesFrom(ctx.query);
      const years = yearsFrom(ctx.query, ctx.state.account.plan.years);
      ctx.state.zones = zones;
      ctx.type = 'text/csv';
      ctx.body = Readable.from(timeZones.changesAsCsv(zones, years));
    },

    'GET /api/overlap': async (ctx) => {
      const zones = zonesFrom(ctx.query);
      ctx.state.zones = zones;
      ctx.body = await timeZones.overlap(zones, yearFrom(ctx.query));
    },

    // A write. Every answer that a zone has gone into is stale from now on: it is given once more,
    // at once, while the new one is computed behind it.
    'POST /api/closures': async (ctx) => {
      const zone = zoneFrom(ctx.query);
      await timeZones.close(zone, dateFrom(ctx.query));
      cache.invalidate({ tags: [`zone:${zone}`], soft: true });
      ctx.status = 201;
      ctx.body = { zone };
    },

    'POST /admin/release': (ctx) => {
      ctx.body = { release: ++release };
    },

    'GET /admin/stats': (ctx) => {
      ctx.set('Cache-Control', 'no-store');
      ctx.body = cache.stats();
    },
  });

  const app = new Koa<State>();
  app.use(requestLog(print));
  app.use(answerErrors);
  app.use(async (ctx, next) => {
    ctx.state.account = accountOf(ctx.get('X-Api-Key'));
    await next();
  });
  app.use(cache);
  // What an answer says to caches: on the way, none may share it, for none knows what a key is good
  // for. Ours does, and keeps it for a day (RFC 9213: a field for one cache goes before Cache-Control).
  app.use(async (ctx, next) => {
    await next();
    if (ctx.method !== 'GET' || ctx.res.hasHeader('Cache-Control')) return;
    ctx.set('Cache-Control', 'private, max-age=60');
    ctx.set('LocMem-Cache-Control', 'max-age=86400, stale-while-revalidate=3600');
  });
  app.use(routes);
  app.use((ctx) => {
    throw new HttpError(404, `there is no ${ctx.method} ${ctx.path}`);
  });
  return app;
}
