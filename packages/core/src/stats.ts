/** What an operator sees of a store. */
import type { Counts } from './counts.js';
import { ratio, WINDOWS, type HitWindow } from './hit-windows.js';
import type { Store } from './store.js';

/** Counts of a named store since it was made, whoever used it. Reading them changes none. */
export interface CacheStats {
  /** Reads that found a live entry. */
  readonly hits: number;
  readonly misses: number;
  /** Reads that were served an expired value while it was refreshed. */
  readonly staleHits: number;
  /** hits / (hits + misses), from 0 to 1; undefined when nothing was read. */
  readonly hitRatio: number | undefined;
  /**
   * The same over the last minutes, right to within ten seconds. (Where nothing is written and nothing
   * can expire, to within the time since somebody last looked.)
   */
  readonly windows: Readonly<Record<keyof typeof WINDOWS, HitWindow>>;
  /** Entries written, new or over old ones. */
  readonly sets: number;
  readonly deletes: number;
  /** Entries that were too large to be held. */
  readonly refusals: number;
  /** Live entries that had to go: the store held too many, or too many bytes. */
  readonly evictions: Readonly<Counts['evictions']>;
  /** Entries that died: their time was over, or a tag was purged. */
  readonly expiries: Readonly<Counts['expiries']>;
  /** Runs of loaders, and how many failed. */
  readonly loads: number;
  readonly loadFailures: number;
  /** Time that asynchronous loads took together, seconds. */
  readonly loadSeconds: number;
  /** Entries held, dead ones not yet swept included. */
  readonly entries: number;
  /** Bytes held, by estimate. */
  readonly bytes: number;
}

export function statsOf(store: Store): CacheStats {
  const { hits, misses, staleHits, sets, deletes, refusals, loads, loadFailures } = store.counts;
  const { evictions, expiries, loadMs } = store.counts;
  const window = (span: keyof typeof WINDOWS) => store.hitWindow(WINDOWS[span]);
  return Object.freeze({
    ...{ hits, misses, staleHits, hitRatio: ratio(hits, misses) },
    windows: Object.freeze({
      ...{ '1m': window('1m'), '5m': window('5m'), '15m': window('15m'), '1h': window('1h') },
    }),
    ...{ sets, deletes, refusals },
    evictions: Object.freeze({ ...evictions }),
    expiries: Object.freeze({ ...expiries }),
    ...{ loads, loadFailures, loadSeconds: loadMs / 1000 },
    ...{ entries: store.size, bytes: store.bytes },
  });
}
