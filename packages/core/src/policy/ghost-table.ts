/**
 * Use records of keys that are not in the cache: no key, no list, eight bytes each. A set-associative
 * table like a processor's cache: the hash of a key names a set of eight places, and a newcomer to a
 * full set displaces the least valuable in it. Every step looks at one set.
 *
 *     13 bits of fingerprint | 19 bits of use record
 *     when the key was last used
 *
 * A key is taken for another with a chance of 8 / 2^13; the harm is a wrong guess about one newcomer.
 * So it is for crafted keys: who collides on purpose gains no more than by asking for a key twice.
 */
import { cellOf } from './reuse-statistics.js';
import { RECORD_BITS } from './use-record.js';

const WAYS = 8;
const TAG_BITS = 32 - RECORD_BITS;
const RECORD_MASK = (1 << RECORD_BITS) - 1;
/** An empty place; a record never is, see {@link tag}. */
const EMPTY = 0;

export class GhostTable {
  readonly #sets: number;
  /** Two words for each place, side by side: a set is one line of the processor's cache, or two. */
  readonly #words: Int32Array;

  constructor(capacity: number) {
    this.#sets = Math.ceil(capacity / WAYS);
    this.#words = new Int32Array(2 * this.#sets * WAYS);
  }

  get capacity(): number {
    return this.#sets * WAYS;
  }

  /** @returns the place of this key, or -1 */
  find(hash: number): number {
    const words = this.#words;
    const wanted = tag(hash);
    const first = this.#set(hash);
    for (let place = first; place < first + WAYS; place++) {
      if ((words[place << 1]! & ~RECORD_MASK) === wanted) return place;
    }
    return -1;
  }

  /** What this table can tell of a hash, as 32 bits, mixed: the same as {@link identityAt} gives for it. */
  identity(hash: number): number {
    return mixed(((this.#set(hash) / WAYS) << TAG_BITS) | (tag(hash) >>> RECORD_BITS));
  }

  identityAt(place: number): number {
    return mixed(
      (Math.floor(place / WAYS) << TAG_BITS) | (this.#words[place << 1]! >>> RECORD_BITS),
    );
  }

  isEmpty(place: number): boolean {
    return this.#words[place << 1] === EMPTY;
  }

  time(place: number): number {
    return this.#words[(place << 1) + 1]!;
  }

  record(place: number): number {
    return this.#words[place << 1]! & RECORD_MASK;
  }

  free(place: number): void {
    this.#words[place << 1] = EMPTY;
  }

  /** Where to put this key: an empty place of its set, or that of the least `worth`, by cell. */
  placeFor(hash: number, now: number, worth: Float32Array): number {
    const words = this.#words;
    const first = this.#set(hash);
    let chosen = first;
    let least = Infinity;
    let leastAge = 0;
    for (let place = first; place < first + WAYS; place++) {
      const word = words[place << 1]!;
      if (word === EMPTY) return place;
      const age = (now - words[(place << 1) + 1]!) >>> 0;
      const value = worth[cellOf(word, age)]!;
      if (value > least || (value === least && age <= leastAge)) continue;
      chosen = place;
      least = value;
      leastAge = age;
    }
    return chosen;
  }

  put(place: number, hash: number, record: number, time: number): void {
    this.#words[place << 1] = tag(hash) | record;
    this.#words[(place << 1) + 1] = time;
  }

  #set(hash: number): number {
    return Math.floor(((hash >>> 0) / 0x1_0000_0000) * this.#sets) * WAYS;
  }
}

/** Thirteen bits of the hash from its low end (the set is chosen from its high end), never 0. */
function tag(hash: number): number {
  const bits = hash << RECORD_BITS;
  return bits === 0 ? 1 << RECORD_BITS : bits;
}

/** The finalizer of MurmurHash3: every bit in depends on every bit out. */
function mixed(bits: number): number {
  let h = bits;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
