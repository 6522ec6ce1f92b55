/**
 * Arguments → text, injectively: two lists of arguments that a method could tell apart never give one
 * text. `undefined` is not `null`, `-0` not `0`, `'1'` not `1`, and a Date, a Map, a Set and a class
 * instance are what they are. What cannot be told apart by its contents is refused.
 *
 * The properties of an object are sorted by name: `{ a, b }` and `{ b, a }` are the same key.
 */
import { createHash } from 'node:crypto';
import { types } from 'node:util';
import { UnstableArgumentError } from '../errors.js';

/** memcached takes 250 characters; prefix and version of the cache need some of them. */
const MAX_LENGTH = 200;

/** Needs no escape between quotes, and no cache objects to it: no blank, quote, backslash or control. */
const PLAIN = /^[!#-[\]-~]*$/;

/**
 * The arguments of a call, in parentheses: `("berlin",{limit:10})`.
 *
 * @throws {UnstableArgumentError} naming the place, when an argument has no stable identity
 */
export function encodeArguments(args: readonly unknown[]): string {
  if (args.length === 0) return '()';
  if (args.length === 1) {
    const only = args[0];
    if (typeof only === 'string') return `(${text(only)})`;
    if (typeof only === 'number') return `(${number(only)})`;
  }
  return `(${list(args, 'args', [])})`;
}

/** A key made of parts, as `key` functions may return them: `["city",7]`. */
export function encodeParts(parts: readonly unknown[]): string {
  return `[${list(parts, 'key', [])}]`;
}

/** Short enough for any cache; what is not becomes a digest behind the readable part. */
export function shortened(readable: string, rest: string): string {
  if (readable.length + rest.length <= MAX_LENGTH) return readable + rest;
  return `${readable}#sha256:${createHash('sha256').update(rest).digest('hex')}`;
}

/** A string between quotes, in ASCII without blanks. */
export function text(value: string): string {
  if (PLAIN.test(value)) return `"${value}"`;
  return JSON.stringify(value).replace(/[^!-~]/g, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function number(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function list(values: readonly unknown[], path: string, above: readonly object[]): string {
  const encoded: string[] = [];
  // Not `map`: it would leave out the holes of a sparse array.
  for (let i = 0; i < values.length; i++) {
    encoded.push(i in values ? encode(values[i], `${path}[${i}]`, above) : 'hole');
  }
  return encoded.join(',');
}

function encode(value: unknown, path: string, above: readonly object[]): string {
  switch (typeof value) {
    case 'string':
      return text(value);
    case 'number':
      return number(value);
    case 'bigint':
      return `${value}n`;
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'object':
      return value === null ? 'null' : encodeObject(value, path, above);
    default:
      throw new UnstableArgumentError(path, `a ${typeof value}`);
  }
}

function encodeObject(value: object, path: string, above: readonly object[]): string {
  if (above.includes(value)) throw new UnstableArgumentError(path, 'part of itself');
  const within = [...above, value];
  if (Array.isArray(value)) {
    refuseMore(value, path, 'an array');
    return `[${list(value, path, within)}]`;
  }
  const builtIn = encodeBuiltIn(value, path, within);
  if (builtIn !== undefined) {
    if (!ArrayBuffer.isView(value)) refuseMore(value, path, `a ${nameOf(value)}`);
    return builtIn;
  }
  const prototype = Object.getPrototypeOf(value) as { constructor?: unknown } | null;
  if (prototype === null || isPlain(prototype)) return properties(value, path, within);
  return encodeInstance(value, prototype, path, within);
}

/** What somebody has hung on a built-in object is not in what is made of it. */
function refuseMore(value: object, path: string, what: string): void {
  const last = Object.keys(value).at(-1); // indexes come first
  if (last !== undefined && !(Array.isArray(value) && /^\d+$/.test(last))) {
    throw new UnstableArgumentError(path, `${what} with properties of its own`);
  }
}

/** Also of another realm, as a `vm` context has it. */
function isPlain(prototype: { constructor?: unknown }): boolean {
  if (prototype === Object.prototype) return true;
  const { constructor } = prototype;
  const isRoot = Object.getPrototypeOf(prototype) === null;
  return isRoot && typeof constructor === 'function' && constructor.name === 'Object';
}

function encodeBuiltIn(value: object, path: string, within: readonly object[]): string | undefined {
  if (types.isDate(value)) return `Date(${value.getTime()})`;
  if (types.isMap(value)) {
    const pairs = [...value].map((pair, i) => list(pair, `${path}.entry(${i})`, within));
    return `Map(${pairs.join(';')})`;
  }
  if (types.isSet(value)) return `Set(${list([...value], path, within)})`;
  if (types.isRegExp(value)) return `RegExp(${text(value.source)},${value.flags})`;
  if (ArrayBuffer.isView(value)) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return `${nameOf(value)}(${bytes.toString('base64')})`;
  }
  if (types.isAnyArrayBuffer(value)) {
    return `${nameOf(value)}(${Buffer.from(value).toString('base64')})`;
  }
  if (value instanceof URL || value instanceof URLSearchParams) {
    return `${nameOf(value)}(${text(value.toString())})`;
  }
  return undefined;
}

function nameOf(value: object): string {
  return value.constructor.name;
}

/**
 * An instance of somebody's class: its name and its enumerable properties, or what its `toJSON` makes
 * of it. Refused where that may not be all of it.
 */
function encodeInstance(
  value: object,
  prototype: { constructor?: unknown },
  path: string,
  within: readonly object[],
): string {
  const { constructor } = prototype;
  const name = typeof constructor === 'function' ? constructor.name : '';
  if (name === '') throw new UnstableArgumentError(path, 'an instance of a class without a name');
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    const json = (value.toJSON as () => unknown)();
    return `${name}(${encode(json, `${path}.toJSON()`, within)})`;
  }
  if (hidesState(prototype)) {
    throw new UnstableArgumentError(path, `an instance of ${name}, whose state cannot be seen`);
  }
  if (Object.keys(value).length === 0) {
    throw new UnstableArgumentError(path, `an instance of ${name} without properties`);
  }
  return name + properties(value, path, within);
}

const hiding = new WeakMap<object, boolean>();

/** Whether a class, or one above it, is built in or has private fields: its properties are not all. */
function hidesState(prototype: object): boolean {
  let isHiding = hiding.get(prototype);
  if (isHiding === undefined) {
    const source = Function.prototype.toString.call(prototype.constructor);
    const above = Object.getPrototypeOf(prototype) as object | null;
    isHiding =
      /\[native code\]|#[\w$]/.test(source) ||
      (above !== null && !isPlain(above) && hidesState(above));
    hiding.set(prototype, isHiding);
  }
  return isHiding;
}

const IDENTIFIER = /^[\w$]+$/;

function properties(value: object, path: string, within: readonly object[]): string {
  if (Object.getOwnPropertySymbols(value).length > 0) {
    throw new UnstableArgumentError(path, 'an object with symbols for names');
  }
  const record = value as Record<string, unknown>;
  const pairs = Object.keys(record)
    .sort()
    .map((name) => {
      const at = `${path}.${name}`;
      return `${IDENTIFIER.test(name) ? name : text(name)}:${encode(record[name], at, within)}`;
    });
  return `{${pairs.join(',')}}`;
}
