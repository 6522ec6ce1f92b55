// The public surface. What is not here is private.
export { createResponseCache } from './response-cache.js';
export { offerAnswer } from './capture.js';
export type { Answer, InvalidateOptions, ResponseCache } from './response-cache.js';
export type { Clock, ResponseCacheOptions } from './options.js';
export type { RequestOrigin } from './request.js';
export type { Next } from './exchange.js';
export type { Explanation } from './explain.js';
export type {
  EventSubject,
  FailingOperation,
  ResponseCacheEvent,
  ResponseCacheStats,
  StaleReason,
} from './trace.js';
export type { BypassReason, MissReason, Refusal } from './reasons.js';
