/** Methods that return an async iterable: looked up when the first item is asked for. */
import { copyOf } from './copy.js';
import { AbandonedError, asResult, Collected } from './items.js';
import { isPromise } from './kind.js';
import type { Load } from './load.js';
import { UnderWay } from './under-way.js';

const underWay = new UnderWay<SharedIterator>();

/** What is found, or the source: shared by all who go through it while it is under way. */
export async function* cachedIterable(makeLoad: () => Load): AsyncGenerator {
  const load = makeLoad();
  let begun: SharedIterator | undefined;
  let isAnswered = false;
  let tellBegun: (source: SharedIterator) => void = () => undefined;
  const begins = new Promise<SharedIterator>((resolve) => {
    tellBegun = resolve;
  });
  const found = load.value(() => {
    const source = new SharedIterator(load.run() as AsyncIterable<unknown>);
    const leave = underWay.add(load.cache, load.address, source);
    // Not before it is kept, or not: who comes meanwhile finds it here.
    source.whole.then(
      () => setImmediate(leave),
      () => {
        leave();
      },
    );
    begun = source;
    if (isAnswered) source.refresh();
    // A refresh behind what is about to be given begins in the same turn.
    else if (load.mayRefresh) setImmediate(tellBegun, source);
    else tellBegun(source);
    return source.whole.then(asResult);
  });
  if (!isPromise(found)) {
    begun?.refresh();
    yield* found as unknown[];
    return;
  }
  const pending = Promise.resolve(found);
  pending.catch(() => undefined); // heard of below, when its turn comes
  const other = underWay.get(load.cache, load.address);
  let first: unknown = other?.isOpen === true ? other : undefined;
  try {
    first ??= await Promise.race([begins, pending]);
  } catch (error) {
    if (!(error instanceof AbandonedError)) throw error;
    yield* cachedIterable(makeLoad); // those who left were not this one: it asks anew
    return;
  }
  if (first instanceof SharedIterator) {
    yield* first.read();
    await pending; // what the cache has refused is an error here as elsewhere
    return;
  }
  isAnswered = true;
  begun?.refresh();
  if (first === undefined) yield* load.run() as AsyncIterable<unknown>;
  else yield* first as unknown[];
}

/** An iterator that is asked for each item once, and returned from when nobody wants the rest. */
export class SharedIterator extends Collected {
  readonly #source: AsyncIterator<unknown>;
  #asking: Promise<void> | undefined;
  #isOver = false;
  #readers = 0;

  constructor(source: AsyncIterable<unknown>) {
    super();
    this.#source = source[Symbol.asyncIterator]();
  }

  async *read(): AsyncGenerator {
    this.#readers++;
    try {
      for (let i = 0; ; i++) {
        while (i >= this.items.length && !this.#isOver) await (this.#asking ??= this.#ask());
        if (i >= this.items.length) return;
        yield copyOf(this.items[i]);
      }
    } finally {
      this.#readers--;
      if (this.#readers === 0 && !this.#isOver) await this.#abandon();
    }
  }

  /** Goes to its end for nobody but the cache. */
  refresh(): void {
    this.becomeRefresh();
    void this.#drain();
  }

  async #drain(): Promise<void> {
    try {
      const reading = this.read();
      while ((await reading.next()).done !== true);
    } catch {
      // The cache hears of it by `whole`.
    }
  }

  async #ask(): Promise<void> {
    try {
      const next = await this.#source.next();
      if (next.done === true) {
        this.#isOver = true;
        this.complete();
      } else this.add(next.value);
    } catch (error) {
      this.#isOver = true;
      this.fail(error);
      throw error;
    } finally {
      this.#asking = undefined;
    }
  }

  async #abandon(): Promise<void> {
    this.#isOver = true;
    this.abandon();
    await this.#source.return?.();
  }
}
