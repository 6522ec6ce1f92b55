/** What callers ask, checked at the door, and refused in the name of the class whose method they called. */
import {
  checkKeys,
  checkNewVersion,
  checkVersionDelta,
  isOfAll,
  keyPrefixOf,
  purgeOf,
  signalOf,
  tagsOf,
  versionOf,
  type Call,
} from '../call-options.js';
import type {
  ClearOptions,
  KeysOptions,
  LoadOptions,
  Pairs,
  PurgeOptions,
  ReadOptions,
  UpdateOptions,
  WriteOptions,
} from '../contract.js';
import { InvalidOptionError } from '../errors.js';

export class Door {
  constructor(
    /** The name of that class. */
    readonly owner: string,
  ) {}

  /** @returns undefined for the cache's own */
  version(call: Call, options: ReadOptions | undefined): number | undefined {
    return options === undefined ? undefined : versionOf(call, options, this.owner);
  }

  tags(call: Call, options: WriteOptions | undefined): readonly string[] | undefined {
    return options === undefined ? undefined : tagsOf(call, options, this.owner);
  }

  signal(call: Call, options: LoadOptions | UpdateOptions): AbortSignal | undefined {
    return signalOf(call, options.signal, this.owner);
  }

  purge(args: readonly (string | PurgeOptions)[]): { tags: string[]; soft: boolean } {
    return purgeOf(args, this.owner);
  }

  keys(call: Call, keys: Iterable<string>): string[] {
    return [...new Set(checkKeys(call, keys, this.owner))];
  }

  /** The version that so many steps lead to. */
  versionBy(call: Call, from: number, delta: unknown, direction: 1 | -1): number {
    const steps = checkVersionDelta(call, delta, this.owner) * direction;
    return checkNewVersion(call, from + steps, this.owner);
  }

  pairs(pairs: Pairs<unknown>): (readonly [string, unknown])[] {
    if (typeof pairs !== 'object' || (pairs as object | null) === null) {
      this.refuse('setMany', 'pairs', 'must be a Map, an array of pairs, or an object', pairs);
    }
    return Symbol.iterator in pairs
      ? [...(pairs as Iterable<readonly [string, unknown]>)]
      : Object.entries(pairs);
  }

  keyPrefix(options: ClearOptions | undefined): string | undefined {
    return keyPrefixOf(options, this.owner);
  }

  /** Whether all keys are asked for. */
  all(options: KeysOptions): boolean {
    return isOfAll(options, this.owner);
  }

  refuse(call: Call, option: string, rule: string, value: unknown): never {
    throw new InvalidOptionError(`${this.owner}.${call}`, option, rule, value);
  }
}
