/**
 * How many bytes a value holds, by estimate: what V8 allocates for the usual case (64-bit, no
 * pointer compression). Strings count two bytes a character, as V8 needs at worst.
 */
const OBJECT_BYTES = 24;
const SLOT_BYTES = 8;
const STRING_HEADER_BYTES = 16;
const NUMBER_BYTES = 8;
const MAP_SLOT_BYTES = 40;

/** What a key and its place in the index weigh. */
export function weighKey(key: string): number {
  return STRING_HEADER_BYTES + 2 * key.length + MAP_SLOT_BYTES;
}

/** What a value weighs, with everything it holds; what it holds twice counts once. */
export function weigh(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return STRING_HEADER_BYTES + 2 * value.length;
    case 'object':
      return value === null ? SLOT_BYTES : new Scale().weigh(value);
    default:
      return NUMBER_BYTES;
  }
}

class Scale {
  readonly #seen = new Set<object>();

  weigh(root: object): number {
    let bytes = 0;
    const pending: unknown[] = [root];
    // A list of things to do instead of recursion: depth costs no stack.
    while (pending.length > 0) {
      const value = pending.pop();
      if (typeof value !== 'object' || value === null) {
        bytes += weigh(value);
      } else if (!this.#seen.has(value)) {
        this.#seen.add(value);
        bytes += this.#open(value, pending);
      }
    }
    return bytes;
  }

  /** What the object itself weighs; its children are put on the list. */
  #open(value: object, pending: unknown[]): number {
    if (ArrayBuffer.isView(value)) return OBJECT_BYTES + value.byteLength;
    if (value instanceof ArrayBuffer) return OBJECT_BYTES + value.byteLength;
    if (value instanceof Map) {
      for (const [key, member] of value as Map<unknown, unknown>) pending.push(key, member);
      return OBJECT_BYTES + value.size * MAP_SLOT_BYTES;
    }
    if (value instanceof Set) {
      for (const member of value as Set<unknown>) pending.push(member);
      return OBJECT_BYTES + value.size * MAP_SLOT_BYTES;
    }
    const children = Array.isArray(value) ? (value as unknown[]) : childrenOf(value);
    for (const child of children) pending.push(child);
    return OBJECT_BYTES + children.length * SLOT_BYTES;
  }
}

/** A shared object is not ours: its getters are not run, and it may refuse to be looked at. */
function childrenOf(value: object): unknown[] {
  try {
    const properties = Object.values(Object.getOwnPropertyDescriptors(value));
    return properties.flatMap((property) =>
      'value' in property ? [property.value as unknown] : [],
    );
  } catch {
    return [];
  }
}
