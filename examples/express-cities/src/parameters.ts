import { HttpError } from './http-error.js';

interface Range {
  min: number;
  max: number;
  default?: number;
}

/**
 * A number from a query string.
 *
 * @throws {HttpError} 400 when it is missing without a default, not a number, or out of range
 */
export function numberFrom(query: object, name: string, range: Range): number {
  const text = single(query, name);
  if (text === undefined) {
    if (range.default !== undefined) return range.default;
    throw new HttpError(400, `${name} is missing: it must be ${spell(range)}`);
  }
  const value = Number(text);
  if (text.trim() !== '' && value >= range.min && value <= range.max) return value;
  throw new HttpError(400, `${name} must be ${spell(range)}: received ${JSON.stringify(text)}`);
}

/** As {@link numberFrom}, without a fraction. */
export function integerFrom(query: object, name: string, range: Range): number {
  const value = numberFrom(query, name, range);
  if (Number.isInteger(value)) return value;
  throw new HttpError(400, `${name} must be a whole number: received ${JSON.stringify(value)}`);
}

/**
 * A text from a query string, 1 to `maxLength` characters long.
 *
 * @throws {HttpError} 400 when it is missing, empty or longer
 */
export function textFrom(query: object, name: string, maxLength: number): string {
  const text = single(query, name)?.trim() ?? '';
  if (text.length >= 1 && text.length <= maxLength) return text;
  throw new HttpError(
    400,
    `${name} must be a text of 1 to ${maxLength} characters: received ${text.length}`,
  );
}

/**
 * The number of a city from a path.
 *
 * @throws {HttpError} 400 when it is not a whole number that Postgres' `integer` holds
 */
export function idFrom(text: unknown): number {
  return integerFrom({ id: text }, 'id', { min: 1, max: MAX_INTEGER });
}

/**
 * The population from a request body such as `{ "population": 3677472 }`.
 *
 * @throws {HttpError} 400 when it is not a whole number from 0 to 2,147,483,647
 */
export function populationFrom(body: unknown): number {
  const value = (body as { population?: unknown } | null | undefined)?.population;
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_INTEGER) {
    return value as number;
  }
  throw new HttpError(
    400,
    `the body must be JSON like {"population": 12345}, a whole number from 0 to ${MAX_INTEGER}`,
  );
}

/** The largest value of Postgres' `integer`. */
const MAX_INTEGER = 2_147_483_647;

/** A parameter given twice is an array in Express; none of ours may be. */
function single(query: object, name: string): string | undefined {
  const value: unknown = (query as Record<string, unknown>)[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new HttpError(400, `${name} must be given once`);
}

function spell({ min, max }: Range): string {
  return `a number from ${min} to ${max}`;
}
