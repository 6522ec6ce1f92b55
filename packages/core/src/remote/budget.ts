/** One call's time, however many steps it takes in the store. */
import type { Timekeeper } from '../clock.js';

/** A call took too long. Never leaves the package. */
export class LateError extends Error {
  override readonly name = 'LateError';
}

/** The outcome of the steps, unless they take longer: what is under way then goes on unheard. */
export function inTime<T>(time: Timekeeper, limitMs: number, steps: Promise<T>): Promise<T> {
  if (limitMs === Infinity) return steps;
  const beginMs = time.exact();
  const endMs = beginMs + limitMs;
  return new Promise((resolve, reject) => {
    let callOff: () => void;
    let isOver = false;
    const arm = (fromMs: number) => {
      callOff = time.after(endMs - fromMs, () => {
        // First whatever has arrived is read: while this process was busy, nobody was late but it.
        setImmediate(() => {
          if (isOver) return;
          // A timer set late in a turn reckons from the turn's begin, and is early by so much.
          // A clock of the user's that stands still would keep the caller for ever.
          const nowMs = time.exact();
          if (nowMs > fromMs && nowMs < endMs) arm(nowMs);
          else reject(new LateError(`Not done within ${limitMs} ms`));
        });
      });
    };
    arm(beginMs);
    const end = () => {
      isOver = true;
      callOff();
    };
    steps.then(resolve, reject).finally(end);
  });
}
