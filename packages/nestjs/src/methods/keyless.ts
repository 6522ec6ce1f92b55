/** `@Cacheable` methods whose key is class, method and arguments: nothing of the object is in it. */
const keyless = new WeakMap<object, Set<string>>();

export function noteKeyless(prototype: object, method: string): void {
  keyless.set(prototype, (keyless.get(prototype) ?? new Set()).add(method));
}

/** Those that objects of a class have, its own and inherited ones. */
export function keylessMethodsOf(prototype: object): string[] {
  const methods = prototype as Record<string, unknown>;
  const found: string[] = [];
  for (let at: unknown = prototype; at !== null; at = Object.getPrototypeOf(at)) {
    const own = at as Record<string, unknown>;
    for (const name of keyless.get(own) ?? []) if (own[name] === methods[name]) found.push(name);
  }
  return found;
}
