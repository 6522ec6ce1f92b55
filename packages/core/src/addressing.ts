/**
 * How one cache finds its entries in the store it shares: prefix, version and key become a key space
 * and the key in that space; keys that other caches could not hold are reported.
 */
import type { Behaviour } from './behaviour.js';
import type { Address } from './engine.js';
import { InvalidKeyError } from './errors.js';
import {
  defaultKeyFunction,
  hasUnportableCharacter,
  keyFault,
  MAX_KEY_LENGTH,
  type KeyFunction,
} from './key.js';
import { KeySpace } from './key-space.js';
import type { ResolvedOptions } from './options.js';
import { messageOf } from './show.js';
import type { Store } from './store.js';
import type { LocMemWarningCode } from './warnings.js';

type Warn = (code: LocMemWarningCode, message: string) => void;

/** What is asked of a store here. */
type KeyHome = Pick<Store, 'name' | 'spaces' | 'key'>;

/** A safe integer with its sign, between two colons. */
const LONGEST_VERSION = 19;

/** Where nothing is and nothing is put. */
export const NOWHERE = new KeySpace(0, '', 0);
NOWHERE.isRetired = true;

/** Spaces of other versions that are found without a Map, by the version's last bits. */
const OTHERS = 8;

export class Addressing {
  readonly #store: KeyHome;
  readonly #options: ResolvedOptions;
  readonly #allowsEmptyKey: boolean;
  readonly #warn: Warn;
  /** Undefined on the fast path: keys are then looked up as they are. */
  readonly #joinKeys: KeyFunction | undefined;
  #home: KeySpace;
  /** Spaces of other versions, where they were asked for last. */
  readonly #others: KeySpace[] = new Array<KeySpace>(OTHERS).fill(NOWHERE);
  /** A bare key up to this length needs no closer look, if its characters are portable. */
  readonly #usualLength: number;

  constructor(store: KeyHome, options: ResolvedOptions, behaviour: Behaviour, warn: Warn) {
    this.#store = store;
    this.#options = options;
    this.#allowsEmptyKey = behaviour.allowsEmptyKey;
    this.#warn = warn;
    this.#joinKeys = options.keyFunction ?? (behaviour.joinsKeys ? defaultKeyFunction : undefined);
    this.#home = this.#find(options.version);
    this.#usualLength = hasUnportableCharacter(options.keyPrefix)
      ? -1
      : MAX_KEY_LENGTH - options.keyPrefix.length - LONGEST_VERSION;
  }

  /** {@link space} of the cache's own version, {@link NOWHERE} when keys are not looked up as they are. */
  get home(): KeySpace {
    return this.plainSpace(undefined);
  }

  plainSpace(version: number | undefined): KeySpace {
    return this.#joinKeys === undefined ? this.space(version) : NOWHERE;
  }

