/**
 * One `get` under way. What becomes of the entry, or of none, is decided where the answer arrives: a call
 * costs one promise, the one that its caller holds.
 */
import type { Ending } from './backend.js';
import { inTime } from './budget.js';
import type { Entries } from './entries.js';
import type { ResolvedRemoteOptions } from './options.js';

export class Lookup<T> implements Ending<T | undefined> {
  readonly startedMs: number;

  constructor(
    readonly entries: Entries,
    readonly options: ResolvedRemoteOptions,
    readonly at: string,
    readonly otherwise: T | undefined,
  ) {
    this.startedMs = options.time.now();
  }

  done(answer: unknown): T | undefined | Promise<T | undefined> {
    if (!Buffer.isBuffer(answer)) return this.#outcome(undefined);
    const value = this.entries.envelope.plainValue(answer);
    return value === undefined ? this.#judged(answer) : this.#outcome(value);
  }

  failed(): T | undefined {
    this.entries.counts.failedReads++;
    return this.#outcome(undefined);
  }

  /** Most entries need no second step, and so no timer. */
  #judged(bytes: Buffer): Promise<T | undefined> {
    const { time, deadlineMs } = this.options;
    const leftMs = deadlineMs - (time.now() - this.startedMs);
    return inTime(time, leftMs, this.#liveValue(bytes)).then(
      (value) => this.#outcome(value),
      () => this.failed(),
    );
  }

  async #liveValue(bytes: Buffer): Promise<unknown> {
    const found = await this.entries.judge(this.at, bytes);
    return found?.isLive ? found.value() : undefined;
  }

  #outcome(value: unknown): T | undefined {
    this.entries.counts[value === undefined ? 'misses' : 'hits']++;
    return value === undefined ? this.otherwise : (value as T);
  }
}
