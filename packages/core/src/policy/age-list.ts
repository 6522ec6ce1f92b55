/**
 * The slots in use from the oldest to the newest: a ring of two index arrays around slot 0, which
 * never holds an entry. Every step is O(1), and a link costs eight bytes instead of an object.
 *
 *     slot 0 ── oldest ── … ── newest ── (slot 0)
 */
const RING = 0;

export class AgeList {
  #older = new Uint32Array(16);
  #newer = new Uint32Array(16);

  /** Puts a slot that is not in the list at its newest end. */
  append(slot: number): void {
    if (slot >= this.#newer.length) this.#grow(slot);
    this.#link(this.#older[RING]!, slot);
    this.#link(slot, RING);
  }

  remove(slot: number): void {
    this.#link(this.#older[slot]!, this.#newer[slot]!);
  }

  moveToNewest(slot: number): void {
    if (this.#newer[slot] === RING) return;
    this.remove(slot);
    this.append(slot);
  }

  /** The oldest slot but this one. */
  oldest(spared: number | undefined): number | undefined {
    let slot = this.#newer[RING]!;
    if (slot === spared) slot = this.#newer[slot]!;
    return slot === RING ? undefined : slot;
  }

  /** From the oldest; the slot in hand may be removed while iterating. */
  *[Symbol.iterator](): Generator<number> {
    for (let slot = this.#newer[RING]!, next; slot !== RING; slot = next) {
      next = this.#newer[slot]!;
      yield slot;
    }
  }

  #link(older: number, newer: number): void {
    this.#newer[older] = newer;
    this.#older[newer] = older;
  }

  #grow(slot: number): void {
    const capacity = Math.max(slot + 1, this.#newer.length * 2);
    this.#older = copyInto(new Uint32Array(capacity), this.#older);
    this.#newer = copyInto(new Uint32Array(capacity), this.#newer);
  }
}

function copyInto(larger: Uint32Array<ArrayBuffer>, from: Uint32Array): Uint32Array<ArrayBuffer> {
  larger.set(from);
  return larger;
}
