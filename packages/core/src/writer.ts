/**
 * How an entry comes into the store under one cache's limits: what is refused, what is dead on
 * arrival, and who has to go to make room. In the order of Django's LocMemCache._set, with the
 * deviations of behaviour.ts.
 */
import type { Behaviour } from './behaviour.js';
import { weigh } from './isolation/stored.js';
import { weighKey } from './isolation/weigh.js';
import type { KeySpace } from './key-space.js';
import type { ResolvedOptions } from './options.js';
import type { NewEntry, Store } from './store.js';

/** A deadline that has passed, whatever the clock says. */
export const ALREADY_EXPIRED = -Infinity;

/** Dead entries that a write to a full store may remove, so that its cost is bounded. */
const SWEEP_STEPS = 64;

export class Writer {
  readonly #store: Store;
  readonly #limits: ResolvedOptions;
  readonly #behaviour: Behaviour;

  constructor(store: Store, limits: ResolvedOptions, behaviour: Behaviour) {
    this.#store = store;
    this.#limits = limits;
    this.#behaviour = behaviour;
  }

  /** @returns false when the entry is too large to be held: what was under its key is then gone, too */
  put(space: KeySpace, key: string, entry: NewEntry): boolean {
    space.flights.delete(key); // a load under way is overtaken
    const isTooLarge = weighKey(key) + weigh(entry.value) > this.#limits.maxEntryBytes;
    const isDead = entry.deadlineMs === ALREADY_EXPIRED && !this.#behaviour.keepsDead;
    if (isTooLarge || isDead) {
      if (entry.tags) this.#store.tags.release(entry.tags);
      this.#removeKey(space, key);
      return !isTooLarge;
    }
    this.#makeRoomFor(space, key);
    // Looked up only now: making room may have evicted this very key.
    let slot = space.slots.get(key);
    if (slot === undefined) slot = this.#store.insert(space, key, entry);
    else this.#store.overwrite(slot, entry);
    this.shrink(slot);
    return true;
  }

  /** Evicts until the bytes are within bounds, sparing one slot. */
  shrink(spared: number): void {
    const { maxBytes } = this.#limits;
    if (this.#store.bytes <= maxBytes) return;
    for (const slot of this.#store.policy.victims()) {
      if (slot !== spared) this.#store.evict(slot, 'bytes');
      if (this.#store.bytes <= maxBytes) return;
    }
  }

  #makeRoomFor(space: KeySpace, key: string): void {
    if (this.#store.size < this.#limits.maxEntries) return;
    const { cullsOnOverwrite, keepsDead } = this.#behaviour;
    if (!cullsOnOverwrite && space.slots.has(key)) return;
    if (!keepsDead) {
      this.#store.sweep(SWEEP_STEPS);
      if (this.#store.size < this.#limits.maxEntries) return;
    }
    this.#cull();
  }

  #cull(): void {
    for (const slot of this.#doomed()) this.#store.evict(slot, 'entries');
  }

  #doomed(): Iterable<number> {
    const { cullFrequency } = this.#limits;
    const { size, policy } = this.#store;
    if (cullFrequency === 0) return policy.victims();
    // A frequency above the number of entries would evict nobody, and the store grow past its bound.
    const frequency = this.#behaviour.mayCullNone ? cullFrequency : Math.min(cullFrequency, size);
    return policy.doomed(size, frequency);
  }

  #removeKey(space: KeySpace, key: string): void {
    const slot = space.slots.get(key);
    if (slot !== undefined) this.#store.remove(slot);
  }
}
