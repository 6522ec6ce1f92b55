/**
 * From key to slot: a Map, and once it grows large, many. A Map that doubles moves all of its keys in
 * one go: some 60 to 130 ms at the millionth entry, during which the process answers nobody. So beyond
 * `SPLIT_AT` keys new ones go to 64 Maps, each of which doubles for itself, and the old ones follow a
 * few at a time, with each key that is added.
 *
 * A small index pays for a comparison with undefined, a large one for a look at some characters of the
 * key, where a look-up misses the processor's caches anyway; while keys move, for two look-ups.
 */
const SPLIT_AT = 65_536;
const SHARDS = 64;
/** Keys that follow with each that is added. */
const MOVED_PER_ADD = 8;

export class KeyIndex {
  /** All keys at first; those that have not moved yet, later; then undefined. */
  #single: Map<string, number> | undefined = new Map();
  #shards: Map<string, number>[] | undefined;
  #movers: Iterator<[string, number]> | undefined;
  size = 0;
  /** A key that was looked for and not found since the last one was added; who cares for it notes it. */
  lastMissed: string | undefined;

  get(key: string): number | undefined {
    if (this.#shards === undefined) return this.#single!.get(key);
    return this.#shards[shardOf(key)]!.get(key) ?? this.#single?.get(key);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** Forgets all keys. */
  clear(): void {
    this.#single = new Map();
    this.#shards = undefined;
    this.#movers = undefined;
    this.size = 0;
  }

  /**
   * Whether it is known without a look that a key is not here. Told once: who fills what was missed asks
   * next, and nobody else's writes shall compare two keys each.
   */
  takeMissed(key: string): boolean {
    const missed = this.lastMissed;
    if (missed === undefined) return false;
    this.lastMissed = undefined;
    return missed === key;
  }

  /** For a key that is not in the index. */
  add(key: string, slot: number): void {
    this.lastMissed = undefined;
    if (++this.size > SPLIT_AT && this.#shards === undefined) this.#split();
    if (this.#shards === undefined) {
      this.#single!.set(key, slot);
    } else {
      this.#shards[shardOf(key)]!.set(key, slot);
      if (this.#movers) this.#moveSome(this.#movers, this.#shards);
    }
  }

  /** For a key that is. */
  delete(key: string): void {
    this.size--;
    if (this.#shards?.[shardOf(key)]!.delete(key)) return;
    this.#single?.delete(key);
  }

  /** In no particular order. */
  *[Symbol.iterator](): Generator<[key: string, slot: number]> {
    if (this.#single) yield* this.#single;
    for (const shard of this.#shards ?? []) yield* shard;
  }

  #split(): void {
    this.#shards = Array.from({ length: SHARDS }, () => new Map<string, number>());
    this.#movers = this.#single!.entries();
  }

  #moveSome(movers: Iterator<[string, number]>, shards: Map<string, number>[]): void {
    for (let moved = 0; moved < MOVED_PER_ADD; moved++) {
      const next = movers.next();
      if (next.done) {
        this.#single = undefined;
        this.#movers = undefined;
        return;
      }
      const [key, slot] = next.value;
      shards[shardOf(key)]!.set(key, slot);
      this.#single!.delete(key);
    }
  }
}

/**
 * Characters from the end, the middle and the quarters: keys of one cache differ in some of them. Where
 * they do not, the shards are unequal, which costs time at their doubling and nothing else.
 */
function shardOf(key: string): number {
  // From JavaScript a key may be anything; it is then in no shard, and refused as a miss.
  if (typeof (key as unknown) !== 'string') return 0;
  const { length } = key;
  const middle = length >>> 1;
  let h = length;
  h = Math.imul(h, 31) + key.charCodeAt(length - 1);
  h = Math.imul(h, 31) + key.charCodeAt(length - 2);
  h = Math.imul(h, 31) + key.charCodeAt(length - 3);
  h = Math.imul(h, 31) + key.charCodeAt(middle);
  h = Math.imul(h, 31) + key.charCodeAt(middle + 1);
  h = Math.imul(h, 31) + key.charCodeAt(length >>> 2);
  // The upper bits have seen all of them. (Beyond the ends charCodeAt is NaN, which counts as 0.)
  return Math.imul(h, 0x9e3779b1) >>> 26;
}
