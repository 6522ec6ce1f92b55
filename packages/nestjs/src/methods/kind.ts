/**
 * How a method answers: at once, with a promise, an Observable or an async iterable. A hit must answer
 * in the same way as the method, also before it has run for the first time.
 */
import { isObservable, Observable } from 'rxjs';
import type { Method } from './method.js';

export type Kind = 'sync' | 'promise' | 'observable' | 'iterable';

const known = new WeakMap<Method, Kind>();

/**
 * What can be said before the method has run; undefined when nothing can.
 *
 * @param returnType what the compiler has emitted of the declared type (`emitDecoratorMetadata`)
 */
export function kindBefore(method: Method, returnType: unknown): Kind | undefined {
  const told = known.get(method);
  if (told !== undefined) return told;
  const { name } = method.constructor;
  if (name === 'AsyncFunction') return 'promise';
  if (name === 'AsyncGeneratorFunction') return 'iterable';
  if (returnType === Promise) return 'promise';
  if (returnType === Observable) return 'observable';
  return AT_ONCE.has(returnType) ? 'sync' : undefined;
}

/** What the compiler emits for types that leave no doubt. */
const AT_ONCE = new Set<unknown>([String, Number, Boolean, BigInt, Array, Date, Map, Set, Buffer]);

/** What the method's answer shows. */
export function kindOf(answer: unknown): Kind {
  if (isPromise(answer)) return 'promise';
  if (isObservable(answer)) return 'observable';
  return isAsyncIterable(answer) ? 'iterable' : 'sync';
}

/** For decorators further out, which see only the method that this package has put in the place. */
export function rememberKind(method: Method, kind: Kind): void {
  known.set(method, kind);
}

/** What fails before a method has run is told as the method tells what fails in it. */
export function toldAs(kind: Kind | undefined, call: () => unknown): unknown {
  if (kind !== 'promise') return call();
  try {
    return call();
  } catch (error) {
    const reason = error as Error;
    return Promise.reject(reason);
  }
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return (
    typeof (value as Partial<AsyncIterable<unknown>> | null | undefined)?.[Symbol.asyncIterator] ===
    'function'
  );
}
