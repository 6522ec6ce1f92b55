/**
 * The constructor's options: names, defaults, ranges, read once. Every other file sees only the
 * resolved, frozen result; the caller's object is never written to.
 */
import type { Clock } from './clock.js';
import { InvalidOptionError } from './errors.js';
import type { KeyFunction } from './key.js';
import { checkOptionNames } from './option-names.js';
import { POLICY_NAMES, type PolicyName } from './policy/choice.js';
import type { PolicyFactory } from './policy/policy.js';
import { parseTimeout, type Timeout } from './timeout.js';
import type { LocMemWarning } from './warnings.js';

/** Whether callers and cache may share an object. */
export type Isolation = 'copy' | 'freeze' | 'share';

/** What is done about keys that memcached could not hold. */
export type KeyCheck = 'warn' | 'error' | 'off';

/** Options of {@link LocMemCache}; all may be left out. */
export interface LocMemOptions {
  /** How long entries live when a call does not say. Default 300 seconds; null = for ever. */
  timeout?: Timeout | undefined;
  /** Sets this cache's keys apart from others in the same named store. Default `''`. */
  keyPrefix?: string | undefined;
  /** The version of keys when a call does not say. An integer, default 1. */
  version?: number | undefined;
  /** Makes the full key itself (Django's KEY_FUNCTION). Default: `prefix:version:key`, never built. */
  keyFunction?: KeyFunction | undefined;
  /** Entries the named store may hold when this cache writes. An integer from 1, or Infinity; default 300. */
  maxEntries?: number | undefined;
  /**
   * Under the policies `'lru'` and `'cull'` a full store gives up one entry in this many, at once; under
   * others always one. 0 = all of them, under any policy. An integer from 0; default 3.
   */
  cullFrequency?: number | undefined;
  /** Bytes the named store may hold when this cache writes, by estimate. Default: no bound. */
  maxBytes?: number | undefined;
  /** A larger entry is not stored. Default: `maxBytes`. */
  maxEntryBytes?: number | undefined;
  /**
   * Who must go, or what makes a policy of your own. A named store has one policy: that of the first
   * cache that opened it. Default `'adaptive'`; with `compat: 'django'` `'lru'`.
   */
  policy?: PolicyName | PolicyFactory | undefined;
  /**
   * `'copy'` (default): nobody shares an object with the cache. `'freeze'`: one frozen copy for all
   * readers; a value that holds what cannot be frozen (Date, Map, Set, Buffer, …) is copied on each
   * read. `'share'`: the writer's own object, by reference.
   */
  isolation?: Isolation | undefined;
  /** Keys should fit memcached: 250 characters, no space or control character. Default `'warn'`. */
  keyCheck?: KeyCheck | undefined;
  /** `'django'`: bit for bit what Django does, quirks included. */
  compat?: 'django' | undefined;
  /** Milliseconds; asked at every look. Default: a coarse monotonic clock of the process. */
  clock?: Clock | undefined;
  /** Hears every warning. Default: `process.emitWarning`, once per kind and store. */
  onWarning?: ((warning: LocMemWarning) => void) | undefined;
}

/** The options with their final meaning. */
export interface ResolvedOptions {
  readonly timeoutSeconds: number | null;
  readonly keyPrefix: string;
  readonly version: number;
  readonly keyFunction: KeyFunction | undefined;
  readonly maxEntries: number;
  readonly cullFrequency: number;
  readonly maxBytes: number;
  readonly maxEntryBytes: number;
  /** Undefined = that of the store, whichever it is. */
  readonly policy: PolicyName | PolicyFactory | undefined;
  readonly isolation: Isolation;
  readonly keyCheck: KeyCheck;
  readonly compat: 'django' | undefined;
  readonly clock: Clock | undefined;
  readonly onWarning: ((warning: LocMemWarning) => void) | undefined;
}

const PLACE = 'LocMemCache';

const OPTION_NAMES: ReadonlySet<string> = new Set<keyof LocMemOptions>([
  'timeout',
  'keyPrefix',
  'version',
  'keyFunction',
  'maxEntries',
  'cullFrequency',
  'maxBytes',
  'maxEntryBytes',
  'policy',
  'isolation',
  'keyCheck',
  'compat',
  'clock',
  'onWarning',
]);

/** @throws {InvalidOptionError | InvalidTimeoutError} naming the option, the rule and the value */
export function resolveOptions(options: LocMemOptions = {}): ResolvedOptions {
  checkOptionNames(PLACE, options, OPTION_NAMES);
  const maxBytes = positive('maxBytes', options.maxBytes) ?? Infinity;
  return Object.freeze({
    timeoutSeconds: parseTimeout(options.timeout === undefined ? 300 : options.timeout),
    keyPrefix: typed('keyPrefix', options.keyPrefix, 'string') ?? '',
    version: checkVersion(PLACE, options.version ?? 1),
    keyFunction: typed('keyFunction', options.keyFunction, 'function'),
    maxEntries: positive('maxEntries', options.maxEntries) ?? 300,
    cullFrequency: cullFrequency(options.cullFrequency),
    maxBytes,
    maxEntryBytes: positive('maxEntryBytes', options.maxEntryBytes) ?? maxBytes,
    policy: policy(options.policy),
    isolation: oneOf('isolation', options.isolation, ['copy', 'freeze', 'share']) ?? 'copy',
    keyCheck: oneOf('keyCheck', options.keyCheck, ['warn', 'error', 'off']) ?? 'warn',
    compat: oneOf('compat', options.compat, ['django']),
    clock: clock(options.clock),
    onWarning: typed('onWarning', options.onWarning, 'function'),
  });
}

/** A version, as an option of a cache or of a call. */
export function checkVersion(place: string, version: unknown): number {
  if (Number.isSafeInteger(version)) return version as number;
  throw new InvalidOptionError(place, 'version', 'must be an integer', version);
}

function policy(
  value: PolicyName | PolicyFactory | undefined,
): PolicyName | PolicyFactory | undefined {
  return typeof value === 'function' ? value : oneOf('policy', value, POLICY_NAMES);
}

function typed<T>(option: string, value: T, type: 'string' | 'function'): T {
  if (value === undefined || typeof value === type) return value;
  throw new InvalidOptionError(PLACE, option, `must be a ${type}`, value);
}

function positive(option: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (value === Infinity || (Number.isSafeInteger(value) && (value as number) >= 1)) {
    return value as number;
  }
  throw new InvalidOptionError(PLACE, option, 'must be an integer from 1, or Infinity', value);
}

function cullFrequency(value: unknown): number {
  if (value === undefined) return 3;
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new InvalidOptionError(PLACE, 'cullFrequency', 'must be an integer from 0', value);
}

function oneOf<T extends string>(
  option: string,
  value: T | undefined,
  allowed: readonly T[],
): T | undefined {
  if (value === undefined || allowed.includes(value)) return value;
  const names = allowed.map((name) => `'${name}'`).join(' or ');
  throw new InvalidOptionError(PLACE, option, `must be ${names}`, value);
}

function clock(value: Clock | undefined): Clock | undefined {
  // A clock from JavaScript may be anything; its type is only a promise.
  if (value === undefined || typeof (value as Partial<Clock> | null)?.now === 'function') {
    return value;
  }
  throw new InvalidOptionError(PLACE, 'clock', 'must have a now() method', value);
}
