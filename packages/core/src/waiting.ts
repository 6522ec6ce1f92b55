/** One caller's patience with a promise that others may share: leaving does not disturb it. */
import type { Timekeeper } from './clock.js';

/** When this caller leaves, and with what error. */
export interface Patience {
  readonly signal: AbortSignal | undefined;
  /** Undefined = as long as it takes. */
  readonly deadlineMs?: number | undefined;
  readonly time?: Timekeeper | undefined;
  /** What to reject with at the deadline. */
  readonly tooLate?: () => Error;
}

/**
 * The outcome of the promise, unless the caller leaves before.
 *
 * @throws the signal's reason, when it aborts; what `tooLate` returns, at the deadline
 */
export function withPatience<T>(promise: Promise<T>, patience: Patience): Promise<T> {
  const { signal, deadlineMs, time, tooLate } = patience;
  if (signal?.aborted) {
    promise.catch(() => undefined); // whoever else waits hears of it
    return Promise.reject(signal.reason as Error);
  }
  return new Promise((resolve, reject) => {
    const leave = (error: unknown) => {
      done();
      reject(error);
    };
    const onAbort = () => {
      leave(signal!.reason);
    };
    const callOff =
      deadlineMs === undefined
        ? undefined
        : time?.after(deadlineMs, () => {
            leave(tooLate?.());
          });
    const done = () => {
      callOff?.();
      signal?.removeEventListener('abort', onAbort);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    promise.then((value) => {
      done();
      resolve(value);
    }, leave);
  });
}
