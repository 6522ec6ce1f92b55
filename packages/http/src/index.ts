// The public surface. What is not here is private.
export { answeredAtOnce, createResponseCache } from './response-cache.js';
export { front } from './front.js';
export type { FrontedCache, FrontOptions } from './front.js';
export type { ExpressApp } from './express-app.js';
export type { KoaApp } from './front-apps.js';
export { firstOf, trustsProxyOf } from './front-apps.js';
export { shapeRequestsOf } from './express-shape.js';
export { knowsVisitor } from './fronting.js';
export { earlyView, NODE_NAMES } from './early-view.js';
export type { ViewSource } from './early-view.js';
export { pageOptions } from './page-options.js';
export { abandonAnswer, offerAnswer } from './capture.js';
export type { Answer, InvalidateOptions, ResponseCache } from './response-cache.js';
export type { Clock, ResponseCacheOptions } from './options.js';
export { connectionScheme } from './request.js';
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
export type { BypassReason, MissDetail, MissReason, Refusal } from './reasons.js';
export { patchCacheControl, patchedCacheControl } from './patch-cache-control.js';
export type { CacheControlDirectives, FieldTarget } from './patch-cache-control.js';
export { checkVaryNames, patchVary } from './patch-vary.js';
export { patchNeverCache } from './never-cache.js';
export { addETag, CONTENT_FIELDS, judgeConditions } from './preconditions.js';
export type { ConditionalTarget, Verdict } from './preconditions.js';
export { answerConditionally } from './conditional-get.js';
export { beforeHead } from './before-head.js';
