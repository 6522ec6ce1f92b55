/**
 * `update` across processes: those of one process wait in the order in which they came, and whose turn it
 * is takes a lock in the store. The lock ends by itself when its process dies. When the store is not to
 * be had, updates are held apart within the process only.
 */
import { randomUUID } from 'node:crypto';
import { LockError } from '../errors.js';
import { isTaken, within } from '../turns.js';
import { withPatience } from '../waiting.js';
import type { Budget } from './budget.js';
import { every, Patience } from './polling.js';
import { Queues } from './queues.js';
import type { Reach } from './reach.js';

/** How long the lock of a process that died stands. */
const LOCK_MS = 10_000;

export class Updates {
  readonly #reach: Reach;
  readonly #queues = new Queues();

  constructor(reach: Reach) {
    this.#reach = reach;
  }

  /**
   * @param budget for the store, before and after the work
   * @param work is told whether it has the lock, or the store is not to be had
   */
  run<T>(
    at: string,
    signal: AbortSignal | undefined,
    budget: Budget,
    work: (isLocked: boolean) => Promise<T>,
  ): Promise<T> {
    if (isTaken(this, at)) throw new LockError('update');
    const turn = this.#queues.run(at, async () => {
      signal?.throwIfAborted();
      return within({ of: this, key: at, isOver: false }, () =>
        this.#locked(at, signal, budget, work),
      );
    });
    return withPatience(turn, { signal });
  }

  async #locked<T>(
    at: string,
    signal: AbortSignal | undefined,
    budget: Budget,
    work: (isLocked: boolean) => Promise<T>,
  ): Promise<T> {
    const token = randomUUID();
    if (!(await this.#lock(at, token, signal, budget))) return work(false);
    const stopRenewing = every(this.#reach.time, LOCK_MS / 3, () =>
      this.#reach.backend.renewLock(at, token, LOCK_MS),
    );
    try {
      return await work(true);
    } finally {
      stopRenewing();
      await budget.contained('write', this.#reach.backend.unlock(at, token), undefined);
    }
  }

  /** @returns false when the store is not to be had */
  async #lock(
    at: string,
    token: string,
    signal: AbortSignal | undefined,
    budget: Budget,
  ): Promise<boolean> {
    const patience = new Patience(this.#reach.time, Infinity);
    for (;;) {
      const locking = this.#reach.backend.lock(at, token, LOCK_MS);
      const isLocked = await budget.contained<boolean | undefined>('write', locking, undefined);
      if (isLocked === true) return true;
      if (isLocked === undefined) {
        // A lock that arrives late all the same must hold up nobody.
        this.#reach.backend.unlock(at, token).catch(() => undefined);
        return false;
      }
      await patience.pause();
      // Others may take their time with the key; each look has the deadline.
      budget = this.#reach.budget();
      signal?.throwIfAborted();
    }
  }
}
