import type { RequestHandler } from 'express';
import { outcomeOf } from './cache-status.js';
import { formatMs } from './table.js';

/** One line for each answered request: method, URL, tenant, HIT or MISS, milliseconds. */
export function requestLog(print: (line: string) => void): RequestHandler {
  return (req, res, next) => {
    const startedAt = performance.now();
    res.once('finish', () => {
      const ms = performance.now() - startedAt;
      const outcome = outcomeOf(res.getHeader('Cache-Status')?.toString());
      const tenant = req.get('x-tenant') ?? req.hostname;
      print(
        [
          req.method.padEnd(4),
          req.originalUrl.padEnd(46),
          tenant.padEnd(9),
          outcome.padEnd(4),
          res.statusCode,
          `${formatMs(ms)} ms`.padStart(11),
        ].join('  '),
      );
    });
    next();
  };
}
