/**
 * Entries as slots: a number that indexes parallel arrays. That is some fifty bytes an entry less than
 * an object each, and a hit touches only the arrays it needs. Slot 0 is never used: it can stand for
 * "no slot", or close a ring.
 */
import type { Stored } from './isolation/stored.js';
import type { KeySpace } from './key-space.js';
import type { TagMark } from './tags.js';

export class Slots {
  readonly keys: string[] = [''];
  readonly values: Stored[] = [undefined];
  /** On the store's clock, milliseconds; Infinity = never. */
  deadlines = new Float64Array(16);

  #spaceIds = new Uint32Array(16);
  readonly #spaces: (KeySpace | undefined)[] = [undefined];
  readonly #freeSpaceIds: number[] = [];
  /** Few entries have tags, or stay on as stale: theirs are kept aside. */
  readonly #tagMarks = new Map<number, TagMark>();
  readonly #staleUntil = new Map<number, number>();
  readonly #free: number[] = [];

  /** One more than the highest slot ever used. */
  get end(): number {
    return this.keys.length;
  }

  /** @param expected how many slots may be needed, so that the arrays need not double beyond */
  allocate(space: KeySpace, key: string, expected: number): number {
    const slot = this.#free.pop() ?? this.keys.length;
    if (slot >= this.deadlines.length) this.#grow(slot, expected);
    this.keys[slot] = key;
    this.#spaceIds[slot] = space.id;
    return slot;
  }

  release(slot: number): void {
    this.keys[slot] = '';
    this.values[slot] = undefined;
    this.#spaceIds[slot] = 0;
    this.#tagMarks.delete(slot);
    this.#staleUntil.delete(slot);
    this.#free.push(slot);
  }

  isInUse(slot: number): boolean {
    return this.#spaceIds[slot] !== 0;
  }

  space(slot: number): KeySpace {
    return this.#spaces[this.#spaceIds[slot]!]!;
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

  #grow(slot: number, expected: number): void {
    const double = this.deadlines.length * 2;
    const capacity = Math.max(slot + 1, Math.min(double, expected + 1));
    const deadlines = new Float64Array(capacity);
    deadlines.set(this.deadlines);
    this.deadlines = deadlines;
    const spaceIds = new Uint32Array(capacity);
    spaceIds.set(this.#spaceIds);
    this.#spaceIds = spaceIds;
  }
}
