/**
 * How many bytes a value holds, by estimate: what V8 allocates in the usual case (64 bits, no pointer
 * compression). Strings count two bytes a character, which is V8's worst.
 */
const OBJECT_BYTES = 24;
const SLOT_BYTES = 8;
const STRING_HEADER_BYTES = 16;
const MAP_SLOT_BYTES = 40;

/** A string, number, boolean, null, …: what cannot change. */
export function weighImmutable(value: unknown): number {
  if (typeof value === 'string') return STRING_HEADER_BYTES + 2 * value.length;
  if (typeof value === 'bigint') return OBJECT_BYTES + value.toString(16).length / 2;
  return SLOT_BYTES;
}

/** An object itself, without what its slots refer to. */
export function weighObject(slots: number): number {
  return OBJECT_BYTES + slots * SLOT_BYTES;
}

/** A Map or Set itself, without what it refers to. */
export function weighCollection(members: number): number {
  return OBJECT_BYTES + members * MAP_SLOT_BYTES;
}

/** A buffer, or a view of one. */
export function weighBytes(bytes: number): number {
  return OBJECT_BYTES + bytes;
}

/** A key with its place in the index. */
export function weighKey(key: string): number {
  return weighImmutable(key) + MAP_SLOT_BYTES;
}
