/**
 * Measures LocMem against Map and its peers:
 *
 *     node benchmarks/engine/run.mjs [--quick] [--rounds 9] [--only warm-hit,locmem] [--write] [--out file]
 *
 * `--only` takes ids of scenarios and names or ids of subjects, or the beginning of either; the
 * baseline always takes part. A run of some scenarios leaves the results of the others as they are. A
 * run of some subjects writes none, or with `--write` tables in which no others stand: ratios are made
 * within one run only. `--quick`, a smoke test whose figures mean nothing, never writes. Needs the built
 * packages (`pnpm build`).
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Child } from '../harness/children.mjs';
import { choose } from '../harness/choose.mjs';
import { machine, today, versionOf } from '../harness/machine.mjs';
import { plainTable, writeFormatted } from '../harness/output.mjs';
import { rounded, spreadOf } from '../harness/spread.mjs';
import { tableOf } from './report.mjs';
import { scenarios, takesPart } from './scenarios/index.mjs';
import { allSubjects } from './subjects/index.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const CHILD = join(HERE, 'child.mjs');

const FULL = { rounds: 9, runs: 2, warmMs: 300, roundMs: 150, scale: 1 };
const QUICK = { rounds: 1, runs: 1, warmMs: 5, roundMs: 2, scale: 0.01 };
/** Those of each kind that a smoke test starts in every scenario; all of them are checked. */
const QUICK_SUBJECTS = ['map/', 'lru-cache/', 'catbox-memory/', 'locmem/'];

/** So many subjects between two readings of the baseline: the machine changes its speed within a round. */
const GROUP = 3;

const { values: args } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
    out: { type: 'string', default: join(HERE, '../results/engine.json') },
  },
});
const plan = { ...(args.quick ? QUICK : FULL) };
if (args.rounds) plan.rounds = Number(args.rounds);

const subjects = await allSubjects();
const chosenScenarios = choose(args.only, [...scenarios.values()], ({ id }) => [id]);
const chosenSubjects = choose(args.only, [...subjects.values()], ({ id, name }) => [id, name]);

const isWritten = !args.quick && (args.write || chosenSubjects.length === subjects.size);

const checked = await checkAll();
const results = isWritten ? earlierResults() : {};
for (const scenario of chosenScenarios) {
  const participants = participantsOf(scenario);
  if (!participants.length) continue;
  const rows = scenario.prepare
    ? await time(scenario, participants)
    : await observe(scenario, participants);
  results[scenario.id] = { date: today(), rounds: plan.rounds, baseline: scenario.baseline, rows };
  const { header, cells } = tableOf(scenario, rows, subjects);
  console.log(`\n${scenario.group}: ${scenario.title}\n\n${plainTable(header, cells)}`);
  if (isWritten) await writeFormatted(args.out, JSON.stringify(report()));
}

// ---- what there is already ---------------------------------------------------------------------

/** Every scenario is a run of its own: ratios are only made within one. */
function earlierResults() {
  return existsSync(args.out) ? JSON.parse(readFileSync(args.out, 'utf8')).scenarios : {};
}

// ---- who and what ------------------------------------------------------------------------------

function participantsOf(scenario) {
  const admitted = [...subjects.values()].filter((subject) => takesPart(scenario, subject));
  return admitted.filter((subject) => {
    if (subject.id === scenario.baseline) return true;
    if (!chosenSubjects.includes(subject)) return false;
    return !args.quick || QUICK_SUBJECTS.some((start) => subject.id.startsWith(start));
  });
}

function start(scenario, subject) {
  return new Child(CHILD, { scenario: scenario?.id, subject: subject.id, scale: plan.scale });
}

/** A cache that does not do what it claims is not measured: the run ends. */
async function checkAll() {
  const found = await Promise.all(
    [...subjects.values()].map(async (subject) => {
      const child = start(undefined, subject);
      try {
        return [subject.id, await child.ask({ what: 'check' })];
      } finally {
        child.end();
      }
    }),
  );
  console.log(`${found.length} subjects do what they claim`);
  return Object.fromEntries(found);
}

