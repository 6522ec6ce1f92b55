/** Counting, as `incr` does it. */
import { NotNumericError } from './errors.js';

/** Which way to count: `incr` or `decr`. */
export type Direction = 1 | -1;

/**
 * A stored value moved by a delta of its own kind, by 1 when none is given.
 *
 * @throws {NotNumericError} when either is no finite number or bigint, when they are of two kinds, or
 *   when the result is not finite
 */
export function count(
  store: string,
  key: string,
  value: unknown,
  delta: unknown,
  direction: Direction,
): number | bigint {
  if (typeof value === 'bigint') return countBigint(store, key, value, delta, direction);
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new NotNumericError(store, key, value);
  }
  const step = delta === undefined ? 1 : delta;
  if (typeof step !== 'number' || !Number.isFinite(step)) {
    const rule = 'the delta to a stored number must be a finite number';
    throw new NotNumericError(store, key, step, rule);
  }
  const result = value + step * direction;
  if (Number.isFinite(result)) return result;
  throw new NotNumericError(store, key, result, 'the result must be finite');
}

function countBigint(
  store: string,
  key: string,
  value: bigint,
  delta: unknown,
  direction: Direction,
): bigint {
  const step = delta === undefined ? 1n : delta;
  if (typeof step === 'bigint') return value + step * BigInt(direction);
  throw new NotNumericError(store, key, step, 'the delta to a stored bigint must be a bigint');
}
