/** What the hit ratio costs: CPU time on a zipf mix, rounds of all subjects in turn, medians. */
import { fileURLToPath } from 'node:url';
import { Child } from '../harness/children.mjs';
import { spreadOf } from '../harness/spread.mjs';

const CHILD = fileURLToPath(new URL('./cpu-child.mjs', import.meta.url));
const NAMES = ['locmem adaptive', 'locmem lru (Django)', 'lru-cache'];
/** Entries, and ten times as many keys of Zipf 1.0. */
const SIZES = [300, 3_000, 30_000];
const WORKLOADS = ['mixed', 'fill'];
const OPERATIONS = 400_000;

export async function measureCpu(rounds = 5) {
  const results = [];
  for (const workload of WORKLOADS) {
    for (const size of SIZES) results.push(...(await compare(workload, size, rounds)));
  }
  return results;
}

async function compare(workload, size, rounds) {
  const settings = { workload, size, keys: size * 10, operations: OPERATIONS };
  const children = NAMES.map((subject) => new Child(CHILD, { subject, ...settings }));
  const samples = NAMES.map(() => []);
  let hitRatios = [];
  try {
    for (const child of children) await child.ask('warm up');
    for (let round = 0; round < rounds; round++) {
      hitRatios = [];
      for (const [i, child] of children.entries()) {
        const { ns, hitRatio } = await child.ask('measure');
        samples[i].push(ns);
        hitRatios.push(hitRatio);
      }
    }
  } finally {
    for (const child of children) child.end();
  }
  const yardstick = spreadOf(samples[NAMES.indexOf('lru-cache')]).median;
  return NAMES.map((subject, i) => {
    const nsPerOperation = spreadOf(samples[i]);
    const timesLruCache = nsPerOperation.median / yardstick;
    return { workload, size, subject, nsPerOperation, timesLruCache, hitRatio: hitRatios[i] };
  });
}
