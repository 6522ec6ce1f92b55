import type { CityRow, DataSet } from './data-set.js';
import type { Database } from './database.js';

const ROWS_PER_INSERT = 5_000;

/** Writes the data set into the empty tables; reports after every insert how many cities are in. */
export async function load(
  database: Database,
  { countries, cities }: DataSet,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<void> {
  await database.query(
    'insert into countries select * from unnest($1::text[], $2::text[], $3::text[])',
    [countries.map((c) => c.code), countries.map((c) => c.name), countries.map((c) => c.continent)],
  );
  for (let done = 0; done < cities.length; done += ROWS_PER_INSERT) {
    const batch = cities.slice(done, done + ROWS_PER_INSERT);
    await insert(database, batch);
    onProgress(done + batch.length, cities.length);
  }
  await database.query('analyze');
}

/** One array per column: a single statement and a single plan, however many rows. */
async function insert(database: Database, rows: CityRow[]): Promise<void> {
  await database.query(
    `insert into cities (id, name, country, population, lat, lon)
     select * from unnest($1::int[], $2::text[], $3::text[], $4::int[], $5::float8[], $6::float8[])`,
    [
      rows.map((row) => row.id),
      rows.map((row) => row.name),
      rows.map((row) => row.country),
      rows.map((row) => row.population),
      rows.map((row) => row.lat),
      rows.map((row) => row.lon),
    ],
  );
}
