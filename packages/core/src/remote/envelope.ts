/**
 * What lies in the store for an entry: a line of text that says how to read the rest, a line feed, and
 * the value as the codec made it.
 *
 * ```
 * L1:json                      a value, and nothing else to know
 * L1:num                       a number, in decimal: the store can count it by itself
 * L1:json {"t":…,"s":…,"z":1}  with tags, time to be stale, compressed
 * L1:json {…} .SIGNATURE       signed
 * ```
 *
 * The 1 is the version of this layout. Whatever is not exactly this is no entry of ours, and a miss.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { NotSerializableError } from '../errors.js';
import { messageOf } from '../show.js';
import type { Codec } from './codec.js';
import { decodeJson, jsonCodec } from './json-codec.js';
import type { TagVersion } from './backend.js';
import { isWellFormed } from './well-formed.js';

/** What an entry says of itself besides its value. */
export interface Meta {
  /** The tags it was written with, and their versions then. */
  readonly tags?: readonly TagVersion[] | undefined;
  /** How much of its remaining time it is not fresh any more, milliseconds. */
  readonly staleMs?: number | undefined;
}

/** A value as bytes, for any key. */
export interface Packed {
  /** What decodes it: the codec's name, or that of numbers. */
  readonly name: string;
  readonly body: string | Uint8Array;
  readonly isCompressed: boolean;
}

/** An entry that was read. */
export interface Opened {
  readonly meta: Meta;
  readonly packed: Packed;
}

export interface EnvelopeOptions {
  /** The name of the store: stands in the signature, so that a value cannot be moved into another. */
  readonly store: string;
  readonly codec: Codec;
  /** The first signs, all are accepted. */
  readonly secrets: readonly (string | Uint8Array)[];
  readonly compressAboveBytes: number;
  /** A value that would unpack to more is not read. */
  readonly maxEntryBytes: number;
}

/** The head as JSON: short names, since it is in every entry that has one. */
interface Head {
  t?: readonly TagVersion[];
  s?: number;
  z?: 1;
}

const NUMBER = 'num';
const HEAD = /^L1:([a-z0-9-]{1,16})(?: (\{.*\}))?(?: \.([\w-]{43}))?$/s;
const LINE_FEED = 0x0a;
const NO_META: Meta = Object.freeze({});
/** Heads hold tags; beyond this they are none of ours. */
const LONGEST_HEAD = 64 * 1024;

export class Envelope {
  readonly #options: EnvelopeOptions;
  /** What entries of nothing but a value begin with. */
  readonly #plainHead: string;
  readonly #plainBytes: Buffer;
  readonly #decode: (bytes: Buffer, start: number) => unknown;

  constructor(options: EnvelopeOptions) {
    this.#options = options;
    const { codec } = options;
    this.#plainHead = `L1:${codec.name}\n`;
    this.#plainBytes = Buffer.from(this.#plainHead);
    this.#decode =
      codec === jsonCodec ? decodeJson : (bytes, start) => codec.decode(bytes.subarray(start));
  }

  /** @throws {NotSerializableError} when the codec refuses the value; undefined always */
  pack(value: unknown): Packed {
    if (value === undefined) throw new NotSerializableError('undefined', 'value');
    if (typeof value === 'number' && Number.isFinite(value) && !Object.is(value, -0)) {
      return { name: NUMBER, body: String(value), isCompressed: false };
    }
    const { codec } = this.#options;
    return this.#compressed(codec.name, encode(codec, value));
  }

  /** Anew for each who asks. @returns undefined when it turns out to be no value */
  unpack({ name, body, isCompressed }: Packed): unknown {
    const { codec, maxEntryBytes } = this.#options;
    const decoder = name === NUMBER ? numberCodec : name === codec.name ? codec : undefined;
    try {
      const bytes = toBuffer(body);
      return decoder?.decode(
        isCompressed ? inflateRawSync(bytes, { maxOutputLength: maxEntryBytes }) : bytes,
      );
    } catch {
      return undefined;
    }
  }

  /** @param key stands in the signature, so that a value cannot be moved under another key */
  seal(key: string, { name, body, isCompressed }: Packed, meta: Meta = NO_META): string | Buffer {
    const { secrets, codec } = this.#options;
    if (!meta.tags && meta.staleMs === undefined && secrets.length === 0 && !isCompressed) {
      if (typeof body === 'string' && name === codec.name) return this.#plainHead + body;
    }
    let head = headOf(name, meta, isCompressed);
    if (secrets.length > 0) head += ` .${this.#signature(secrets[0]!, key, head, body)}`;
    return typeof body === 'string'
      ? `${head}\n${body}`
      : Buffer.concat([Buffer.from(`${head}\n`), body]);
  }

