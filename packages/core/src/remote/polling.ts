/** Looking again and again, more and more seldom, without all who wait looking at once. */
import type { Timekeeper } from '../clock.js';

const FIRST_MS = 20;
const GROWTH = 1.5;
const LONGEST_MS = 250;

/** Waits between looks. */
export class Patience {
  readonly #untilMs: number;
  #nextMs = FIRST_MS;

  constructor(
    readonly time: Timekeeper,
    waitMs: number,
  ) {
    this.#untilMs = time.exact() + waitMs;
  }

  /** @returns false, at once, when it is at an end */
  async pause(): Promise<boolean> {
    const leftMs = this.#untilMs - this.time.exact();
    if (leftMs <= 0) return false;
    const jitter = 0.75 + Math.random() / 2;
    const delayMs = Math.min(leftMs, this.#nextMs * jitter);
    this.#nextMs = Math.min(LONGEST_MS, this.#nextMs * GROWTH);
    await new Promise<void>((resolve) => {
      this.time.after(delayMs, resolve);
    });
    return true;
  }
}

/** Does something every so often until it is called off. Errors are its own business. */
export function every(time: Timekeeper, periodMs: number, run: () => Promise<unknown>): () => void {
  let callOff: () => void;
  let isOver = false;
  const arm = () => {
    callOff = time.after(
      periodMs,
      () => {
        run()
          .catch(() => undefined)
          .finally(() => {
            if (!isOver) arm();
          });
      },
      true,
    );
  };
  arm();
  return () => {
    isOver = true;
    callOff();
  };
}
