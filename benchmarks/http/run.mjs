/**
 * Measures LocMem's response cache against node:http, the frameworks and its peers:
 *
 *     node benchmarks/http/run.mjs [--quick] [--rounds 9] [--only hot,locmem,node] [--experiments] [--out file]
 *
 * `--only` takes ids of scenarios and names or ids of subjects, or the beginning of either; the
 * baselines always take part. `--experiments` adds those. A run of some scenarios leaves the results of the others as they are; a
 * run of some subjects, or with experiments, and `--quick`, a smoke test whose figures mean nothing, write none. Needs the
 * built packages (`pnpm build`); NGINX_BINARY names an nginx that is not on the path.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Child } from '../harness/children.mjs';
import { choose } from '../harness/choose.mjs';
import { canPin, pinSelf } from '../harness/cores.mjs';
import { machine, today, versionOf } from '../harness/machine.mjs';
import { plainTable, writeFormatted } from '../harness/output.mjs';
import { rounded, spreadOf } from '../harness/spread.mjs';
import { shortcomingOf } from './check.mjs';
import { Crowd } from './load.mjs';
import { tableOf } from './report.mjs';
import { scenarios } from './scenarios/index.mjs';
import { frameworkOf, subjects, takesPart } from './subjects/index.mjs';
import { BASELINE } from './targets.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const SERVER = join(HERE, 'server.mjs');

const SERVER_CORE = 0;
const CLIENT_CORE = 1;
const CONNECTIONS = 32;

/** Warming up takes CPU time of the server, and no longer than some times that on the clock. */
const FULL = { rounds: 9, runs: 3, warmCpuMs: 1_500, patience: 3, roundMs: 240, baseMs: 80 };
const QUICK = { rounds: 1, runs: 1, warmCpuMs: 5, patience: 4, roundMs: 20, baseMs: 10 };

const { values: args } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string' },
    experiments: { type: 'boolean', default: false },
    out: { type: 'string', default: join(HERE, '../results/http.json') },
  },
});
const plan = { ...(args.quick ? QUICK : FULL) };
if (args.rounds) plan.rounds = Number(args.rounds);

const isStanding = ({ isExperiment }) => !isExperiment;
const standing = [...subjects.values()].filter(isStanding);
const takingPart = (all) => [...all.values()].filter(args.experiments ? () => true : isStanding);
const chosenScenarios = choose(args.only, takingPart(scenarios), ({ id }) => [id]);
const chosenSubjects = choose(args.only, takingPart(subjects), ({ id, name }) => [id, name]);
const isWritten = !args.quick && !args.experiments && chosenSubjects.length === standing.length;

pinSelf(CLIENT_CORE);
const results = isWritten ? earlierResults() : {};
for (const scenario of chosenScenarios) {
  const participants = participantsOf(scenario);
  const result = scenario.observe
    ? { rows: await observe(scenario, participants) }
    : await loadInGroups(scenario, participants);
  results[scenario.id] = { date: today(), ...result };
  const { header, cells } = tableOf(scenario, result.rows, subjects);
  console.log(`\n${scenario.group}: ${scenario.title}\n\n${plainTable(header, cells)}`);
  for (const { subject, why } of result.absent ?? []) {
    console.log(`not here: ${subjects.get(subject).name} ${why}`);
  }
  if (isWritten) await writeFormatted(args.out, JSON.stringify(report()));
}

/** Every scenario is a run of its own: ratios are only made within one. */
function earlierResults() {
  return existsSync(args.out) ? JSON.parse(readFileSync(args.out, 'utf8')).scenarios : {};
}

// ---- who takes part ----------------------------------------------------------------------------

/** Who is chosen, and what they are compared with. */
function participantsOf(scenario) {
  const wanted = new Set(scenario.observe ? [] : [BASELINE]);
  for (const { id, uncached } of chosenSubjects) {
    wanted.add(id);
    if (scenario.isMiss && uncached) wanted.add(uncached);
  }
  return [...subjects.values()].filter(
    (subject) => wanted.has(subject.id) && takesPart(scenario, subject),
  );
}

/** A server in a process of its own, asked by name for what it knows. */
async function serve(scenario, subject) {
  const child = new Child(SERVER, { scenario: scenario.id, subject: subject.id }, SERVER_CORE);
  const ask = (what) => () => child.ask({ what });
  return {
    subject,
    port: await child.ask({ what: 'start' }),
    cpuMicros: ask('cpu'),
    heldBytes: ask('held'),
    runs: ask('runs'),
    async end() {
      await child.ask({ what: 'close' });
      child.end();
    },
  };
}

// ---- loaded scenarios --------------------------------------------------------------------------

/**
 * By framework, each beside the baseline. With all of them on one core, twenty in turn, each began every
 * slice of its time with caches that the others had emptied, and the longer a path the more it had
 * to fetch again: hits stood some 0.1 lower, misses at twice their cost.
 */
async function loadInGroups(scenario, participants) {
  const groups = new Map();
  for (const subject of participants) {
    const framework = frameworkOf(subject);
    groups.set(framework, [...(groups.get(framework) ?? []), subject]);
  }
  const base = participants.find(({ id }) => id === BASELINE);
  const all = { rows: [], absent: [] };
  for (const group of groups.values()) {
    const members = group.includes(base) ? group : [base, ...group];
    const { rows, absent } = await load(scenario, members);
    const isNew = ({ subject }) => subject !== BASELINE || group.includes(base);
    all.rows.push(...rows.filter(isNew));
    all.absent.push(...absent);
  }
  return all;
}

