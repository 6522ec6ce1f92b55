/**
 * How much of what is possible above LRU a cache makes: (policy − LRU) / (OPT − LRU), for each trace at
 * four sizes; the score is the mean over the traces of the mean over their sizes. Every entry costs 1.
 *
 *     node hit-ratio/run.mjs [folder of *.lmt.gz traces] [--only NAME,NAME] [--no-cpu]
 *
 * Without a folder it makes small traces of its own. Writes results/hit-ratio.json.
 */
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine, today, versionOf } from '../harness/machine.mjs';
import { plainTable, writeFormatted } from '../harness/output.mjs';
import { measureCpu } from './cpu.mjs';
import { lruHits, optimalHits } from './references.mjs';
import { hitsOf, SUBJECTS } from './subjects.mjs';
import { syntheticTraces } from './synthetic.mjs';
import { readTraces, SHARES, sizesOf } from './trace.mjs';

/** Where LRU is this close to the optimum there is nothing to win; the cell counts as 0. */
const LEAST_GAP = 1e-4;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, 'no-cpu': { type: 'boolean' } },
});
const [folder] = positionals;
const names = flags.only?.split(',') ?? Object.keys(SUBJECTS);
const traces = folder ? readTraces(folder) : syntheticTraces();

const cells = traces.flatMap((trace) => {
  console.error(`${trace.name}: ${trace.ids.length} requests, ${trace.distinct} keys`);
  return sizesOf(trace).map((size, i) => measure(trace, size, SHARES[i]));
});
const summary = names.map(summarise);
const cpu = flags['no-cpu'] ? [] : await measureCpu();
report();
await save();

function measure(trace, size, share) {
  const requests = trace.ids.length;
  const lru = lruHits(trace, size) / requests;
  const opt = optimalHits(trace, size) / requests;
  const hitRatios = Object.fromEntries(
    names.map((name) => [name, hitsOf(SUBJECTS[name].make(size), trace) / requests]),
  );
  return { trace: trace.name, share, size, lru, opt, hitRatios };
}

function scoreOf({ lru, opt, hitRatios }, name) {
  return opt - lru < LEAST_GAP ? 0 : (hitRatios[name] - lru) / (opt - lru);
}

function summarise(name) {
  const byTrace = traces.map(({ name: trace }) =>
    mean(cells.filter((cell) => cell.trace === trace).map((cell) => scoreOf(cell, name))),
  );
  const worst = cells.reduce((a, b) => (loss(a, name) < loss(b, name) ? a : b));
  return {
    subject: name,
    score: mean(byTrace),
    byTrace: Object.fromEntries(traces.map(({ name: trace }, i) => [trace, byTrace[i]])),
    worstCell: { trace: worst.trace, size: worst.size, points: 100 * loss(worst, name) },
  };
}

function loss({ lru, hitRatios }, name) {
  return hitRatios[name] - lru;
}

function mean(values) {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

function report() {
  const percent = (value) => (100 * value).toFixed(1);
  console.log('\nHit ratio, %\n');
  console.log(
    plainTable(
      ['trace', 'share', 'size', 'LRU', ...names, 'OPT'],
      cells.map((cell) => [
        cell.trace,
        `${100 * cell.share} %`,
        cell.size,
        percent(cell.lru),
        ...names.map((name) => percent(cell.hitRatios[name])),
        percent(cell.opt),
      ]),
    ),
  );
  console.log('\n(policy − LRU) / (OPT − LRU), %, mean over the sizes\n');
  console.log(
    plainTable(
      ['trace', ...names],
      traces.map(({ name }) => [name, ...summary.map(({ byTrace }) => percent(byTrace[name]))]),
    ),
  );
  console.log('\nSCORE: mean over the traces; worst cell against LRU, percentage points\n');
  console.log(
    plainTable(
      ['subject', 'score, %', 'worst', 'where'],
      summary.map(({ subject, score, worstCell: { points, trace, size } }) => [
        subject,
        percent(score),
        points.toFixed(2),
        `${trace} at ${size}`,
      ]),
    ),
  );
  if (cpu.length === 0) return;
  console.log('\nCPU time on Zipf 1.0 over ten times as many keys, medians\n');
  console.log(
    plainTable(
      ['workload', 'entries', 'subject', 'ns/operation', '× lru-cache', 'hit ratio, %'],
      cpu.map((row) => [
        row.workload,
        row.size,
        row.subject,
        row.nsPerOperation.median.toFixed(0),
        row.timesLruCache.toFixed(2),
        percent(row.hitRatio),
      ]),
    ),
  );
}

async function save() {
  const file = fileURLToPath(new URL('../results/hit-ratio.json', import.meta.url));
  mkdirSync(new URL('../results/', import.meta.url), { recursive: true });
  const packages = [...new Set(names.map((name) => SUBJECTS[name].from))];
  const results = {
    date: today(),
    machine: machine(),
    versions: Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
    method: {
      traces: folder ? 'given as an argument' : 'synthetic, seeded',
      replay: 'get; on a miss, set. Hits are counted, so the hit ratios are exact and repeatable',
      score:
        'mean over traces of the mean over sizes of (hits − LRU) / (OPT − LRU); OPT is Belady with bypass; 0 where OPT − LRU is below 0.01 points',
      cpu: 'a child process for each subject, one warm-up, five interleaved rounds, CPU time, medians; mixed: nine reads to one write; fill: what is missed is put in',
    },
    summary,
    cells,
    cpu,
  };
  await writeFormatted(file, JSON.stringify(results));
}
