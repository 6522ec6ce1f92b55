/** Ours: the cache alone, as a middleware mounted first, and in front of everything. */
import { responseCache as forExpress } from '@locmem/express';
import * as http from '@locmem/http';
import { responseCache as forKoa } from '@locmem/koa';
import express5 from 'express';
import express4 from 'express4';
import koa3 from 'koa';
import koa2 from 'koa2';
import { createServer } from 'node:http';
import * as express from './express.mjs';
import * as koa from './koa.mjs';
import { listening } from './listening.mjs';
import { listener } from './node.mjs';

/** What the handler says of itself counts where the scenario is about that. */
const options = ({ ttlSeconds }) => (ttlSeconds === undefined ? { timeout: '1h' } : {});

function alone(answer, scenario) {
  const cache = http.createResponseCache(options(scenario));
  const inside = listener(answer, scenario);
  return listening(createServer((req, res) => cache.handle(req, res, () => inside(req, res))));
}

/** The hits are the front's; the middleware inside stores. */
function frontedExpress(answer, scenario) {
  const cache = forExpress(options(scenario));
  const app = express.expressApp(express5, [cache], express.send, answer, scenario);
  return listening(createServer(http.front(app, cache)));
}

function frontedKoa(answer, scenario) {
  const cache = forKoa(options(scenario));
  const app = http.front(koa.koaApp(koa3, [cache], answer, scenario), cache);
  return listening(createServer(app.callback()));
}

/** No cache at all: what the caches do for every request of Express on their way. */
function shapedExpress(answer, scenario) {
  const app = express.expressApp(express5, [], express.send, answer, scenario);
  http.shapeRequestsOf(app);
  return listening(createServer(app));
}

export const subjects = [
  {
    id: 'shaped/express5',
    name: 'Express 5, its hidden classes mended',
    caches: false,
    package: 'express',
    scenarios: ['hot', 'miss'],
    start: shapedExpress,
  },
  {
    id: 'front/node',
    name: 'LocMem front, a listener',
    uncached: 'node/constant',
    start: (answer, scenario) =>
      listening(createServer(http.front(listener(answer, scenario), options(scenario)))),
  },
  {
    id: 'front/express5',
    name: 'LocMem front, Express 5',
    uncached: 'express5/send',
    start: frontedExpress,
  },
  {
    id: 'front/koa3',
    name: 'LocMem front, Koa 3',
    uncached: 'koa3/body',
    start: frontedKoa,
  },
  {
    id: 'locmem/http',
    name: 'LocMem, node:http',
    uncached: 'node/constant',
    start: alone,
  },
  {
    id: 'locmem/express5',
    name: 'LocMem, Express 5',
    uncached: 'express5/send',
    start: express.behind(express5, (scenario) => forExpress(options(scenario))),
  },
  {
    id: 'locmem/express4',
    name: 'LocMem, Express 4',
    uncached: 'express4/send',
    start: express.behind(express4, (scenario) => forExpress(options(scenario))),
  },
  {
    id: 'locmem/koa3',
    name: 'LocMem, Koa 3',
    uncached: 'koa3/body',
    start: koa.behind(koa3, (scenario) => [forKoa(options(scenario))]),
  },
  {
    id: 'locmem/koa2',
    name: 'LocMem, Koa 2',
    uncached: 'koa2/body',
    start: koa.behind(koa2, (scenario) => [forKoa(options(scenario))]),
  },
].map((subject) => ({ caches: true, ...subject }));
