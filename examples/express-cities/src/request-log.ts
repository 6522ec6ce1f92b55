import type { RequestHandler } from 'express';
import { outcomeOf } from './cache-status.js';
import { formatMs } from './table.js';
import { claimedTenant } from './tenants.js';

/** One line for each answered request: method, URL, tenant, HIT or MISS, milliseconds. */
export function requestLog(print: (line: string) => void): RequestHandler {
  return (req, res, next) => {
    const startedAt = performance.now();
    res.once('finish', () => {
      const ms = performance.now() - startedAt;
      const outcome = outcomeOf(res.getHeader('Cache-Status')?.toString());
      print(
        [
          req.method.padEnd(4),
          req.originalUrl.padEnd(46),
          claimedTenant(req).padEnd(6),
          outcome.padEnd(4),
          res.statusCode,
          `${formatMs(ms)} ms`.padStart(11),
        ].join('  '),
      );
    });
    next();
  };
}
