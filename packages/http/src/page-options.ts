/**
 * The options of `cachePage`, which adapters have after Django's `cache_page`: the timeout has one place.
 */
import { InvalidOptionError } from '@locmem/core';
import type { Timeout } from '@locmem/core';

/**
 * For adapters: options of a response cache with the timeout that stands before them.
 *
 * @param options less `timeout`; what else may be wrong with them is for the cache to say
 * @throws {InvalidOptionError} when they have a timeout of their own
 */
export function pageOptions<O extends object>(
  timeout: Timeout | undefined,
  options: O,
): O & { timeout?: Timeout | undefined } {
  if (typeof options !== 'object' || (options as object | null) === null) return options;
  if ('timeout' in options) {
    const rule = 'must be given once, as the first argument';
    throw new InvalidOptionError('cachePage', 'timeout', rule, options.timeout);
  }
  return { ...options, timeout };
}
