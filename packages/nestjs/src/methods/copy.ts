/** A copy of a value, as the cache itself would make one. */
import { LocMemCache } from '@locmem/core';

let copier: LocMemCache | undefined;

/**
 * @returns a value that shares no object with the one given; what cannot be copied is handed on as it
 *   is, for the cache to refuse, or to share if it was told to
 */
export function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  copier ??= new LocMemCache('@locmem/nestjs/copies', { timeout: null, policy: 'lru' });
  try {
    copier.set('value', value);
    return copier.get('value');
  } catch {
    return value;
  } finally {
    copier.clear();
  }
}
