// The public surface. What is not here is private.
export { cachePage, responseCache } from './middleware.js';
export type { ResponseCacheMiddleware, ResponseCacheMiddlewareOptions } from './middleware.js';
export { cacheControl, conditionalGet, neverCache, varyOn } from './fields.js';
export { front } from '@locmem/http';
export type { FrontedCache, FrontOptions } from '@locmem/http';
