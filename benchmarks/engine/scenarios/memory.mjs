/** What an entry weighs. */
import { freshKey, text } from '../material.mjs';

export const perEntry = {
  id: 'memory',
  title: '200,000 entries, keys of 11 and values of 50 characters',
  group: 'Memory',
  baseline: 'map/map',
  capacity: 200_000,
  columns: { bytes: 'bytes an entry' },
  best: { bytes: 'min' },
  key: 'bytes',
  note: 'Keys and values included, 104 bytes of strings; on and off the heap (typed arrays live off it).',
  async observe({ open, scale }) {
    const count = 200_000 * scale;
    const before = bytesInUse();
    const handle = open(); // some take all their memory at once
    for (let i = 0; i < count; i++) await handle.set(freshKey(i), text(i));
    const bytes = (bytesInUse() - before) / count;
    if ((await handle.get(freshKey(count - 1))) !== text(count - 1)) throw new Error('not held');
    return { bytes };
  },
};

/** After everything that can go has gone. */
export function bytesInUse() {
  for (let i = 0; i < 3; i++) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
