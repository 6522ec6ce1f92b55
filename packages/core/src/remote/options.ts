/** The options that all caches over a {@link Backend} share, read once. */
import { timekeeper, type Clock, type Timekeeper } from '../clock.js';
import { InvalidOptionError } from '../errors.js';
import type { KeyFunction } from '../key.js';
import { checkOptionNames } from '../option-names.js';
import { checkVersion, type KeyCheck } from '../options.js';
import { parseTimeout, type Timeout } from '../timeout.js';
import type { LocMemWarning } from '../warnings.js';
import type { Codec } from './codec.js';
import { jsonCodec } from './json-codec.js';

/** Options of a cache whose entries lie elsewhere; all may be left out. */
export interface RemoteOptions {
  /** How long entries live when a call does not say. Default 300 seconds; null = for ever. */
  timeout?: Timeout | undefined;
  /** Sets this cache's keys apart from others in the same store. Default `''`. */
  keyPrefix?: string | undefined;
  /** The version of keys when a call does not say. An integer, default 1. */
  version?: number | undefined;
  /** Makes the full key itself (Django's KEY_FUNCTION). `keys` and `clear` of a part need the default. */
  keyFunction?: KeyFunction | undefined;
  /** Keys should fit memcached: 250 characters, no space or control character. Default `'off'`. */
  keyCheck?: KeyCheck | undefined;
  /** How values become bytes. Default {@link jsonCodec}. */
  codec?: Codec | undefined;
  /**
   * Signs every entry (HMAC-SHA-256, over store, key and value), and reads none that is not signed: who can write
   * to the store cannot forge values. Of several, the first signs and all are accepted, so that a secret
   * can be changed. Default: not signed.
   */
  secret?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined;
  /** Encoded values of more bytes are compressed. Default: none is. */
  compressAboveBytes?: number | undefined;
  /** A larger entry is not stored, and none is unpacked to more. Default 64 MiB. */
  maxEntryBytes?: number | undefined;
  /**
   * No call waits longer for the store, however many steps it takes there; `getOrSet` and `update` before and
   * after the function of yours together, `clear` and `keys` for each of their steps. Default `'250ms'`;
   * null = as long as it takes.
   */
  deadline?: Timeout | undefined;
  /**
   * How long one process may be waited for that loads a key for all (`getOrSet`), before others load it
   * themselves. Default `'5s'`; 0 = not at all.
   */
  leaseWait?: Timeout | undefined;
  /**
   * For tests: milliseconds, and timers that go by them, for deadlines, leases and waits. A clock without
   * `setTimeout` has no say in these: the process's monotonic clock has, as by default. Entries expire by the
   * store's.
   */
  clock?: Clock | undefined;
  /** Hears every warning. Default: `process.emitWarning`, once per kind and cache. */
  onWarning?: ((warning: LocMemWarning) => void) | undefined;
}

/** The options with their final meaning. */
export interface ResolvedRemoteOptions {
  /** The class whose options they are, as errors name it. */
  readonly place: string;
  readonly timeoutSeconds: number | null;
  readonly keyPrefix: string;
  readonly version: number;
  readonly keyFunction: KeyFunction | undefined;
  readonly keyCheck: KeyCheck;
  readonly codec: Codec;
  readonly secrets: readonly (string | Uint8Array)[];
  readonly compressAboveBytes: number;
  readonly maxEntryBytes: number;
  readonly deadlineMs: number;
  readonly leaseWaitMs: number;
  readonly time: Timekeeper;
  readonly onWarning: ((warning: LocMemWarning) => void) | undefined;
}

const NAMES = [
  ...['timeout', 'keyPrefix', 'version', 'keyFunction', 'keyCheck', 'codec', 'secret'],
  ...['compressAboveBytes', 'maxEntryBytes', 'deadline', 'leaseWait', 'clock', 'onWarning'],
] as const satisfies readonly (keyof RemoteOptions)[];

const CODEC_NAME = /^[a-z0-9-]{1,16}$/;

/**
 * @param place whose options they are, for the errors
 * @param more names of options that the place reads itself
 * @throws {InvalidOptionError | InvalidTimeoutError} naming the option, the rule and the value
 */
