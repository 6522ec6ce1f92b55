/**
 * Keys of a remote cache. What a backend gets is one string, `prefix:version:key`, in which a colon of
 * the prefix is escaped: so no two prefixes ever meet, and a prefix or version can be told from the rest. What UTF-8 does not hold is
 * spelt out.
 */
import { InvalidKeyError, InvalidOptionError } from '../errors.js';
import { defaultKeyFunction, keyFault, type KeyFunction } from '../key.js';
import type { KeyCheck } from '../options.js';
import { messageOf } from '../show.js';
import type { LocMemWarningCode } from '../warnings.js';
import { read, spelt } from './well-formed.js';

interface KeyOptions {
  readonly keyPrefix: string;
  readonly version: number;
  readonly keyFunction: KeyFunction | undefined;
  readonly keyCheck: KeyCheck;
  /** Whose options they are, for the errors. */
  readonly place: string;
}

/** What a key is made of. */
export interface KeyParts {
  readonly keyPrefix: string;
  readonly version: number;
  readonly key: string;
}

/** Some of the keys of a store. */
export interface KeyRange {
  /** How they all begin. */
  readonly start: string;
  /** Which of those that begin so; undefined = all. */
  readonly passes: ((at: string) => boolean) | undefined;
}

/** Keys to be listed, and how each is shown. */
export interface KeyListing extends KeyRange {
  readonly bare: (at: string) => string;
}

export class Keys {
  readonly #store: string;
  readonly #options: KeyOptions;
  readonly #warn: (code: LocMemWarningCode, message: string) => void;
  /** What all keys of the own prefix and version begin with. */
  readonly #home: string;

  constructor(
    store: string,
    options: KeyOptions,
    warn: (code: LocMemWarningCode, message: string) => void,
  ) {
    this.#store = store;
    this.#options = options;
    this.#warn = warn;
    this.#home = startOf(options.keyPrefix, options.version);
  }

  /**
   * The key as the backend gets it.
   *
   * @throws {InvalidKeyError} when it is no string, or `keyCheck: 'error'` refuses it
   */
  full(key: string, version: number | undefined): string {
    const { keyPrefix, version: own, keyFunction, keyCheck } = this.#options;
    if (typeof (key as unknown) !== 'string' || keyCheck !== 'off')
      this.#check(key, version ?? own);
    if (keyFunction) return spelt(this.#made(keyFunction, key, version ?? own));
    if (version === undefined || version === own) return this.#home + spelt(key);
    return startOf(keyPrefix, version) + spelt(key);
  }

  /** As users see it. */
  shown(key: string, version: number | undefined): string {
    const { version: own, keyFunction } = this.#options;
    if (typeof (key as unknown) !== 'string') this.#check(key, own);
    return this.#made(keyFunction ?? defaultKeyFunction, key, version ?? own);
  }

  /** What was written under a prefix, a version, or both; what is left out stands for all. */
  range(keyPrefix: string | undefined, version: number | undefined): KeyRange {
    if (keyPrefix === undefined && version === undefined) return { start: '', passes: undefined };
    this.#refuseKeyFunction('clear', keyPrefix ?? version);
    if (keyPrefix !== undefined && version !== undefined) {
      return { start: startOf(keyPrefix, version), passes: undefined };
    }
    if (keyPrefix !== undefined) return { start: `${escape(keyPrefix)}:`, passes: undefined };
    const passes = (at: string) => at.startsWith(`:${version}:`, at.indexOf(':'));
    return { start: '', passes };
  }

  own(): KeyListing {
    this.#refuseKeyFunction('keys', undefined);
    const start = this.#home;
    return { start, passes: undefined, bare: (at) => read(at.slice(start.length)) };
  }

  everything(): KeyListing {
    const { keyFunction } = this.#options;
    const bare = (at: string) => {
      const end = at.indexOf(':');
      return keyFunction || end === -1
        ? read(at)
        : unescape(at.slice(0, end)) + read(at.slice(end));
    };
    return { start: '', passes: undefined, bare };
  }

  /** What a key was made of; undefined when a key function made it. */
  parts(at: string): KeyParts | undefined {
    const match = this.#options.keyFunction ? undefined : /^([^:]*):(-?\d+):/.exec(at);
    if (!match) return undefined;
    const [start, keyPrefix, version] = match;
    return {
      keyPrefix: unescape(keyPrefix!),
      version: Number(version),
      key: read(at.slice(start.length)),
    };
  }

  #made(keyFunction: KeyFunction, key: string, version: number): string {
    let made: unknown;
    try {
      made = keyFunction(key, this.#options.keyPrefix, version);
    } catch (cause) {
      const rule = `keyFunction threw (${messageOf(cause)})`;
      throw this.#refusal(key, rule, { cause });
    }
    if (typeof made === 'string') return made;
    throw this.#refusal(made, 'keyFunction must return a string');
  }

  #check(key: unknown, version: number): void {
    if (typeof key !== 'string') throw this.#refusal(key, 'a key must be a string');
    const { keyCheck, keyFunction } = this.#options;
    const fault = keyFault([this.#made(keyFunction ?? defaultKeyFunction, key, version)]);
    if (!fault || keyCheck === 'off') return;
    const error = this.#refusal(key, fault);
    if (keyCheck === 'error') throw error;
    this.#warn('LOCMEM_KEY_NOT_PORTABLE', error.message);
  }

  #refusal(key: unknown, rule: string, options?: ErrorOptions): InvalidKeyError {
    return new InvalidKeyError(this.#store, key, rule, options, this.#options.place);
  }

  #refuseKeyFunction(call: 'clear' | 'keys', value: unknown): void {
    if (!this.#options.keyFunction) return;
    const rule = 'cannot be told from other keys, as a keyFunction made them';
    throw new InvalidOptionError(`${this.#options.place}.${call}`, 'keyFunction', rule, value);
  }
}

function startOf(keyPrefix: string, version: number): string {
  return `${escape(keyPrefix)}:${version}:`;
}

function escape(keyPrefix: string): string {
  return spelt(keyPrefix).replace(/[%:]/g, (character) => (character === ':' ? '%3A' : '%25'));
}

function unescape(keyPrefix: string): string {
  return read(keyPrefix).replace(/%3A|%25/g, (escaped) => (escaped === '%3A' ? ':' : '%'));
}
