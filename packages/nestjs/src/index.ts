// The public surface. What is not here is private.
export { LocMemModule } from './locmem.module.js';
export type {
  AppOptions,
  LocMemModuleAsyncOptions,
  LocMemModuleOptions,
  LocMemModuleRegisterOptions,
  LocMemOptionsFactory,
} from './locmem.options.js';
export { getCacheToken } from './tokens.js';
export { InjectCache, provideCaches } from './inject-cache.decorator.js';
export { Cacheable } from './methods/cacheable.decorator.js';
export { CachePut } from './methods/cache-put.decorator.js';
export { CacheEvict } from './methods/cache-evict.decorator.js';
export { Caching } from './methods/caching.decorator.js';
export { CacheDefaults } from './methods/defaults.js';
export { RequestMemo } from './methods/request-memo.decorator.js';
export type { RequestMemoOptions } from './methods/request-memo.decorator.js';
export type {
  CacheableOptions,
  CacheDefaultsOptions,
  CacheEvictOptions,
  CachePutOptions,
  KeepOptions,
  Key,
  LoadingOptions,
  PerCall,
  PlaceOptions,
  Result,
} from './methods/options.js';
export type { Method, MethodDecoratorOf } from './methods/method.js';
export { CacheKeyPrefix, CacheVersion } from './requests/request-address.js';
export type { PerRequest } from './requests/request-address.js';
export {
  AmbiguousKeysError,
  CacheNotProvidedError,
  SyncMethodError,
  UnstableArgumentError,
} from './errors.js';
export { CacheControl, CachePage, NeverCache, VaryOn } from './pages/page.decorators.js';
export type { PageDecorator } from './pages/page.decorators.js';
export type { PageOptions } from './pages/page-options.js';
export { PageCache } from './pages/page-cache.js';
