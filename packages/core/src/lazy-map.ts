/**
 * A Map that is not there until something is put in: an empty one weighs some 190 bytes, and of a dozen
 * in a store most stay empty. Emptiness also costs less to ask.
 */
export class LazyMap<K, V> {
  #map: Map<K, V> | undefined;

  get size(): number {
    return this.#map === undefined ? 0 : this.#map.size;
  }

  get(key: K): V | undefined {
    return this.#map?.get(key);
  }

  has(key: K): boolean {
    return this.#map?.has(key) === true;
  }

  set(key: K, value: V): void {
    (this.#map ??= new Map<K, V>()).set(key, value);
  }

  delete(key: K): void {
    this.#map?.delete(key);
  }

  clear(): void {
    this.#map?.clear();
  }

  keys(): Iterable<K> {
    return this.#map?.keys() ?? [];
  }

  values(): Iterable<V> {
    return this.#map?.values() ?? [];
  }
}
