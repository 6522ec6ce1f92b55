/**
 * One load for each key at a time, however many callers want it: the first starts it, the others wait
 * for the same promise. An error reaches all of them and is not kept; the next call loads anew.
 *
 * A load that somebody has given up on may be joined by another of the same key, so that one that never
 * ends cannot hold it for ever: the second after the patience of who gave up, each further one after
 * twice as long, so that slow loads and hasty callers do not add up to a stampede.
 *
 * The idea and the name are groupcache's (package singleflight).
 */
import type { KeySpace } from './key-space.js';

/** What becomes of a load. */
export interface Landing {
  /**
   * Puts the loaded value away and says what the waiting callers get.
   *
   * @param wasOvertaken the key was written or deleted or the cache cleared meanwhile: the value may
   *   be older than that and must not be kept
   */
  keep(value: unknown, wasOvertaken: boolean): unknown;
  /** Afterwards, however it ended. */
  settled(hasFailed: boolean): void;
}

/** A load under way. */
export class Flight {
  readonly landed: Promise<unknown>;
  isOvertaken = false;
  #isOver = false;
  /** The longest that anybody waited before giving up; undefined when nobody did. */
  #givenUpAfterMs: number | undefined;

  constructor(
    loading: PromiseLike<unknown>,
    landing: Landing,
    readonly startedMs: number,
    /** Another load of the same key, which somebody gave up on. */
    readonly older: Flight | undefined,
    leave: (flight: Flight) => void,
  ) {
    this.landed = this.#land(loading, landing, leave);
  }

  async #land(
    loading: PromiseLike<unknown>,
    landing: Landing,
    leave: (flight: Flight) => void,
  ): Promise<unknown> {
    let hasFailed = true;
    try {
      const value = await loading;
      hasFailed = false;
      return landing.keep(value, this.isOvertaken);
    } finally {
      this.#isOver = true;
      leave(this);
      landing.settled(hasFailed);
    }
  }

  giveUp(afterMs: number): void {
    this.#givenUpAfterMs = Math.max(afterMs, this.#givenUpAfterMs ?? 0);
  }

  /** Whether it is time to try once more beside this load. */
  isGivenUp(nowMs: number): boolean {
    if (this.#givenUpAfterMs === undefined) return false;
    return nowMs - this.startedMs >= this.#givenUpAfterMs * 2 ** this.#olderRunning();
  }

  /** This or the newest older one that is still running. */
  running(): Flight | undefined {
    return this.#isOver ? this.older?.running() : this;
  }

  #olderRunning(): number {
    const older = this.older?.running();
    return older === undefined ? 0 : 1 + older.#olderRunning();
  }
}

/** Begins a load that others can join. */
export function takeOff(
  space: Pick<KeySpace, 'flights'>,
  key: string,
  loading: PromiseLike<unknown>,
  landing: Landing,
  nowMs: number,
): Flight {
  const older = space.flights.get(key)?.running();
  const flight = new Flight(loading, landing, nowMs, older, (over) => {
    if (space.flights.get(key) !== over) return;
    const next = over.running();
    if (next) space.flights.set(key, next);
    else space.flights.delete(key);
  });
  space.flights.set(key, flight);
  return flight;
}
