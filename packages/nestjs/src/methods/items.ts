/**
 * Items that come one after the other, to whoever wants them: each gets copies of its own, from the
 * first one on, and those who leave do not disturb the others. When all have left, the source is let go.
 */
import { copyOf } from './copy.js';

/** Nobody wanted the rest. */
export class AbandonedError extends Error {
  override readonly name = 'AbandonedError';
  constructor() {
    super('Everybody has left before the last item came');
  }
}

/** All of what came, once the last one has; rejects when it never will. */
export class Collected {
  readonly items: unknown[] = [];
  readonly whole: Promise<unknown[]>;
  #resolve!: (items: unknown[]) => void;
  #reject!: (error: unknown) => void;
  #isAbandoned = false;
  #isRefresh = false;

  constructor() {
    this.whole = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.whole.catch(() => undefined); // whoever waits hears of it
  }

  /** Takes an item as it is now: what its receivers do to it is theirs. */
  add(item: unknown): unknown {
    const copy = copyOf(item);
    this.items.push(copy);
    return copy;
  }

  complete(): void {
    this.#resolve(this.items);
  }

  fail(error: unknown): void {
    this.#reject(error);
  }

  /** Nobody wants the rest. Who comes now must begin anew. */
  abandon(): void {
    this.#isAbandoned = true;
    this.fail(new AbandonedError());
  }

  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /** It takes the place of a result that is there: who comes meanwhile is given that one. */
  becomeRefresh(): void {
    this.#isRefresh = true;
  }

  /** Whether who comes now may have its items as they come. */
  get isOpen(): boolean {
    return !this.#isAbandoned && !this.#isRefresh;
  }
}

/** One undefined is no result, as with other methods. */
export function asResult(items: unknown[]): unknown[] | undefined {
  return items.length === 1 && items[0] === undefined ? undefined : items;
}
