/** The options of a call: read at the door, so that a misspelt one cannot pass for the default. */
import type {
  ClearOptions,
  KeysOptions,
  Pairs,
  PurgeOptions,
  ReadOptions,
  WriteOptions,
} from './contract.js';
import { InvalidOptionError } from './errors.js';
import { areOptionNames, checkOptionNames, hasNoneBut } from './option-names.js';
import { checkVersion } from './options.js';

const READ: ReadonlySet<string> = new Set(['version']);
const GET: ReadonlySet<string> = new Set(['version', 'default']);
const TOUCH: ReadonlySet<string> = new Set(['version', 'timeout']);
const WRITE: ReadonlySet<string> = new Set(['version', 'timeout', 'tags']);
const LOAD: ReadonlySet<string> = new Set([
  ...['version', 'timeout', 'tags'],
  ...['stale', 'refreshAhead', 'negativeTimeout', 'deadline', 'signal'],
]);
const UPDATE: ReadonlySet<string> = new Set(['version', 'timeout', 'tags', 'signal']);
const PURGE: ReadonlySet<string> = new Set(['soft']);
const CLEAR: ReadonlySet<string> = new Set(['version', 'keyPrefix']);
const KEYS: ReadonlySet<string> = new Set(['all']);

const ALLOWED = {
  get: GET,
  getMany: READ,
  has: READ,
  add: WRITE,
  set: WRITE,
  setMany: WRITE,
  touch: TOUCH,
  incr: READ,
  decr: READ,
  delete: READ,
  deleteMany: READ,
  deleteByTag: PURGE,
  getOrSet: LOAD,
  update: UPDATE,
  incrVersion: READ,
  decrVersion: READ,
  ttl: READ,
  clear: CLEAR,
  keys: KEYS,
  makeKey: READ,
} as const;

/** A method of the cache that takes options. */
export type Call = keyof typeof ALLOWED;

/** Whose methods they are, where nothing else is said. */
const OWNER = 'LocMemCache';

/**
 * Checks names and version.
 *
 * @returns the version of the call, undefined for the cache's own
 * @throws {InvalidOptionError} naming the method, the option, the rule and the value
 */
export function versionOf(
  call: Call,
  options: ReadOptions | undefined,
  owner = OWNER,
): number | undefined {
  if (options === undefined) return undefined;
  if (!hasNoneBut('version', options)) checkOptions(call, options, owner);
  const { version } = options;
  if (version === undefined || Number.isSafeInteger(version)) return version;
  return checkVersion(placeOf(owner, call), version);
}

export function checkOptions(call: Call, options: object, owner = OWNER): void {
  // The place is put into words only for an error: a string a call would cost more than the look.
  if (!areOptionNames(options, ALLOWED[call]))
    checkOptionNames(placeOf(owner, call), options, ALLOWED[call]);
}

/** The tags of a call, undefined when it has none. */
export function tagsOf(
  call: Call,
  options: WriteOptions | undefined,
  owner = OWNER,
): readonly string[] | undefined {
  const tags: unknown = options?.tags;
  if (tags === undefined) return undefined;
  if (!Array.isArray(tags) || !tags.every(isTag)) {
    const rule = 'must be an array of non-empty strings';
    throw new InvalidOptionError(placeOf(owner, call), 'tags', rule, tags);
  }
  return tags.length > 0 ? tags : undefined;
}

/** The signal of a call, undefined when it has none. */
export function signalOf(call: Call, signal: unknown, owner = OWNER): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw new InvalidOptionError(placeOf(owner, call), 'signal', 'must be an AbortSignal', signal);
}

/** The tags and options of a purge. */
export function purgeOf(
  args: readonly (string | PurgeOptions)[],
  owner = OWNER,
): {
  tags: string[];
  soft: boolean;
} {
  const last = args.at(-1);
  const options = typeof last === 'object' ? last : {};
  checkOptions('deleteByTag', options, owner);
  const { soft = false } = options;
  if (typeof (soft as unknown) !== 'boolean') {
    throw new InvalidOptionError(
      placeOf(owner, 'deleteByTag'),
      'soft',
      'must be true or false',
      soft,
    );
  }
  const tags = options === last ? args.slice(0, -1) : [...args];
  tagsOf('deleteByTag', { tags: tags as string[] }, owner);
  return { tags: tags as string[], soft };
}

/** The prefix that is to be cleared, undefined for any. */
export function keyPrefixOf(options: ClearOptions | undefined, owner = OWNER): string | undefined {
  const keyPrefix: unknown = options?.keyPrefix;
  if (keyPrefix === undefined || typeof keyPrefix === 'string') return keyPrefix;
  const rule = 'must be a string';
  throw new InvalidOptionError(placeOf(owner, 'clear'), 'keyPrefix', rule, keyPrefix);
}

/** Whether all keys are asked for. */
export function isOfAll(options: KeysOptions, owner = OWNER): boolean {
  checkOptions('keys', options, owner);
  const { all }: { all?: unknown } = options;
  if (all === undefined || typeof all === 'boolean') return all === true;
  throw new InvalidOptionError(placeOf(owner, 'keys'), 'all', 'must be true or false', all);
}

/** An amount to count by: an integer. */
export function checkVersionDelta(call: Call, delta: unknown, owner = OWNER): number {
  if (Number.isSafeInteger(delta)) return delta as number;
  throw new InvalidOptionError(placeOf(owner, call), 'delta', 'must be an integer', delta);
}

/** A version that was reckoned: still one that the next call accepts. */
export function checkNewVersion(call: Call, version: number, owner = OWNER): number {
  if (Number.isSafeInteger(version)) return version;
  const rule = 'must lead to a version that is a safe integer';
  throw new InvalidOptionError(placeOf(owner, call), 'delta', rule, version);
}

/** Several keys at once: a lone string would be taken letter by letter, as in Django. */
export function checkKeys(call: Call, keys: Iterable<string>, owner = OWNER): Iterable<string> {
  const isIterable =
    typeof (keys as Partial<Iterable<string>> | null)?.[Symbol.iterator] === 'function';
  if (typeof keys !== 'string' && isIterable) return keys;
  throw new InvalidOptionError(
    placeOf(owner, call),
    'keys',
    'must be an array or another iterable of keys',
    keys,
  );
}

/** Several pairs at once, in their order. */
export function entriesOf(pairs: Pairs<unknown>): (readonly [string, unknown])[] {
  if (typeof pairs !== 'object' || (pairs as object | null) === null) {
    const rule = 'must be a Map, an array of pairs, or an object';
    throw new InvalidOptionError('LocMemCache.setMany', 'pairs', rule, pairs);
  }
  return Symbol.iterator in pairs
    ? [...(pairs as Iterable<readonly [string, unknown]>)]
    : Object.entries(pairs);
}

function isTag(tag: unknown): boolean {
  return typeof tag === 'string' && tag !== '';
}

function placeOf(owner: string, call: Call): string {
  return `${owner}.${call}`;
}
