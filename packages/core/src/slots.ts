/**
 * Entries as slots: a number that indexes parallel arrays. That is some fifty bytes an entry less than
 * an object each, and a hit touches only the arrays it needs. Slot 0 is never used: it can stand for
 * "no slot", or close a ring.
 */
import { hash } from './hash.js';
import type { Stored } from './isolation/stored.js';
import type { KeySpace } from './key-space.js';
import type { TagMark } from './tags.js';

const NO_SPACE = 0;
export const CHUNK_BITS = 12;
export const CHUNK_SLOTS = 1 << CHUNK_BITS;
const FIRST_CAPACITY = 16;
/** The part of a slot number that is its index in its chunk. */
export const IN_CHUNK = CHUNK_SLOTS - 1;
/** Ends a chunk's list of free indices. */
const END = -1;
/** What a chunk without memory has, all of them the same. */
const NO_DEADLINES = new Float64Array(0);
const NO_WORDS = new Int32Array(0);
const NO_SPACE_IDS = new Uint16Array(0);

/** Until when an entry lives, and what else only few entries have. */
export interface Terms {
  /** On the store's clock, milliseconds; Infinity = never. */
  readonly deadlineMs: number;
  /** Until when a dead entry is kept for who takes it stale; undefined = it is not. */
  readonly staleUntilMs: number | undefined;
  readonly tags: TagMark | undefined;
}

/**
 * So many slots' arrays. Chunks are added as slots are needed and emptied when the last of their slots
 * is free; one array for all would be moved whole whenever it doubles, which takes tens of milliseconds
 * at a million entries, and never give anything back. A small store has one chunk, which grows.
 *
 * What a hit reads and writes of a slot, but for the value, lies in sixteen bytes, a quarter of a line
 * of the processor's cache: the deadline, then two words that belong to the policy.
 */
export class Chunk {
  keys: string[] = [];
  values: Stored[] = [];
  /** Whether a value in here may be other than immutable and lie as it is. */
  holdsObjects = false;
  /** At twice the index. NaN: there are {@link Terms} aside. Below zero: yet to be reckoned (late-deadlines.ts). */
  deadlines = NO_DEADLINES;
  /** The same memory, at four times the index: the deadline's two words, then the policy's. */
  words = NO_WORDS;
  /** Two bytes each, until there are more spaces than that can tell apart. */
  spaceIds: Uint16Array | Uint32Array = NO_SPACE_IDS;
  /**
   * What is special about entries; not there while nothing is. By index, not in a Map: a slot is given
   * back and taken again at once, which a Map keeps as one dead entry after another in one bucket.
   */
  asides: (Terms | undefined)[] | undefined;
  /** Slots in use. */
  used = 0;
  /** One more than the highest index ever used. */
  end = 0;
  #firstFree = END;

  get isFull(): boolean {
    return this.used === CHUNK_SLOTS;
  }

  /** An index that was free; of a chunk that is not full. */
  take(): number {
    this.used++;
    const index = this.#firstFree;
    if (index === END) return this.#append();
    this.#firstFree = this.words[index << 2]!;
    return index;
  }

  /** Gives an index back. The policy has left zeros in its words. */
  give(index: number): void {
    this.used--;
    this.keys[index] = '';
    this.values[index] = undefined;
    this.spaceIds[index] = NO_SPACE;
    if (this.asides) this.asides[index] = undefined;
    this.deadlines[index << 1] = 0; // whoever still waits for a deadline here must not find one
    this.words[index << 2] = this.#firstFree;
    this.#firstFree = index;
  }

  setSpace(index: number, id: number): void {
    if (id > 0xffff && this.spaceIds instanceof Uint16Array) {
      this.spaceIds = Uint32Array.from(this.spaceIds);
    }
    this.spaceIds[index] = id;
  }

  setValue(index: number, value: Stored): void {
    this.values[index] = value;
    if (typeof value === 'object' && value !== null) this.holdsObjects = true;
  }

