/**
 * Ages (requests since the last use of a key) in classes, two to an octave: 0–1, 2, 3, 4–5, 6–7, 8–11,
 * 12–15, … for all 32 bits. Reuse has no scale of its own, so neither have the classes.
 */
export const AGE_CLASS_BITS = 6;
export const AGE_CLASSES = 1 << AGE_CLASS_BITS;

/** Twice the octave, plus the bit below the highest: no branch, and no bound to check. */
export function ageClass(age: number): number {
  const from1 = age | 1;
  const zeros = Math.clz32(from1);
  return ((31 - zeros) << 1) | ((from1 << (zeros + 1)) >>> 31);
}

/** The first age of each class, and of the one after the last. */
export const AGE_STARTS: Float64Array = Float64Array.from(
  { length: AGE_CLASSES + 1 },
  (_, index) => 2 ** (index >> 1) * (1 + (index & 1) / 2),
);
