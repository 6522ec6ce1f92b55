// What a cache over any store of bytes is made of: who writes a backend gets the rest of the contract.
// RedisCache and KeyvCache stand on it.
export { RemoteCache, type Inspected } from './remote/remote-cache.js';
export { Door } from './remote/door.js';
export type { KeyParts } from './remote/keys.js';
export {
  resolveRemoteOptions,
  type RemoteOptions,
  type ResolvedRemoteOptions,
} from './remote/options.js';
export {
  ended,
  type Backend,
  type Claim,
  type Ending,
  type Held,
  type LeaseHold,
  type Lifetime,
  type TagVersion,
} from './remote/backend.js';
export type { RemoteStats } from './remote/counts.js';
export type { Timekeeper } from './clock.js';
export { v8Codec, type Codec } from './remote/codec.js';
export { jsonCodec } from './remote/json-codec.js';
export { pagesOf } from './remote/pages.js';
export { isWellFormed, read, spelt } from './remote/well-formed.js';
