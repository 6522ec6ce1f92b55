/**
 * Every error of the package. Match on `code`, never on the message or with `instanceof`: an
 * ES-module and a CommonJS copy of this package in one process are two sets of classes.
 *
 * A message says, in this order: the action, the place, the rule and the value that broke it.
 */
import { show } from './show.js';

/** The stable codes of this package's errors. */
export type LocMemErrorCode =
  | 'ERR_LOCMEM_KEY_NOT_FOUND'
  | 'ERR_LOCMEM_NOT_NUMERIC'
  | 'ERR_LOCMEM_NOT_SERIALIZABLE'
  | 'ERR_LOCMEM_INVALID_KEY'
  | 'ERR_LOCMEM_INVALID_TIMEOUT'
  | 'ERR_LOCMEM_INVALID_OPTION'
  | 'ERR_LOCMEM_UNKNOWN_CACHE'
  | 'ERR_LOCMEM_DEADLINE'
  | 'ERR_LOCMEM_LOCK';

/** What all errors of this package have in common. */
export abstract class LocMemError extends Error {
  abstract readonly code: LocMemErrorCode;
}

/** Whose method was called, when nobody says. */
const LOCMEM = 'LocMemCache';

/** `incr`, `decr`, `incrVersion` or `decrVersion` of a key that is not there (Django: ValueError). */
export class KeyNotFoundError extends LocMemError {
  override readonly name = 'KeyNotFoundError';
  readonly code = 'ERR_LOCMEM_KEY_NOT_FOUND';
  constructor(
    readonly store: string,
    readonly key: string,
    /** The class of the cache, e.g. `LocMemCache`. */
    readonly place = LOCMEM,
  ) {
    super(`Key ${show(key)} not found in ${place} ${show(store)}`);
  }

  /** The same, said of another class: for a cache that hands its calls on. */
  inNameOf(place: string): KeyNotFoundError {
    return new KeyNotFoundError(this.store, this.key, place);
  }
}

/** `incr` or `decr` of a stored value that is neither a finite number nor a bigint (Django: TypeError). */
export class NotNumericError extends LocMemError {
  override readonly name = 'NotNumericError';
  readonly code = 'ERR_LOCMEM_NOT_NUMERIC';
  constructor(
    readonly store: string,
    readonly key: string,
    readonly value: unknown,
    readonly rule = 'the stored value must be a finite number or a bigint',
    /** The class of the cache, e.g. `LocMemCache`. */
    readonly place = LOCMEM,
  ) {
    super(
      `Cannot increment key ${show(key)} in ${place} ${show(store)}: ${rule}: received ${show(value)}`,
    );
  }

  inNameOf(place: string): NotNumericError {
    return new NotNumericError(this.store, this.key, this.value, this.rule, place);
  }
}

/** A value that cannot be isolated, refused before anything changed (Django: PicklingError). */
export class NotSerializableError extends LocMemError {
  override readonly name = 'NotSerializableError';
  readonly code = 'ERR_LOCMEM_NOT_SERIALIZABLE';
  constructor(
    /** What stands in the way, e.g. `a function`. */
    readonly reason: string,
    /** Where in the value, e.g. `value.user.greet`. */
    readonly path: string,
    options?: ErrorOptions,
  ) {
    super(
      `Cannot store value: ${path} is ${reason}, which cannot be copied; store plain data, or use isolation: 'share'`,
      options,
    );
  }
}

/** A key that is no string, that `keyCheck: 'error'` refuses, or that a `keyFunction` could not make. */
export class InvalidKeyError extends LocMemError {
  override readonly name = 'InvalidKeyError';
  readonly code = 'ERR_LOCMEM_INVALID_KEY';
  constructor(
    readonly store: string,
    readonly key: unknown,
    readonly rule: string,
    options?: ErrorOptions,
    /** The class of the cache, e.g. `LocMemCache`. */
    readonly place = LOCMEM,
  ) {
    super(`Cannot use key in ${place} ${show(store)}: ${rule}: received ${show(key)}`, options);
  }

  inNameOf(place: string): InvalidKeyError {
    const { store, key, rule, cause } = this;
    return new InvalidKeyError(store, key, rule, cause === undefined ? {} : { cause }, place);
  }
}

/** A time span that is neither seconds, nor a string such as `'5m'`, nor null. */
export class InvalidTimeoutError extends LocMemError {
  override readonly name = 'InvalidTimeoutError';
  readonly code = 'ERR_LOCMEM_INVALID_TIMEOUT';
  constructor(
    /** The option's name, e.g. `timeout`. */
    readonly option: string,
    readonly value: unknown,
  ) {
    super(
      `Invalid ${option}: must be a number of seconds, a string with its unit such as '250ms', '30s', '5m', '2h', '1d', or null for never: received ${show(value)}`,
    );
  }
}

/** An option that does not exist or whose value breaks its rule. */
export class InvalidOptionError extends LocMemError {
  override readonly name = 'InvalidOptionError';
  readonly code = 'ERR_LOCMEM_INVALID_OPTION';
  constructor(
    /** Whose option it is, e.g. `LocMemCache` or `LocMemCache.set`. */
    readonly place: string,
    readonly option: string,
    readonly rule: string,
    readonly value: unknown,
  ) {
    super(`Invalid option of ${place}: ${option} ${rule}: received ${show(value)}`);
  }

  inNameOf(place: string): InvalidOptionError {
    const named = this.place.replace(/^\w+/, place);
    return new InvalidOptionError(named, this.option, this.rule, this.value);
  }
}

/** A turn asked for from within itself: a lock taken again by who holds it, an update within an update. */
export class LockError extends LocMemError {
  override readonly name = 'LockError';
  readonly code = 'ERR_LOCMEM_LOCK';
  constructor(
    /** What was asked for. */
    readonly kind: 'read' | 'write' | 'update',
  ) {
    const what = kind === 'update' ? 'update this key' : `take the lock to ${kind}`;
    super(
      `Cannot ${what}: this call runs within a turn of the same and would wait for itself; do both in one turn`,
    );
  }
}

/** A caller waited for a load as long as it was willing to. */
export class DeadlineError extends LocMemError {
  override readonly name = 'DeadlineError';
  readonly code = 'ERR_LOCMEM_DEADLINE';
  constructor(
    readonly store: string,
    readonly key: string,
    readonly deadlineSeconds: number,
    /** The class of the cache, e.g. `LocMemCache`. */
    readonly place = LOCMEM,
  ) {
    super(
      `Loading key ${show(key)} of ${place} ${show(store)} took longer than the deadline of ${deadlineSeconds} s`,
    );
  }

  inNameOf(place: string): DeadlineError {
    return new DeadlineError(this.store, this.key, this.deadlineSeconds, place);
  }
}

/** An alias that is not in the configuration (Django: InvalidCacheBackendError). */
export class UnknownCacheError extends LocMemError {
  override readonly name = 'UnknownCacheError';
  readonly code = 'ERR_LOCMEM_UNKNOWN_CACHE';
  constructor(
    readonly alias: string,
    readonly known: readonly string[],
  ) {
    super(`There is no cache ${show(alias)}; configured are: ${known.join(', ') || 'none'}`);
  }
}
