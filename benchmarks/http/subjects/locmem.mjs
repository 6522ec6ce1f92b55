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

export const subjects = [
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
