/**
 * The next victims: the few least worth keeping of those that were looked at, so that one look round
 * serves for several evictions. To give up the four least of 32 costs half of what the least of 16 each
 * time does, and picks as well: on average from the lowest eighth either way.
 *
 * Who was used since is worth something else now, and is passed over.
 */
const LENGTH = 4;
/** So many have to be looked at for each that is listed: of a few entries not all are the worst. */
const LOOKS = 8;

/** Looked at to fill the list. */
export const CANDIDATES = LENGTH * LOOKS;

export class Shortlist {
  readonly #slots = new Int32Array(LENGTH);
  readonly #worths = new Float64Array(LENGTH);
  readonly #ages = new Float64Array(LENGTH);
  /** When the list was made, in the policy's time. */
  #madeAt = 0;
  #length = 1;
  #next = 0;
  #end = 0;

  /** Empties the list, for so many candidates. */
  begin(candidates: number, now: number): void {
    this.#madeAt = now;
    this.#length = Math.ceil(candidates / LOOKS);
    this.#next = 0;
    this.#end = 0;
  }

  /**
   * Takes the slot in if it is among the least, in its place; of two that are worth the same the one
   * that was not used for longer is the lesser.
   *
   * @returns a worth above which nobody can be among them any more
   */
  offer(slot: number, worth: number, age: number): number {
    const slots = this.#slots;
    const worths = this.#worths;
    const ages = this.#ages;
    const isFull = this.#end === this.#length;
    const last = this.#end - 1;
    if (isFull && !isLess(worth, age, worths[last]!, ages[last]!)) return worths[last]!;
    let place = isFull ? last : this.#end++;
    for (; place > 0 && isLess(worth, age, worths[place - 1]!, ages[place - 1]!); place--) {
      slots[place] = slots[place - 1]!;
      worths[place] = worths[place - 1]!;
      ages[place] = ages[place - 1]!;
    }
    slots[place] = slot;
    worths[place] = worth;
    ages[place] = age;
    return this.#end === this.#length ? worths[this.#end - 1]! : Infinity;
  }

  get isEmpty(): boolean {
    return this.#next === this.#end;
  }

  /** The first on the list, while it is not empty. */
  get slot(): number {
    return this.#slots[this.#next]!;
  }

  /** When that was last used, and what it was worth, as it was listed. */
  get time(): number {
    return (this.#madeAt - this.#ages[this.#next]!) | 0;
  }

  get worth(): number {
    return this.#worths[this.#next]!;
  }

  dropFirst(): void {
    this.#next++;
  }
}

function isLess(worth: number, age: number, otherWorth: number, otherAge: number): boolean {
  return worth < otherWorth || (worth === otherWorth && age > otherAge);
}
