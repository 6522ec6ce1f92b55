/**
 * Small made-up traces, the same on every run: what a cache should be good at, and where a policy that
 * is good at one of them fails at another.
 */
import { traceOf } from './trace.mjs';

const REQUESTS = 200_000;

export function syntheticTraces() {
  return [
    traceOf(
      'zipf-0.8',
      requests(1, (random, zipf) => zipf(20_000, 0.8)(random())),
    ),
    traceOf(
      'zipf-1.1',
      requests(2, (random, zipf) => zipf(20_000, 1.1)(random())),
    ),
    traceOf(
      'loop',
      requests(3, (_random, _zipf, i) => i % 5_000),
    ),
    traceOf('zipf-and-loop', requests(4, zipfAndLoop)),
    traceOf('scans', requests(5, scans)),
    traceOf('sudden-change', requests(6, suddenChange)),
    traceOf('drift', requests(7, drift)),
    traceOf('bursts', requests(8, bursts)),
    traceOf('recency', requests(9, recency)),
  ];
}

function zipfAndLoop(random, zipf, i) {
  return i % 2 === 0 ? zipf(5_000, 0.9)(random()) : 10_000 + ((i / 2) % 3_000);
}

/** A third of all requests are keys that never come back. */
function scans(random, zipf, i) {
  return i % 15_000 < 10_000 ? zipf(10_000, 0.9)(random()) : 1_000_000 + i;
}

function suddenChange(random, zipf, i) {
  return Math.floor(i / 40_000) * 10_000 + zipf(10_000, 1)(random());
}

function drift(random, zipf, i) {
  return Math.floor(i / 20) + zipf(10_000, 1)(random());
}

/** Half are favourites; half are keys that come four times within two hundred requests and never again. */
function bursts(random, zipf, i) {
  return i % 2 === 0 ? zipf(5_000, 0.9)(random()) : 10_000 + Math.floor(i / 200) * 25 + (i % 25);
}

/** Hostile to counting uses: the younger a key, the likelier it is asked for, and none lasts. */
function recency(random, _zipf, i) {
  return Math.floor(i / 50) + Math.floor(random() * random() * 1_500);
}

function requests(seed, keyAt) {
  const random = randomFrom(seed);
  const tables = new Map();
  const zipf = (count, skew) => {
    const name = `${count} ${skew}`;
    if (!tables.has(name)) tables.set(name, zipfTable(count, skew));
    return (chance) => lowerBound(tables.get(name), chance);
  };
  return Array.from({ length: REQUESTS }, (_, i) => keyAt(random, zipf, i));
}

/** Cumulated chances of ranks. */
export function zipfTable(count, skew) {
  const table = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) table[rank] = sum += (rank + 1) ** -skew;
  return table.map((chance) => chance / sum);
}

export function lowerBound(table, value) {
  let low = 0;
  let high = table.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (table[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Mulberry32: small, and good enough to draw keys from. */
export function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
