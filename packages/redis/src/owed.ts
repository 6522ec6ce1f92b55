/**
 * Deletions that did not get through. Until they have been made up for, what they were about is as good as
 * deleted to this process; other processes may read it until then, or until its time is over. Beyond a
 * bound it is not remembered which they were: then everything goes.
 */

/** More than this many, and the whole store is owed. */
const MOST = 10_000;

class Debts {
  readonly entries = new Set<string>();
  readonly tags = new Set<string>();
  /** What keys begin with, all of which are owed. */
  readonly starts = new Set<string>();
  everything = false;

  get isEmpty(): boolean {
    const size = this.entries.size + this.tags.size + this.starts.size;
    return size === 0 && !this.everything;
  }

  hasEntry(at: string): boolean {
    if (this.everything || this.entries.has(at)) return true;
    for (const start of this.starts) if (at.startsWith(start)) return true;
    return false;
  }

  hasTag(tag: string): boolean {
    return this.everything || this.tags.has(tag);
  }
}

export class Owed {
  #owed = new Debts();
  /** They are owed still, until it is known whether paying them came to anything. */
  readonly #beingPaid = new Set<Debts>();

  get isEmpty(): boolean {
    return this.#owed.isEmpty && this.#beingPaid.size === 0;
  }

  owe(kind: 'entries' | 'tags', names: readonly string[]): void {
    for (const name of names) this.#owed[kind].add(name);
    if (this.#owed.entries.size + this.#owed.tags.size > MOST) this.oweEverything();
  }

  oweStart(start: string): void {
    this.#owed.starts.add(start);
  }

  oweEverything(): void {
    this.#owed = new Debts();
    this.#owed.everything = true;
  }

  hasEntry(at: string): boolean {
    return this.#all.some((debts) => debts.hasEntry(at));
  }

  hasTag(tag: string): boolean {
    return this.#all.some((debts) => debts.hasTag(tag));
  }

  /** A later write of an entry makes up for its deletion. */
  settle(at: string): void {
    for (const debts of this.#all) debts.entries.delete(at);
  }

  /** Has all that is owed paid, after which only what is owed anew still is. */
  async pay(how: (debts: Readonly<Debts>) => Promise<unknown>): Promise<void> {
    if (this.#owed.isEmpty) return;
    const debts = this.#owed;
    this.#owed = new Debts();
    this.#beingPaid.add(debts);
    try {
      await how(debts);
    } finally {
      this.#beingPaid.delete(debts);
    }
  }

  get #all(): readonly Debts[] {
    return [this.#owed, ...this.#beingPaid];
  }
}
