/**
 * Concurrent requests for what is not stored: the first leads, the others wait for what it stores.
 *
 * Promised: nobody waits longer than the deadline they came with; nobody gets anything that was not
 * stored and then selected for them; who leads is forgotten at the deadline, so that a handler that
 * never answers holds up nobody after it; what turned out not to be storable is remembered for a
 * while, so that private pages are not made one after the other.
 *
 * Memory: one entry per leader under way, one per waiter, and at most {@link MAX_REMEMBERED} keys.
 */

/** What became of the answer that was waited for. */
export type Outcome =
  /** Stored: look again. */
  | 'stored'
  /** Not stored: each for himself. */
  | 'not-stored'
  /** The handler failed. */
  | 'failed'
  /** Not there in time. */
  | 'late';

/** Varnish's hit-for-miss is as long. */
const REMEMBERED_MS = 120_000;
const MAX_REMEMBERED = 10_000;

/** A request whose answer others wait for. */
export class Leader {
  /** Made for the first of them: most leaders lead nobody. */
  #waiters: Set<(outcome: Outcome) => void> | undefined;
  readonly #leaders: Map<string, Leader>;

  constructor(
    readonly key: string,
    /** From then on, another may lead. Milliseconds. */
    readonly untilMs: number,
    /** From then on, nobody waits for it any more. Milliseconds. */
    readonly awaitedUntilMs: number,
    leaders: Map<string, Leader>,
  ) {
    this.#leaders = leaders;
    leaders.set(key, this);
  }

  /** @returns what ends the wait */
  wait(release: (outcome: Outcome) => void): () => void {
    const waiters = (this.#waiters ??= new Set());
    waiters.add(release);
    return () => waiters.delete(release);
  }

  /** Releases everybody. Only the first outcome counts. */
  done(outcome: Outcome): void {
    if (this.#leaders.get(this.key) === this) this.#leaders.delete(this.key);
    const waiters = this.#waiters;
    if (waiters === undefined) return;
    const released = [...waiters];
    waiters.clear();
    for (const release of released) release(outcome);
  }
}

export class Crowds {
  readonly #leaders = new Map<string, Leader>();
  /** Key to the moment until which nobody waits for it, the oldest first. */
  readonly #unshareable = new Map<string, number>();

  leaderOf(key: string, nowMs: number): Leader | undefined {
    const leader = this.#leaders.get(key);
    return leader !== undefined && nowMs < leader.untilMs ? leader : undefined;
  }

  /** The leader that is worth waiting for. */
  awaitedLeaderOf(key: string, nowMs: number): Leader | undefined {
    const leader = this.leaderOf(key, nowMs);
    return leader !== undefined && nowMs < leader.awaitedUntilMs ? leader : undefined;
  }

  lead(key: string, untilMs: number, awaitedUntilMs = untilMs): Leader {
    return new Leader(key, untilMs, awaitedUntilMs, this.#leaders);
  }

  /** Whether answers for the key were lately found not to be storable. */
  isUnshareable(key: string, nowMs: number): boolean {
    const untilMs = this.#unshareable.get(key);
    if (untilMs === undefined) return false;
    // A clock that was set back by more than that must not keep it for ever.
    if (nowMs < untilMs && untilMs - nowMs <= REMEMBERED_MS) return true;
    this.#unshareable.delete(key);
    return false;
  }

  remember(key: string, nowMs: number): void {
    this.#unshareable.delete(key);
    this.#unshareable.set(key, nowMs + REMEMBERED_MS);
    if (this.#unshareable.size <= MAX_REMEMBERED) return;
    this.#unshareable.delete(this.#unshareable.keys().next().value!);
  }

  forget(key: string): void {
    this.#unshareable.delete(key);
  }
}
