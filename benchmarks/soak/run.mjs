// `npm run soak [-- operations]`: millions of random operations on caches of every policy and isolation,
// each answer checked against what was last written. Now and then the caches are cleared and the heap is
// measured, which must stay flat: keys, versions and tags come and go all the time, so whatever is not let
// go piles up.
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { randomFrom, Subject } from './subject.mjs';

const { values: options, positionals } = parseArgs({
  options: { seed: { type: 'string', default: '1' } },
  allowPositionals: true,
});
const operations = Number(positionals[0] ?? 10_000_000);
assert(Number.isSafeInteger(operations) && operations >= 100_000, 'operations: 100000 or more');
assert(globalThis.gc, 'needs --expose-gc');

const MEASUREMENTS = 20;
/** By then every table has its final size. */
const WARM_UP = 0.3;
/** Between the first and the last third of the measurements after warming up: several times their noise. */
const ALLOWED_GROWTH_BYTES = 1_500_000;
/** So many operations, then a turn of the event loop. */
const BURST = 500;

const random = randomFrom(Number(options.seed));
const subjects = [];
for (const policy of ['adaptive', 'lru', 'cull']) {
  for (const isolation of ['copy', 'freeze', 'share']) {
    subjects.push(new Subject({ policy, isolation }, random));
  }
}
const keyFunction = (key, prefix, version) => `${prefix}/${version}/${key}`;
subjects.push(new Subject({ policy: 'adaptive', isolation: 'copy', keyFunction }, random));

/** Garbage collected, and the finalisers' turn given. */
async function heapUsed() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await turn();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const mean = (numbers) => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
const MB = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;

const heap = [];
const started = process.cpuUsage();
for (let done = 0; done < operations;) {
  const until = Math.min(operations, done + Math.ceil(operations / MEASUREMENTS));
  while (done < until) {
    const subject = subjects[Math.floor(random() * subjects.length)];
    const burst = Math.min(BURST, until - done);
    for (let i = 0; i < burst; i++) subject.step();
    await subject.settle();
    done += burst;
  }
  for (const subject of subjects) subject.clear(); // what is left is overhead, or was lost
  heap.push({ done, bytes: await heapUsed() });
  const seconds = process.cpuUsage(started).user / 1e6;
  console.log(`${done} operations, ${seconds.toFixed(1)} s, heap ${MB(heap.at(-1).bytes)}`);
}

const measured = heap.filter(({ done }) => done > operations * WARM_UP).map(({ bytes }) => bytes);
const third = Math.floor(measured.length / 3);
const [early, late] = [mean(measured.slice(0, third)), mean(measured.slice(-third))];
const isFlat = late <= early + ALLOWED_GROWTH_BYTES;
console.log(`Heap ${isFlat ? 'flat' : 'GROWS'}: ${MB(early)} early, ${MB(late)} late`);

for (const subject of subjects) subject.finish();
const hits = mean(subjects.map(({ cache }) => cache.stats().hitRatio));
console.log(`Every answer was right; hit ratio ${hits.toFixed(2)}`);
if (!isFlat) process.exitCode = 1;
