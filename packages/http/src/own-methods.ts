/**
 * The methods that an answer is written by, as properties of one response that may be replaced on it.
 */
import type { ServerResponse } from 'node:http';
import { processWide } from './process-wide.js';

export type Method<R> = (this: ServerResponse, ...args: unknown[]) => R;

/** The methods of a response that are replaced, as values. */
export interface Methods {
  readonly writeHead: Method<ServerResponse>;
  readonly write: Method<boolean>;
  readonly end: Method<ServerResponse>;
  readonly addTrailers: Method<void>;
}

/**
 * Does what each of them does on a response that has none of its own, whatever prototype it gets. The same
 * in every copy of this package, which would take another's for a writer that somebody has replaced.
 */
const INHERITED = processWide('own-methods/1', (): Methods => ({
  writeHead(...args) {
    return inherited(this, 'writeHead').apply(this, args);
  },
  write(...args) {
    return inherited(this, 'write').apply(this, args);
  },
  end(...args) {
    return inherited(this, 'end').apply(this, args);
  },
  addTrailers(...args) {
    inherited(this, 'addTrailers').apply(this, args);
  },
}));

function inherited<Name extends keyof Methods>(res: ServerResponse, name: Name): Methods[Name] {
  let prototype = Object.getPrototypeOf(res) as Methods;
  // What somebody has made of the response by `Object.create` inherits these themselves.
  while (prototype[name] === INHERITED[name]) {
    prototype = Object.getPrototypeOf(prototype) as Methods;
  }
  return prototype[name];
}

/** Puts them on a response, for who is going to replace them later, when adding would be dear. */
export function ownMethods(res: ServerResponse): void {
  const own = res as unknown as { -readonly [Name in keyof Methods]: Methods[Name] };
  if (!Object.hasOwn(res, 'writeHead')) own.writeHead = INHERITED.writeHead;
  if (!Object.hasOwn(res, 'write')) own.write = INHERITED.write;
  if (!Object.hasOwn(res, 'end')) own.end = INHERITED.end;
  if (!Object.hasOwn(res, 'addTrailers')) own.addTrailers = INHERITED.addTrailers;
}

/** Whether somebody has put one on the response that does something else. */
export function isReplaced(res: ServerResponse, name: 'write' | 'end'): boolean {
  return Object.hasOwn(res, name) && (res as unknown as Methods)[name] !== INHERITED[name];
}
