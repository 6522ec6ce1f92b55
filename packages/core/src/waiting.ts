/** One caller's patience with a promise that others may share: leaving does not disturb it. */
import type { Timekeeper } from './clock.js';

/** When this caller leaves, and with what error. */
export interface Patience {
  readonly signal: AbortSignal | undefined;
  /** Undefined = as long as it takes. */
  readonly deadline?: Deadline | undefined;
}

export interface Deadline {
  readonly afterMs: number;
  readonly time: Timekeeper;
  /** What to reject with then. */
  readonly tooLate: () => Error;
}

/**
 * The outcome of the promise, unless the caller leaves before.
 *
 * @throws the signal's reason, when it aborts; what `tooLate` returns, at the deadline
 */
export function withPatience<T>(promise: Promise<T>, patience: Patience): Promise<T> {
  const { signal, deadline } = patience;
  if (signal?.aborted) {
    promise.catch(() => undefined); // whoever else waits hears of it
    const reason = signal.reason as Error;
    return Promise.reject(reason);
  }
  return new Promise((resolve, reject) => {
    const leave = (error: Error) => {
      done();
      reject(error);
    };
    const onAbort = () => {
      leave(signal!.reason as Error);
    };
    const callOff = deadline?.time.after(deadline.afterMs, () => {
      leave(deadline.tooLate());
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

/** What is awaited as a promise is. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
