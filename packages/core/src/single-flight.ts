/**
 * One load for each key at a time, however many callers want it: the first starts it, the others wait
 * for the same promise. An error reaches all of them and is not kept; the next call loads anew.
 *
 * The idea and the name are groupcache's (package singleflight).
 */
import type { KeySpace } from './key-space.js';

/** What becomes of a load. */
export interface Landing {
  /**
   * Puts the loaded value away and says what the waiting callers get.
   *
   * @param wasOvertaken the key was deleted or the cache cleared meanwhile: the value may be older
   *   than the deletion and must not be kept
   */
  keep(value: unknown, wasOvertaken: boolean): unknown;
  /** Afterwards, however it ended. */
  settled(hasFailed: boolean): void;
}

/** Lets everybody who asks for the key wait for this load. */
export function takeOff(
  space: KeySpace,
  key: string,
  loading: PromiseLike<unknown>,
  landing: Landing,
): Promise<unknown> {
  const isCurrent = (): boolean => space.flights.get(key) === flight;
  const land = async (): Promise<unknown> => {
    let hasFailed = true;
    try {
      const value = await loading;
      hasFailed = false;
      return landing.keep(value, !isCurrent());
    } finally {
      if (isCurrent()) space.flights.delete(key);
      landing.settled(hasFailed);
    }
  };
  const flight: Promise<unknown> = land();
  space.flights.set(key, flight);
  return flight;
}
