/** Express by itself, and the caches that are made for it. */
import apicache from 'apicache';
import apicachePlus from 'apicache-plus';
import express5 from 'express';
import express4 from 'express4';
import routeCache from 'route-cache';
import { createServer } from 'node:http';
import { listening } from './listening.mjs';
import { write } from './node.mjs';

/** The route that all of them have. */
const ROUTE = /^\/page/;

/** As people write it. */
export function send(res, { status, fields, body, text }) {
  res
    .status(status)
    .set(fields)
    .send(text ?? body);
}

/** An application with these middlewares before its route. */
export function expressApp(express, middlewares, respond, answer, { handlerMs }) {
  const app = express();
  for (const middleware of middlewares) app.use(middleware);
  app.get(ROUTE, (req, res) => {
    if (handlerMs === undefined) respond(res, answer(req));
    else setTimeout(() => respond(res, answer(req)), handlerMs);
  });
  return app;
}

/** Starts what `send` answers, behind the middleware that is made for the scenario. */
export function behind(express, makeMiddleware) {
  return (answer, scenario) => {
    const app = expressApp(express, [makeMiddleware(scenario)], send, answer, scenario);
    return listening(createServer(app));
  };
}

const bare = (express, respond) => (answer, scenario) =>
  listening(createServer(expressApp(express, [], respond, answer, scenario)));

const seconds = ({ ttlSeconds = 3_600 }) => ttlSeconds;

export const subjects = [
  {
    id: 'express5/end',
    name: 'Express 5, res.end',
    package: 'express',
    start: bare(express5, write),
  },
  {
    id: 'express5/send',
    name: 'Express 5, res.send',
    package: 'express',
    start: bare(express5, send),
  },
  {
    id: 'express4/send',
    name: 'Express 4, res.send',
    package: 'express4',
    start: bare(express4, send),
  },
  {
    id: 'apicache/express5',
    name: 'apicache, Express 5',
    package: 'apicache',
    uncached: 'express5/send',
    start: behind(express5, (scenario) =>
      apicache.newInstance().middleware(`${seconds(scenario)} seconds`),
    ),
  },
  {
    id: 'apicache-plus/express5',
    name: 'apicache-plus, Express 5',
    package: 'apicache-plus',
    uncached: 'express5/send',
    start: behind(express5, (scenario) =>
      apicachePlus.newInstance().middleware(`${seconds(scenario)} seconds`),
    ),
  },
  {
    id: 'route-cache/express5',
    name: 'route-cache, Express 5',
    package: 'route-cache',
    uncached: 'express5/send',
    start: behind(express5, (scenario) => routeCache.cacheSeconds(seconds(scenario))),
  },
].map((subject) => ({ caches: subject.uncached !== undefined, ...subject }));
