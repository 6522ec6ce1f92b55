/**
 * Django before 2.1: entries stand in the order in which their keys first came, nothing refreshes
 * them, and a full store gives up every CULL_FREQUENCY-th of them, the oldest always among them
 * (`i % self._cull_frequency == 0`). O(1) per operation; a cull is O(n).
 *
 * On real traces it is worse than picking victims at random; it is here for parity.
 */
import { AgeList } from './age-list.js';
import type { EvictionPolicy } from './policy.js';

export class CullPolicy implements EvictionPolicy {
  readonly #arrival = new AgeList();

  inserted(slot: number): void {
    this.#arrival.append(slot);
  }

  hit(): void {
    // Reading does not count.
  }

  overwritten(): void {
    // An overwritten dict item keeps its place.
  }

  removed(slot: number): void {
    this.#arrival.remove(slot);
  }

  victim(spared?: number): number | undefined {
    return this.#arrival.oldest(spared);
  }

  victims(): Iterable<number> {
    return this.#arrival;
  }

  doomed(_size: number, frequency: number): number[] {
    return [...this.#arrival].filter((_slot, index) => index % frequency === 0);
  }
}
