/**
 * Whether an object is one of no class: its prototype is none, or the root of all objects. Told by the
 * shape of the chain, so that an object out of another realm (a vm context, a test runner) is plain, too.
 */
export function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Sets a property, also one named `__proto__`. */
export function setOwn(target: object, name: string, value: unknown): void {
  if (name === '__proto__') {
    const property = { value, enumerable: true, configurable: true, writable: true };
    Object.defineProperty(target, name, property);
  } else {
    (target as Record<string, unknown>)[name] = value;
  }
}
