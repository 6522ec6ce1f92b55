/**
 * Ages (requests since the last use of a key) in classes, two to an octave: 0–1, 2, 3, 4–5, 6–7, 8–11,
 * 12–15, … up to 2^26, and all beyond. Reuse has no scale of its own, so neither have the classes.
 */
export const AGE_CLASSES = 52;

export function ageClass(age: number): number {
  const octave = 31 - Math.clz32(age | 1);
  const upperHalf = octave === 0 ? 0 : (age >>> (octave - 1)) & 1;
  return Math.min(AGE_CLASSES - 1, 2 * octave + upperHalf);
}

/** The first age of each class, and of the one after the last. */
export const AGE_STARTS: Float64Array = Float64Array.from(
  { length: AGE_CLASSES + 1 },
  (_, index) => 2 ** (index >> 1) * (1 + (index & 1) / 2),
);
