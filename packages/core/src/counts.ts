/** What a store has done since it was made: plain counters, one increment each. */

/** Why an entry left without being deleted. */
export type EvictionReason = 'entries' | 'bytes';
/** Why an entry died. */
export type ExpiryReason = 'timeout' | 'tag';

/** Counters of a store; see `stats()` for what users get of them. */
export class Counts {
  hits = 0;
  misses = 0;
  staleHits = 0;
  sets = 0;
  deletes = 0;
  refusals = 0;
  loads = 0;
  loadFailures = 0;
  loadMs = 0;
  readonly evictions: Record<EvictionReason, number> = { entries: 0, bytes: 0 };
  readonly expiries: Record<ExpiryReason, number> = { timeout: 0, tag: 0 };
}
