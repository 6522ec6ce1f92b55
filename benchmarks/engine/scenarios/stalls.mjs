/**
 * The longest time for which everything else waits. On a shared machine a process may lose its turn in
 * the middle of a call, so a stall counts as long as the clock says but never longer than the CPU time
 * that the process was given meanwhile.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMicros } from '../../harness/cpu.mjs';
import { percentile } from '../../harness/spread.mjs';
import { freshKey, text } from '../material.mjs';
import { bytesInUse } from './memory.mjs';

const group = 'Stalls';

/** Reading the CPU time takes longer than a set, so it is read once for so many of them. */
const CHUNK = 64;

export const worstSet = {
  id: 'worst-set',
  title: 'the longest of 1,200,000 sets of new keys, room for 1,000,000',
  group,
  baseline: 'map/map',
  capacity: 1_000_000,
  columns: { worstMs: 'worst, ms', p9999Ms: '99.99 %, ms', meanUs: 'mean, µs' },
  best: { worstMs: 'min', p9999Ms: 'min', meanUs: 'min' },
  key: 'worstMs',
  // To evict one entry it goes through all the milliseconds in which entries will expire.
  admits: ({ id }) => id !== 'ttlcache/ttlCache',
  note: 'The better of two runs. @isaacs/ttlcache is left out: evicting from so many takes it minutes. Collecting garbage is part of it: the nursery of a cache that grows is full of survivors.',
  async observe({ open, subject, scale }) {
    const handle = open();
    const count = 1_200_000 * scale;
    const times = new Float64Array(count);
    const startUs = cpuMicros();
    for (let from = 0; from < count; from += CHUNK) {
      const to = Math.min(count, from + CHUNK);
      const chunkStartUs = cpuMicros();
      if (subject.isAsync) await timeSetsAsync(handle, times, from, to);
      else timeSets(handle, times, from, to);
      const givenMs = (cpuMicros() - chunkStartUs) / 1_000;
      for (let i = from; i < to; i++) if (times[i] > givenMs) times[i] = givenMs;
      if (from % (CHUNK * 256) === 0) await sleep(0); // timers of the cache have their turn
    }
    const meanUs = (cpuMicros() - startUs) / count;
    times.sort();
    return { worstMs: times[count - 1], p9999Ms: percentile(times, 0.9999), meanUs };
  },
};

function timeSets(handle, times, from, to) {
  for (let i = from; i < to; i++) {
    const key = freshKey(i);
    const value = text(i);
    const start = performance.now();
    handle.set(key, value);
    times[i] = performance.now() - start;
  }
}

async function timeSetsAsync(handle, times, from, to) {
  for (let i = from; i < to; i++) {
    const key = freshKey(i);
    const value = text(i);
    const start = performance.now();
    await handle.set(key, value);
    times[i] = performance.now() - start;
  }
}

const LIFE_MS = 3_000;
const WATCH_MS = 6_000;

export const massExpiry = {
  id: 'mass-expiry',
  title: '300,000 entries expire at once, and nobody touches the cache',
  group,
  capacity: 300_000,
  ttlMs: LIFE_MS,
  admits: ({ expires }) => expires,
  columns: { stallMs: 'worst stall, ms', freed: 'memory freed, %', cpuMs: 'CPU, ms' },
  best: { stallMs: 'min', freed: 'max', cpuMs: 'min' },
  key: 'freed',
  isMoreBetter: true,
  note: `Watched for ${WATCH_MS / 1_000} seconds, of which the entries live ${LIFE_MS / 1_000} or less. A cache that frees nothing does not stall by it; what it shows is the garbage collector's own share.`,
  async observe({ open, scale }) {
    const count = 300_000 * scale;
    const before = bytesInUse();
    const handle = open();
    for (let i = 0; i < count; i++) await handle.set(freshKey(i), text(i));
    const full = bytesInUse() - before;
    const { stallMs, cpuMs } = await watchEventLoop(WATCH_MS * scale);
    const left = bytesInUse() - before;
    await handle.get(freshKey(0)); // so that it has been reachable until now
    return { stallMs, freed: Math.max(0, 100 * (1 - left / full)), cpuMs };
  },
};

async function watchEventLoop(milliseconds) {
  const startUs = cpuMicros();
  const endMs = performance.now() + milliseconds;
  let stallMs = 0;
  let lastMs = performance.now();
  let lastUs = cpuMicros();
  while (lastMs < endMs) {
    await sleep(1);
    const nowMs = performance.now();
    const nowUs = cpuMicros();
    stallMs = Math.max(stallMs, Math.min(nowMs - lastMs - 1, (nowUs - lastUs) / 1_000));
    lastMs = nowMs;
    lastUs = nowUs;
  }
  return { stallMs, cpuMs: (cpuMicros() - startUs) / 1_000 };
}