/**
 * Every server in turn, round after round, and the baseline before and after each: what the machine
 * does besides changes within seconds what a microsecond of CPU time is worth.
 */
async function load(scenario, participants) {
  const servers = [];
  const absent = [];
  try {
    for (const subject of participants) {
      const server = await serve(scenario, subject);
      const why = await shortcomingOf(server, subject, scenario);
      if (why === undefined) servers.push(await warm(scenario, server));
      else {
        absent.push({ subject: subject.id, why });
        await server.end();
      }
    }
    const base = servers.find(({ subject }) => subject.id === BASELINE);
    const rounds = servers.map(() => []);
    for (let round = 0; round < plan.rounds; round++) {
      let before = await timeSlice(scenario, base, plan.baseMs);
      for (const [i, server] of servers.entries()) {
        const us = await timeSlice(scenario, server, plan.roundMs);
        const after = await timeSlice(scenario, base, plan.baseMs);
        rounds[i].push({ us, relative: us / ((before + after) / 2) });
        before = after;
      }
    }
    return { rows: rowsOf(servers, rounds), absent };
  } finally {
    for (const server of servers) {
      server.crowd.close();
      await server.end();
    }
  }
}

async function warm(scenario, server) {
  const crowd = await Crowd.open(server.port, CONNECTIONS);
  const fill = scenario.fill();
  let filled = 0;
  await crowd.send(() => fill[filled++], 200, fill.length);
  const next = scenario.requests();
  const untilCpuUs = (await server.cpuMicros()) + plan.warmCpuMs * 1_000;
  const untilMs = performance.now() + plan.warmCpuMs * plan.patience;
  while (performance.now() < untilMs && (await server.cpuMicros()) < untilCpuUs) {
    await crowd.keepBusy(next, scenario.status, plan.warmCpuMs / 5);
  }
  if (!args.quick) await crowd.send(next, scenario.status, scenario.warmingRequests ?? 0);
  return { ...server, crowd, next };
}

/** @returns CPU microseconds that one request costs the server */
async function timeSlice({ status, isMiss }, server, milliseconds) {
  const { subject, crowd, next, cpuMicros, runs } = server;
  const runsBefore = await runs();
  const cpuBefore = await cpuMicros();
  const requests = await crowd.keepBusy(next, status, milliseconds);
  const cpuUs = (await cpuMicros()) - cpuBefore;
  const made = (await runs()) - runsBefore;
  const expected = subject.caches && !isMiss ? 0 : requests;
  if (made !== expected)
    throw new Error(`${subject.id} ran the handler ${made} times, not ${expected}`);
  return cpuUs / requests;
}

function rowsOf(servers, rounds) {
  return servers.map(({ subject: { id } }, i) => ({
    subject: id,
    perSecond: rounded(spreadOf(rounds[i].map(({ us }) => 1e6 / us))),
    ratio: rounded(spreadOf(rounds[i].map(({ relative }) => 1 / relative))),
    fastestUs: Number(Math.min(...rounds[i].map(({ us }) => us)).toPrecision(4)),
    relative: rounded(rounds[i].map(({ relative }) => relative)),
  }));
}

// ---- observed scenarios ------------------------------------------------------------------------

/** Each time in a new process; the run in the middle by the first of the figures, or the worst of all. */
async function observe(scenario, participants) {
  const rows = [];
  const names = Object.keys(scenario.columns);
  for (const subject of participants) {
    const runs = [];
    for (let run = 0; run < (scenario.runs ?? plan.runs); run++) {
      const server = await serve(scenario, subject);
      try {
        runs.push(await scenario.observe(server));
      } finally {
        await server.end();
      }
    }
    runs.sort((a, b) => a[names[0]] - b[names[0]]);
    const worst = (name) => Math.max(...runs.map((run) => run[name]));
    const figures = scenario.isWorstShown
      ? Object.fromEntries(names.map((name) => [name, worst(name)]))
      : runs[runs.length >> 1];
    rows.push({ subject: subject.id, figures: rounded(figures) });
  }
  return rows;
}

// ---- the results file --------------------------------------------------------------------------

function report() {
  const packages = new Set(standing.flatMap(({ package: name }) => name ?? []));
  return {
    date: today(),
    machine: machine(),
    versions: Object.fromEntries([...packages].sort().map((name) => [name, versionOf(name)])),
    method: {
      time: 'requests per CPU-second: CPU time of the server process (user and system, all threads) by `process.cpuUsage`, not wall time, for other work ran on the machine; of nginx, its time on the CPU as the kernel counts it',
      place: canPin
        ? 'every server on one core, the client on another'
        : 'server and client were not kept apart: no taskset, or one core',
      load: `${CONNECTIONS} connections that stay open, one request under way on each, no pipelining; raw sockets and prepared bytes`,
      rounds: `${plan.rounds} rounds of ${plan.roundMs} ms, interleaved: each server in turn, round after round, the servers of one framework at a time, after ${plan.warmCpuMs} ms of CPU time of warming up`,
      figures:
        'median over the rounds, smallest and largest; ratios are made with the baseline timed just before and just after, then their median is taken; what is compared with another subject is compared by these ratios',
      checks:
        'before it is loaded, each must answer with the right bytes without running the handler; in every round, runs of the handler are counted',
      noise: '`node:http` runs twice, under two names, to show it',
    },
    subjects: Object.fromEntries(
      standing.map(({ id, name, package: from, caches, uncached }) => [
        id,
        { name, package: from, caches, uncached },
      ]),
    ),
    scenarios: results,
  };
}
