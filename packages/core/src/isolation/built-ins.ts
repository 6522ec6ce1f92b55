/** Copies of the built-in kinds that hold no other objects, and what is peculiar to errors. */
import { types } from 'node:util';

/** A copy of a childless built-in, or undefined when the value is none. */
export function cloneBuiltIn(value: object): object | undefined {
  if (types.isDate(value)) return sameClass(new Date(value.getTime()), value);
  if (ArrayBuffer.isView(value)) return cloneView(value as NodeJS.ArrayBufferView);
  if (types.isRegExp(value)) return cloneRegExp(value);
  if (types.isArrayBuffer(value)) return value.slice(0);
  if (types.isBoxedPrimitive(value)) return sameClass(Object(value.valueOf()) as object, value);
  if (value instanceof URL) return sameClass(new URL(value), value);
  if (value instanceof URLSearchParams) return sameClass(new URLSearchParams(value), value);
  return undefined;
}

/**
 * A view is copied with the bytes that it shows, no more: the eight-kilobyte pool behind a small
 * Buffer must not stay alive in the cache for its sake.
 */
function cloneView(view: NodeJS.ArrayBufferView): object {
  if (Buffer.isBuffer(view)) {
    const copy = Buffer.allocUnsafeSlow(view.length);
    copy.set(view);
    return copy;
  }
  const { byteOffset, byteLength } = view;
  const bytes = view.buffer.slice(byteOffset, byteOffset + byteLength);
  // The built-in class, not the view's own: the constructor of a subclass may take something else.
  return sameClass(new (builtInViewOf(view))(bytes), view);
}

type ViewClass = new (buffer: ArrayBufferLike) => object;

function builtInViewOf(view: NodeJS.ArrayBufferView): ViewClass {
  if (types.isDataView(view)) return DataView;
  return globalThis[typedArrayName(view) as 'Uint8Array'];
}

/** Asks the array itself what it is, whatever its class says. */
function typedArrayName(view: object): string {
  const intrinsic = Object.getPrototypeOf(Uint8Array.prototype) as object;
  return Reflect.get(intrinsic, Symbol.toStringTag, view) as string;
}

function cloneRegExp(pattern: RegExp): RegExp {
  const copy = sameClass(new RegExp(pattern.source, pattern.flags), pattern);
  copy.lastIndex = pattern.lastIndex;
  return copy;
}

/** Gives a copy the class of its original: a subclass of Date stays one. */
export function sameClass<T extends object>(copy: T, original: object): T {
  const prototype = Object.getPrototypeOf(original) as object | null;
  if (Object.getPrototypeOf(copy) !== prototype) Object.setPrototypeOf(copy, prototype);
  return copy;
}

/** Sets an own property whatever the prototype holds under that name: a setter, `__proto__`. */
export function setOwn(target: object, key: string, value: unknown): void {
  if (key in target) {
    const property = { value, writable: true, enumerable: true, configurable: true };
    Object.defineProperty(target, key, property);
  } else {
    (target as Record<string, unknown>)[key] = value;
  }
}

/** An error of the same class with nothing in it. */
export function bareError(error: Error): Error {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0; // a stack of its own would be collected only to be replaced
  const copy = sameClass(new Error(), error);
  Error.stackTraceLimit = limit;
  delete copy.stack;
  return copy;
}

/** Which of an error's usual fields are its own but hidden from `Object.keys`. */
export function hiddenErrorFields(error: Error): string[] {
  return ['message', 'stack', 'cause', 'errors'].filter(
    (key) => Object.getOwnPropertyDescriptor(error, key)?.enumerable === false,
  );
}
