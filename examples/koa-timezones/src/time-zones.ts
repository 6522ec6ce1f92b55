import type { Database } from './database.js';

export interface Offset {
  zone: string;
  minutes: number;
  isSummerTime: boolean;
}

/** A moment at which the clocks of a zone are put forward or back. */
export interface Change {
  at: string;
  fromMinutes: number;
  toMinutes: number;
}

/** For how long, in one month, the offices of all zones are open together. */
export interface Overlap {
  month: number;
  hours: number;
}

/** What the program asks Postgres. None of it is stored anywhere: it is computed each time. */
export class TimeZones {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** How far each zone is from UTC at this moment. */
  async offsets(): Promise<Offset[]> {
    const { rows } = await this.#database.query(`
      select name as zone, (extract(epoch from utc_offset) / 60)::int as minutes, is_dst as "isSummerTime"
      from pg_timezone_names
      where name like '%/%' and name not like 'posix/%'
      order by minutes, zone`);
    return rows as Offset[];
  }

  /**
   * The changes of the years to come. Postgres knows the rules and has no table of what follows from
   * them: every hour is looked at.
   */
  async changes(zone: string, years: number): Promise<Change[]> {
    const { rows } = await this.#database.query(
      `with hours as (
         select at, extract(epoch from (at at time zone $1) - (at at time zone 'UTC')) / 60 as minutes
         from generate_series(
           date_trunc('year', now()), date_trunc('year', now()) + make_interval(years => $2), '1 hour'
         ) as at
       ), steps as (
         select at, minutes, lag(minutes) over (order by at) as before from hours
       )
       select to_char(at, 'YYYY-MM-DD"T"HH24:MI"Z"') as at,
              before::int as "fromMinutes", minutes::int as "toMinutes"
       from steps where before <> minutes order by 1`,
      [zone, years],
    );
    return rows as Change[];
  }

  /** The same of several zones, a line for each change, zone after zone. */
  async *changesAsCsv(zones: readonly string[], years: number): AsyncGenerator<string> {
    yield 'zone,at,from,to\n';
    for (const zone of zones) {
      for (const { at, fromMinutes, toMinutes } of await this.changes(zone, years)) {
        yield `${zone},${at},${fromMinutes},${toMinutes}\n`;
      }
    }
  }

  /** Offices are open from nine to five, Monday to Friday, but for closures. */
  async overlap(zones: readonly string[], year: number): Promise<Overlap[]> {
    const { rows } = await this.#database.query(
      `select extract(month from at)::int as month, (count(*) / 4.0)::float as hours
       from generate_series(
         make_timestamptz($2, 1, 1, 0, 0, 0, 'UTC'),
         make_timestamptz($2, 12, 31, 23, 45, 0, 'UTC'), '15 minutes'
       ) as at
       where (
         select bool_and(
           extract(hour from at at time zone zone) between 9 and 16
           and extract(isodow from at at time zone zone) < 6
           and not exists (
             select from closures
             where closures.zone = zones.zone and day = (at at time zone zones.zone)::date
           )
         ) from unnest($1::text[]) as zones (zone)
       )
       group by 1 order by 1`,
      [zones, year],
    );
    return rows as Overlap[];
  }

  /** A day off in a zone. */
  async close(zone: string, day: string): Promise<void> {
    await this.#database.query('insert into closures values ($1, $2) on conflict do nothing', [
      zone,
      day,
    ]);
  }
}