  setAside(index: number, terms: Terms): void {
    const asides = (this.asides ??= []);
    while (asides.length <= index) asides.push(undefined); // without holes
    asides[index] = terms;
  }

  /** Gives all memory back; nothing is in use. */
  empty(): void {
    this.keys = [];
    this.values = [];
    this.deadlines = NO_DEADLINES;
    this.words = NO_WORDS;
    this.spaceIds = NO_SPACE_IDS;
    this.asides = undefined;
    this.holdsObjects = false;
    this.end = 0;
    this.#firstFree = END;
  }

  /** Counts anew what is in use, after a write that was cut short: what has no value was on its way. */
  mend(firstIndex: number): void {
    this.end = Math.min(this.end, this.spaceIds.length);
    this.used = firstIndex;
    this.#firstFree = END;
    for (let index = firstIndex; index < this.end; index++) {
      if (this.spaceIds[index] !== NO_SPACE && this.values[index] !== undefined) {
        this.used++;
        continue;
      }
      this.used++;
      this.give(index);
      this.words.fill(0, (index << 2) + 2, (index << 2) + 4);
    }
  }

  #append(): number {
    const index = this.end++;
    const capacity = this.spaceIds.length;
    if (index >= capacity) this.#enlarge(capacity);
    this.keys[index] = '';
    // Never numbers first: an array of nothing but numbers would be laid out anew at the first string.
    this.values[index] = undefined;
    return index;
  }

  #enlarge(capacity: number): void {
    const larger = Math.min(CHUNK_SLOTS, Math.max(FIRST_CAPACITY, capacity * 2));
    const shared = new ArrayBuffer(larger * 16);
    this.deadlines = new Float64Array(shared);
    const { words, spaceIds } = this;
    (this.words = new Int32Array(shared)).set(words);
    const Ids = spaceIds instanceof Uint16Array ? Uint16Array : Uint32Array;
    (this.spaceIds = new Ids(larger)).set(spaceIds);
  }
}

export class Slots {
  /** A slot is in the chunk of its upper bits, at the index of its lower ones. */
  readonly chunks: Chunk[] = [new Chunk()];
  /** Counts uses of entries: the policy's time. Wraps around, so only differences count. */
  uses = 0;
  /** Numbers of the chunks that are not full; the last one is used first. */
  readonly #open = [0];
  /** A chunk that keeps its memory though nothing in it is in use: one, so that none comes and goes. */
  #spare: Chunk | undefined;

  readonly #spaces: (KeySpace | undefined)[] = [undefined];
  readonly #freeSpaceIds: number[] = [];

  key(slot: number): string {
    return this.chunk(slot).keys[slot & IN_CHUNK]!;
  }

  value(slot: number): Stored {
    return this.chunk(slot).values[slot & IN_CHUNK];
  }

  setValue(slot: number, value: Stored): void {
    this.chunk(slot).setValue(slot & IN_CHUNK, value);
  }

  // ---- terms ---------------------------------------------------------------------------------

  deadline(slot: number): number {
    const deadline = this.chunk(slot).deadlines[(slot & IN_CHUNK) << 1]!;
    return Number.isNaN(deadline) ? (this.aside(slot)?.deadlineMs ?? NaN) : deadline;
  }

  /** What is special about an entry; most have nothing but a deadline. */
  aside(slot: number): Terms | undefined {
    return this.chunk(slot).asides?.[slot & IN_CHUNK];
  }

  /** The deadline alone, of an entry that has nothing else. */
  setDeadline(slot: number, deadlineMs: number): void {
    this.chunk(slot).deadlines[(slot & IN_CHUNK) << 1] = deadlineMs;
  }

  setTerms(slot: number, deadlineMs: number, staleUntilMs?: number, tags?: TagMark): void {
    const isPlain = staleUntilMs === undefined && tags === undefined;
    const chunk = this.chunk(slot);
    const index = slot & IN_CHUNK;
    if (!isPlain) chunk.setAside(index, { deadlineMs, staleUntilMs, tags });
    else if (chunk.asides) chunk.asides[index] = undefined;
    chunk.deadlines[index << 1] = isPlain ? deadlineMs : NaN;
  }

