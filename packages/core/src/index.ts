// The public surface. What is not here is private.
export { LocMemCache } from './cache.js';
export { createCaches, type Backend, type CacheConfig, type Caches } from './caches.js';
export { DummyCache } from './dummy-cache.js';
export type {
  AsyncCache,
  Cache,
  ClearOptions,
  GetOptions,
  KeysOptions,
  LoadOptions,
  Loads,
  Pairs,
  PurgeOptions,
  ReadOptions,
  SyncCache,
  TouchOptions,
  UpdateOptions,
  ValueOrLoader,
  WriteOptions,
} from './contract.js';
export type { Clock } from './clock.js';
export type { CacheEvent, CacheEvents, CacheEventType, CacheListener } from './events.js';
export type { KeyFunction } from './key.js';
export type { Isolation, KeyCheck, LocMemOptions } from './options.js';
export type { PolicyName } from './policy/choice.js';
export type { EvictionPolicy, PolicyFactory } from './policy/policy.js';
export type { LockOptions, RWLock } from './rwlock.js';
export type { HitWindow } from './hit-windows.js';
export type { CacheStats } from './stats.js';
export type { LocMemWarning, LocMemWarningCode } from './warnings.js';
export { parseTimeout, type Duration, type Timeout } from './timeout.js';
export {
  DeadlineError,
  InvalidKeyError,
  InvalidOptionError,
  InvalidTimeoutError,
  KeyNotFoundError,
  LocMemError,
  LockError,
  NotNumericError,
  NotSerializableError,
  UnknownCacheError,
  type LocMemErrorCode,
} from './errors.js';
