/** Those of this process who want the same key, one after the other, in the order in which they came. */
export class Queues {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Does the work when everybody before has done theirs, or failed. The work must end by itself. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const turn = before ? before.then(work, work) : work();
    this.#last.set(key, turn);
    const leave = () => {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    };
    turn.then(leave, leave);
    return turn;
  }
}