  /** Slots that carry tags. The slot in hand may be released. */
  *tagged(): Generator<number> {
    for (const [number, chunk] of this.chunks.entries()) {
      for (let index = 0; chunk.asides && index < chunk.asides.length; index++) {
        if (chunk.asides[index]?.tags) yield (number << CHUNK_BITS) | index;
      }
    }
  }

  // ---- coming and going ----------------------------------------------------------------------

  allocate(space: KeySpace, key: string): number {
    if (this.#open.length === 0) this.#addChunk();
    const number = this.#open.at(-1)!;
    const chunk = this.chunks[number]!;
    if (chunk === this.#spare) this.#spare = undefined;
    if (chunk.end === 0 && number === 0) chunk.take(); // slot 0 is nobody's
    const index = chunk.take();
    if (chunk.isFull) this.#open.pop();
    chunk.keys[index] = key;
    chunk.setSpace(index, space.id);
    return (number << CHUNK_BITS) | index;
  }

  release(slot: number): void {
    const number = slot >>> CHUNK_BITS;
    const chunk = this.chunks[number]!;
    if (chunk.isFull) this.#open.push(number);
    chunk.give(slot & IN_CHUNK);
    if (chunk.used > 0) return;
    if (this.#spare) chunk.empty();
    else this.#spare = chunk;
  }

  isInUse(slot: number): boolean {
    const chunk = this.chunk(slot);
    const index = slot & IN_CHUNK;
    return index < chunk.end && chunk.spaceIds[index] !== NO_SPACE;
  }

  /** In no particular order; the slot in hand may be released. */
  *inUse(): Generator<number> {
    for (let number = 0; number < this.chunks.length; number++) {
      const chunk = this.chunks[number]!;
      for (let index = 0; index < chunk.end && chunk.used > 0; index++) {
        if (chunk.spaceIds[index] !== NO_SPACE) yield (number << CHUNK_BITS) | index;
      }
    }
  }

  /** Stands for the key and its space: the same whenever they come back. */
  hash(slot: number): number {
    const chunk = this.chunk(slot);
    const spaceId = chunk.spaceIds[slot & IN_CHUNK]!;
    return (hash(chunk.keys[slot & IN_CHUNK]!) ^ Math.imul(spaceId, 0x9e3779b9)) >>> 0;
  }

  /** Brings all counts in line with what is in use, after a write that was cut short. */
  mend(): void {
    this.#open.length = 0;
    this.#spare = undefined;
    for (const [number, chunk] of this.chunks.entries()) {
      if (chunk.end > 0) chunk.mend(number === 0 ? 1 : 0);
      if (!chunk.isFull) this.#open.push(number);
      if (chunk.used > 0 || chunk.end === 0) continue;
      if (this.#spare) chunk.empty();
      else this.#spare = chunk;
    }
  }

  // ---- key spaces ----------------------------------------------------------------------------

  space(slot: number): KeySpace {
    return this.#spaces[this.chunk(slot).spaceIds[slot & IN_CHUNK]!]!;
  }

  /** Gives a key space the number by which slots refer to it. */
  enlist<S extends KeySpace>(make: (id: number) => S): S {
    const id = this.#freeSpaceIds.pop() ?? this.#spaces.length;
    const space = make(id);
    this.#spaces[id] = space;
    return space;
  }

  dismiss(space: KeySpace): void {
    this.#spaces[space.id] = undefined;
    this.#freeSpaceIds.push(space.id);
  }

  // ---- chunks --------------------------------------------------------------------------------

  /** The arrays that hold a slot, at index `slot & IN_CHUNK`. */
  chunk(slot: number): Chunk {
    return this.chunks[slot >>> CHUNK_BITS]!;
  }

  #addChunk(): void {
    this.#open.push(this.chunks.push(new Chunk()) - 1);
  }
}
