/**
 * Whether the bytes that were captured are all the bytes, and those that the head speaks of.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Head } from './capture.js';
import { linesOf, sameLines } from './fields.js';

/** RFC 9111 §3.3: an incomplete answer is not stored. Content-Length as the handler stated it. */
export function isWhole({ status, atFirstWrite }: Head, bodyBytes: number): boolean {
  // Node sends no body with it, whatever was written.
  if (status === 204) return true;
  const stated = linesOf(atFirstWrite, 'content-length');
  return stated.every((line) => line.trim() === String(bodyBytes));
}

/**
 * Whether the client was gone when the handler ended: then what it wrote may be what was left to
 * write for a client who is gone.
 */
export function isGone(req: IncomingMessage, res: ServerResponse): boolean {
  return (
    isDestroyed(res) ||
    req.errored !== null ||
    req.readableAborted ||
    // Over HTTP/2 a stream that was reset is destroyed only after it has said so.
    (req as Partial<WithStream>).stream?.aborted === true ||
    req.socket.destroyed ||
    // The client has closed its half of the connection, and node the other.
    req.socket.writableEnded
  );
}

/** A request over HTTP/2. */
interface WithStream {
  readonly stream: { readonly aborted: boolean };
}

/** Whether the handler has given the answer up, or node has: what was written of it is not all. */
export function isDestroyed(res: ServerResponse): boolean {
  // Over HTTP/2 a response knows of no `errored`.
  return res.destroyed || (res.errored ?? null) !== null || res.socket?.destroyed === true;
}

/**
 * Whether a middleware below has rewritten the answer, and said so, between the handler's first
 * write and the head: the bytes that were captured are then not those that the head speaks of.
 */
export function wasTransformed({ atFirstWrite, fields }: Head): boolean {
  if (fields === atFirstWrite) return false;
  return REPRESENTATION_FIELDS.some(
    (name) => !sameLines(linesOf(atFirstWrite, name), linesOf(fields, name)),
  );
}

/** What says which bytes the body is. Whoever changes one of these has changed the bytes. */
const REPRESENTATION_FIELDS = [
  'content-type',
  'content-encoding',
  'content-language',
  'etag',
  'last-modified',
];
