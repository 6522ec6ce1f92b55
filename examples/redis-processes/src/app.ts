import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Tiers } from './cache.js';

/** A report, and who made it. */
export interface Report {
  readonly id: string;
  readonly madeBy: number;
  readonly run: number;
}

/** What a request is answered. */
export interface Answer {
  readonly pid: number;
  readonly report?: Report;
  readonly version?: number;
  readonly runs?: number;
}

/** The application: a slow report behind the cache, and what an operator does to it. */
export function createApp({ reports, settings }: Tiers): Server {
  let runs = 0;

  async function makeReport(id: string): Promise<Report> {
    const run = ++runs;
    await sleep(200); // imagine SQL
    return { id, madeBy: process.pid, run };
  }

  async function answer(method: string, path: string): Promise<Omit<Answer, 'pid'> | undefined> {
    const [, what = '', name = ''] = path.split('/');
    switch (`${method} ${what}`) {
      case 'GET report': {
        // The version of all reports is an entry itself; the front makes it a local look-up.
        const version = await settings.get('version', { default: 1 });
        const tags = ['reports', `report:${name}`];
        const report = await reports.getOrSet(name, () => makeReport(name), { version, tags });
        return { report, version };
      }
      case 'POST purge':
        await reports.deleteByTag(name);
        return {};
      case 'POST version':
        await settings.add('version', 1, { timeout: null });
        return { version: await settings.incr('version') };
      case 'POST clear':
        await reports.clear({ keyPrefix: name }); // of a release that nobody runs any more
        return {};
      case 'GET runs':
        return { runs };
      default:
        return undefined;
    }
  }

  return createServer((req, res) => {
    answer(req.method ?? 'GET', req.url ?? '/').then(
      (found) => {
        res.statusCode = found ? 200 : 404;
        res.setHeader('content-type', 'application/json');
        res.setHeader('connection', 'close'); // each request to whichever worker is next
        res.end(JSON.stringify({ pid: process.pid, ...found }));
      },
      () => {
        res.statusCode = 500;
        res.end();
      },
    );
  });
}
