/** What a cache over a {@link Backend} has done since it was made. */
import { ratio } from '../hit-windows.js';

export class RemoteCounts {
  hits = 0;
  misses = 0;
  staleHits = 0;
  sets = 0;
  deletes = 0;
  refusals = 0;
  loads = 0;
  loadFailures = 0;
  /** Loads that another process did for this one. */
  loadsShared = 0;
  unreadable = 0;
  forged = 0;
  failedReads = 0;
  droppedWrites = 0;
}

/** Counts of one cache object; those of other processes are theirs. */
export interface RemoteStats {
  /** Reads that found a live entry. */
  readonly hits: number;
  readonly misses: number;
  /** Reads that were served an expired value while it was refreshed. */
  readonly staleHits: number;
  /** hits / (hits + misses), from 0 to 1; undefined when nothing was read. */
  readonly hitRatio: number | undefined;
  readonly sets: number;
  readonly deletes: number;
  /** Entries that were too large. */
  readonly refusals: number;
  /** Runs of loaders, and how many failed. */
  readonly loads: number;
  readonly loadFailures: number;
  /** Loads that another process did for this one. */
  readonly loadsShared: number;
  /** Entries that were no entries of ours, or that the codec could not read: misses. */
  readonly unreadable: number;
  /** Entries that were not signed by us: misses. */
  readonly forged: number;
  /** Reads that became misses because the store was not to be had. */
  readonly failedReads: number;
  /** Writes and deletions that were dropped because the store was not to be had. */
  readonly droppedWrites: number;
}

export function remoteStatsOf(counts: RemoteCounts): RemoteStats {
  const { hits, misses } = counts;
  return Object.freeze(Object.assign({}, counts, { hitRatio: ratio(hits, misses) }));
}
