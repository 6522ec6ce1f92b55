import type { DemoOptions } from '../options.mjs';
import { createApp } from './app.js';
import { ATTRIBUTION, readDataSet } from './data-set.js';
import { openDatabase, type Database } from './database.js';
import { close, listen } from './listen.js';
import { load } from './load.js';
import { progress } from './progress.js';
import { Cities } from './queries.js';
import { openShared } from './shared-cache.js';
import { Tour } from './tour.js';

/**
 * Loads the data, serves it, tours it, and stays up until Ctrl-C unless `once` is set.
 *
 * @returns the exit code: 1 when the tour found something wrong
 */
export async function demo({ once, port: wishedPort, redis }: DemoOptions): Promise<number> {
  const shared = redis === undefined ? undefined : await openShared(redis);
  const database = await prepareDatabase();
  let quiet = false;
  const print = (line: string) => {
    if (!quiet) console.log(line);
  };
  const app = createApp(new Cities(database), print, shared?.cache);
  const { server, port } = await listen(app, wishedPort);
  if (wishedPort !== 0 && port !== wishedPort) {
    console.log(`Port ${wishedPort} is taken: using ${port}.`);
  }
  console.log(`Serving on http://127.0.0.1:${port}/`);

  const tour = new Tour({
    port,
    print: console.log,
    stored: shared?.stored,
    async quietly(work) {
      quiet = true;
      return work().finally(() => (quiet = false));
    },
  });
  const wrong = await tour.run();
  console.log(verdict(wrong));

  if (!once) {
    console.log(`\nOpen http://127.0.0.1:${port}/ in a browser. Ctrl-C ends.\n`);
    await interrupt();
    console.log('\nClosing.');
  }
  await close(server);
  await database.close();
  await shared?.close();
  return wrong.length === 0 ? 0 : 1;
}

async function prepareDatabase(): Promise<Database> {
  console.log('Starting Postgres inside this process (PGlite)');
  const startedAt = performance.now();
  const database = await openDatabase();
  console.log(`  ready after ${seconds(startedAt)}`);
  const loadStartedAt = performance.now();
  await load(database, await readDataSet(), progress('Loading cities:', process.stdout));
  console.log(`  loaded after ${seconds(loadStartedAt)}. ${ATTRIBUTION}`);
  return database;
}

function seconds(startedAt: number): string {
  return `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}

function verdict(wrong: readonly string[]): string {
  if (wrong.length === 0) return '\nThe tour found everything as it should be.';
  return `\nThe tour found ${wrong.length} wrong:\n${wrong.map((claim) => `  - ${claim}`).join('\n')}`;
}

/** Resolves at the first Ctrl-C. A second one ends the process at once, should closing hang. */
function interrupt(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', resolve).once('SIGTERM', resolve);
  });
}
