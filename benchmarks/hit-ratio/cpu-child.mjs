/**
 * One subject in a process of its own. `fill`: what is missed is put in. `mixed`: nine reads to one
 * write, whatever was read.
 */
import { answerMessages } from '../harness/children.mjs';
import { cpuMicros } from '../harness/cpu.mjs';
import { SUBJECTS } from './subjects.mjs';
import { lowerBound, randomFrom, zipfTable } from './synthetic.mjs';

const { subject, workload, size, keys: keyCount, operations } = JSON.parse(process.argv[2]);
const random = randomFrom(1);
const table = zipfTable(keyCount, 1);
const keys = Array.from({ length: keyCount }, (_, i) => `key:${(i * 7919) % 1_000_003}`);
const drawn = Int32Array.from({ length: operations }, () => lowerBound(table, random()));
const cache = SUBJECTS[subject].make(size);

let hits = 0;
let reads = 0;

const WORKLOADS = {
  fill() {
    for (let i = 0; i < operations; i++) {
      const key = keys[drawn[i]];
      if (cache.get(key) === undefined) cache.set(key, key);
      else hits++;
    }
    reads += operations;
  },
  mixed() {
    for (let i = 0; i < operations; i++) {
      const key = keys[drawn[i]];
      if (i % 10 === 0) {
        cache.set(key, key);
        continue;
      }
      reads++;
      if (cache.get(key) !== undefined) hits++;
    }
  },
};

answerMessages(() => {
  globalThis.gc();
  hits = reads = 0;
  const startUs = cpuMicros();
  WORKLOADS[workload]();
  const ns = ((cpuMicros() - startUs) * 1000) / operations;
  return { ns, hitRatio: hits / reads };
});
