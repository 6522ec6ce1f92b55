/**
 * Entries as slots: a number that indexes parallel arrays. That is some fifty bytes an entry less than
 * an object each, and a hit touches only the arrays it needs. Slot 0 is never used: it can stand for
 * "no slot", or close a ring.
 */
import { hash } from './hash.js';
import type { Stored } from './isolation/stored.js';
import type { KeySpace } from './key-space.js';
import { LazyMap } from './lazy-map.js';
import type { TagMark } from './tags.js';

const NO_SPACE = 0;
const CHUNK_BITS = 12;
const CHUNK_SLOTS = 1 << CHUNK_BITS;
const FIRST_CAPACITY = 16;
/** What a chunk without slots has, all of them the same. */
const NO_DEADLINES = new Float64Array(0);
const NO_SPACE_IDS = new Uint32Array(0);
/** The part of a slot number that is its index in its chunk. */
export const IN_CHUNK = CHUNK_SLOTS - 1;

/**
 * So many slots' arrays. Chunks are added as slots are needed; one array for all would be moved whole
 * whenever it doubles, which takes tens of milliseconds at a million entries. A small store has one
 * chunk, which grows.
 */
export class Chunk {
  readonly keys: string[] = [];
  readonly values: Stored[] = [];
  /** On the store's clock, milliseconds; Infinity = never. */
  deadlines = NO_DEADLINES;
  spaceIds = NO_SPACE_IDS;

  constructor(capacity: number) {
    if (capacity > 0) this.#resize(capacity);
  }

  /** Makes room for the slot at this index. */
  reserve(index: number): void {
    const capacity = this.deadlines.length;
    if (index < capacity) return;
    this.#resize(Math.min(CHUNK_SLOTS, Math.max(FIRST_CAPACITY, capacity * 2)));
  }

  #resize(capacity: number): void {
    const { deadlines, spaceIds } = this;
    (this.deadlines = new Float64Array(capacity)).set(deadlines);
    (this.spaceIds = new Uint32Array(capacity)).set(spaceIds);
  }
}

export class Slots {
  readonly #chunks = [new Chunk(0)];
  /** One more than the highest slot ever used. */
  #end = 1;
  readonly #free: number[] = [];

  readonly #spaces: (KeySpace | undefined)[] = [undefined];
  readonly #freeSpaceIds: number[] = [];
  /** Few entries have tags, or stay on as stale: theirs are kept aside. */
  readonly #tagMarks = new LazyMap<number, TagMark>();
  readonly #staleUntil = new LazyMap<number, number>();

  key(slot: number): string {
    return this.chunk(slot).keys[slot & IN_CHUNK]!;
  }

  value(slot: number): Stored {
    return this.chunk(slot).values[slot & IN_CHUNK];
  }

  setValue(slot: number, value: Stored): void {
    this.chunk(slot).values[slot & IN_CHUNK] = value;
  }

  /** On the store's clock, milliseconds; Infinity = never. */
  deadline(slot: number): number {
    return this.chunk(slot).deadlines[slot & IN_CHUNK]!;
  }

  setDeadline(slot: number, deadlineMs: number): void {
    this.chunk(slot).deadlines[slot & IN_CHUNK] = deadlineMs;
  }

  allocate(space: KeySpace, key: string): number {
    const slot = this.#free.pop() ?? this.#append();
    const chunk = this.chunk(slot);
    chunk.keys[slot & IN_CHUNK] = key;
    chunk.spaceIds[slot & IN_CHUNK] = space.id;
    return slot;
  }

  release(slot: number): void {
    const chunk = this.chunk(slot);
    chunk.keys[slot & IN_CHUNK] = '';
    chunk.values[slot & IN_CHUNK] = undefined;
    chunk.spaceIds[slot & IN_CHUNK] = NO_SPACE;
    this.#tagMarks.delete(slot);
    this.#staleUntil.delete(slot);
    this.#free.push(slot);
  }

  isInUse(slot: number): boolean {
    return this.chunk(slot).spaceIds[slot & IN_CHUNK] !== NO_SPACE;
  }

  /** In no particular order; the slot in hand may be released. */
  *inUse(): Generator<number> {
    for (let slot = 1; slot < this.#end; slot++) if (this.isInUse(slot)) yield slot;
  }

  /** Stands for the key and its space: the same whenever they come back. */
  hash(slot: number): number {
    const chunk = this.chunk(slot);
    const spaceId = chunk.spaceIds[slot & IN_CHUNK]!;
    return (hash(chunk.keys[slot & IN_CHUNK]!) ^ Math.imul(spaceId, 0x9e3779b9)) >>> 0;
  }

  space(slot: number): KeySpace {
    return this.#spaces[this.chunk(slot).spaceIds[slot & IN_CHUNK]!]!;
  }

  /** Whether any entry carries tags. */
  get areTagged(): boolean {
    return this.#tagMarks.size > 0;
  }

  tagMark(slot: number): TagMark | undefined {
    return this.#tagMarks.size === 0 ? undefined : this.#tagMarks.get(slot);
  }

  setTagMark(slot: number, mark: TagMark | undefined): void {
    if (mark) this.#tagMarks.set(slot, mark);
    else if (this.#tagMarks.size > 0) this.#tagMarks.delete(slot);
  }

  /** Until when a dead entry is kept for who takes it stale; undefined = it is not. */
  staleUntil(slot: number): number | undefined {
    return this.#staleUntil.size === 0 ? undefined : this.#staleUntil.get(slot);
  }

  setStaleUntil(slot: number, untilMs: number | undefined): void {
    if (untilMs !== undefined) this.#staleUntil.set(slot, untilMs);
    else if (this.#staleUntil.size > 0) this.#staleUntil.delete(slot);
  }

  /** Slots that carry tags. */
  tagged(): Iterable<number> {
    return this.#tagMarks.keys();
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

  /** The arrays that hold a slot, at index `slot & IN_CHUNK`. */
  chunk(slot: number): Chunk {
    return this.#chunks[slot >>> CHUNK_BITS]!;
  }

  #append(): number {
    const slot = this.#end++;
    if (slot >>> CHUNK_BITS === this.#chunks.length) this.#chunks.push(new Chunk(CHUNK_SLOTS));
    this.chunk(slot).reserve(slot & IN_CHUNK);
    return slot;
  }
}
