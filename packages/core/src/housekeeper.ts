/**
 * Sweeps stores in the background, so that entries nobody asks for again give their memory back. One
 * timer for the process, which is no reason for it to stay, and none while no store can hold anything
 * dead. Each turn does a bounded amount of work; what is left over is taken up a moment later, so that
 * neither a mass expiry nor a million stores stall the event loop.
 */
import { performance } from 'node:perf_hooks';
import { showThrown } from './show.js';

/** What is swept: a store. */
export interface Sweepable {
  /** The housekeeper's own mark: a look that costs nothing when it is set already. */
  isWatched: boolean;
  /** Whether it must be looked at again, sooner or later. */
  readonly canHoldDead: boolean;
  /** Removes dead entries in at most so many steps; says whether more may be due now. */
  sweep(steps: number): boolean;
}

const TURN_EVERY_MS = 1_000;
const TURN_AGAIN_MS = 4;
/** After so long the rest is left for the next turn. */
const TURN_MS = 1;
/** Steps between two looks at the time: at some 300 ns to remove an entry, a tenth of a millisecond. */
const STEPS = 256;

class Housekeeper {
  readonly #watched = new Set<Sweepable>();
  #timer: NodeJS.Timeout | undefined;

  /** From now until nothing in it can die. */
  watch(store: Sweepable): void {
    if (store.isWatched) return;
    store.isWatched = true;
    this.#watched.add(store);
    if (!this.#timer) this.#schedule(TURN_EVERY_MS);
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#turn();
    }, delayMs).unref();
  }

  #turn(): void {
    this.#timer = undefined;
    const isMoreDue = this.#sweepSome();
    if (this.#watched.size > 0) this.#schedule(isMoreDue ? TURN_AGAIN_MS : TURN_EVERY_MS);
  }

  /** In turn: who was swept goes to the end of the queue. @returns whether somebody is still to be swept */
  #sweepSome(): boolean {
    const endMs = performance.now() + TURN_MS;
    // The queue as it is now: who is put at its end has had his turn.
    for (let left = this.#watched.size; left > 0; left--) {
      if (performance.now() >= endMs) return true;
      const [store] = this.#watched;
      if (!store) break;
      this.#watched.delete(store);
      const isMoreDue = this.#sweepUntil(endMs, store);
      store.isWatched = store.canHoldDead;
      if (store.isWatched) this.#watched.add(store);
      if (isMoreDue) return true;
    }
    return false;
  }

  /** @returns whether the time was over before all that is due was gone */
  #sweepUntil(endMs: number, store: Sweepable): boolean {
    while (this.#sweep(store, STEPS)) if (performance.now() >= endMs) return true;
    return false;
  }

  /** A clock of the user's may throw: the other stores are swept all the same. */
  #sweep(store: Sweepable, steps: number): boolean {
    try {
      return store.sweep(steps);
    } catch (error) {
      process.emitWarning(`A cache could not be swept: ${showThrown(error)}`, 'LocMemWarning');
      return false;
    }
  }
}

export const housekeeper = new Housekeeper();
