/**
 * Running the middlewares further in for an answer that nobody receives: the client has had a stale
 * one, and the cache has put a response in the place of its own that swallows what is written.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Context, Next } from 'koa';
import { bodyOf } from './body.js';

/** What Koa keeps on a response between the setters; a new answer begins without. */
const KEPT = ['_body', '_explicitStatus', '_explicitNullBody'];

/** @returns a promise that rejects when they throw: there is nobody here to tell */
export async function runAgain(ctx: Context, next: Next): Promise<void> {
  const response = ctx.response as unknown as Record<string, unknown>;
  for (const name of KEPT) response[name] = undefined;
  ctx.res.statusCode = 404;
  await next();
  if (ctx.respond === false || ctx.res.writableEnded) return;
  const body = bodyOf(ctx);
  if (body.kind === 'bytes') {
    if (!ctx.headerSent && body.bytes.length > 0) ctx.length = body.bytes.length;
    ctx.res.end(body.bytes);
  } else await pipeline(readable(ctx.body), ctx.res);
}

/** As Koa's `respond` has it. */
function readable(body: unknown): Readable {
  if (body instanceof Blob) return Readable.from(body.stream());
  if (body instanceof Response) return Readable.from(body.body ?? []);
  return body instanceof ReadableStream ? Readable.from(body) : (body as Readable);
}
