/** One call's time, however many steps it takes in the store. */
import type { Timekeeper } from '../clock.js';

/** A call took too long. Never leaves the package. */
export class LateError extends Error {
  override readonly name = 'LateError';
}

/** The outcome of the steps, unless they take longer: what is under way then goes on unheard. */
export function inTime<T>(time: Timekeeper, limitMs: number, steps: Promise<T>): Promise<T> {
  if (limitMs === Infinity) return steps;
  return new Promise((resolve, reject) => {
    const callOff = time.after(limitMs, () => {
      // First whatever has arrived is read: while this process was busy, nobody was late but it.
      setImmediate(() => {
        reject(new LateError(`Not done within ${limitMs} ms`));
      });
    });
    steps.then(resolve, reject).finally(callOff);
  });
}
