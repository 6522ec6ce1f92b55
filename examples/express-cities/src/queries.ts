import type { Database } from './database.js';
import { HttpError } from './http-error.js';
import type { Tenant } from './tenants.js';

export interface CountryStatistics {
  code: string;
  name: string;
  continent: string;
  cities: number;
  population: number;
  /** By population, among the countries of the same continent. */
  placeOnContinent: number;
  largestCity: string;
  medianCity: number;
  /** The part of the population that lives in the country's ten largest cities. */
  topTenShare: number | null;
}

export interface FoundCity {
  id: number;
  name: string;
  country: string;
  lat: number;
  lon: number;
}

export type NearCity = FoundCity & { km: number };

export interface CityPair {
  a: string;
  b: string;
  km: number;
}

export interface CityDetails extends FoundCity {
  population: number;
  placeInCountry: number;
  nearestLargerCity: { id: number; name: string; km: number } | null;
}

// The tenant's view: every query starts from it, and `$1` is always the tenant's continent.
const VISIBLE = `
  visible as (
    select cities.*, countries.name as country_name, countries.continent
    from cities join countries on countries.code = cities.country
    where $1::text is null or countries.continent = $1
  )`;

/**
 * SQL for the kilometres between two points, on a sphere of the Earth's mean radius (haversine).
 * Its arguments are column names and `$n` written here in this file, never a user's text.
 */
function kilometres(lat1: string, lon1: string, lat2: string, lon2: string): string {
  return `(2 * 6371.0088 * asin(sqrt(
    sin(radians(${lat2} - ${lat1}) / 2) ^ 2
    + cos(radians(${lat1})) * cos(radians(${lat2})) * sin(radians(${lon2} - ${lon1}) / 2) ^ 2)))`;
}

/** Everything the program asks of its database; each question is asked for one tenant. */
export class Cities {
  constructor(private readonly database: Database) {}

  /** Per country: totals, the largest and the median city, the place on its continent. */
  async countries({ continent }: Tenant): Promise<CountryStatistics[]> {
    return this.#rows<CountryStatistics>(
      `with ${VISIBLE},
      ranked as (
        select *, row_number() over (partition by country order by population desc, id) as place
        from visible
      )
      select
        country as "code",
        country_name as "name",
        continent,
        count(*)::int as "cities",
        sum(population)::float8 as "population",
        (rank() over (partition by continent order by sum(population) desc))::int
          as "placeOnContinent",
        max(name) filter (where place = 1) as "largestCity",
        coalesce(percentile_cont(0.5) within group (order by population)
          filter (where population > 0), 0) as "medianCity",
        round(sum(population) filter (where place <= 10) / nullif(sum(population), 0)::numeric, 4)
          ::float8 as "topTenShare"
      from ranked
      group by country, country_name, continent
      order by sum(population) desc, country`,
      [continent],
    );
  }

  /** The cities nearest to a point: the distance to every one of them is computed. */
  async nearest(
    { continent }: Tenant,
    { lat, lon, limit }: { lat: number; lon: number; limit: number },
  ): Promise<NearCity[]> {
    return this.#rows<NearCity>(
      `with ${VISIBLE}
      select id, name, country_name as "country", lat, lon,
        ${kilometres('$2::float8', '$3::float8', 'lat', 'lon')} as "km"
      from visible
      order by "km", id
      limit $4`,
      [continent, lat, lon, limit],
    );
  }

  /** Large cities that are neighbours: every pair of them is measured, the closest are kept. */
  async pairs(
    { continent }: Tenant,
    { km, population }: { km: number; population: number },
  ): Promise<CityPair[]> {
    return this.#rows<CityPair>(
      `with ${VISIBLE},
      large as (select * from visible where population >= $2),
      measured as (
        select a.name as "a", b.name as "b", ${kilometres('a.lat', 'a.lon', 'b.lat', 'b.lon')} as "km"
        from large a join large b on a.id < b.id
      )
      select * from measured where "km" <= $3 order by "km", "a", "b" limit 50`,
      [continent, population, km],
    );
  }

  /**
   * Full-text search in the names of city and country, accents aside, the shortest match first.
   * Without an index: the words of every row are taken apart anew for each question.
   */
  async search({ continent }: Tenant, text: string): Promise<FoundCity[]> {
    return this.#rows<FoundCity>(
      `with ${VISIBLE},
      documents as (
        select *, to_tsvector('simple', unaccent(name || ' ' || country_name)) as words from visible
      )
      select id, name, country_name as "country", lat, lon
      from documents, websearch_to_tsquery('simple', unaccent($2)) as question
      where words @@ question
      order by ts_rank(words, question, 2) desc, population desc, id
      limit 20`,
      [continent, text],
    );
  }

  /**
   * One city, its place among the cities of its country, and the nearest city larger than it.
   *
   * @throws {HttpError} 404 when the tenant does not see such a city
   */
  async city({ continent }: Tenant, id: number): Promise<CityDetails> {
    const rows = await this.#rows<CityDetails>(
      `with ${VISIBLE},
      wanted as (select * from visible where id = $2)
      select id, name, country_name as "country", lat, lon, population,
        (select count(*)::int + 1 from visible other
          where other.country = wanted.country and other.population > wanted.population)
          as "placeInCountry",
        (select json_build_object('id', larger.id, 'name', larger.name, 'km', larger.km)
          from (
            select other.id, other.name,
              ${kilometres('wanted.lat', 'wanted.lon', 'other.lat', 'other.lon')} as km
            from visible other
            where other.population > wanted.population
            order by km, other.id
            limit 1
          ) larger) as "nearestLargerCity"
      from wanted`,
      [continent, id],
    );
    return found(rows[0], id);
  }

  /**
   * Corrects the population of a city that the tenant sees. All tenants share the row.
   *
   * @throws {HttpError} 404 when the tenant does not see such a city
   */
  async correctPopulation({ continent }: Tenant, id: number, population: number): Promise<void> {
    const rows = await this.#rows<{ id: number }>(
      `update cities set population = $3
      from countries
      where cities.id = $2 and countries.code = cities.country
        and ($1::text is null or countries.continent = $1)
      returning cities.id`,
      [continent, id, population],
    );
    found(rows[0], id);
  }

  async #rows<Row>(sql: string, parameters: unknown[]): Promise<Row[]> {
    return (await this.database.query(sql, parameters)).rows as Row[];
  }
}

function found<Row>(row: Row | undefined, id: number): Row {
  if (row) return row;
  throw new HttpError(404, `no city ${id}`);
}
