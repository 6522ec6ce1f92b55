/** The errors of this package. Match on `code`. */

/** A decorated method was called on an object that no module has given the cache. */
export class CacheNotProvidedError extends Error {
  override readonly name = 'CacheNotProvidedError';
  readonly code = 'ERR_LOCMEM_CACHE_NOT_PROVIDED';
  constructor(
    /** Class and method, e.g. `Cities.find`. */
    readonly method: string,
    /** The alias of the cache that it uses; undefined for what needs only the module. */
    readonly alias: string | undefined,
  ) {
    const what = alias === undefined ? 'the module of this package' : `the cache '${alias}'`;
    const register =
      alias === undefined ? 'register()' : `register({ caches: { ${propertyName(alias)}: {} } })`;
    super(
      `${method} needs ${what}, and its object was not given it. ` +
        `Import LocMemModule.${register} into the module that provides the class, or once with isGlobal: true. ` +
        `An object made by hand gets it by provideCaches(object, { … }).`,
    );
  }
}

function propertyName(alias: string): string {
  return /^[\w$]+$/.test(alias) ? alias : `'${alias}'`;
}

/** A default key cannot be made of an argument. */
export class UnstableArgumentError extends Error {
  override readonly name = 'UnstableArgumentError';
  readonly code = 'ERR_LOCMEM_UNSTABLE_ARGUMENT';
  constructor(
    /** Where it is, e.g. `args[0].user`. */
    readonly path: string,
    /** What it is, e.g. `a function`. */
    readonly reason: string,
  ) {
    super(
      `Cannot make a key of the arguments: ${path} is ${reason}, which has no stable identity; ` +
        `say with the option key what of the arguments the result depends on`,
    );
  }
}

/** Two classes would store their results under the same default keys. */
export class AmbiguousKeysError extends Error {
  override readonly name = 'AmbiguousKeysError';
  readonly code = 'ERR_LOCMEM_AMBIGUOUS_KEYS';
  constructor(
    /** What the keys begin with, e.g. `Cities.find`. */
    readonly method: string,
    readonly alias: string,
  ) {
    super(
      `Two classes would share the default keys ${method}(…) in the cache '${alias}'; ` +
        `tell them apart by @CacheDefaults({ name: 'another name' }), or give keys of your own`,
    );
  }
}

/** A method that returns a plain value was given a cache that answers with promises. */
export class SyncMethodError extends Error {
  override readonly name = 'SyncMethodError';
  readonly code = 'ERR_LOCMEM_SYNC_METHOD';
  constructor(
    readonly method: string,
    readonly alias: string,
  ) {
    super(
      `${method} returns its result at once, and the cache '${alias}' answers with promises; ` +
        `make the method async, or give it a LocMemCache`,
    );
  }
}
