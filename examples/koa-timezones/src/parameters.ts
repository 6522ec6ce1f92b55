import type { ParsedUrlQuery } from 'node:querystring';
import { HttpError } from './http-error.js';

/** Names as the IANA database has them, e.g. `America/Argentina/Buenos_Aires`. */
const ZONES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('timeZone'));
const MOST_ZONES = 5;

/** @throws {HttpError} 400 when `zone` is missing or none */
export function zoneFrom(query: ParsedUrlQuery): string {
  return knownZone(textFrom(query, 'zone'));
}

/** `zones=Europe/Berlin,Asia/Tokyo`. @throws {HttpError} 400 when one is none, or there are too many */
export function zonesFrom(query: ParsedUrlQuery): string[] {
  const zones = textFrom(query, 'zones').split(',').map(knownZone);
  if (zones.length <= MOST_ZONES) return zones;
  throw new HttpError(400, `zones must be ${MOST_ZONES} at most: received ${zones.length}`);
}

/** How many years ahead. @throws {HttpError} 400 for no number, 403 for more than the plan allows */
export function yearsFrom(query: ParsedUrlQuery, most: number): number {
  const isGiven = 'years' in query;
  const years = isGiven ? wholeNumberFrom(query, 'years', 1, 100) : most;
  if (years <= most) return years;
  throw new HttpError(403, `years may be ${most} at most on your plan: received ${years}`);
}

export function yearFrom(query: ParsedUrlQuery): number {
  return wholeNumberFrom(query, 'year', 1970, 2037);
}

/** `2026-12-24`. @throws {HttpError} 400 for anything else */
export function dateFrom(query: ParsedUrlQuery): string {
  const text = textFrom(query, 'date');
  const isDate = /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
  if (isDate) return text;
  throw new HttpError(400, `date must be YYYY-MM-DD: received ${JSON.stringify(text)}`);
}

function knownZone(name: string): string {
  if (ZONES.has(name)) return name;
  throw new HttpError(400, `unknown time zone ${JSON.stringify(name)}`);
}

function textFrom(query: ParsedUrlQuery, name: string): string {
  const text = query[name];
  if (typeof text === 'string' && text !== '') return text;
  throw new HttpError(400, `${name} must be given once`);
}

function wholeNumberFrom(query: ParsedUrlQuery, name: string, min: number, max: number): number {
  const text = textFrom(query, name);
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= min && number <= max) return number;
  throw new HttpError(400, `${name} must be a whole number from ${min} to ${max}`);
}
