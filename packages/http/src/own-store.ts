/**
 * The store that response caches have when they are given none: one in the process, so that a purge
 * through one middleware reaches what another stored.
 */
import { LocMemCache } from '@locmem/core';
import type { SyncCache } from '@locmem/core';
import { processWide } from './process-wide.js';

/** Its name, when the user gives none. */
export const OWN_STORE = 'http';

const DEFAULT_MAX_ENTRIES = 10_000;
const DEFAULT_MAX_BYTES = 64 * 2 ** 20;

interface Bounds {
  maxEntries?: number;
  maxBytes?: number;
}

/** The bounds that somebody in this process has asked for, by store. */
function boundsOf(name: string): Bounds {
  const all = processWide('bounds/1', () => new Map<string, Bounds>());
  let bounds = all.get(name);
  if (!bounds) all.set(name, (bounds = {}));
  return bounds;
}

/**
 * Opens the named store at its first use, not before: by then every middleware of the application
 * has said what bounds it wants, and one that said nothing takes those of the others instead of
 * cutting the store down to the defaults. Of two that ask, the first counts.
 */
export function ownStore(
  name: string,
  maxEntries: number | undefined,
  maxBytes: number | undefined,
): () => SyncCache {
  const bounds = boundsOf(name);
  if (maxEntries !== undefined) bounds.maxEntries ??= maxEntries;
  if (maxBytes !== undefined) bounds.maxBytes ??= maxBytes;
  let cache: SyncCache | undefined;
  return () =>
    (cache ??= new LocMemCache(name, {
      maxEntries: bounds.maxEntries ?? DEFAULT_MAX_ENTRIES,
      maxBytes: bounds.maxBytes ?? DEFAULT_MAX_BYTES,
      // Records are frozen and their bytes are never handed out for writing: a copy buys nothing.
      isolation: 'share',
      // Keys are made here, and are portable.
      keyCheck: 'off',
    }));
}
