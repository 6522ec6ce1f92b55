/** What handlers answer, and what is asked for. */
import { Buffer } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import { record } from '../engine/material.mjs';

/**
 * An answer of a handler.
 *
 * @typedef {object} Answer
 * @property {number} status
 * @property {Record<string, string>} fields Content-Length is not among them
 * @property {Record<string, string | number>} head the fields with Content-Length, where there is a body
 * @property {Buffer} body
 * @property {string} [text] the body, where it is text
 */

/** JSON of very nearly so many bytes. */
export function page(bytes, fields = {}) {
  const rows = [];
  for (let left = bytes - 20, number = 0; left > 0; number++) {
    const row = record(number);
    left -= JSON.stringify(row).length + 1;
    rows.push(row);
  }
  const text = JSON.stringify({ rows })
    .slice(0, bytes - 1)
    .padEnd(bytes, ' ');
  return answer(200, { 'Content-Type': 'application/json; charset=utf-8', ...fields }, text);
}

export function gzipped({ status, fields, body }) {
  return answer(status, { ...fields, 'Content-Encoding': 'gzip' }, gzipSync(body));
}

export function answer(status, fields, content) {
  const body = Buffer.from(content);
  return {
    status,
    fields,
    head: status === 304 ? fields : { ...fields, 'Content-Length': body.length },
    body,
    text: typeof content === 'string' ? content : undefined,
  };
}

/** The items one after another, and again from the first. */
export function cycle(items) {
  let next = 0;
  return () => {
    if (next === items.length) next = 0;
    return items[next++];
  };
}
