// The public surface. What is not here is private.
export { RedisCache, type RedisCacheOptions, type RedisStats } from './redis-cache.js';
export { TieredCache, type TieredCacheOptions, type TieredStats } from './tiered-cache.js';
export type { BusState } from './bus.js';
export type { RedisClient } from './client.js';
export type { BreakerState } from './breaker.js';
export type { Faults } from './guard.js';
export { jsonCodec, v8Codec, type Codec } from '@locmem/core/remote';
