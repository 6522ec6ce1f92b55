/**
 * Answers that are being made. An invalidation must reach them, too: a handler that read the old
 * rows before a write would otherwise store them after it, for a whole lifetime.
 *
 * Which tags an answer will carry is known only when its head is there, so it is the purges that are
 * noted, each with its number; an answer remembers after how many it began.
 *
 * Cost: a purge is one entry per tag, and none while nothing is under way. Memory: the purges since
 * the oldest answer under way began, at most {@link MAX_NOTED}; beyond that, all answers that began
 * before count as overtaken.
 */
import { Crowds } from './collapse.js';
import { processWide } from './process-wide.js';

const MAX_NOTED = 10_000;

/** One answer under way. */
export interface Flight {
  /** How many purges there had been when it took off. */
  readonly since: number;
}

export class FlightBoard {
  readonly #flights = new Set<Flight>();
  /** Tag to number of its last purge, the oldest first. */
  readonly #purged = new Map<string, number>();
  #purges = 0;
  /** Flights from before this number are overtaken, whatever their tags. */
  #floor = 0;
  /** Who waits for whom at this store. */
  readonly crowds = new Crowds();
  /** How many answers have been stored: nothing has come since, as long as it is the same. */
  stored = 0;
  /** Whether anything was ever purged softly here: else there is nothing to look for. */
  hasSoftPurges = false;

  takeOff(): Flight {
    const flight: Flight = { since: this.#purges };
    this.#flights.add(flight);
    return flight;
  }

  land(flight: Flight): void {
    if (!this.#flights.delete(flight) || this.#purged.size === 0) return;
    const oldest = this.#flights.values().next().value;
    for (const [tag, number] of this.#purged) {
      if (oldest !== undefined && number > oldest.since) return;
      this.#purged.delete(tag);
    }
  }

  /** Notes a purge. */
  overtake(tags: readonly string[]): void {
    if (this.#flights.size === 0) return;
    this.#purges++;
    for (const tag of tags) {
      // Deleted first, so that it moves to the end.
      this.#purged.delete(tag);
      this.#purged.set(tag, this.#purges);
    }
    if (this.#purged.size <= MAX_NOTED) return;
    this.#purged.clear();
    this.#floor = this.#purges;
  }

  /** One of the tags was purged since it took off: it must not land in the store. */
  isOvertaken({ since }: Flight, tags: readonly string[]): boolean {
    if (since < this.#floor) return true;
    return this.#purged.size > 0 && tags.some((tag) => (this.#purged.get(tag) ?? 0) > since);
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
  const boards = processWide<Boards>('flights/2', () => ({
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
