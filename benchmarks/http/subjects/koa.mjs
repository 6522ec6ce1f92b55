/** Koa by itself, and koa-cash. */
import koa3 from 'koa';
import koa2 from 'koa2';
import koaCash from 'koa-cash';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { listening } from './listening.mjs';

/** An application with these middlewares before its handler. */
export function koaApp(Koa, middlewares, answer, { handlerMs }) {
  const app = new Koa();
  for (const middleware of middlewares) app.use(middleware);
  const respond = (ctx) => {
    const { status, fields, body } = answer(ctx.req);
    ctx.status = status;
    ctx.set(fields);
    if (status !== 304) ctx.body = body;
  };
  app.use(
    handlerMs === undefined
      ? respond
      : async (ctx) => {
          await sleep(handlerMs);
          respond(ctx);
        },
  );
  return app;
}

/** Starts the application behind the middlewares that are made for the scenario. */
export function behind(Koa, makeMiddlewares) {
  return (answer, scenario) => {
    const app = koaApp(Koa, makeMiddlewares(scenario), answer, scenario);
    return listening(createServer(app.callback()));
  };
}

/** koa-cash brings no store; this is the least that keeps its promises. */
function cash({ encoding, ttlSeconds = 3_600 }) {
  const store = new Map();
  const cash = koaCash({
    maxAge: ttlSeconds * 1_000,
    compression: encoding === 'gzip',
    get(key) {
      const found = store.get(key);
      return found !== undefined && found.deadlineMs > Date.now() ? found.value : undefined;
    },
    set(key, value, maxAgeMs) {
      store.set(key, { value, deadlineMs: Date.now() + maxAgeMs });
    },
  });
  return [cash, async (ctx, next) => ((await ctx.cashed()) ? undefined : next())];
}

/** It compresses by itself, and takes no answer that is compressed already. */
function startCash(answer, scenario) {
  const plain = ({ url }) => answer({ url, headers: {} });
  return behind(koa3, cash)(scenario.encoding === 'gzip' ? plain : answer, scenario);
}

const bare = (Koa) => behind(Koa, () => []);

export const subjects = [
  { id: 'koa3/body', name: 'Koa 3', package: 'koa', caches: false, start: bare(koa3) },
  { id: 'koa2/body', name: 'Koa 2', package: 'koa2', caches: false, start: bare(koa2) },
  {
    id: 'koa-cash/koa3',
    name: 'koa-cash, Koa 3',
    package: 'koa-cash',
    caches: true,
    uncached: 'koa3/body',
    start: startCash,
  },
];
