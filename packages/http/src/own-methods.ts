/**
 * The methods that an answer is written by, as properties of one response that may be replaced on it.
 */
import type { ServerResponse } from 'node:http';

export type Method<R> = (this: ServerResponse, ...args: unknown[]) => R;

/** The methods of a response that are replaced, as values. */
export interface Methods {
  readonly writeHead: Method<ServerResponse>;
  readonly write: Method<boolean>;
  readonly end: Method<ServerResponse>;
  readonly addTrailers: Method<void>;
}

type Name = keyof Methods;

/** Marks a method that stands in for the inherited one: for every copy of this package. */
const STANDS_IN: unique symbol = Symbol.for('@locmem/http/stands-in/1');

function isStandIn(method: unknown): boolean {
  return (method as { [STANDS_IN]?: true } | undefined)?.[STANDS_IN] === true;
}

/**
 * Methods that do what those do which a response inherits. Own ones of a response can be replaced later
 * without adding a property, where adding would be dear.
 *
 * @param app whose `response` is the prototype that responses are going to get
 */
export function standInsOf(app: { readonly response: ServerResponse }): Methods {
  const standInFor = (name: Name): Method<never> => {
    const method = function (this: ServerResponse, ...args: unknown[]): unknown {
      // Who has put another method before it found what there is to find when a request enters: a mounted
      // application that its response gets to later does not write below what is further out.
      const isReplaced = (this as unknown as Methods)[name] !== (method as unknown);
      const atEntry = app.response as unknown as Methods;
      const below: Method<unknown> = isReplaced ? atEntry[name] : inherited(this, name);
      return below.apply(this, args);
    };
    return Object.assign(method as Method<never>, { [STANDS_IN]: true });
  };
  return {
    writeHead: standInFor('writeHead'),
    write: standInFor('write'),
    end: standInFor('end'),
    addTrailers: standInFor('addTrailers'),
  };
}

/** What a response inherits at this moment, whatever stands in for it. */
function inherited<N extends Name>(res: ServerResponse, name: N): Methods[N] {
  let prototype = Object.getPrototypeOf(res) as Methods;
  // What somebody has made of the response by `Object.create` inherits these themselves.
  while (isStandIn(prototype[name])) prototype = Object.getPrototypeOf(prototype) as Methods;
  return prototype[name];
}

/** Puts them on a response that has none of its own. */
export function standIn(res: ServerResponse, standIns: Methods): void {
  const own = res as unknown as { -readonly [N in Name]: Methods[N] };
  if (!Object.hasOwn(res, 'writeHead')) own.writeHead = standIns.writeHead;
  if (!Object.hasOwn(res, 'write')) own.write = standIns.write;
  if (!Object.hasOwn(res, 'end')) own.end = standIns.end;
  if (!Object.hasOwn(res, 'addTrailers')) own.addTrailers = standIns.addTrailers;
}

/** What a response writes by at this moment: a method of its own, or else the inherited one. */
export function methodsOf(res: ServerResponse): Methods {
  const { writeHead, write, end, addTrailers } = res as unknown as Methods;
  return {
    writeHead: isStandIn(writeHead) ? inherited(res, 'writeHead') : writeHead,
    write: isStandIn(write) ? inherited(res, 'write') : write,
    end: isStandIn(end) ? inherited(res, 'end') : end,
    addTrailers: isStandIn(addTrailers) ? inherited(res, 'addTrailers') : addTrailers,
  };
}

/** Whether somebody has put one on the response that does something else. */
export function isReplaced(res: ServerResponse, name: 'write' | 'end'): boolean {
  return Object.hasOwn(res, name) && !isStandIn((res as unknown as Methods)[name]);
}
