/**
 * What an application has put on its own requests and responses is seen as ever, although what Express adds
 * has its place there before: each application is asked with and without, until places have been given.
 */
import { afterAll, describe, expect, it } from '@jest/globals';
import compression from 'compression';
import { json } from 'express';
import type { Express, Request, RequestHandler, Response } from 'express';
import { ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { shapeRequestsOf } from '@locmem/http';
import { responseCache } from '../src/index.js';
import { closeAll, EXPRESSES, freshStoreName, listen } from './harness.js';

afterAll(closeAll);

type Method = (this: Response, ...args: unknown[]) => never;
const ofNode = ServerResponse.prototype as unknown as Record<'write' | 'end', Method>;

/** Sends some properties of the request. */
const tell =
  (...names: string[]): RequestHandler =>
  (req, res) => {
    res.json(names.map((name) => [name in req, Reflect.get(req, name) as unknown]));
  };

/** As a parser that works when it is asked: a getter, once for all or until it has been read. */
function parsesLate(on: Request, name: string, isKept: boolean) {
  Object.defineProperty(on, name, {
    configurable: true,
    get(this: Request) {
      const value = { late: true };
      if (isKept) Object.defineProperty(this, name, { value, writable: true, configurable: true });
      return value;
    },
  });
}

type MakeApp = (app: Express, express: () => Express) => unknown;

const APPS: [string, MakeApp][] = [
  ['nothing that parses', (app) => app.get('/', tell('body', 'cookies', 'secret'))],
  [
    'a parser on one route',
    (app) => app.use('/other', json()).get('/', tell('body', 'cookies')).get('/x', tell('body')),
  ],
  [
    'cookies parsed by a getter',
    (app) => {
      parsesLate(app.request, 'cookies', false);
      app.get('/', tell('cookies'));
    },
  ],
  [
    'cookies parsed by a getter that is read once',
    (app) => {
      parsesLate(app.request, 'cookies', true);
      app.get('/', tell('cookies'));
    },
  ],
  [
    'a body parsed by a getter of a mounted application',
    (app, express) => {
      const inner = express();
      parsesLate(inner.request, 'body', true);
      app.use(inner.get('/', tell('body')));
    },
  ],
  [
    'a status of its own to begin with',
    (app) => {
      app.response.statusCode = 299;
      app.response.statusMessage = 'Mine';
      app.get('/', (_req, res) => {
        res.send(res.statusMessage);
      });
    },
  ],
  [
    'a status that is counted',
    (app) => {
      const counted: unknown[] = [];
      Object.defineProperty(app.response, 'statusCode', {
        get: () => counted.at(-1) ?? 200,
        set: (status) => counted.push(status),
      });
      app.get('/', (_req, res) => {
        res.status(203).json(counted);
      });
    },
  ],
  [
    'locals of its own for all',
    (app) => {
      Object.assign(app.response, { locals: { ofAll: true } });
      app.get('/', (_req, res) => {
        res.json(res.locals);
      });
    },
  ],
];

describe.each(EXPRESSES)('%s', (_name, express) => {
  it.each(APPS)('an application with %s', async (_what, make) => {
    const answers = async (isShaped: boolean) => {
      const app = express();
      if (isShaped) shapeRequestsOf(app);
      make(app, express);
      const ask = await listen(app);
      const all = [];
      for (let i = 0; i < 4; i++) {
        const { status, statusMessage, text } = await ask('/');
        all.push([status, statusMessage, text]);
      }
      return all;
    };
    expect(await answers(true)).toEqual(await answers(false));
  });

  /** An application that shouts, mounted in one where something else has replaced the writers before. */
  const shoutingIn = (app: Express) => {
    const inner = express();
    const shout = (chunk: unknown) =>
      typeof chunk === 'string' || Buffer.isBuffer(chunk) ? chunk.toString().toUpperCase() : chunk;
    for (const name of ['write', 'end'] as const) {
      const method: Method = function (chunk, ...args) {
        return ofNode[name].call(this, shout(chunk), ...args);
      };
      Object.assign(inner.response, { [name]: method });
    }
    inner.get('/', (_req, res) => {
      res.type('txt').write('a');
      res.end('b');
    });
    return app.use(inner);
  };

  it('compression, whatever a mounted application has for its own responses', async () => {
    const app = express();
    shapeRequestsOf(app);
    const ask = await listen(shoutingIn(app.use(compression({ threshold: 0 }))));
    for (let i = 0; i < 3; i++) {
      const { body } = await ask('/', { headers: { 'accept-encoding': 'gzip' } });
      expect(gunzipSync(body).toString()).toBe('ab');
    }
  });

  it('a hit is what the miss was, whatever a mounted application has for its own responses', async () => {
    const app = express();
    shapeRequestsOf(app);
    const cache = responseCache({ cache: freshStoreName(), timeout: 60 });
    const ask = await listen(shoutingIn(app.use(cache)));
    const [miss, hit] = [await ask('/'), await ask('/')];
    expect([miss.text, miss.isHit, hit.text, hit.isHit]).toEqual(['ab', false, 'ab', true]);
  });

  it('a cache in a mounted application writes by what that has for its responses', async () => {
    const app = express();
    shapeRequestsOf(app);
    const inner = express();
    const cache = responseCache({ cache: freshStoreName(), timeout: 60 });
    let calls = 0;
    inner.response.end = function (this: Response, ...args: unknown[]) {
      calls++;
      return ofNode.end.apply(this, args);
    };
    inner.use(cache).get('/', (_req, res) => {
      res.send('x');
    });
    const ask = await listen(app.use(inner));
    expect([(await ask('/')).isHit, (await ask('/')).isHit, calls]).toEqual([false, true, 2]);
  });

  it('a cache of an application serves others, too, and frameworks that Express does not know', async () => {
    const cache = responseCache({ cache: freshStoreName(), timeout: 60 });
    const app = express().use(cache);
    app.get('/', (_req, res) => {
      res.send('of Express');
    });
    const ofExpress = await listen(app);
    expect((await ofExpress('/')).text).toBe('of Express');
    for (const like of [undefined, {}, { parent: null }, { handle: null, response: {} }]) {
      const before = JSON.stringify(like);
      const elsewhere = await listen(((req: Request, res: Response) => {
        if (like !== undefined) Object.assign(req, { app: like });
        cache(req, res, () => res.end('elsewhere'));
      }) as unknown as Express);
      expect((await elsewhere('/')).text).toBe('elsewhere');
      expect(JSON.stringify(like)).toBe(before);
    }
  });
});
