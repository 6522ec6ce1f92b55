/**
 * Adding names to a Vary field (Django: patch_vary_headers).
 */
import { InvalidOptionError } from '@locmem/core';
import { listMembers, toLines } from './fields.js';
import type { FieldTarget } from './patch-cache-control.js';

const MEMBER = /^(?:\*|[!#$%&'*+.^_`|~0-9A-Za-z-]+)$/;

/**
 * Adds names to the Vary of a response that is not sent yet: those that it does not have yet in
 * whatever case, behind the others. A `*`, there or added, stands for all and is left alone.
 *
 * @param target the response
 * @param names names of request fields on which the answer depends
 * @throws {InvalidOptionError} when a name is none
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { IncomingMessage, ServerResponse } from 'node:http';
 * import { Socket } from 'node:net';
 * import { patchVary } from '@locmem/http';
 *
 * const res = new ServerResponse(new IncomingMessage(new Socket()));
 * res.setHeader('Vary', 'Accept-Encoding');
 * patchVary(res, ['accept-encoding', 'Cookie']);
 * assert.equal(res.getHeader('Vary'), 'Accept-Encoding, Cookie');
 * ```
 */
export function patchVary(target: FieldTarget, names: readonly string[]): void {
  checkVaryNames(names, 'patchVary');
  const present = target.getHeader('Vary');
  const members = present === undefined ? [] : listMembers(toLines(present));
  const known = new Set(members.map((name) => name.toLowerCase()));
  for (const name of names) {
    if (known.has(name.toLowerCase())) continue;
    known.add(name.toLowerCase());
    members.push(name);
  }
  // Django: "If the Vary header is '*', all other values are redundant" (RFC 9110 §12.5.5).
  if (members.length > 0) target.setHeader('Vary', known.has('*') ? '*' : members.join(', '));
}

/** @throws {InvalidOptionError} when a name is none */
export function checkVaryNames(names: readonly unknown[], place: string): void {
  for (const name of names) {
    if (typeof name === 'string' && MEMBER.test(name)) continue;
    throw new InvalidOptionError(place, 'names', 'must be names of request fields', name);
  }
}
