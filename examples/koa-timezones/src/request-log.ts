import type { Middleware } from 'koa';

/** One line for each answer: method, URL, whose, status, milliseconds, what the cache says. */
export function requestLog(print: (line: string) => void): Middleware {
  return (ctx, next) => {
    const startedAt = performance.now();
    // The field stands there only when the head is written, after all middlewares have returned.
    ctx.res.once('finish', () => {
      const ms = performance.now() - startedAt;
      const cache = ctx.res.getHeader('Cache-Status')?.toString() ?? '';
      const line = [
        ctx.method.padEnd(4),
        ctx.url.padEnd(58),
        ctx.get('X-Api-Key').padEnd(3),
        ctx.status,
        `${ms.toFixed(1)} ms`.padStart(10),
        cache.replace('LocMem; ', ''),
      ];
      print(line.join('  ').trimEnd());
    });
    return next();
  };
}
