/**
 * The copier on the way out: for values that the general copier has already seen and found to be
 * trees (no cycle, nothing shared, dense arrays). It checks nothing and remembers nothing.
 */
import { types } from 'node:util';
import { bareError, cloneBuiltIn, hiddenErrorFields, sameClass, setOwn } from './built-ins.js';

export function copyTree(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return copyArray(value);
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === Object.prototype) return copyProperties(value, {});
  if (types.isMap(value)) return copyMap(value);
  if (types.isSet(value)) return copySet(value);
  if (types.isNativeError(value)) return copyError(value);
  return cloneBuiltIn(value) ?? copyProperties(value, Object.create(prototype) as object);
}

function copyArray(array: readonly unknown[]): unknown[] {
  const copy = sameClass(new Array<unknown>(array.length), array);
  for (let i = 0; i < array.length; i++) copy[i] = copyTree(array[i]);
  return copy;
}

function copyProperties<T extends object>(from: object, to: T): T {
  for (const key of Object.keys(from)) {
    setOwn(to, key, copyTree((from as Record<string, unknown>)[key]));
  }
  return to;
}

// A subclass may override set, add or iteration; its copy must hold what it holds all the same.

function copyMap(map: Map<unknown, unknown>): object {
  const copy = new Map<unknown, unknown>();
  for (const [key, value] of Map.prototype.entries.call(map) as Iterable<[unknown, unknown]>) {
    copy.set(copyTree(key), copyTree(value));
  }
  return sameClass(copy, map);
}

function copySet(set: Set<unknown>): object {
  const copy = new Set<unknown>();
  for (const member of Set.prototype.values.call(set)) copy.add(copyTree(member));
  return sameClass(copy, set);
}

function copyError(error: Error): Error {
  const copy = bareError(error);
  for (const key of hiddenErrorFields(error)) {
    const value = copyTree(error[key as keyof Error]);
    Object.defineProperty(copy, key, { value, writable: true, configurable: true });
  }
  return copyProperties(error, copy);
}
