// The public surface. What is not here is private.
export { LocMemCache } from './cache.js';
export type {
  AsyncCache,
  Cache,
  ClearOptions,
  GetOptions,
  KeysOptions,
  Pairs,
  ReadOptions,
  SyncCache,
  TouchOptions,
  ValueOrLoader,
  WriteOptions,
} from './contract.js';
export type { Clock } from './clock.js';
export type { KeyFunction } from './key.js';
export type { Isolation, KeyCheck, LocMemOptions, PolicyName } from './options.js';
export type { LocMemWarning, LocMemWarningCode } from './warnings.js';
export { parseTimeout, type Duration, type Timeout } from './timeout.js';
export {
  InvalidKeyError,
  InvalidOptionError,
  InvalidTimeoutError,
  KeyNotFoundError,
  LocMemError,
  NotNumericError,
  NotSerializableError,
  type LocMemErrorCode,
} from './errors.js';
