/**
 * JSON with types. A value that JSON keeps as it is, is plain JSON: legible, and at the speed of the
 * engine's own parser. Anything else is `!` and JSON in which `{"$t": …}` stands for what JSON lacks;
 * bytes follow after a line feed, raw, so that the body of a page does not grow by a third.
 */
import { types } from 'node:util';
import { NotSerializableError } from '../errors.js';
import { whyOpaque } from '../isolation/refusal.js';
import type { Codec } from './codec.js';
import { isPlainObject, setOwn } from './plain.js';

/**
 * The default codec: JSON, and besides it Date, Map, Set, RegExp, bigint, Buffers and typed arrays, NaN,
 * the infinities, -0 and undefined in an object. Class instances, functions and cycles are refused.
 */
export const jsonCodec: Codec = Object.freeze({
  name: 'json',
  encode(value: unknown): string | Buffer {
    if (isPlainJson(value, 0)) return JSON.stringify(value);
    const writer = new TypedWriter();
    const text = `!${JSON.stringify(writer.write(value, 'value', 0))}`;
    return writer.blobs.length === 0
      ? text
      : Buffer.concat([Buffer.from(`${text}\n`), ...writer.blobs]);
  },
  decode: (bytes: Buffer): unknown => decodeJson(bytes, 0),
});

/** From somewhere in the bytes on, so that no view of the rest has to be made. */
export function decodeJson(bytes: Buffer, start: number): unknown {
  if (bytes[start] !== MARK) return JSON.parse(bytes.toString('utf8', start)) as unknown;
  const end = bytes.indexOf(LINE_FEED, start);
  const text = bytes.toString('utf8', start + 1, end === -1 ? bytes.length : end);
  const blobs = end === -1 ? undefined : bytes.subarray(end + 1);
  return revive(JSON.parse(text) as unknown, blobs);
}

const MARK = '!'.charCodeAt(0);
const LINE_FEED = 0x0a;
/** Deeper than any data, and far from the end of the stack: a cycle, most likely. */
const MAX_DEPTH = 500;

/** Whether JSON gives back just this value. */
function isPlainJson(value: unknown, depth: number): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true;
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== 'object' || depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) {
    for (const item of value) {
      if (typeof item !== 'string' && !isPlainJson(item, depth + 1)) return false;
    }
    return true;
  }
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype !== Object.prototype) {
    // That of another realm has nothing above it either.
    if (prototype === null || Object.getPrototypeOf(prototype) !== null) return false;
  }
  for (const name in value) {
    const item = (value as Record<string, unknown>)[name];
    // Most are text, which need not be asked any further.
    if (typeof item !== 'string' && !isPlainJson(item, depth + 1)) return false;
  }
  return true;
}

/** What stands for what JSON lacks. */
type Typed =
  | { $t: 'undefined' | 'number' | 'bigint' | 'date' | 'regexp' | 'map' | 'set'; v?: unknown }
  | { $t: 'bytes'; k: string; v: readonly [start: number, length: number] }
  /** An object of no prototype, or one that has a `$t` of its own. */
  | { $t: 'bare' | 'object'; v: object };

class TypedWriter {
  readonly blobs: Uint8Array[] = [];
  #blobBytes = 0;

