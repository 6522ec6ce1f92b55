import { Cacheable, CacheDefaults, CacheEvict } from '@locmem/nestjs';
import { Inject, Injectable, NotFoundException } from '@nestjs/common';
import type { Database } from 'express-cities/dist/database.js';
import { HttpError } from 'express-cities/dist/http-error.js';
import { Cities } from 'express-cities/dist/queries.js';
import type { CityDetails, CountryStatistics, NearCity } from 'express-cities/dist/queries.js';
import type { Tenant } from './tenant.js';

export const DATABASE = Symbol('database');

export type { CityDetails, CountryStatistics, NearCity };

/**
 * Honestly slow questions, asked of the database once in five minutes. That one tenant never finds what
 * another has asked is not for this class to see to: the module prefixes all its keys.
 */
@CacheDefaults({ cache: 'cities', timeout: '5m' })
@Injectable()
export class CitiesService {
  readonly #cities: Cities;

  constructor(@Inject(DATABASE) database: Database) {
    this.#cities = new Cities(database);
  }

  @Cacheable({ key: 'countries' })
  async countries(tenant: Tenant): Promise<CountryStatistics[]> {
    return this.#cities.countries(tenant);
  }

  /** Two visitors a few metres apart share an answer. */
  @Cacheable({ key: (_tenant, lat, lon) => ['near', lat.toFixed(2), lon.toFixed(2)] })
  async near(tenant: Tenant, lat: number, lon: number): Promise<NearCity[]> {
    return this.#cities.nearest(tenant, { lat, lon, limit: 5 });
  }

  @Cacheable({ key: (_tenant, id) => ['city', id], tags: (_tenant, id) => [`city:${id}`] })
  async city(tenant: Tenant, id: number): Promise<CityDetails> {
    return found(this.#cities.city(tenant, id));
  }

  /** All tenants share the row of a city; the sums of this one are made anew. */
  @CacheEvict({ key: 'countries', tags: (_tenant, id) => [`city:${id}`] })
  async correctPopulation(tenant: Tenant, id: number, population: number): Promise<void> {
    await found(this.#cities.correctPopulation(tenant, id, population));
  }
}

/** The errors of the queries, in the words of Nest. */
async function found<T>(asking: Promise<T>): Promise<T> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof HttpError && error.status === 404) {
      throw new NotFoundException(error.message);
    }
    throw error;
  }
}
