/** What is under way, by cache and place in it, so that calls at the same time meet. */
import type { Cache } from '@locmem/core';

export class UnderWay<T> {
  readonly #byCache = new WeakMap<Cache, Map<string, T>>();

  get(cache: Cache, address: string): T | undefined {
    return this.#byCache.get(cache)?.get(address);
  }

  /** @returns a function that takes it out again, if no other has come in its place */
  add(cache: Cache, address: string, thing: T): () => void {
    const things = this.#byCache.get(cache) ?? new Map<string, T>();
    this.#byCache.set(cache, things);
    things.set(address, thing);
    return () => {
      if (things.get(address) === thing) things.delete(address);
    };
  }
}
