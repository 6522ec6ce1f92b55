/**
 * What is remembered of how a key was used, in 19 bits:
 *
 *     bits 0–15   log2 of its decayed number of uses, fixed point, 13 bits after the point
 *     bits 16–18  the interval between its last two uses, by powers of four; 0 = used once
 *
 * The number of uses is an exponential average, LRFU's "combined recency and frequency" (Lee et al.,
 * IEEE ToC 50(12), 2001): each use counts 1 and fades by half in a half-life. As a logarithm it fades
 * by subtraction, one multiplication for any distance, and adding 1 to it is a lookup. The interval is
 * what LIRS calls inter-reference recency (Jiang, Zhang, SIGMETRICS 2002). It tells a key that came
 * three times in a burst from one that came three times far apart.
 */
export const RECORD_BITS = 19;

/** The record of a key at its first use. */
export const FIRST_USE = 0;

/**
 * Kinds of record that are told apart: the bits of the interval and of the octave of the number of uses.
 * Uses are not told apart above 2^8, which nobody reaches who is ever close to being evicted.
 */
const USE_OCTAVES = 8;
const INTERVAL_CLASSES = 8;
export const RECORD_KINDS = USE_OCTAVES * INTERVAL_CLASSES;

/** One octave of uses. */
const OCTAVE_BITS = 13;
const OCTAVE = 1 << OCTAVE_BITS;
const MAX_USES = 0xffff;

/** log2(1 + 2^-x) for x in steps of 1/64 octave: what one more use adds at x octaves of uses. */
const GAIN_BITS = OCTAVE_BITS - 6;
const GAIN = Uint16Array.from({ length: 1024 }, (_, step) =>
  Math.round(OCTAVE * Math.log2(1 + 2 ** (-step / 64))),
);
/** Beyond the table's end: more octaves than there can be uses. */
const NO_GAIN = GAIN.length << GAIN_BITS;

/**
 * The interval between uses in its place of a record, by the leading zeros of the distance: powers of
 * four from 32 requests up; below lies what comes within a burst.
 */
const INTERVALS = Int32Array.from({ length: 32 }, (_, zeros) => {
  const octave = 31 - zeros;
  const interval = octave < 5 ? 1 : Math.min(INTERVAL_CLASSES - 1, (octave - 1) >> 1);
  return interval << 16;
});

/** Uses halve in a power of two requests, so that they fade by a shift; of at least 2^13, an octave's steps. */
export function fadingFor(halfLife: number): number {
  return Math.max(0, Math.round(Math.log2(halfLife)) - OCTAVE_BITS);
}

/** The half-life that this fading is for. */
export function halfLifeOf(fading: number): number {
  return 2 ** (fading + OCTAVE_BITS);
}

/** The record after one more use, `distance` requests after the last. */
export function usedAgain(record: number, distance: number, fading: number): number {
  // The sign bit is left out: so it is certain that nothing here can be more than a small integer.
  const faded = (record & MAX_USES) - ((distance & 0x7fffffff) >>> fading);
  return INTERVALS[Math.clz32(distance | 1)]! | oneMore(faded);
}

function oneMore(uses: number): number {
  // Below one use the roles of summands change: log2(2^u + 1) = 0 + gain(-u).
  if (uses < 0) return uses > -NO_GAIN ? GAIN[-uses >>> GAIN_BITS]! : 0;
  const more = uses + GAIN[uses >>> GAIN_BITS]!;
  return more < MAX_USES ? more : MAX_USES;
}

/** Number of the kind of a record, from 0 below {@link RECORD_KINDS}: interval class, octave of uses. */
export function kindOf(record: number): number {
  return (record >>> OCTAVE_BITS) & (RECORD_KINDS - 1);
}

/** The uses (not decayed any further) that a kind stands for, at its lower end. */
export function usesOfKind(kind: number): number {
  return 2 ** (kind % USE_OCTAVES);
}

/** A record in the middle of its kind. */
export function recordOf(kind: number): number {
  return (kind + 0.5) * OCTAVE;
}

/** Kinds come in runs of ascending use, one run for each interval class. */
export const OCTAVES_OF_USE = USE_OCTAVES;
