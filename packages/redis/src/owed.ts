/**
 * Deletions that did not get through. Until they have been made up for, what they were about is as good as
 * deleted to this process; other processes may read it until then, or until its time is over. Beyond a
 * bound it is not remembered which they were: then everything goes.
 */

/** More than this many, and the whole store is owed. */
const MOST = 10_000;

export class Owed {
  #entries = new Set<string>();
  #tags = new Set<string>();
  /** What keys begin with, all of which are owed. */
  #starts = new Set<string>();
  #isEverything = false;

  get isEmpty(): boolean {
    const size = this.#entries.size + this.#tags.size + this.#starts.size;
    return size === 0 && !this.#isEverything;
  }

  owe(kind: 'entries' | 'tags', names: readonly string[]): void {
    const owed = kind === 'entries' ? this.#entries : this.#tags;
    for (const name of names) owed.add(name);
    if (this.#entries.size + this.#tags.size > MOST) this.oweEverything();
  }

  oweStart(start: string): void {
    this.#starts.add(start);
  }

  oweEverything(): void {
    this.#isEverything = true;
    this.#starts.clear();
    this.#entries.clear();
    this.#tags.clear();
  }

  hasEntry(at: string): boolean {
    if (this.#isEverything || this.#entries.has(at)) return true;
    for (const start of this.#starts) if (at.startsWith(start)) return true;
    return false;
  }

  hasTag(tag: string): boolean {
    return this.#isEverything || this.#tags.has(tag);
  }

  /** A later write of an entry makes up for its deletion. */
  settle(at: string): void {
    this.#entries.delete(at);
  }

  /** Hands over all that is owed; what still cannot be done is owed again. */
  take(): Debts {
    const taken = {
      ...{ entries: [...this.#entries], tags: [...this.#tags] },
      ...{ starts: [...this.#starts], everything: this.#isEverything },
    };
    this.#entries = new Set();
    this.#tags = new Set();
    this.#starts = new Set();
    this.#isEverything = false;
    return taken;
  }
}

interface Debts {
  readonly entries: readonly string[];
  readonly tags: readonly string[];
  readonly starts: readonly string[];
  readonly everything: boolean;
}
