/**
 * Values that are there at once or come later. A synchronous store must be answered synchronously to
 * the last line: an `await` would put even a hit off to a later turn.
 */

export type MaybePromise<T> = T | Promise<T>;

export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return (
    value instanceof Promise || typeof (value as { then?: unknown } | null)?.then === 'function'
  );
}

/** Goes on with a value, now if it is there. What `next` throws is thrown, or rejects. */
export function whenThere<T, U>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<U>,
): MaybePromise<U> {
  return isPromise(value) ? value.then(next) : next(value);
}

/** Runs something that may throw or reject; either way the failure comes to `failed`. */
export function contained<T>(
  attempt: () => MaybePromise<T>,
  failed: (error: unknown) => T,
): MaybePromise<T> {
  try {
    const value = attempt();
    return isPromise(value) ? value.then(undefined, failed) : value;
  } catch (error) {
    return failed(error);
  }
}
