/**
 * `ctx.body` → bytes, as Koa will write them. Only what the bytes are; whether anybody wants them is
 * for the cache to say.
 */
import { EventEmitter } from 'node:events';
import type { Context } from 'koa';

/** What a handler has left for Koa to write. */
export type Body =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'stream'; readonly stream: EventEmitter }
  /** A Blob, Response or ReadableStream: which bytes it is, only Koa's writing them tells. */
  | { readonly kind: 'opaque' };

/** Koa sends no body with these, whatever `ctx.body` is. */
export function hasContent(status: number): boolean {
  return status !== 204 && status !== 205 && status !== 304;
}

/**
 * Reads `ctx.body` without changing it. The bytes are a copy: middlewares further out may still edit
 * the object or buffer for this visitor.
 */
export function bodyOf(ctx: Context): Body {
  const body: unknown = ctx.body;
  if (!hasContent(ctx.status)) return bytes('');
  if (body === null || body === undefined) return bytes(isExplicitNull(ctx) ? '' : ctx.message);
  if (isStream(body)) return { kind: 'stream', stream: body };
  const content = contentOf(body);
  return content === undefined ? { kind: 'opaque' } : bytes(content);
}

/** The content of a body that is all there; `undefined` for none and for a stream. */
export function contentOf(body: unknown): string | Buffer | undefined {
  if (body === null || body === undefined || isStream(body)) return undefined;
  if (typeof body === 'string' || Buffer.isBuffer(body)) return body;
  if (body instanceof Blob || body instanceof Response || body instanceof ReadableStream) {
    return undefined;
  }
  return JSON.stringify(body);
}

/** Koa tells `ctx.body = null` from a body that nobody set; the latter becomes the reason phrase. */
export function isExplicitNull({ response }: Context): boolean {
  return '_explicitNullBody' in response && response._explicitNullBody === true;
}

function bytes(content: string | Buffer): Body {
  return {
    kind: 'bytes',
    bytes: typeof content === 'string' ? Buffer.from(content) : Buffer.from(content),
  };
}

function isStream(body: unknown): body is EventEmitter {
  return body instanceof EventEmitter && 'pipe' in body && typeof body.pipe === 'function';
}

/**
 * Hears what passes through a stream, and that it has ended, without being a reader of it: a
 * listener added by the stream's own `on` would set it flowing before Koa, or a middleware that
 * compresses, is there to take the bytes.
 */
export function overhear(
  stream: EventEmitter,
  onChunk: (chunk: string | Uint8Array) => void,
  onEnd: () => void,
): void {
  EventEmitter.prototype.on.call(stream, 'data', onChunk);
  EventEmitter.prototype.on.call(stream, 'end', onEnd);
}
