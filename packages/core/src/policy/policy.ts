/**
 * Who must go when the store is full. A policy sees slot numbers, never keys or values: it keeps its
 * own order over them and names the next victim. Slots are small integers from 1, reused once freed.
 *
 * The store calls {@link EvictionPolicy.hit} on every read, so that is the method to keep cheap.
 *
 * @example First in, first out, with what a `Set` of numbers remembers
 * ```ts
 * import assert from 'node:assert/strict';
 * import { LocMemCache, type EvictionPolicy } from '@locmem/core';
 *
 * class Fifo implements EvictionPolicy {
 *   readonly #slots = new Set<number>();
 *   inserted(slot: number) { this.#slots.add(slot); }
 *   removed(slot: number) { this.#slots.delete(slot); }
 *   hit() {}
 *   overwritten() {}
 *   victims() { return this.#slots; }
 *   victim(spared?: number) {
 *     for (const slot of this.#slots) if (slot !== spared) return slot;
 *     return undefined;
 *   }
 * }
 *
 * const cache = new LocMemCache('fifo', { policy: () => new Fifo(), maxEntries: 2 });
 * cache.setMany({ a: 1, b: 2, c: 3 });
 * assert.deepEqual([...cache.keys()], ['b', 'c']);
 * ```
 */
export interface EvictionPolicy {
  /** False = reads and new values need not be told of for now. */
  readonly wantsUses?: boolean;
  /** A new entry came to this slot. */
  inserted(slot: number): void;
  /** The store is more than half full: entries may soon have to go. Told before that, at least once. */
  expectEvictions?(): void;
  /** The entry in this slot was read. */
  hit(slot: number): void;
  /** The entry in this slot got a new value. */
  overwritten(slot: number): void;
  /** The entry in this slot goes, whoever removes it. Its hash can still be asked for. */
  removed(slot: number): void;
  /**
   * Who goes next, were one entry to go now: any slot in use but `spared`.
   *
   * @returns undefined when there is no such slot
   */
  victim(spared?: number): number | undefined;
  /** Every slot in use, the next victim first; the slot in hand may be removed while iterating. */
  victims(): Iterable<number>;
  /**
   * Only for policies that empty a full store by the batch, as Django's do: which of `size` entries go
   * at once; `frequency` is Django's CULL_FREQUENCY, from 1. Without this method they go one by one.
   */
  doomed?(size: number, frequency: number): number[];
}

/**
 * Makes the policy of one store.
 *
 * @param hashOf 32 bits that stand for the key in a slot (and its prefix and version): the same as
 *   often as the key comes back, so that a policy can remember whom it has evicted. It costs a walk
 *   over the key: ask on insertion and removal, not on hits.
 */
export type PolicyFactory = (hashOf: (slot: number) => number) => EvictionPolicy;
