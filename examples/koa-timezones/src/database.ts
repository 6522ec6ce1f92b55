import { PGlite } from '@electric-sql/pglite';

/** What the rest of the program needs of Postgres: text, parameters, rows. */
export interface Database {
  query(sql: string, parameters?: unknown[]): Promise<{ rows: unknown[] }>;
  close(): Promise<void>;
}

/**
 * A fresh Postgres inside this process, in memory. It brings the world's time zones with it, as every
 * Postgres does (the IANA database); the one table of ours is for days off.
 *
 * It computes on this thread: while a query runs, nothing else does.
 */
export async function openDatabase(): Promise<Database> {
  const postgres = await PGlite.create({ postgresqlconf: ['shared_buffers=16MB'] });
  await postgres.exec(`
    set timezone = 'UTC';
    create table closures (zone text, day date, primary key (zone, day));
  `);
  return postgres;
}
