/**
 * How an entry comes into the store under one cache's limits: what is refused, what is dead on
 * arrival, and who has to go to make room. In the order of Django's LocMemCache._set, with the
 * deviations of behaviour.ts.
 */
import type { Behaviour } from './behaviour.js';
import { weigh, type Stored } from './isolation/stored.js';
import { weighKey } from './isolation/weigh.js';
import type { KeySpace } from './key-space.js';
import type { ResolvedOptions } from './options.js';
import type { Store } from './store.js';
import type { TagMark } from './tags.js';

/** What is to be written. */
export interface Draft {
  readonly value: Stored;
  readonly deadlineMs: number;
  readonly tags: TagMark | undefined;
}

/** A deadline that has passed, whatever the clock says. */
export const ALREADY_EXPIRED = -Infinity;

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
  put(space: KeySpace, key: string, { value, deadlineMs, tags }: Draft): boolean {
    const bytes = weighKey(key) + weigh(value);
    const isTooLarge = bytes > this.#limits.maxEntryBytes;
    const isDead = deadlineMs === ALREADY_EXPIRED && !this.#behaviour.keepsDead;
    if (isTooLarge || isDead) {
      if (tags) this.#store.tags.release(tags);
      this.#removeKey(space, key);
      return !isTooLarge;
    }
    this.#makeRoomFor(space, key);
    const entry = { value, deadlineMs, bytes, tags };
    // Looked up only now: making room may have evicted this very key.
    let slot = space.slots.get(key);
    if (slot === undefined) slot = this.#store.insert(space, key, entry);
    else this.#store.overwrite(slot, entry);
    this.#store.shrinkTo(this.#limits.maxBytes, slot);
    return true;
  }

  #makeRoomFor(space: KeySpace, key: string): void {
    if (this.#store.size < this.#limits.maxEntries) return;
    const { cullsOnOverwrite, keepsDead } = this.#behaviour;
    if (!cullsOnOverwrite && space.slots.has(key)) return;
    if (!keepsDead) {
      this.#store.sweep();
      if (this.#store.size < this.#limits.maxEntries) return;
    }
    this.#cull();
  }

  #cull(): void {
    const { cullFrequency } = this.#limits;
    if (cullFrequency === 0) {
      this.#store.removeAll(this.#store.policy.victims());
      return;
    }
    const { size, policy } = this.#store;
    // A frequency above the number of entries would evict nobody, and the store grow past its bound.
    const frequency = this.#behaviour.mayCullNone ? cullFrequency : Math.min(cullFrequency, size);
    this.#store.removeAll(policy.doomed(size, frequency));
  }

  #removeKey(space: KeySpace, key: string): void {
    const slot = space.slots.get(key);
    if (slot !== undefined) this.#store.remove(slot);
  }
}
