/**
 * A stored answer validated by the handler: what it is asked with, and what its 304 changes
 * (RFC 9111 §4.3). Nothing is decided here.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { hopByHopNames, linesOf, sameLines } from './fields.js';
import type { Field, Fields } from './fields.js';
import { parseHttpDate } from './http-date.js';

/** What the handler can be asked with: its own validators, as it wrote them. */
export interface OriginValidators {
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

const ENTITY_TAG = /^(?:W\/)?"[!\x23-\x7e\x80-\xff]*"$/;

/** The validators of an answer; those that nobody could read are none. */
export function validatorsOf(fields: Fields, nowMs: number): OriginValidators {
  const etag = onlyLine(fields, 'etag');
  const modified = onlyLine(fields, 'last-modified');
  const isDate = modified !== undefined && parseHttpDate(modified, nowMs) !== undefined;
  return {
    etag: etag !== undefined && ENTITY_TAG.test(etag) ? etag : undefined,
    lastModified: isDate ? modified : undefined,
  };
}

function onlyLine(fields: Fields, name: string): string | undefined {
  const lines = linesOf(fields, name);
  return lines.length === 1 ? lines[0]!.trim() : undefined;
}

/** Whether there is anything to ask with. */
export function canValidate({ etag, lastModified }: OriginValidators): boolean {
  return etag !== undefined || lastModified !== undefined;
}

/**
 * Makes the request conditional on our validators (RFC 9111 §4.3.1). The client's own go: a 304 to
 * those would say nothing about what is stored. They are judged later, against the outcome.
 */
export function askWith(headers: IncomingHttpHeaders, validators: OriginValidators): void {
  askWithout(headers);
  if (validators.etag !== undefined) headers['if-none-match'] = validators.etag;
  if (validators.lastModified !== undefined) {
    headers['if-modified-since'] = validators.lastModified;
  }
}

/** Makes the request one for the whole answer, whoever has which part or version of it already. */
export function askWithout(headers: IncomingHttpHeaders): void {
  delete headers['if-none-match'];
  delete headers['if-modified-since'];
  delete headers['if-range'];
  delete headers.range;
}

/**
 * Whether a 304 speaks of the stored answer: without a tag of its own it can only mean what it was
 * asked with; with another one it does not (RFC 9111 §4.3.4).
 */
export function isAbout(notModified: Fields, { etag }: OriginValidators): boolean {
  const stated = linesOf(notModified, 'etag')[0]?.trim();
  return stated === undefined || etag === undefined || opaque(stated) === opaque(etag);
}

/** RFC 9111 §4.3.5: whether the head of an answer to HEAD is that of another one than is stored. */
export function contradicts(
  fields: Fields,
  stored: { readonly validators: OriginValidators; readonly body: Uint8Array },
): boolean {
  const { etag, lastModified } = stored.validators;
  const differs = (name: string, known: string | undefined) => {
    const stated = linesOf(fields, name)[0]?.trim();
    return stated !== undefined && known !== undefined && stated !== known;
  };
  return (
    differs('etag', etag) ||
    differs('last-modified', lastModified) ||
    differs('content-length', String(stored.body.byteLength))
  );
}

function opaque(etag: string): string {
  return etag.startsWith('W/') ? etag.slice(2) : etag;
}

/**
 * RFC 9111 §3.2: fields that describe the stored bytes are not changed by an answer without bytes.
 * Cookies are the visitor's and not the answer's.
 */
const KEPT = new Set([
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'set-cookie',
]);

/**
 * The fields of the stored answer, updated by those that the handler set on its 304.
 *
 * @param outer what outer middlewares had set before the handler ran
 */
export function updatedFields(stored: Fields, notModified: Fields, outer: Fields): Fields {
  const updated = new Map(stored);
  // Both belonged to the answer that stated them. A 304 is new, also where node has yet to date it; a
  // Date made up for it here would be cut to the second, and make it up to a second older than it is.
  updated.delete('age');
  updated.delete('date');
  const hopByHop = hopByHopNames(notModified);
  for (const [name, field] of notModified) {
    if (KEPT.has(name) || hopByHop.has(name)) continue;
    if (!isOuter(field, outer.get(name))) updated.set(name, field);
  }
  return updated;
}

function isOuter(field: Field, outer: Field | undefined): boolean {
  return outer !== undefined && sameLines(field.lines, outer.lines);
}
