import { InvalidOptionError } from './errors.js';

/** Whether these are options, all of them known. */
export function areOptionNames(options: object, allowed: ReadonlySet<string>): boolean {
  // JavaScript callers may hand over anything, a bare number of seconds above all.
  if (typeof options !== 'object' || (options as object | null) === null) return false;
  for (const name in options) if (!allowed.has(name)) return false;
  return true;
}

/** Whether these are options, none but this one: two names are compared faster than one is looked up. */
export function hasNoneBut(only: string, options: object): boolean {
  if (typeof options !== 'object' || (options as object | null) === null) return false;
  for (const name in options) if (name !== only) return false;
  return true;
}

/**
 * Refuses an option that does not exist: `{ ttl: 60 }` must not silently mean 300 seconds.
 *
 * @throws {InvalidOptionError} naming the stranger and the names there are
 */
export function checkOptionNames(
  place: string,
  options: object,
  allowed: ReadonlySet<string>,
): void {
  if (areOptionNames(options, allowed)) return;
  if (typeof options !== 'object' || (options as object | null) === null) {
    throw new InvalidOptionError(place, 'options', 'must be an object', options);
  }
  const known = [...allowed].join(', ');
  for (const name in options) {
    if (allowed.has(name)) continue;
    const value = (options as Record<string, unknown>)[name];
    throw new InvalidOptionError(place, name, `is no option; there are: ${known}`, value);
  }
}
