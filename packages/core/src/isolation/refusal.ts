/**
 * What cannot be copied, and why, in words that complete the sentence "value.x is …". Copying such
 * a thing by its properties would give a thing that looks right and breaks when used.
 */
import { types } from 'node:util';

/** Kinds that keep their state out of sight, in slots that no copy of properties reaches. */
const OPAQUE: readonly (readonly [(value: object) => boolean, string])[] = [
  [types.isProxy, 'a Proxy'],
  [types.isPromise, 'a promise (await it first)'],
  [types.isWeakMap, 'a WeakMap'],
  [types.isWeakSet, 'a WeakSet'],
  [types.isGeneratorObject, 'a generator'],
  [types.isMapIterator, 'an iterator'],
  [types.isSetIterator, 'an iterator'],
  [types.isSharedArrayBuffer, 'a SharedArrayBuffer (shared by its nature)'],
  [types.isExternal, 'a native handle'],
  [types.isModuleNamespaceObject, 'a module'],
];

/** Why this object of no copyable built-in kind cannot be copied, or undefined when it can. */
export function whyOpaque(value: object): string | undefined {
  for (const [isOne, name] of OPAQUE) if (isOne(value)) return name;
  const { on, emit } = value as { on?: unknown; emit?: unknown };
  if (typeof on === 'function' && typeof emit === 'function') {
    return 'an event emitter (a stream, a socket, a request, …)';
  }
  return whyClassOpaque(value);
}

/** Verdicts by prototype: '' is "can be copied". One verdict holds for all instances of a class. */
const VERDICTS = new WeakMap<object, string>();

/** Why the class of this object forbids a copy by properties, or undefined when it does not. */
export function whyClassOpaque(value: object): string | undefined {
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === null) return undefined;
  let verdict = VERDICTS.get(prototype);
  if (verdict === undefined) {
    verdict = judgeClass(prototype);
    VERDICTS.set(prototype, verdict);
  }
  return verdict || undefined;
}

/** A private member in the source of a class, as written or as compilers lower it. */
const PRIVATE_STATE =
  /\.#[A-Za-z_$]|#[A-Za-z_$][\w$]* in |_classPrivate|_class_private|__privateGet|__privateIn/;

/** Built-in classes that are recognised by their kind, and copied or refused there. */
const TOLD_BY_KIND = new Set<unknown>([
  ...[Object, Array, Map, Set, Date, RegExp, ArrayBuffer, DataView, URL, URLSearchParams, Buffer],
  ...[
    Error,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
    AggregateError,
  ],
  ...[Boolean, Number, String, BigInt, Promise, WeakMap, WeakSet, SharedArrayBuffer],
  ...[
    Object.getPrototypeOf(Uint8Array) as unknown,
    Uint8Array,
    Uint8ClampedArray,
    Uint16Array,
    Uint32Array,
  ],
  ...[Int8Array, Int16Array, Int32Array, BigInt64Array, BigUint64Array, Float32Array, Float64Array],
]);

function judgeClass(prototype: object): string {
  let link: object | null = prototype;
  while (link !== null) {
    if (types.isProxy(link)) return 'an instance of a Proxy';
    const constructor = ownConstructor(link);
    if (constructor && !TOLD_BY_KIND.has(constructor)) {
      if (isPlatformClass(constructor)) return `a ${constructor.name}`;
      if (PRIVATE_STATE.test(Function.prototype.toString.call(constructor))) {
        return `a ${constructor.name}, whose class has private (#) state`;
      }
    }
    link = Object.getPrototypeOf(link) as object | null;
  }
  return '';
}

type AnyClass = abstract new (...args: never[]) => unknown;

function ownConstructor(prototype: object): AnyClass | undefined {
  const property = Object.getOwnPropertyDescriptor(prototype, 'constructor');
  return typeof property?.value === 'function' ? (property.value as AnyClass) : undefined;
}

/**
 * A class that the platform provides under its own name (Intl.*, Blob, Headers, AbortSignal, …).
 * Only that one name is touched: many globals load their implementation when first read.
 */
function isPlatformClass(constructor: AnyClass): boolean {
  const { name } = constructor;
  return [globalThis, Intl].some(
    (home) => Object.hasOwn(home, name) && Reflect.get(home, name) === constructor,
  );
}
