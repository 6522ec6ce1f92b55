/**
 * What Express adds to requests and responses has its place there before it replaces their prototypes: they
 * are cheap, and nobody notices.
 */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Express, Request, Response } from 'express';
import { once } from 'node:events';
import { createServer, IncomingMessage, request, ServerResponse } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { shapeRequestsOf } from '@locmem/http';
import { front, responseCache } from '../src/index.js';
import { closeAll, EXPRESSES, freshStoreName, listen } from './harness.js';
import { serve } from '../../http/test/harness.js';

afterAll(closeAll);

/** Whether V8 has one hidden class for both. */
let haveSameClass: (one: object, other: object) => boolean;

beforeAll(() => {
  setFlagsFromString('--allow-natives-syntax');
  haveSameClass = runInThisContext('(one, other) => %HaveSameMap(one, other)') as never;
});

/** As an application has that loads the package as ES module and as CommonJS. */
async function anotherCopy() {
  jest.resetModules();
  const copy = await import('../src/index.js');
  expect(copy.responseCache).not.toBe(responseCache);
  return copy;
}

type Pair = readonly [req: Request, res: Response];

/** Two requests that are in their handler at the same time, after others have been answered. */
async function pairIn(app: Express): Promise<[Pair, Pair]> {
  const waiting: (readonly [...Pair])[] = [];
  app.get('/warm', (_req, res) => {
    res.send('x');
  });
  const together = new Promise<[Pair, Pair]>((resolve) => {
    app.get('/:name', (req, res) => {
      waiting.push([req, res]);
      if (waiting.length === 2) resolve([waiting[0]!, waiting[1]!]);
    });
  });
  const ask = await listen(app);
  for (let i = 0; i < 3; i++) await ask('/warm');
  const answers = Promise.all([ask('/a'), ask('/b')]);
  const pair = await together;
  for (const [, res] of pair) res.end();
  await answers;
  return pair;
}

function areAlike([[reqA, resA], [reqB, resB]]: [Pair, Pair]): [boolean, boolean] {
  return [haveSameClass(reqA, reqB), haveSameClass(resA, resB)];
}

describe.each(EXPRESSES)('%s', (_name, express) => {
  it('with a cache mounted, has one for all that are on the way to be stored', async () => {
    const cache = responseCache({ cache: freshStoreName(), timeout: 60 });
    expect(areAlike(await pairIn(express().use(cache)))).toEqual([true, true]);
  });

  it('behind a front, has one for all that come by it', async () => {
    const app = front(express(), { cache: freshStoreName(), timeout: 60 });
    expect(areAlike(await pairIn(app))).toEqual([true, true]);
  });

  it('with a cache in an application that is mounted in another, the other has', async () => {
    const app = express();
    const inner = express().use(responseCache({ cache: freshStoreName(), timeout: 60 }));
    app.use('/', inner);
    expect(areAlike(await pairIn(app))).toEqual([true, true]);
  });

  it('does not look like a replaced writer to another copy of the package', async () => {
    const app = express();
    shapeRequestsOf(app);
    const copy = await anotherCopy();
    const cache = copy.responseCache({ cache: freshStoreName(), timeout: 60 });
    copy.front(app.use(cache), cache);
    app.get('/', (_req, res) => {
      res.send('whole');
    });
    const ask = await listen(app);
    await ask('/');
    // A part is not made of what somebody might rewrite, and a front gives nothing of it away.
    expect((await ask('/', { headers: { range: 'bytes=0-1' } })).text).toBe('wh');
    expect(cache.stats().hits).toBe(1);
  });

  it('shows middlewares and handlers what they would see without', async () => {
    const seen = async (isShaped: boolean) => {
      const app = express();
      if (isShaped) shapeRequestsOf(app);
      const log: unknown[] = [];
      const note = (place: string, req: Request, res: Response) => {
        log.push([place, ...SEEN_ON_REQUESTS.map((name) => Reflect.get(req, name) as unknown)]);
        log.push([place, res.statusCode, res.statusMessage, { ...res.locals }, res.headersSent]);
      };
      app.use((req, res, next) => {
        note('first', req, res);
        res.on('finish', () => {
          note('finish', req, res);
        });
        next();
      });
      const router = express.Router();
      router.get('/:id', (req, res) => {
        note('route', req, res);
        res.status(201).json({ id: req.params.id });
      });
      app.use('/items', router);
      app.use((req, res) => {
        note('last', req, res);
        res.sendStatus(404);
      });
      const ask = await listen(app);
      for (const path of ['/items/1?a=b', '/items/2', '/none']) {
        const answer = await ask(path);
        log.push([answer.status, answer.text, Object.keys(answer.headers)]);
      }
      // Functions and routes are of each application.
      return JSON.stringify(log, (_key, value: unknown) =>
        typeof value === 'function' ? 'a function' : value,
      );
    };
    expect(await seen(true)).toBe(await seen(false));
  });

  it('calls what an application, or one mounted in it, has put on its responses', async () => {
    const app = express();
    shapeRequestsOf(app);
    const calls: string[] = [];
    const overridden = (name: string, by: Express) => {
      by.response.end = function (this: Response, ...args: unknown[]) {
        calls.push(name);
        const { end } = ServerResponse.prototype as unknown as {
          end: (...a: unknown[]) => Response;
        };
        return end.apply(this, args);
      };
    };
    const inner = express();
    app.use('/inner', inner);
    overridden('app', app);
    overridden('inner', inner);
    inner.get('/', (_req, res) => {
      res.send('inner');
    });
    app.get('/', (_req, res) => {
      res.send('app');
    });
    const ask = await listen(app);
    expect([(await ask('/')).text, (await ask('/inner')).text]).toEqual(['app', 'inner']);
    expect(calls).toEqual(['app', 'inner']);
  });

  it('lets an object that is made of a response write by what the response has', async () => {
    const app = express();
    shapeRequestsOf(app);
    app.response.write = function (this: Response) {
      this.req.res!.end('written once');
      return true;
    };
    app.get('/', (_req, res) => {
      (Object.create(res as object) as Response).write('x');
    });
    const ask = await listen(app);
    expect((await ask('/')).text).toBe('written once');
  });

  it('leaves alone what a listener before it, and a server with classes of its own, have made', async () => {
    const app = express();
    shapeRequestsOf(app);
    const seen: unknown[] = [];
    app.get('/', (req, res) => {
      seen.push([(req as { body?: unknown }).body, res.locals, res.statusCode]);
      res.end();
    });
    const { ask } = await serve((req, res) => {
      Object.assign(req, { body: 'read' });
      Object.assign(res, { locals: { by: 'the listener' }, statusCode: 202 });
      (app as unknown as (...args: unknown[]) => void)(req, res);
    });
    expect((await ask('/')).status).toBe(202);
    expect(seen.pop()).toEqual(['read', { by: 'the listener' }, 202]);

    class OwnRequest extends IncomingMessage {}
    const server = createServer({ IncomingMessage: OwnRequest }, app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as import('node:net').AddressInfo;
    const [answer] = (await once(
      request({ port, host: '127.0.0.1', agent: false }).end(),
      'response',
    )) as [IncomingMessage];
    answer.resume();
    await once(answer, 'end');
    expect(seen.pop()).toEqual([undefined, expect.anything(), 200]);
    server.close();
  });
});

const SEEN_ON_REQUESTS = [
  ...['baseUrl', 'originalUrl', 'url', 'path', 'params', 'query', 'body', 'cookies'],
  ...['signedCookies', 'secret', 'method', 'xhr', 'fresh', 'hostname', 'next'],
];
