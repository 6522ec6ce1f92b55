/** Characters that are looked at: keys of a cache differ at their ends, rarely in the middle alone. */
const FROM_END = 24;
const FROM_START = 8;

/**
 * A 32-bit hash of a string (FNV-1a over UTF-16 units, then mixed), of its length, its beginning and
 * its end. It spreads keys over tables whose correctness does not depend on it.
 *
 * Source: Fowler, Noll, Vo; the mixing step is MurmurHash3's.
 */
export function hash(text: string): number {
  const { length } = text;
  let h = 0x811c9dc5 ^ length;
  const end = Math.max(0, length - FROM_END);
  for (let i = 0; i < end && i < FROM_START; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  for (let i = end; i < length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
