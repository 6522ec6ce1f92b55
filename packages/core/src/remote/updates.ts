/**
 * `update` across processes: those of one process wait in the order in which they came, and whose turn it
 * is takes a lock in the store. The lock ends by itself when its process dies. When the store is not to
 * be had, updates are held apart within the process only.
 */
import { randomUUID } from 'node:crypto';
import { signalOf } from '../call-options.js';
import type { Timekeeper } from '../clock.js';
import { LockError } from '../errors.js';
import { isTaken, within } from '../turns.js';
import { withPatience } from '../waiting.js';
import type { Backend } from './backend.js';
import type { Contain } from './loads.js';
import { every, Patience } from './polling.js';
import { Queues } from './queues.js';

/** How long the lock of a process that died stands. */
const LOCK_MS = 10_000;

export class Updates {
  readonly #backend: Backend;
  readonly #time: Timekeeper;
  readonly #contain: Contain;
  readonly #queues = new Queues();

  constructor(backend: Backend, time: Timekeeper, contain: Contain) {
    this.#backend = backend;
    this.#time = time;
    this.#contain = contain;
  }

  /** @param work is told whether it has the lock, or the store is not to be had */
  run<T>(
    at: string,
    signalOption: AbortSignal | undefined,
    work: (isLocked: boolean) => Promise<T>,
  ): Promise<T> {
    const signal = signalOf('update', signalOption);
    if (isTaken(this, at)) throw new LockError('update');
    const turn = this.#queues.run(at, async () => {
      signal?.throwIfAborted();
      return within({ of: this, key: at, isOver: false }, () => this.#locked(at, signal, work));
    });
    return withPatience(turn, { signal });
  }

  async #locked<T>(
    at: string,
    signal: AbortSignal | undefined,
    work: (isLocked: boolean) => Promise<T>,
  ): Promise<T> {
    const token = randomUUID();
    if (!(await this.#lock(at, token, signal))) return work(false);
    const stopRenewing = every(this.#time, LOCK_MS / 3, () =>
      this.#backend.renewLock(at, token, LOCK_MS),
    );
    try {
      return await work(true);
    } finally {
      stopRenewing();
      await this.#contain('write', this.#backend.unlock(at, token), undefined);
    }
  }

  /** @returns false when the store is not to be had */
  async #lock(at: string, token: string, signal: AbortSignal | undefined): Promise<boolean> {
    const patience = new Patience(this.#time, Infinity);
    for (;;) {
      const locking = this.#backend.lock(at, token, LOCK_MS);
      const isLocked = await this.#contain<boolean | undefined>('write', locking, undefined);
      if (isLocked === true) return true;
      if (isLocked === undefined) {
        // A lock that arrives late all the same must hold up nobody.
        this.#backend.unlock(at, token).catch(() => undefined);
        return false;
      }
      await patience.pause();
      signal?.throwIfAborted();
    }
  }
}