// ---- timed scenarios ---------------------------------------------------------------------------

function groupsOf(all) {
  return Array.from({ length: Math.ceil(all.length / GROUP) }, (_, group) =>
    all.slice(group * GROUP, (group + 1) * GROUP),
  );
}

/**
 * Every subject in turn, round after round, so that what the machine does besides hits them all. Ratios are to
 * the readings of the baseline just before and after.
 */
async function time(scenario, participants) {
  const { rounds, warmMs, roundMs } = plan;
  const children = participants.map((subject) => start(scenario, subject));
  try {
    for (const child of children) await child.ask({ what: 'warm up', milliseconds: warmMs });
    const ns = participants.map(() => []);
    const ratios = participants.map(() => []);
    const baseline = participants.findIndex(({ id }) => id === scenario.baseline);
    const measure = async (i) => {
      const reading = await children[i].ask({ what: 'round', milliseconds: roundMs });
      ns[i].push(reading);
      return reading;
    };
    for (let round = 0; round < rounds; round++) {
      let before = await measure(baseline);
      for (const group of groupsOf([...participants.keys()].filter((i) => i !== baseline))) {
        const readings = [];
        for (const i of group) readings.push([i, await measure(i)]);
        const after = await measure(baseline);
        for (const [i, reading] of readings) ratios[i].push((2 * reading) / (before + after));
        ratios[baseline].push(1);
        before = after;
      }
    }
    return participants.map(({ id }, i) => ({
      subject: id,
      ns: rounded(spreadOf(ns[i])),
      ratio: rounded(spreadOf(ratios[i])),
    }));
  } finally {
    for (const child of children) child.end();
  }
}

// ---- observed scenarios ------------------------------------------------------------------------

/** Each time in a new process. */
async function observe(scenario, participants) {
  const runs = participants.map(() => []);
  for (let run = 0; run < plan.runs; run++) {
    for (const [i, subject] of participants.entries()) {
      const child = start(scenario, subject);
      try {
        runs[i].push(await child.ask({ what: 'observe' }));
      } finally {
        child.end();
      }
    }
  }
  const figures = runs.map((ofSubject) => bestOf(scenario, ofSubject));
  const base = figures[participants.findIndex(({ id }) => id === scenario.baseline)];
  return participants.map(({ id }, i) => ({
    subject: id,
    figures: rounded(figures[i]),
    ratio: base && rounded({ median: figures[i][scenario.key] / base[scenario.key] }),
  }));
}

function bestOf({ best }, runs) {
  return Object.fromEntries(
    Object.entries(best).map(([name, which]) => [
      name,
      Math[which](...runs.map((run) => run[name])),
    ]),
  );
}

// ---- the results file --------------------------------------------------------------------------

/** Not the same of all, where some were run again. */
function roundsTaken() {
  const counts = Object.values(results).map(({ rounds }) => rounds);
  return [...new Set(counts)].sort((a, b) => a - b).join(' or ');
}

function report() {
  const packages = new Set([...subjects.values()].flatMap(({ package: name }) => name ?? []));
  return {
    date: today(),
    machine: machine(),
    versions: Object.fromEntries([...packages].sort().map((name) => [name, versionOf(name)])),
    method: {
      time: 'CPU time of the process (user and system, all threads), not wall time: other work ran on the machine',
      processes: 'one process for each subject and scenario',
      rounds: `${roundsTaken()} rounds, interleaved: each subject in turn, round after round; ${plan.roundMs} ms each after ${plan.warmMs} ms of warming up and a full garbage collection`,
      figures:
        'median over the rounds, smallest and largest; the baseline is read before and after every three subjects, and ratios are to the mean of the two',
      observed: `memory, stalls and stampedes: ${plan.runs} runs, each in a new process; the better one`,
      noise: 'differences under 1.3 times are noise; Map runs twice, under two names, to show it',
    },
    subjects: Object.fromEntries(
      [...subjects.values()].map(({ id, name, package: from, isolates, expires }) => [
        id,
        { name, package: from, isolates, expires, ...checked[id] },
      ]),
    ),
    scenarios: results,
  };
}
