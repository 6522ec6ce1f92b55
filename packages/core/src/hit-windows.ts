/**
 * Hits and misses of the last minutes, from samples of the counters. A sample is taken when an entry is
 * written, the store is swept or somebody looks at the stats, at most every ten seconds; between two
 * samples, hits are taken as spread evenly. At most 361 samples are kept.
 */
import type { Counts } from './counts.js';

const SAMPLE_EVERY_MS = 10_000;

/** The windows that `stats()` tells of. */
export const WINDOWS = Object.freeze({
  '1m': 60_000,
  '5m': 300_000,
  '15m': 900_000,
  '1h': 3_600_000,
});
const LONGEST_MS = WINDOWS['1h'];

/** Hits and misses in a span of time. */
export interface HitWindow {
  readonly hits: number;
  readonly misses: number;
  /** From 0 to 1; undefined when nothing was asked for. */
  readonly hitRatio: number | undefined;
}

interface Sample {
  readonly atMs: number;
  readonly hits: number;
  readonly misses: number;
}

export class HitWindows {
  readonly #samples: Sample[];
  #nextSampleMs: number;

  constructor(nowMs: number) {
    this.#samples = [{ atMs: nowMs, hits: 0, misses: 0 }];
    this.#nextSampleMs = nowMs + SAMPLE_EVERY_MS;
  }

  /** Takes a sample when one is due. */
  note(nowMs: number, { hits, misses }: Counts): void {
    if (nowMs < this.#nextSampleMs) return;
    this.#nextSampleMs = nowMs + SAMPLE_EVERY_MS;
    this.#samples.push({ atMs: nowMs, hits, misses });
    // The first sample outside the longest window is where that begins.
    while (this.#samples.length > 1 && this.#samples[1]!.atMs <= nowMs - LONGEST_MS) {
      this.#samples.shift();
    }
  }

  /** What happened in the last `spanMs`. */
  last(spanMs: number, nowMs: number, counts: Counts): HitWindow {
    const before = this.#at(nowMs - spanMs, {
      atMs: nowMs,
      hits: counts.hits,
      misses: counts.misses,
    });
    const hits = Math.round(counts.hits - before.hits);
    const misses = Math.round(counts.misses - before.misses);
    return { hits, misses, hitRatio: ratio(hits, misses) };
  }

  /** The counters at a moment, between the samples around it. */
  #at(atMs: number, now: Sample): Sample {
    const after = this.#samples.findIndex((sample) => sample.atMs > atMs);
    if (after === 0) return this.#samples[0]!;
    const from = this.#samples.at(after === -1 ? -1 : after - 1)!;
    const to = after === -1 ? now : this.#samples[after]!;
    const share = to.atMs > from.atMs ? (atMs - from.atMs) / (to.atMs - from.atMs) : 1;
    return {
      atMs,
      hits: from.hits + (to.hits - from.hits) * share,
      misses: from.misses + (to.misses - from.misses) * share,
    };
  }
}

/** Hits among all that was asked for; undefined when nothing was. */
export function ratio(hits: number, misses: number): number | undefined {
  return hits + misses === 0 ? undefined : hits / (hits + misses);
}
