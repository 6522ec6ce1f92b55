/**
 * A request as functions among the options may see it before any middleware has run.
 */

/** Where the names of a view come from. */
export interface ViewSource {
  readonly from: object;
  readonly names: ReadonlySet<string>;
  /** What getters and methods run on. Default: the view itself. */
  readonly on?: object;
}

/**
 * Lets some names be read, and throws for any other, however it is looked for: `req.user` is
 * undefined before the middleware that sets it, and a key prefix made of that would be the prefix of
 * who is logged out. What a view is asked for is read anew each time; what is written to it leads
 * nowhere.
 *
 * @param sources where names are looked for, in their order
 */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller knows
export function earlyView<T extends object>(sources: readonly ViewSource[]): T {
  const written = new Map<PropertyKey, unknown>();
  const sourceOf = (name: string | symbol): ViewSource => {
    const source = sources.find(({ names }) => names.has(name as string));
    // Express 4 knows `req.query` only by a middleware of its own.
    if (source === undefined || !(name in source.from)) throw new NotThereYetError(name);
    return source;
  };
  const refuse = (_target: T, name: string | symbol = 'keys'): never => {
    throw new NotThereYetError(name);
  };
  const view: T = new Proxy({} as T, {
    get(_target, name) {
      if (written.has(name)) return written.get(name);
      const source = sourceOf(name);
      const on: object = source.on ?? view;
      const value: unknown = Reflect.get(source.from, name, on);
      // Methods are inherited; an own function is a value, as `req.app` is.
      const isMethod = typeof value === 'function' && !Object.hasOwn(source.from, name);
      return isMethod ? (value.bind(on) as unknown) : value;
    },
    set(_target, name, value) {
      written.set(name, value);
      return true;
    },
    has: (_target, name) => Boolean(sourceOf(name)),
    ownKeys: refuse,
    getOwnPropertyDescriptor: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
    getPrototypeOf: (target) => refuse(target, 'prototype'),
  });
  return view;
}

/** Never reaches a user: the request goes its way through the framework instead. */
class NotThereYetError extends Error {
  constructor(name: string | symbol) {
    super(`"${String(name)}" is not on a request before the middlewares have run`);
    this.name = 'NotThereYetError';
  }
}

/** What node itself knows of a request. */
export const NODE_NAMES: ReadonlySet<string> = new Set([
  ...['headers', 'headersDistinct', 'rawHeaders', 'method', 'url', 'socket', 'connection'],
  ...['httpVersion', 'httpVersionMajor', 'httpVersionMinor', 'authority', 'scheme'],
]);
