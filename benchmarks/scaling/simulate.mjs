/**
 * Hit ratio and invalidation lag against the number of processes, by simulation:
 *
 *     node benchmarks/scaling/simulate.mjs [--requests 2000000] [--seed 1]
 *
 * P processes serve Zipf-distributed reads of K keys, R a second in all; W writes a second each change a key.
 * Each process has a front of M entries (LRU). A write is told to all processes; a message arrives after the
 * network's delay, and then waits its turn: a process takes `HEAR_US` for each. Read of a front after the write
 * and before the message: stale. Everything is reckoned on one clock, in microseconds; nothing sleeps.
 */
import { parseArgs } from 'node:util';
import { plainTable } from '../harness/output.mjs';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
  },
});
const REQUESTS = Number(values.requests);

const KEYS = 100_000;
const SKEW = 0.9;
const FRONT = 10_000;
const READS_A_SECOND = 20_000;
const NETWORK_US = 300;
/** What hearing of one change may cost a process: a guess on the safe side. */
const HEAR_US = 5;

/** mulberry32: small, and the same everywhere. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Ranks by their weights. */
function zipf(next) {
  const sums = new Float64Array(KEYS);
  let sum = 0;
  for (let i = 0; i < KEYS; i++) sums[i] = sum += (i + 1) ** -SKEW;
  return () => {
    const at = next() * sum;
    let low = 0;
    let high = KEYS - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] < at) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** A front: the version of each key it holds, the one longest unused first. */
class Front {
  #held = new Map();

  read(key) {
    const version = this.#held.get(key);
    if (version === undefined) return undefined;
    this.#held.delete(key);
    this.#held.set(key, version);
    return version;
  }

  fill(key, version) {
    if (this.#held.size >= FRONT) this.#held.delete(this.#held.keys().next().value);
    this.#held.set(key, version);
  }

  drop(key) {
    this.#held.delete(key);
  }
}

function simulate(processes, writesASecond) {
  const next = random(Number(values.seed));
  const pick = zipf(next);
  const fronts = Array.from({ length: processes }, () => new Front());
  /** Messages under way to each process: all hear the same, each at its own time. */
  const heard = new Array(processes).fill(0);
  const freeAtUs = new Float64Array(processes);
  const told = [];
  const versions = new Uint32Array(KEYS);
  const changedAtUs = new Float64Array(KEYS);
  const isWrite = writesASecond / (READS_A_SECOND + writesASecond);
  const stepUs = 1e6 / (READS_A_SECOND + writesASecond);
  const counts = { reads: 0, hits: 0, stale: 0, oldestUs: 0, lagUs: 0, messages: 0 };

  /** Everything that has arrived at a process by now, as far as it has had time for it. */
  function hear(process, nowUs) {
    while (heard[process] < told.length) {
      const { key, atUs } = told[heard[process]];
      const startUs = Math.max(atUs + NETWORK_US, freeAtUs[process]);
      if (startUs + HEAR_US > nowUs) return;
      freeAtUs[process] = startUs + HEAR_US;
      fronts[process].drop(key);
      counts.messages++;
      counts.lagUs += freeAtUs[process] - atUs;
      heard[process]++;
    }
  }

  for (let i = 0, nowUs = 0; i < REQUESTS; i++, nowUs += stepUs) {
    const key = pick();
    if (next() < isWrite) {
      versions[key]++;
      changedAtUs[key] = nowUs;
      told.push({ key, atUs: nowUs });
      continue;
    }
    const process = Math.floor(next() * processes);
    hear(process, nowUs);
    // The first half fills the fronts.
    const counted = i > REQUESTS / 2;
    if (counted) counts.reads++;
    const version = fronts[process].read(key);
    if (version === undefined) {
      fronts[process].fill(key, versions[key]);
      continue;
    }
    if (!counted) continue;
    counts.hits++;
    if (version === versions[key]) continue;
    counts.stale++;
    counts.oldestUs = Math.max(counts.oldestUs, nowUs - changedAtUs[key]);
  }
  return counts;
}

const percent = (part, whole) => `${((100 * part) / whole).toFixed(2)} %`;
const rows = [];
for (const writes of [20, 2_000]) {
  for (const processes of [1, 2, 4, 16, 64]) {
    const { reads, hits, stale, oldestUs, lagUs, messages } = simulate(processes, writes);
    rows.push([
      writes.toLocaleString('en-US'),
      processes,
      percent(hits, reads),
      Math.round(((reads - hits) / reads) * READS_A_SECOND).toLocaleString('en-US'),
      (writes * processes).toLocaleString('en-US'),
      messages === 0 ? '–' : (lagUs / messages / 1000).toFixed(2),
      `${((1e6 * stale) / Math.max(1, hits)).toFixed(0)} ppm`,
      (oldestUs / 1000).toFixed(2),
    ]);
  }
}
const header = [
  ...['writes/s', 'processes', 'front hits', 'reads/s at Redis', 'messages/s'],
  ...['lag, ms', 'stale hits', 'oldest, ms'],
];
console.log(plainTable(header, rows));
