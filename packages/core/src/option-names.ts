import { InvalidOptionError } from './errors.js';

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
  // JavaScript callers may hand over anything, a bare number of seconds above all.
  if (typeof options !== 'object' || (options as object | null) === null) {
    throw new InvalidOptionError(place, 'options', 'must be an object', options);
  }
  for (const name in options) {
    if (!allowed.has(name)) {
      const value = (options as Record<string, unknown>)[name];
      const names = [...allowed].join(', ');
      throw new InvalidOptionError(place, name, `is no option; there are: ${names}`, value);
    }
  }
}
