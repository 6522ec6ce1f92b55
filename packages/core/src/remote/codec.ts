/** How values become bytes and come back. */
import { types } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { NotSerializableError } from '../errors.js';
import { isPlainObject } from './plain.js';

/**
 * Turns values into text or bytes and back. Its name stands in every entry: what was written by another
 * codec, or by a later release of this one under another name, is a miss.
 */
export interface Codec {
  /** 1 to 16 characters of a–z, 0–9 and `-`. */
  readonly name: string;
  /** @throws when the value cannot be encoded: the caller of `set` hears of it */
  encode(value: unknown): string | Uint8Array;
  /** @throws when the bytes are none of its own: a miss, counted as unreadable */
  decode(bytes: Buffer): unknown;
}

/**
 * V8's own serializer: cycles and shared references come back, too, and errors. Faster than JSON only
 * for values that are mostly binary. Class instances are refused: V8 would silently drop their class.
 *
 * Give it a `secret` where others can write to the store: V8's format is not made for hostile bytes.
 */
export const v8Codec: Codec = Object.freeze({
  name: 'v8',
  encode(value: unknown) {
    refuseInstances(value);
    try {
      return serialize(value);
    } catch (cause) {
      throw new NotSerializableError('nothing that V8 can serialize', 'value', { cause });
    }
  },
  // A copy: typed arrays in the result would be views of these bytes.
  decode: (bytes: Buffer): unknown => deserialize(Buffer.from(bytes)),
});

function refuseInstances(value: unknown, path = 'value', seen = new Set<object>()): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if (types.isMap(value)) {
    for (const [key, item] of value) {
      refuseInstances(key, `${path} key`, seen);
      refuseInstances(item, `${path} value`, seen);
    }
  } else if (types.isSet(value)) {
    for (const item of value) refuseInstances(item, `${path} item`, seen);
  } else if (!isV8Own(value)) {
    if (!Array.isArray(value) && !isPlainObject(value)) {
      throw new NotSerializableError('an instance of a class', path);
    }
    for (const [name, item] of Object.entries(value)) {
      refuseInstances(item, `${path}.${name}`, seen);
    }
  }
}

function isV8Own(value: object): boolean {
  const { isDate, isRegExp, isAnyArrayBuffer, isNativeError, isBoxedPrimitive } = types;
  return (
    ArrayBuffer.isView(value) ||
    [isDate, isRegExp, isAnyArrayBuffer, isNativeError, isBoxedPrimitive].some((isOne) =>
      isOne(value),
    )
  );
}
