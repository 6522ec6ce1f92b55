/**
 * The frameworks under which every row is acted out: real applications behind real sockets.
 */
import { responseCache as expressCache } from '@locmem/express';
import { front } from '@locmem/http';
import type { ExpressApp, FrontedCache, KoaApp } from '@locmem/http';
import { responseCache as koaCache } from '@locmem/koa';
import express5 from 'express';
import express4 from 'express4';
import Koa3 from 'koa';
import Koa2 from 'koa2';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

/** What the handler has decided to send. */
export interface Reply {
  readonly status: number;
  readonly reason: string | undefined;
  readonly fields: readonly (readonly [name: string, value: string | string[]])[];
  readonly body: string;
  readonly trailers: Readonly<Record<string, string>> | undefined;
  readonly hints: string | undefined;
  readonly processing: boolean;
  readonly manner: 'stops' | 'short' | 'chunks' | undefined;
  /** Takes the response into its own hands instead. */
  readonly perform?: (res: ServerResponse) => void;
}

/** One row at work: its options, and its handler. A rejected reply is thrown by the handler. */
export interface Stage {
  /** Of `responseCache`; a row may name some that do not exist yet. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly onArrival: () => void;
  readonly reply: (req: IncomingMessage) => Promise<Reply>;
}

/** Makes a listener for a stage. */
export type Framework = (stage: Stage) => RequestListener;

/** Counts a request before anything else sees it. */
const counting =
  (listener: RequestListener, onArrival: () => void): RequestListener =>
  (req, res) => {
    onArrival();
    listener(req, res);
  };

const plain: Framework = ({ options, onArrival, reply }) => {
  const listener = (req: IncomingMessage, res: ServerResponse) => {
    const answered = reply(req).then((answer) => {
      write(res, answer);
    });
    // Unless the cache has something better, an error is answered as frameworks answer it.
    answered.catch(() => setImmediate(fail, res));
    return answered;
  };
  return counting(front(listener, options), onArrival);
};

function fail(res: ServerResponse): void {
  if (res.headersSent) res.destroy();
  else res.writeHead(500).end();
}

type Cache = ReturnType<typeof expressCache> & ReturnType<typeof koaCache>;

/** What is done to the application and the cache in it before it listens. */
type Finish = <App extends ExpressApp | KoaApp>(app: App, cache: FrontedCache) => App;
const asItIs: Finish = (app) => app;

const express =
  (make: typeof express5, finish = asItIs): Framework =>
  ({ options, onArrival, reply }) => {
    const app = make();
    app.disable('x-powered-by');
    const cache = expressCache(options) as Cache;
    app.use(cache);
    app.use((req, res, next) => {
      reply(req)
        .then((answer) => {
          write(res, answer);
        })
        .catch(next);
    });
    return counting(finish(app, cache), onArrival);
  };

const koa =
  (Koa: typeof Koa3, finish = asItIs): Framework =>
  ({ options, onArrival, reply }) => {
    const app = new Koa();
    app.on('error', () => {});
    const cache = koaCache(options);
    app.use(cache);
    app.use(async (ctx) => {
      const answer = await reply(ctx.req);
      if (answer.trailers || answer.hints || answer.processing || answer.manner || answer.perform) {
        ctx.respond = false;
        write(ctx.res, answer);
        return;
      }
      ctx.status = answer.status;
      if (answer.reason !== undefined) ctx.message = answer.reason;
      for (const [name, value] of answer.fields) ctx.set(name, value);
      ctx.body = Buffer.from(answer.body);
      // Koa states a type where the handler has not; the rows speak of what the handler said.
      if (!answer.fields.some(([name]) => name.toLowerCase() === 'content-type')) {
        ctx.remove('Content-Type');
      }
    });
    // eslint-disable-next-line @typescript-eslint/no-misused-promises -- as app.listen does it
    return counting(finish(app, cache).callback(), onArrival);
  };

export const FRAMEWORKS: readonly (readonly [name: string, framework: Framework])[] = [
  ['Express 4', express(express4)],
  ['Express 5', express(express5)],
  ['Koa 2', koa(Koa2)],
  ['Koa 3', koa(Koa3)],
  ['a front around a listener', plain],
  ['a front before the cache in Express 5', express(express5, front)],
  ['a front before the cache in Koa 3', koa(Koa3, front)],
];

function write(res: ServerResponse, answer: Reply): void {
  if (answer.perform) {
    answer.perform(res);
    return;
  }
  if (answer.processing) res.writeProcessing();
  if (answer.hints !== undefined) res.writeEarlyHints({ link: answer.hints });
  res.statusCode = answer.status;
  if (answer.reason !== undefined) res.statusMessage = answer.reason;
  for (const [name, value] of answer.fields) res.setHeader(name, value);
  const { body } = answer;
  switch (answer.manner) {
    case 'stops':
      res.write(body, () => res.destroy());
      return;
    case 'short':
      res.setHeader('Content-Length', body.length + 10);
      res.write(body);
      res.end(() => res.destroy());
      return;
    case 'chunks':
      for (const letter of body) res.write(letter);
      break;
    case undefined:
      if (answer.trailers) {
        res.setHeader('Trailer', Object.keys(answer.trailers).join(', '));
        res.write(body);
      }
  }
  if (answer.trailers) res.addTrailers(answer.trailers);
  if (answer.manner === 'chunks' || answer.trailers) res.end();
  else res.end(body);
}
