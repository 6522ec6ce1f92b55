/**
 * The reason phrase of a response. Over HTTP/2 there is none (RFC 9113 §8.3.2): node warns whoever
 * reads or sets it there.
 */
import { STATUS_CODES } from 'node:http';
import type { ServerResponse } from 'node:http';

/** What the answer says, or would say over HTTP/1.1. */
export function reasonPhraseOf(res: ServerResponse): string {
  return isHttp2(res) ? (STATUS_CODES[res.statusCode] ?? '') : res.statusMessage;
}

export function setReasonPhrase(res: ServerResponse, phrase: string): void {
  if (!isHttp2(res)) res.statusMessage = phrase;
}

function isHttp2(res: ServerResponse): boolean {
  return 'stream' in res;
}
