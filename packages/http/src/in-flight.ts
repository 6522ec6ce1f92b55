/**
 * Answers that are being made. An invalidation must reach them, too: a handler that read the old
 * rows before a write would otherwise store them after it, for a whole lifetime.
 *
 * Memory: one entry per request under way and tag; nothing is left once the answer has ended.
 */

import { processWide } from './process-wide.js';

/** One answer under way. */
export interface Flight {
  readonly tags: readonly string[];
  /** One of its tags was purged since it took off: it must not land in the store. */
  overtaken: boolean;
}

export class FlightBoard {
  readonly #flights = new Map<string, Set<Flight>>();

  takeOff(tags: readonly string[]): Flight {
    const flight: Flight = { tags, overtaken: false };
    for (const tag of tags) {
      const flights = this.#flights.get(tag);
      if (flights) flights.add(flight);
      else this.#flights.set(tag, new Set([flight]));
    }
    return flight;
  }

  land(flight: Flight): void {
    for (const tag of flight.tags) {
      const flights = this.#flights.get(tag);
      flights?.delete(flight);
      if (flights?.size === 0) this.#flights.delete(tag);
    }
  }

  overtake(tags: readonly string[]): void {
    for (const tag of tags) {
      for (const flight of this.#flights.get(tag) ?? []) flight.overtaken = true;
    }
  }
}

interface Boards {
  readonly byName: Map<string, FlightBoard>;
  readonly byObject: WeakMap<object, FlightBoard>;
}

/**
 * The board of a store. Whoever shares the store shares the board: several middlewares, and the
 * ES-module and the CommonJS copy of this package.
 *
 * @param store the name of a LocMemCache, or a cache object
 */
export function flightBoard(store: string | object): FlightBoard {
  const boards = processWide<Boards>('flights/1', () => ({
    byName: new Map(),
    byObject: new WeakMap(),
  }));
  const known = typeof store === 'string' ? boards.byName.get(store) : boards.byObject.get(store);
  if (known) return known;
  const board = new FlightBoard();
  if (typeof store === 'string') boards.byName.set(store, board);
  else boards.byObject.set(store, board);
  return board;
}
