/**
 * Which turns the current chain of calls and awaits stands in: a lock held, an update under way. Who
 * waits for a turn from within it would wait for ever, so that is found and refused.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

/** A turn that began and may have ended since. */
export interface Turn {
  /** What is taken: a lock, or the key of a space. */
  readonly of: object;
  readonly key?: string | undefined;
  isOver: boolean;
}

/** The turns around a call, the innermost first. */
interface Nesting {
  readonly turn: Turn;
  readonly outer: Nesting | undefined;
}

const nesting = new AsyncLocalStorage<Nesting>();

/** Runs the work within a turn. */
export async function within<T>(turn: Turn, work: () => T | PromiseLike<T>): Promise<T> {
  try {
    return await nesting.run({ turn, outer: nesting.getStore() }, work);
  } finally {
    // A task that was started within and goes on afterwards is in nobody's way.
    turn.isOver = true;
  }
}

/** Whether this very thing is taken by the chain of calls that asks. */
export function isTaken(of: object, key?: string): boolean {
  for (let level = nesting.getStore(); level; level = level.outer) {
    const { turn } = level;
    if (turn.of === of && turn.key === key && !turn.isOver) return true;
  }
  return false;
}
