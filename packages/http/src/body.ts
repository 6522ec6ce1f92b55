/**
 * The bytes of an answer while they pass: kept until somebody says that they are not wanted.
 */

export class BodyCapture {
  #chunks: Buffer[] | undefined = [];
  #bytes = 0;

  /** Bytes that were kept. */
  get bytes(): number {
    return this.#bytes;
  }

  add(chunk: string | Uint8Array, encoding: unknown): void {
    if (this.#chunks === undefined) return;
    const copy = toBuffer(chunk, encoding);
    this.#chunks.push(copy);
    this.#bytes += copy.byteLength;
  }

  /** Frees what was kept and keeps nothing more. */
  stop(): void {
    this.#chunks = undefined;
  }

  /** All bytes in one piece. */
  take(): Buffer {
    const chunks = this.#chunks ?? [];
    this.#chunks = undefined;
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  }
}

/** A copy: the writer may use its buffer again once node has sent it. */
function toBuffer(chunk: string | Uint8Array, encoding: unknown): Buffer {
  return typeof chunk === 'string' ? Buffer.from(chunk, encodingOf(encoding)) : Buffer.from(chunk);
}

/** In the encoding's place may stand the callback; node then takes UTF-8. */
function encodingOf(encoding: unknown): BufferEncoding {
  return typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8';
}
