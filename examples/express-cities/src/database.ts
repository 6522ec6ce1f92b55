import { PGlite } from '@electric-sql/pglite';
import { unaccent } from '@electric-sql/pglite/contrib/unaccent';

/** What the rest of the program needs of Postgres: text, parameters, rows. */
export interface Database {
  query(sql: string, parameters?: unknown[]): Promise<{ rows: unknown[] }>;
  close(): Promise<void>;
}

/**
 * A fresh, empty Postgres inside this process, in memory.
 *
 * It has one connection and computes on this thread: while a query runs, nothing else does.
 */
export async function openDatabase(): Promise<Database> {
  const postgres = await PGlite.create({
    extensions: { unaccent },
    // The default of 128 MB would be allocated in full; the tables here have about 15 MB.
    postgresqlconf: ['shared_buffers=16MB'],
  });
  await postgres.exec(SCHEMA);
  return postgres;
}

// The primary keys are the only indexes, on purpose: statistics, distances and full-text search
// read the whole table, as they do in many an application on the day somebody asks for a cache.
const SCHEMA = `
  create extension unaccent;
  create table countries (
    code      text primary key,
    name      text not null,
    continent text not null
  );
  create table cities (
    id         integer primary key,
    name       text not null,
    country    text not null references countries,
    population integer not null,
    lat        double precision not null,
    lon        double precision not null
  );
`;
