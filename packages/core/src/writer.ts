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
import type { NewEntry, Store } from './store.js';

/** A deadline that has passed, whatever the clock says. */
export const ALREADY_EXPIRED = -Infinity;

/**
 * Entries that a write may evict one by one: more than one only where a cache with a larger limit has
 * filled the store. The rest is left to the next writes, so that none takes long.
 */
const EVICTION_STEPS = 16;

/** Steps in search of the dead that a write to a full store may take: some 0.1 ms at the most. */
const SWEEP_STEPS = 64;
const SWEEP_ROUNDS = 32;

export class Writer {
  readonly #store: Store;
  readonly #limits: ResolvedOptions;
  readonly #behaviour: Behaviour;
  #isPolicyWarned = false;

  constructor(store: Store, limits: ResolvedOptions, behaviour: Behaviour) {
    this.#store = store;
    this.#limits = limits;
    this.#behaviour = behaviour;
  }

  /** @returns false when the entry is too large to be held: what was under its key is then gone, too */
  put(space: KeySpace, key: string, entry: NewEntry): boolean {
    space.overtake(key);
    const isTooLarge = this.isTooLarge(key, entry);
    const isDead = entry.deadlineMs === ALREADY_EXPIRED && !this.#behaviour.keepsDead;
    if (isTooLarge || isDead) {
      if (entry.tags) this.#store.tags.release(entry.tags);
      this.#removeKey(space, key);
      return !isTooLarge;
    }
    let slot = space.slots.get(key);
    if (this.#store.size >= this.#limits.maxEntries) {
      const isNew = slot === undefined;
      if (isNew || this.#behaviour.cullsOnOverwrite) this.#makeRoom();
      if (!isNew) slot = space.slots.get(key); // making room may have evicted this very key
    }
    if (slot === undefined) {
      slot = this.#store.insert(space, key, entry);
      this.#warnPolicy();
    } else {
      this.#store.overwrite(slot, entry);
    }
    this.shrink(slot);
    return true;
  }

  /**
   * {@link put} of a key that is not there, by a write that nothing can refuse: its size is not looked at,
   * its time is not over, nothing is loading.
   */
  insertPlainly(space: KeySpace, key: string, value: Stored, lifeMs: number): void {
    const store = this.#store;
    if (store.size >= this.#limits.maxEntries) {
      if (this.#replacesPlainly(space, key, value, lifeMs)) {
        this.#warnPolicy(); // a cache with a larger limit may have filled the store
        return;
      }
      this.#makeRoom();
    }
    const deadlineMs = store.deadlineIn(lifeMs);
    store.insert(space, key, { value, deadlineMs, staleUntilMs: undefined, tags: undefined });
    this.#warnPolicy();
  }

  /**
   * {@link #makeRoom} and an insertion in one, where one entry goes and its place is taken by the new one:
   * the usual case in a cache that is too small.
   *
   * @returns whether it was that
   */
  #replacesPlainly(space: KeySpace, key: string, value: Stored, lifeMs: number): boolean {
    const { size, policy } = this.#store;
    const { maxEntries, cullFrequency } = this.#limits;
    if (size > maxEntries || cullFrequency === 0 || policy.doomed) return false;
    if (!this.#store.canReplacePlainly(this.#behaviour.keepsDead)) return false;
    const victim = policy.victim();
    return victim !== undefined && this.#store.replacePlainly(victim, space, key, value, lifeMs);
  }

  /** Evicts until the bytes are within bounds, sparing one slot. */
  shrink(spared: number): void {
    const { maxBytes } = this.#limits;
    if (maxBytes === Infinity) return;
    while (this.#store.bytes > maxBytes) {
      const slot = this.#store.policy.victim(spared);
      if (slot === undefined) return;
      this.#store.evict(slot, 'bytes');
    }
  }

  isTooLarge(key: string, { value }: NewEntry): boolean {
    const { maxEntryBytes } = this.#limits;
    return maxEntryBytes !== Infinity && weighKey(key) + weigh(value) > maxEntryBytes;
  }

  /** Once: the policy need not know much before it may be asked for victims. */
  #warnPolicy(): void {
    const { maxEntries, maxBytes } = this.#limits;
    if (this.#isPolicyWarned) return;
    if (this.#store.size * 2 <= maxEntries) {
      if (maxBytes === Infinity || this.#store.bytes * 2 <= maxBytes) return;
    }
    this.#isPolicyWarned = true;
    this.#store.policy.expectEvictions?.();
  }

  #makeRoom(): void {
    if (!this.#behaviour.keepsDead && this.#sweepMadeRoom()) return;
    this.#cull();
  }

  /** The dead go first. Most steps pass over empty time or refile, so several rounds may be needed. */
  #sweepMadeRoom(): boolean {
    for (let round = 0; round < SWEEP_ROUNDS; round++) {
      const isMoreDue = this.#store.sweep(SWEEP_STEPS);
      if (this.#store.size < this.#limits.maxEntries) return true;
      if (!isMoreDue) return false;
    }
    return false;
  }

  #cull(): void {
    const { cullFrequency } = this.#limits;
    const { size, policy } = this.#store;
    if (cullFrequency === 0) this.#evictAll(policy.victims());
    else if (policy.doomed) this.#evictAll(policy.doomed(size, this.#frequency(size)));
    else this.#evictOneByOne();
  }

  /** A frequency above the number of entries would evict nobody, and the store grow past its bound. */
  #frequency(size: number): number {
    const { cullFrequency } = this.#limits;
    return this.#behaviour.mayCullNone ? cullFrequency : Math.min(cullFrequency, size);
  }

  #evictAll(slots: Iterable<number>): void {
    for (const slot of slots) this.#store.evict(slot, 'entries');
  }

  #evictOneByOne(): void {
    const { size, policy } = this.#store;
    const excess = size - this.#limits.maxEntries + 1;
    for (let i = 0; i < Math.min(excess, EVICTION_STEPS); i++) {
      const slot = policy.victim();
      if (slot === undefined) return;
      this.#store.evict(slot, 'entries');
    }
  }

  #removeKey(space: KeySpace, key: string): void {
    const slot = space.slots.get(key);
    if (slot !== undefined) this.#store.remove(slot);
  }
}
