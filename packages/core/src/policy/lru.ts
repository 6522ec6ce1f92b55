/**
 * Django 2.1 and later: reading and writing make an entry the most recently used; a full store gives
 * up the least recently used n / CULL_FREQUENCY at once (Django LocMemCache._cull: `popitem` from the
 * far end of an OrderedDict). O(1) per hit; a cull is O(n / frequency), once per that many inserts.
 *
 * A hit is a list move: four writes to two arrays.
 */
import { AgeList } from './age-list.js';
import type { EvictionPolicy } from './policy.js';

export class LruPolicy implements EvictionPolicy {
  readonly #recency = new AgeList();

  inserted(slot: number): void {
    this.#recency.append(slot);
  }

  hit(slot: number): void {
    this.#recency.moveToNewest(slot);
  }

  overwritten(slot: number): void {
    this.#recency.moveToNewest(slot);
  }

  removed(slot: number): void {
    this.#recency.remove(slot);
  }

  victim(spared?: number): number | undefined {
    return this.#recency.oldest(spared);
  }

  victims(): Iterable<number> {
    return this.#recency;
  }

  doomed(size: number, frequency: number): number[] {
    const doomed: number[] = [];
    let wanted = Math.floor(size / frequency);
    for (const slot of this.#recency) {
      if (wanted-- <= 0) break;
      doomed.push(slot);
    }
    return doomed;
  }
}
