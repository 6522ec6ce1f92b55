/**
 * From key to slot: a Map, and once it grows large, many. A Map that doubles moves all of its keys in
 * one go: some 60 to 130 ms at the millionth entry, during which the process answers nobody. So at
 * `SPLIT_AT` keys it is dealt out, once, to 64 Maps, each of which doubles for itself.
 *
 * The price is a hash of the key at every look-up of a large index, where a look-up misses the
 * processor's caches anyway. A small one pays for a comparison with undefined.
 */
import { hash } from './hash.js';

const SPLIT_AT = 16_384;
const SHARDS = 64;

export class KeyIndex {
  #single: Map<string, number> | undefined = new Map();
  #shards: Map<string, number>[] = [];
  size = 0;

  get(key: string): number | undefined {
    return this.#single === undefined ? this.#shard(key).get(key) : this.#single.get(key);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** For a key that is not in the index. */
  add(key: string, slot: number): void {
    this.size++;
    if (this.size > SPLIT_AT && this.#single !== undefined) this.#split(this.#single);
    (this.#single ?? this.#shard(key)).set(key, slot);
  }

  /** For a key that is. */
  delete(key: string): void {
    this.size--;
    (this.#single ?? this.#shard(key)).delete(key);
  }

  /** In no particular order. */
  *[Symbol.iterator](): Generator<[key: string, slot: number]> {
    for (const map of this.#single ? [this.#single] : this.#shards) yield* map;
  }

  #shard(key: string): Map<string, number> {
    return this.#shards[hash(key) & (SHARDS - 1)]!;
  }

  #split(single: Map<string, number>): void {
    this.#single = undefined;
    this.#shards = Array.from({ length: SHARDS }, () => new Map<string, number>());
    for (const [key, slot] of single) this.#shard(key).set(key, slot);
  }
}
