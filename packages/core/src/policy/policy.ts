/**
 * Who must go when the store is full. A policy sees slot numbers, never keys or values: it keeps its
 * own order over them and names the next victims.
 */
export interface EvictionPolicy {
  /** A new entry came to this slot. */
  inserted(slot: number): void;
  /** The entry in this slot was read. */
  hit(slot: number): void;
  /** The entry in this slot got a new value. */
  overwritten(slot: number): void;
  /** The entry in this slot is gone, whoever removed it. */
  removed(slot: number): void;
  /** Every slot in use, the next victim first. */
  victims(): Iterable<number>;
  /** Which of `size` entries a full store gives up at once; `frequency` is Django's CULL_FREQUENCY, from 1. */
  doomed(size: number, frequency: number): number[];
}
