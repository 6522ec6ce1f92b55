/**
 * Writes of one key take effect in the order in which they are called, though some need several steps in the
 * store: a write with tags asks for their versions first, a change reads before it writes, a script may have
 * to be sent twice. While such a write is under way, later ones of its keys wait for it; a plain write when
 * nothing is under way costs one look at a size.
 */

/**
 * Those of one kind go out together, as the store takes them in the order in which they come, and a hot
 * counter would otherwise wait for each of its own steps. `'alone'`: not even with its own kind.
 */
export type Kind = 'add' | 'count' | 'remove' | 'set' | 'touch' | 'alone';

/** Writes that go out together, of the same keys. */
class Turn {
  readonly over: Promise<void>;
  readonly end: () => void;
  /** Writes that have not settled. */
  pending = 0;

  constructor(
    readonly kind: Kind,
    readonly keys: readonly string[],
    /** What must be over before. */
    readonly before: Promise<unknown> | undefined,
  ) {
    let end!: () => void;
    this.over = new Promise((resolve) => (end = resolve));
    this.end = end;
  }
}

export class WriteOrder {
  /** The last turn of each key. */
  readonly #last = new Map<string, Turn>();

  /** Whether a write of the key has to wait. */
  isBusy(key: string): boolean {
    return this.#last.size > 0 && this.#last.has(key);
  }

  /** Does the work when all that was called before is over. It must end by itself. */
  run<T>(keys: readonly string[], kind: Kind, work: () => Promise<T>): Promise<T> {
    const turn = this.#joinable(keys, kind) ?? this.#begin(keys, kind);
    turn.pending++;
    const writing = turn.before ? turn.before.then(work) : work();
    const leave = () => {
      this.#leave(turn);
    };
    writing.then(leave, leave);
    return writing;
  }

  #joinable([key, ...others]: readonly string[], kind: Kind): Turn | undefined {
    const last = kind === 'alone' || others.length > 0 ? undefined : this.#last.get(key!);
    return last?.kind === kind ? last : undefined;
  }

  #begin(keys: readonly string[], kind: Kind): Turn {
    const before = new Set(keys.map((key) => this.#last.get(key)).filter((turn) => !!turn));
    const isFree = before.size === 0;
    const over = isFree ? undefined : Promise.all([...before].map((turn) => turn.over));
    const turn = new Turn(kind, keys, over);
    for (const key of keys) this.#last.set(key, turn);
    return turn;
  }

  #leave(turn: Turn): void {
    if (--turn.pending > 0) return;
    for (const key of turn.keys) if (this.#last.get(key) === turn) this.#last.delete(key);
    turn.end();
  }
}