export function resolveRemoteOptions(
  place: string,
  options: RemoteOptions,
  more: readonly string[],
): ResolvedRemoteOptions {
  checkOptionNames(place, options, new Set([...NAMES, ...more]));
  const check = checker(place);
  return Object.freeze({
    place,
    timeoutSeconds: parseTimeout(options.timeout === undefined ? 300 : options.timeout),
    keyPrefix: check('keyPrefix', options.keyPrefix, isString, 'must be a string') ?? '',
    version: checkVersion(place, options.version ?? 1),
    keyFunction: check('keyFunction', options.keyFunction, isFunction, 'must be a function'),
    keyCheck:
      check('keyCheck', options.keyCheck, isKeyCheck, "must be 'warn', 'error' or 'off'") ?? 'off',
    codec:
      check(
        'codec',
        options.codec,
        isCodec,
        `must have encode(), decode() and a name such as 'json'`,
      ) ?? jsonCodec,
    secrets: secretsOf(check, options.secret),
    compressAboveBytes:
      check(
        'compressAboveBytes',
        options.compressAboveBytes,
        isSize,
        'must be an integer from 0',
      ) ?? Infinity,
    maxEntryBytes:
      check('maxEntryBytes', options.maxEntryBytes, isSize, 'must be an integer from 0') ??
      64 * 1024 * 1024,
    deadlineMs: deadlineMs(place, options.deadline),
    leaseWaitMs: waitMs(options.leaseWait),
    time: timeOf(place, options.clock),
    onWarning: check('onWarning', options.onWarning, isFunction, 'must be a function'),
  });
}

type Check = <T>(option: string, value: T, isRight: (value: unknown) => boolean, rule: string) => T;

/** Passes what is left out or right. */
export function checker(place: string): Check {
  return (option, value, isRight, rule) => {
    if (value === undefined || isRight(value)) return value;
    throw new InvalidOptionError(place, option, rule, value);
  };
}

const isString = (value: unknown) => typeof value === 'string';
const isFunction = (value: unknown) => typeof value === 'function';
const isSize = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const isKeyCheck = (value: unknown) => ['warn', 'error', 'off'].includes(value as string);
const isSecret = (value: unknown) =>
  (typeof value === 'string' || value instanceof Uint8Array) && value.length > 0;

function isCodec(value: unknown): boolean {
  const { name, encode, decode } = (value ?? {}) as Partial<Codec>;
  return (
    typeof encode === 'function' &&
    typeof decode === 'function' &&
    typeof name === 'string' &&
    CODEC_NAME.test(name)
  );
}

function secretsOf(
  check: Check,
  secret: RemoteOptions['secret'],
): readonly (string | Uint8Array)[] {
  const secrets = secret === undefined ? [] : Array.isArray(secret) ? secret : [secret];
  // The secret itself has no business in an error message.
  const isRight = secrets.every(isSecret) && !(Array.isArray(secret) && secrets.length === 0);
  check('secret', isRight, Boolean, 'must be a non-empty string or bytes, or several of them');
  return Object.freeze([...(secrets as readonly (string | Uint8Array)[])]);
}

function deadlineMs(place: string, deadline: Timeout | undefined): number {
  const seconds = deadline === undefined ? 0.25 : parseTimeout(deadline, 'deadline');
  if (seconds === null) return Infinity;
  if (seconds > 0) return seconds * 1000;
  throw new InvalidOptionError(place, 'deadline', 'must be a time above 0, or null', deadline);
}

/** What is waited for goes by timers. A clock that has none of its own may stand still or be set back meanwhile. */
function timeOf(place: string, clock: Clock | undefined): Timekeeper {
  const given = timekeeper(clock && steady(clock), place);
  return clock && !clock.setTimeout ? timekeeper(undefined) : given;
}

/** Time that is set back goes on from where it was. */
function steady(clock: Clock): Clock {
  let lastMs = -Infinity;
  let lostMs = 0;
  return {
    ...(clock.setTimeout && { setTimeout: clock.setTimeout.bind(clock) }),
    ...(clock.clearTimeout && { clearTimeout: clock.clearTimeout.bind(clock) }),
    now() {
      const readMs = clock.now();
      lostMs = Math.max(lostMs, lastMs - readMs);
      lastMs = readMs + lostMs;
      return lastMs;
    },
  };
}

function waitMs(leaseWait: Timeout | undefined): number {
  const seconds = leaseWait === undefined ? 5 : parseTimeout(leaseWait, 'leaseWait');
  return seconds === null ? Infinity : Math.max(0, seconds * 1000);
}
