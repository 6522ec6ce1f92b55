/**
 * What the way to a server costs, and what a front saves:
 *
 *     node benchmarks/redis/run.mjs [--only get,set] [--rounds 7] [--milliseconds 300]
 *
 * A redis-server of its own on the loopback interface; each subject in a process of its own; rounds in turn.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureRedisServer, startRedisServer } from '../../scripts/redis-server.mjs';
import { Child } from '../harness/children.mjs';
import { choose } from '../harness/choose.mjs';
import { machine, today, versionOf } from '../harness/machine.mjs';
import { figure, plainTable } from '../harness/output.mjs';
import { rounded, spreadOf } from '../harness/spread.mjs';
import { scenarios } from './scenarios.mjs';
import { subjects } from './subjects.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    milliseconds: { type: 'string', default: '300' },
    output: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const milliseconds = Number(values.milliseconds);
const CHILD = fileURLToPath(new URL('child.mjs', import.meta.url));
const RESULTS = fileURLToPath(new URL('../results/redis.json', import.meta.url));

if (!ensureRedisServer()) process.exit(1);
const server = await startRedisServer();
const results = {
  date: today(),
  machine: machine(),
  versions: Object.fromEntries(
    [...new Set(Object.values(subjects).map((subject) => subject.package))]
      .filter((name) => !name.startsWith('@locmem/'))
      .map((name) => [name, versionOf(name)]),
  ),
  subjects: Object.fromEntries(Object.entries(subjects).map(([id, { name }]) => [id, { name }])),
  method: {
    time: 'ns: CPU time of the process that asks, all its threads: what a call costs who makes it, whatever else the machine does',
    wall: 'calls/s: on the wall, with the server and whatever else runs on the same two cores: the throughput that the targets name; the CPU time is what of it can be measured again',
    rounds: `${rounds} rounds of ${milliseconds} ms, all subjects of a scenario in turn in each; the median, and the ends`,
    processes:
      'every subject in a process of its own, over a connection of its own to one redis-server without persistence',
    check: 'before it is timed, every subject gives back what was set',
  },
  scenarios: {},
};

try {
  for (const scenario of choose(values.only, scenarios, ({ id }) => [id])) {
    const children = scenario.subjects.map((subject) => ({
      subject,
      child: new Child(CHILD, { subject, scenario: scenario.id, url: server.url }),
      samples: [],
      rates: [],
    }));
    try {
      results.scenarios[scenario.id] = {
        rows: scenario.prepare ? await timed(children, scenario) : await observed(children),
      };
    } finally {
      for (const { child } of children) child.end();
    }
    print(scenario, results.scenarios[scenario.id].rows);
  }
} finally {
  await server.stop();
}
if (!values.only || values.output) {
  writeFileSync(values.output ?? RESULTS, `${JSON.stringify(results, null, 2)}\n`);
}

async function timed(children, { baseline, isRemote }) {
  for (const { child } of children) await child.ask({ what: 'warm up', milliseconds });
  for (let round = 0; round < rounds; round++) {
    for (const { child, samples, rates } of children) {
      samples.push(await child.ask({ what: 'round', milliseconds }));
      if (isRemote) rates.push(await child.ask({ what: 'throughput', milliseconds }));
    }
  }
  const base = children.find(({ subject }) => subject === baseline).samples;
  return children.map(({ subject, samples, rates }) => ({
    subject,
    ...(isRemote && { perSecond: rounded(spreadOf(rates)) }),
    ns: rounded(spreadOf(samples)),
    ratio: rounded(spreadOf(samples.map((sample, round) => sample / base[round]))),
  }));
}

async function observed(children) {
  const rows = [];
  for (const { subject, child } of children) {
    rows.push({ subject, figures: await child.ask({ what: 'observe' }) });
  }
  return rows;
}

function print({ title, baseline }, rows) {
  const cells = rows.map(({ subject, ns, ratio, perSecond, figures }) => [
    subjects[subject].name,
    ...(ns ? [figure(ns.median), figure(ratio.median)] : Object.values(figures)),
    ...(perSecond ? [figure(perSecond.median)] : []),
  ]);
  const header = baseline ? ['', 'ns', `× ${subjects[baseline].name}`] : ['', 'loader runs'];
  if (rows[0].perSecond) header.push('calls/s');
  console.log(`\n${title}\n${plainTable(header, cells)}`);
}
