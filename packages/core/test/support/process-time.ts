// The process's own time, in a test's hands: what `performance.now()` says and when timers run. For what
// only the process's clock does, which a clock of the user's never sees.
import { performance } from 'node:perf_hooks';

/** A timer as the engine uses them. */
class Timer {
  atMs = 0;

  constructor(
    readonly time: ProcessTime,
    readonly run: () => void,
    readonly delayMs: number,
  ) {
    this.refresh();
  }

  refresh(): this {
    this.atMs = this.time.nowMs + Math.max(1, this.delayMs);
    this.time.timers.add(this);
    return this;
  }

  unref(): this {
    return this;
  }
}

export class ProcessTime {
  nowMs = 1_000;
  readonly timers = new Set<Timer>();
  readonly #realNow = performance.now.bind(performance);
  readonly #realSetTimeout = globalThis.setTimeout;

  /** Before the first cache is made. */
  install(): void {
    performance.now = () => this.nowMs;
    globalThis.setTimeout = ((run: () => void, delayMs: number) =>
      new Timer(this, run, delayMs)) as unknown as typeof setTimeout;
  }

  uninstall(): void {
    performance.now = this.#realNow;
    globalThis.setTimeout = this.#realSetTimeout;
  }

  /** A callback goes on for so long: nothing else runs. */
  block(ms: number): void {
    this.nowMs += ms;
  }

  /** The event loop is idle for so long, and timers run as they fall due. */
  idle(ms: number): void {
    const endMs = this.nowMs + ms;
    for (;;) {
      const [next] = [...this.timers].sort((a, b) => a.atMs - b.atMs);
      if (!next || next.atMs > endMs) break;
      this.timers.delete(next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
    }
    this.nowMs = endMs;
  }
}