  write(value: unknown, path: string, depth: number): unknown {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        return isPlainJson(value, 0)
          ? value
          : typed('number', Object.is(value, -0) ? '-0' : String(value));
      case 'bigint':
        return typed('bigint', String(value));
      case 'undefined':
        return typed('undefined');
      case 'object':
        return value === null ? null : this.#writeObject(value, path, depth);
      default:
        throw new NotSerializableError(`a ${typeof value}`, path);
    }
  }

  #writeObject(value: object, path: string, depth: number): unknown {
    if (depth > MAX_DEPTH) {
      const reason = `nested deeper than ${MAX_DEPTH} levels, or a cycle (which the v8 codec keeps)`;
      throw new NotSerializableError(reason, path);
    }
    const each = (item: unknown, name: string | number) =>
      this.write(item, `${path}.${name}`, depth + 1);
    if (Array.isArray(value)) return Array.from(value, each);
    if (types.isDate(value)) {
      const time = value.getTime();
      return typed('date', Number.isNaN(time) ? null : time);
    }
    if (types.isMap(value)) {
      return typed(
        'map',
        Array.from(value, (pair, i) => pair.map((item) => each(item, i))),
      );
    }
    if (types.isSet(value)) return typed('set', Array.from(value, each));
    if (types.isRegExp(value)) return typed('regexp', [value.source, value.flags]);
    if (types.isArrayBuffer(value) || ArrayBuffer.isView(value)) return this.#writeBytes(value);
    if (!isPlainObject(value)) {
      throw new NotSerializableError(whyOpaque(value) ?? 'an instance of a class', path);
    }
    return this.#writePlain(value, each);
  }

  #writePlain(value: object, each: (item: unknown, name: string) => unknown): object {
    const written = {};
    for (const [name, item] of Object.entries(value)) setOwn(written, name, each(item, name));
    if (Object.getPrototypeOf(value) === null) return typed('bare', written);
    return Object.hasOwn(value, '$t') ? typed('object', written) : written;
  }

  #writeBytes(value: ArrayBuffer | ArrayBufferView): object {
    const bytes = ArrayBuffer.isView(value)
      ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
      : new Uint8Array(value);
    const start = this.#blobBytes;
    this.blobs.push(bytes);
    this.#blobBytes += bytes.length;
    return { $t: 'bytes', k: kindOfBytes(value), v: [start, bytes.length] };
  }
}

function typed(type: string, v?: unknown): object {
  return v === undefined ? { $t: type } : { $t: type, v };
}

function kindOfBytes(value: object): string {
  if (Buffer.isBuffer(value)) return 'Buffer';
  // A subclass comes back as the array that it is.
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

type BytesMaker = (bytes: ArrayBuffer) => unknown;

const BYTES: ReadonlyMap<string, BytesMaker> = new Map<string, BytesMaker>([
  ['Buffer', (bytes) => Buffer.from(bytes)],
  ['ArrayBuffer', (bytes) => bytes],
  ...[
    ...[Uint8Array, Uint8ClampedArray, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array],
    ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView],
  ].map((Kind): [string, BytesMaker] => [
    Kind.name,
    (bytes) => new (Kind as new (bytes: ArrayBuffer) => unknown)(bytes),
  ]),
]);

function revive(value: unknown, blobs: Buffer | undefined): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('$t' in value) return reviveTyped(value as Typed, blobs);
  return reviveInside(value, blobs);
}

/** In place: what the parser made is nobody else's. */
function reviveInside(value: object, blobs: Buffer | undefined): object {
  for (const [name, item] of Object.entries(value)) {
    if (typeof item === 'object' && item !== null) setOwn(value, name, revive(item, blobs));
  }
  return value;
}

function reviveTyped(written: Typed, blobs: Buffer | undefined): unknown {
  const list = (items: unknown) => (items as unknown[]).map((item) => revive(item, blobs));
  switch (written.$t) {
    case 'undefined':
      return undefined;
    case 'number':
      return Number(written.v);
    case 'bigint':
      return BigInt(written.v as string);
    case 'date':
      return new Date((written.v as number | null) ?? NaN);
    case 'regexp':
      return new RegExp(...(written.v as [string, string]));
    case 'map':
      return new Map((written.v as unknown[]).map((pair) => list(pair) as [unknown, unknown]));
    case 'set':
      return new Set(list(written.v));
    case 'bytes':
      return reviveBytes(written.k, written.v, blobs);
    case 'bare':
      return Object.setPrototypeOf(reviveInside(written.v, blobs), null) as object;
    case 'object':
      return reviveInside(written.v, blobs);
    default:
      throw new TypeError('unknown type');
  }
}

function reviveBytes(
  kind: string,
  [start, length]: readonly [number, number],
  blobs: Buffer | undefined,
): unknown {
  const make = BYTES.get(kind);
  const end = start + length;
  if (!make || !blobs || !(start >= 0 && end <= blobs.length))
    throw new RangeError('bytes missing');
  // Of its own: a view would keep alive, and share, whatever else came in the same reply.
  const { buffer, byteOffset } = blobs;
  return make(buffer.slice(byteOffset + start, byteOffset + end) as ArrayBuffer);
}
