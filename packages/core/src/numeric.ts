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
  const refuse = (culprit: unknown, rule?: string): never => {
    throw new NotNumericError(store, key, culprit, rule);
  };
  if (typeof value === 'bigint') {
    const step = delta === undefined ? 1n : delta;
    if (typeof step !== 'bigint')
      return refuse(step, 'the delta to a stored bigint must be a bigint');
    return value + step * BigInt(direction);
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) return refuse(value);
  const step = delta === undefined ? 1 : delta;
  if (typeof step !== 'number' || !Number.isFinite(step)) {
    return refuse(step, 'the delta to a stored number must be a finite number');
  }
  const result = value + step * direction;
  return Number.isFinite(result) ? result : refuse(result, 'the result must be finite');
}
