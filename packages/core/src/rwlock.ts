/**
 * Many readers or one writer, across awaits. A synchronous operation of the cache needs no lock, it is
 * atomic in its one thread; this one is for work that spans several awaits.
 *
 * Order. A waiting writer goes before readers who come after it, so that a stream of readers cannot
 * starve it. Writers go in the order in which they came. So that a stream of writers cannot starve the
 * readers either, those who wait go all at once after `MAX_WRITERS_IN_A_ROW` writers have gone before
 * them. Whoever gives up waiting (`signal`) leaves the queue, and the others move up at once.
 *
 * Cost: an uncontended turn is a promise and an AsyncLocalStorage context; queues are linked to
 * nothing but their arrays, a release is O(waiters woken).
 *
 * Sources: Courtois, Heymans, Parnas, "Concurrent control with readers and writers" (CACM 1971), the
 * writers-preferred solution; the bound on writers in a row is ours.
 */
import { InvalidOptionError, LockError } from './errors.js';
import { checkOptionNames } from './option-names.js';
import { isTaken, within } from './turns.js';

/** How many writers may pass readers who are waiting. */
export const MAX_WRITERS_IN_A_ROW = 16;

/** How to wait for a turn. */
export interface LockOptions {
  /** Ends the wait; once the turn has begun it has no effect on it. */
  signal?: AbortSignal | undefined;
}

const LOCK_OPTIONS: ReadonlySet<string> = new Set<keyof LockOptions>(['signal']);

type Kind = 'read' | 'write';

interface Waiter {
  readonly begin: () => void;
}

export class RWLock {
  #readers = 0;
  #isWriting = false;
  #writersInARow = 0;
  readonly #waiting: Record<Kind, Set<Waiter>> = { read: new Set(), write: new Set() };

  /**
   * Runs a function while no writer runs; other readers may run beside it.
   *
   * @returns what the function returns
   * @throws {LockError} when called from within a turn of this very lock, which would wait for itself
   * @throws {InvalidOptionError} when the work is no function or an option does not exist
   * @throws the signal's reason, when it aborts before the turn has begun
   */
  read<T>(work: () => T | PromiseLike<T>, options?: LockOptions): Promise<T> {
    return this.#take('read', work, options);
  }

  /** Runs a function while nobody else runs; otherwise as {@link read}. */
  write<T>(work: () => T | PromiseLike<T>, options?: LockOptions): Promise<T> {
    return this.#take('write', work, options);
  }

  async #take<T>(kind: Kind, work: () => T | PromiseLike<T>, options?: LockOptions): Promise<T> {
    checkTurn(`RWLock.${kind}`, work, options);
    if (isTaken(this)) throw new LockError(kind);
    options?.signal?.throwIfAborted();
    if (this.#mayBegin(kind)) this.#begin(kind);
    else await this.#wait(kind, options?.signal);
    try {
      return await within({ of: this, isOver: false }, work);
    } finally {
      this.#end(kind);
    }
  }

  #mayBegin(kind: Kind): boolean {
    if (this.#isWriting) return false;
    return kind === 'read' ? this.#waiting.write.size === 0 : this.#readers === 0;
  }

  #begin(kind: Kind): void {
    if (kind === 'read') this.#readers++;
    else this.#isWriting = true;
  }

  #end(kind: Kind): void {
    if (kind === 'read') this.#readers--;
    else this.#isWriting = false;
    this.#wakeNext();
  }

  /** Begins every turn that can begin now. A turn is begun here, not by who wakes: nobody slips between. */
  #wakeNext(): void {
    if (this.#isWriting) return;
    const { read, write } = this.#waiting;
    const isReadersTurn =
      read.size > 0 && (write.size === 0 || this.#writersInARow >= MAX_WRITERS_IN_A_ROW);
    if (isReadersTurn) {
      this.#writersInARow = 0;
      for (const waiter of read) this.#wake('read', waiter);
    } else if (this.#readers === 0) {
      const [first] = write;
      if (!first) return;
      this.#writersInARow = read.size > 0 ? this.#writersInARow + 1 : 0;
      this.#wake('write', first);
    }
  }

  #wake(kind: Kind, waiter: Waiter): void {
    this.#waiting[kind].delete(waiter);
    this.#begin(kind);
    waiter.begin();
  }

  #wait(kind: Kind, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting[kind].delete(waiter);
        // A writer who leaves may have held up readers.
        this.#wakeNext();
        reject(signal!.reason as Error);
      };
      const waiter: Waiter = {
        begin: () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
      };
      this.#waiting[kind].add(waiter);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }
}

/** At the door: in the queue, what is no AbortSignal would hold up everybody behind it. */
function checkTurn(place: string, work: unknown, options: LockOptions = {}): void {
  if (typeof work !== 'function') {
    throw new InvalidOptionError(place, 'work', 'must be a function', work);
  }
  checkOptionNames(place, options, LOCK_OPTIONS);
  const { signal }: { signal?: unknown } = options;
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw new InvalidOptionError(place, 'signal', 'must be an AbortSignal', signal);
}
