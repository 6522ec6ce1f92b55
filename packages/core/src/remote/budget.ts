/** One call's time, however many steps it takes in the store. */
import type { Timekeeper } from '../clock.js';
import type { RemoteCounts } from './counts.js';

/** A call took too long. Never leaves the package. */
export class LateError extends Error {
  override readonly name = 'LateError';
}

/** The outcome of the steps, unless they take longer: what is under way then goes on unheard. */
export function inTime<T>(time: Timekeeper, limitMs: number, steps: Promise<T>): Promise<T> {
  if (limitMs === Infinity) return steps;
  if (limitMs <= 0) {
    steps.catch(() => undefined); // it goes on unheard
    return Promise.reject(new LateError('There was no time left'));
  }
  const beginMs = time.exact();
  const endMs = beginMs + limitMs;
  return new Promise((resolve, reject) => {
    let callOff: () => void;
    let isOver = false;
    const arm = (fromMs: number) => {
      callOff = time.after(endMs - fromMs, () => {
        // First whatever has arrived is read: while this process was busy, nobody was late but it.
        setImmediate(() => {
          if (isOver) return;
          // A timer set late in a turn reckons from the turn's begin, and is early by so much.
          // A clock of the user's that stands still would keep the caller for ever.
          const nowMs = time.exact();
          if (nowMs > fromMs && nowMs < endMs) arm(nowMs);
          else reject(new LateError(`Not done within ${limitMs} ms`));
        });
      });
    };
    arm(beginMs);
    const end = () => {
      isOver = true;
      callOff();
    };
    steps.then(resolve, reject).finally(end);
  });
}

/** The outcome, or what stands for it when the store is not to be had in time; that is counted. */
export async function contained<T>(
  counts: RemoteCounts,
  what: 'read' | 'write',
  timed: Promise<T>,
  otherwise: T,
): Promise<T> {
  try {
    return await timed;
  } catch {
    counts[what === 'read' ? 'failedReads' : 'droppedWrites']++;
    return otherwise;
  }
}

/** What one call may wait for the store, in however many parts: what is spent on one, others lack. */
export class Budget {
  #leftMs: number;

  constructor(
    readonly time: Timekeeper,
    limitMs: number,
    readonly counts: RemoteCounts,
  ) {
    this.#leftMs = limitMs;
  }

  /** When it is spent, if it is spent from now on. */
  get endMs(): number {
    return this.time.exact() + this.#leftMs;
  }

  /** Waits for what is under way already. */
  async contained<T>(what: 'read' | 'write', attempt: Promise<T>, otherwise: T): Promise<T> {
    const beginMs = this.time.exact();
    const timed = inTime(this.time, this.#leftMs, attempt);
    const outcome = await contained(this.counts, what, timed, otherwise);
    this.#leftMs = Math.max(0, this.#leftMs - (this.time.exact() - beginMs));
    return outcome;
  }
}
