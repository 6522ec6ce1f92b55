/** Cached methods that only the request sets apart: without its prefix, everybody shares what they keep. */
import { defaultsOf } from './defaults.js';

const unprefixed = new WeakSet<object>();

export function noteUnprefixed(prototype: object): void {
  unprefixed.add(prototype);
}

/** Whether an object, or what will be made of a prototype, has such methods. */
export function isSetApartByRequestsAlone(object: object): boolean {
  for (let at: unknown = object; at !== null; at = Object.getPrototypeOf(at)) {
    if (unprefixed.has(at as object)) return defaultsOf(object.constructor).keyPrefix === undefined;
  }
  return false;
}
