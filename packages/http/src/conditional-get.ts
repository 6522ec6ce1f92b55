/**
 * Conditional requests for handlers that know nothing of them (Django: ConditionalGetMiddleware).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { addETag, CONTENT_FIELDS, judgeConditions } from './preconditions.js';
import { setReasonPhrase } from './reason-phrase.js';

type Method = (...args: unknown[]) => unknown;

/**
 * Answers a conditional GET or HEAD with 304 (or 412) where the handler's answer allows it. Call it
 * before the handler runs. An answer that is ended in one piece gets an ETag if it has none; one that
 * is streamed is judged by the ETag or Last-Modified that it has. The handler runs in any case: what
 * is saved is the way to the client.
 *
 * @param req the request
 * @param res its response, of which nothing is sent yet
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { once } from 'node:events';
 * import { createServer } from 'node:http';
 * import type { AddressInfo } from 'node:net';
 * import { answerConditionally } from '@locmem/http';
 *
 * const server = createServer((req, res) => {
 *   answerConditionally(req, res);
 *   res.end('a page');
 * }).listen(0, '127.0.0.1');
 * await once(server, 'listening');
 * const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
 * const etag = (await fetch(url)).headers.get('etag') ?? '';
 * const again = await fetch(url, { headers: { 'If-None-Match': etag } });
 * assert.equal(again.status, 304);
 * server.close();
 * server.closeAllConnections();
 * ```
 */
export function answerConditionally(req: IncomingMessage, res: ServerResponse): void {
  if (req.method !== 'GET' && req.method !== 'HEAD') return;
  const below = {
    writeHead: res.writeHead.bind(res) as Method,
    write: res.write.bind(res) as Method,
    end: res.end.bind(res) as Method,
  };
  /** All of the content, where it is known before the head is sent. */
  let content: string | Uint8Array | undefined;
  let isWithheld = false;

  // Here, and not where the handler ends the answer: what stands further in has its say first, and
  // a cache there sees the answer as the handler made it.
  res.writeHead = (...args: unknown[]) => {
    if (res.headersSent || !applied(res, args)) {
      below.writeHead(...args);
      return res;
    }
    if (content !== undefined) addETag(res, content);
    const verdict = judgeConditions(req.headers, res);
    if (verdict !== 'send') {
      isWithheld = true;
      res.statusCode = verdict === 'not-modified' ? 304 : 412;
      setReasonPhrase(res, '');
      for (const name of CONTENT_FIELDS) res.removeHeader(name);
      if (verdict === 'precondition-failed') res.setHeader('Content-Length', '0');
    }
    below.writeHead(res.statusCode);
    return res;
  };
  res.write = (...args: unknown[]) => {
    if (!res.headersSent) res.writeHead(res.statusCode);
    if (!isWithheld) return below.write(...args) as boolean;
    callBack(args);
    return true;
  };
  res.end = (...args: unknown[]) => {
    if (!res.headersSent) {
      content = req.method === 'GET' ? contentOf(args[0]) : undefined;
      // Node would state the length by itself, had it not been asked for the head before the content.
      if (content !== undefined && !res.hasHeader('Content-Length') && hasContent(res)) {
        res.setHeader('Content-Length', Buffer.byteLength(content, encodingOf(args[1])));
      }
      res.writeHead(res.statusCode);
    }
    if (!isWithheld) below.end(...args);
    else {
      below.end();
      callBack(args);
    }
    return res;
  };
}

function contentOf(chunk: unknown): string | Uint8Array | undefined {
  return typeof chunk === 'string' || chunk instanceof Uint8Array ? chunk : undefined;
}

function encodingOf(argument: unknown): BufferEncoding {
  return typeof argument === 'string' && Buffer.isEncoding(argument) ? argument : 'utf8';
}

function hasContent({ statusCode }: ServerResponse): boolean {
  return statusCode !== 204 && statusCode !== 304;
}

/** What `write` and `end` were given is not written, and yet done with. */
function callBack(args: readonly unknown[]): void {
  const callback = args.find((argument) => typeof argument === 'function');
  if (callback) process.nextTick(callback);
}

/** Sets status and fields that `writeHead` was given. @returns false when node must look at them */
function applied(res: ServerResponse, [status, second, third]: readonly unknown[]): boolean {
  const headers = typeof second === 'string' ? third : (second ?? third);
  if (typeof status !== 'number' || Array.isArray(headers)) return false;
  res.statusCode = status;
  if (typeof second === 'string') res.statusMessage = second;
  for (const [name, value] of Object.entries((headers ?? {}) as Record<string, string>)) {
    res.setHeader(name, value);
  }
  return true;
}
