/**
 * Keys: how a user's key, a prefix and a version become one full key, and which keys other caches
 * could not hold (Django BaseCache.make_key, default_key_func, memcache_key_warnings).
 */

/** Makes the full key (Django's KEY_FUNCTION). */
export type KeyFunction = (key: string, keyPrefix: string, version: number) => string;

/** Django's default: `prefix:version:key`. */
export const defaultKeyFunction: KeyFunction = (key, keyPrefix, version) =>
  `${keyPrefix}:${version}:${key}`;

/** memcached's limit, in code points, over the full key. */
export const MAX_KEY_LENGTH = 250;

const SPACE = 0x20;
const DELETE = 0x7f;

/**
 * Why memcached could not hold this key, or undefined when it could. The full key is given in its
 * parts, so that nothing is concatenated for the sake of a check.
 */
export function keyFault(fullKeyParts: readonly string[]): string | undefined {
  // UTF-16 units bound code points from above: most keys are done with one addition per part.
  const units = fullKeyParts.reduce((sum, part) => sum + part.length, 0);
  // And half of them from below: a key of megabytes is not taken apart to be counted.
  const isTooLong =
    units > 2 * MAX_KEY_LENGTH ||
    (units > MAX_KEY_LENGTH && codePoints(fullKeyParts) > MAX_KEY_LENGTH);
  if (isTooLong) {
    return `the full key must have at most ${MAX_KEY_LENGTH} characters`;
  }
  if (fullKeyParts.some(hasUnportableCharacter)) {
    return 'the full key must have no space and no control character';
  }
  return undefined;
}

function codePoints(parts: readonly string[]): number {
  let count = 0;
  for (const part of parts) count += Array.from(part).length;
  return count;
}

/**
 * A space, a control character or DEL. Asked at every miss, so it is put without a branch for each
 * character: what is below zero after one of the two subtractions leaves its sign.
 */
export function hasUnportableCharacter(part: string): boolean {
  const { length } = part;
  let signs = 0;
  for (let i = 0; i < length; i++) {
    const code = part.charCodeAt(i);
    signs |= (code - SPACE - 1) | ((code ^ DELETE) - 1);
  }
  return signs < 0;
}