  /** The space of this version, undefined being the cache's own. */
  space(version: number | undefined): KeySpace {
    if (version !== undefined && version !== this.#options.version)
      return this.#otherSpace(version);
    if (this.#home.isRetired) this.#home = this.#find(this.#options.version);
    return this.#home;
  }

  /** The key in its space. */
  keyInSpace(key: string, version: number | undefined): string {
    return this.#joinKeys === undefined ? key : this.#join(this.#joinKeys, key, version);
  }

  /**
   * Reports a key that is no string or not portable. Asked before a write and after a miss: a key
   * that was found has been through here when it was written.
   *
   * @throws {InvalidKeyError} when it is no string, or under keyCheck 'error' not portable
   */
  check(key: string, version: number | undefined): void {
    if (this.#joinKeys === undefined && !this.isUsual(key)) this.#checkUnusual(key, version);
  }

  #checkUnusual(key: string, version: number | undefined): void {
    this.space(version).isPortable = false; // should it come to be there after all
    this.#checkBareKey(key);
    const { keyPrefix } = this.#options;
    this.#checkFullKey(key, [keyPrefix, ':', String(this.#version(version)), ':', key]);
  }

  /** Whether a bare key is nothing to report, at a first look. */
  isUsual(key: string): boolean {
    if (typeof (key as unknown) !== 'string' || key === '') return false;
    return key.length <= this.#usualLength && !hasUnportableCharacter(key);
  }

  /** Django's make_key. */
  fullKey(key: string, version: number | undefined): string {
    const { keyPrefix } = this.#options;
    const joinKeys = this.#joinKeys ?? defaultKeyFunction;
    this.#checkBareKey(key);
    return this.#call(joinKeys, key, keyPrefix, this.#version(version));
  }

  /** Notes what a full key was made of, once it is there: not so what was dead when it came. */
  noteOrigin({ space, spaceKey, key, version }: Address): void {
    if (this.#joinKeys === undefined) return;
    const { fullKeys } = this.#store.spaces;
    if (space !== fullKeys || !fullKeys.slots.has(spaceKey)) return;
    const { keyPrefix } = this.#options;
    fullKeys.note(spaceKey, { key, keyPrefix, version: this.#version(version) });
  }

  /** The bare keys of the cache's own prefix and version, with their slots. */
  *ownKeys(): Generator<[key: string, slot: number]> {
    if (this.#joinKeys === undefined) {
      yield* this.space(undefined).slots;
      return;
    }
    const { keyPrefix, version } = this.#options;
    const { fullKeys } = this.#store.spaces;
    for (const slot of fullKeys.matching(keyPrefix, version)) {
      const fullKey = this.#store.key(slot);
      const origin = fullKeys.origin(fullKey);
      if (!origin) continue;
      // A cache of the same prefix and version may have another key function: its keys are not ours.
      if (this.#call(this.#joinKeys, origin.key, keyPrefix, version) === fullKey) {
        yield [origin.key, slot];
      }
    }
  }

  #version(version: number | undefined): number {
    return version ?? this.#options.version;
  }

  #otherSpace(version: number): KeySpace {
    const at = version & (OTHERS - 1);
    const other = this.#others[at]!;
    if (other.version === version && !other.isRetired) return other;
    return (this.#others[at] = this.#find(version));
  }

  #find(version: number): KeySpace {
    if (this.#joinKeys !== undefined) return this.#store.spaces.fullKeys;
    return this.#store.spaces.find(this.#options.keyPrefix, version);
  }

  #join(joinKeys: KeyFunction, key: string, version: number | undefined): string {
    this.#checkBareKey(key);
    const fullKey = this.#call(joinKeys, key, this.#options.keyPrefix, this.#version(version));
    this.#checkFullKey(key, [fullKey]);
    return fullKey;
  }

  #call(joinKeys: KeyFunction, key: string, keyPrefix: string, version: number): string {
    let fullKey: unknown;
    try {
      fullKey = joinKeys(key, keyPrefix, version);
    } catch (cause) {
      const rule = `keyFunction threw (${messageOf(cause)})`;
      throw new InvalidKeyError(this.#store.name, key, rule, { cause });
    }
    if (typeof fullKey === 'string') return fullKey;
    throw new InvalidKeyError(this.#store.name, fullKey, 'keyFunction must return a string');
  }

  #checkBareKey(key: unknown): void {
    if (typeof key !== 'string') {
      throw new InvalidKeyError(this.#store.name, key, 'a key must be a string');
    }
    if (key === '' && !this.#allowsEmptyKey) {
      this.#report('LOCMEM_KEY_EMPTY', key, 'the key must not be empty');
    }
  }

  #checkFullKey(key: string, parts: readonly string[]): void {
    if (this.#options.keyCheck === 'off') return;
    const fault = keyFault(parts);
    if (fault) this.#report('LOCMEM_KEY_NOT_PORTABLE', key, fault);
  }

  #report(code: LocMemWarningCode, key: string, rule: string): void {
    const { keyCheck } = this.#options;
    if (keyCheck === 'off') return;
    const error = new InvalidKeyError(this.#store.name, key, rule);
    if (keyCheck === 'error') throw error;
    this.#warn(code, error.message);
  }
}