  /**
   * The value of an entry that is nothing but a value, which most are, in one step.
   *
   * @returns undefined when there is more to know of it: then {@link open} it
   */
  plainValue(bytes: Buffer): unknown {
    if (!this.#isPlain(bytes)) return undefined;
    try {
      return this.#decode(bytes, this.#plainBytes.length);
    } catch {
      return undefined;
    }
  }

  /** @returns undefined when this is no entry of ours, or not signed by us */
  open(key: string, bytes: Buffer): Opened | undefined {
    const { codec, secrets } = this.#options;
    if (this.#isPlain(bytes)) {
      const body = bytes.subarray(this.#plainBytes.length);
      return { meta: NO_META, packed: { name: codec.name, body, isCompressed: false } };
    }
    const end = bytes.subarray(0, LONGEST_HEAD).indexOf(LINE_FEED);
    const head = HEAD.exec(bytes.toString('utf8', 0, Math.max(0, end)));
    if (!head) return undefined;
    const [line, name, json, signature] = head;
    if (name !== NUMBER && name !== codec.name) return undefined;
    const body = bytes.subarray(end + 1);
    if (secrets.length > 0 && !this.#isSigned(key, line, body, signature)) return undefined;
    const parsed = json === undefined ? {} : parseHead(json);
    if (!parsed) return undefined;
    return {
      meta: { tags: parsed.t, staleMs: parsed.s },
      packed: { name: name, body, isCompressed: parsed.z === 1 },
    };
  }

  /** Why an entry was not read, for the counts: it was not signed by us, or is no entry of ours. */
  isForged(key: string, bytes: Buffer): boolean {
    if (this.#options.secrets.length === 0) return false;
    return new Envelope({ ...this.#options, secrets: [] }).open(key, bytes) !== undefined;
  }

  #isPlain(bytes: Buffer): boolean {
    const head = this.#plainBytes;
    if (this.#options.secrets.length > 0) return false;
    for (let i = 0; i < head.length; i++) if (bytes[i] !== head[i]) return false;
    return true;
  }

  #compressed(name: string, body: string | Uint8Array): Packed {
    const { compressAboveBytes, maxEntryBytes } = this.#options;
    const bytes = compressAboveBytes === Infinity ? 0 : Buffer.byteLength(body);
    // What could not be unpacked again is left as it is, and refused for its size.
    if (bytes > compressAboveBytes && bytes <= maxEntryBytes) {
      const compressed = deflateRawSync(body);
      // What is compressed already would only grow.
      if (compressed.length < bytes) return { name, body: compressed, isCompressed: true };
    }
    return { name, body, isCompressed: false };
  }

  #isSigned(key: string, line: string, body: Buffer, signature: string | undefined): boolean {
    if (signature === undefined) return false;
    const head = line.slice(0, -signature.length - ' .'.length);
    const given = Buffer.from(signature);
    return this.#options.secrets.some((secret) =>
      timingSafeEqual(given, Buffer.from(this.#signature(secret, key, head, body))),
    );
  }

  #signature(
    secret: string | Uint8Array,
    key: string,
    head: string,
    body: string | Uint8Array,
  ): string {
    // As JSON the three cannot run into each other, nor into the body: it has no NUL.
    const place = JSON.stringify([this.#options.store, key, head]);
    return createHmac('sha256', secret).update(`${place}\0`).update(body).digest('base64url');
  }
}

const numberCodec: Codec = {
  name: NUMBER,
  encode: String,
  decode(bytes) {
    const value = bytes.length > 0 ? Number(bytes.toString('latin1')) : NaN;
    return Number.isFinite(value) ? value : undefined;
  },
};

function toBuffer(body: string | Uint8Array): Buffer {
  if (typeof body === 'string') return Buffer.from(body);
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** Whatever a codec throws is one and the same refusal. */
function encode(codec: Codec, value: unknown): string | Uint8Array {
  let encoded: string | Uint8Array;
  try {
    encoded = codec.encode(value);
  } catch (error) {
    if (error instanceof NotSerializableError) throw error;
    const reason = `not encoded by codec '${codec.name}' (${messageOf(error)})`;
    throw new NotSerializableError(reason, 'value', { cause: error });
  }
  // JSON escapes them; the text of any other codec would come back changed.
  if (typeof encoded === 'string' && codec !== jsonCodec && !isWellFormed(encoded)) {
    const reason = `made by codec '${codec.name}' into text with a lone surrogate`;
    throw new NotSerializableError(reason, 'value');
  }
  return encoded;
}

function headOf(name: string, { tags, staleMs }: Meta, isCompressed: boolean): string {
  if (!tags && !staleMs && !isCompressed) return `L1:${name}`;
  const head: Head = {};
  if (tags) head.t = tags;
  if (staleMs) head.s = staleMs;
  if (isCompressed) head.z = 1;
  return `L1:${name} ${JSON.stringify(head)}`;
}

function parseHead(json: string): Head | undefined {
  try {
    const { t, s, z } = JSON.parse(json) as { t?: unknown; s?: unknown; z?: unknown };
    const isRight =
      (t === undefined || (Array.isArray(t) && t.every(isTagVersion))) &&
      (s === undefined || (typeof s === 'number' && s > 0)) &&
      (z === undefined || z === 1);
    return isRight ? ({ t, s, z } as Head) : undefined;
  } catch {
    return undefined;
  }
}

function isTagVersion(value: unknown): boolean {
  return (
    Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string')
  );
}
