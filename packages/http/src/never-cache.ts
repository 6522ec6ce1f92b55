/**
 * Keeping an answer out of every cache (Django: add_never_cache_headers).
 */
import { formatHttpDate } from './http-date.js';
import { patchCacheControl } from './patch-cache-control.js';
import type { FieldTarget } from './patch-cache-control.js';

/**
 * Says in every way there is that an answer is not to be stored: `Cache-Control: max-age=0,
 * no-cache, no-store, must-revalidate, private`, and an Expires of this moment for caches of the
 * last century. `public` and a longer max-age give way.
 *
 * @param target the response, not sent yet
 * @param nowMs milliseconds since the epoch; default: the system's clock
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { IncomingMessage, ServerResponse } from 'node:http';
 * import { Socket } from 'node:net';
 * import { patchNeverCache } from '@locmem/http';
 *
 * const res = new ServerResponse(new IncomingMessage(new Socket()));
 * patchNeverCache(res);
 * assert.match(String(res.getHeader('Cache-Control')), /no-store.*private/);
 * ```
 */
export function patchNeverCache(target: FieldTarget, nowMs: number = Date.now()): void {
  if (target.getHeader('Expires') === undefined) {
    target.setHeader('Expires', formatHttpDate(nowMs));
  }
  patchCacheControl(target, {
    maxAge: 0,
    noCache: true,
    noStore: true,
    mustRevalidate: true,
    private: true,
  });
}
