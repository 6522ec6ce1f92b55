/**
 * What the way to a server costs, and what a front saves:
 *
 *     node benchmarks/redis/run.mjs [--only get,set] [--processes 2] [--rounds 5] [--milliseconds 250]
 *
 * A redis-server of its own on the loopback interface; each subject in processes of its own; rounds in turn.
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
    processes: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '5' },
    milliseconds: { type: 'string', default: '250' },
    output: { type: 'string' },
  },
});
const processes = Number(values.processes);
const rounds = Number(values.rounds);
const milliseconds = Number(values.milliseconds);
/** For the compiler. */
const WARM_UP_MS = 800;
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
    rounds: `${processes * rounds} rounds of ${milliseconds} ms, all subjects of a scenario in turn in each, forwards and backwards by turns; the median, and the ends`,
    ratios:
      'ratios: of each round, then their median. What ran in the same tenths of a second can be compared; on a shared machine the columns by themselves cannot',
    processes: `every subject in ${processes} processes of its own, one after the other, each over a connection of its own to one redis-server without persistence: two processes of the same code may differ by a tenth, by how the compiler took it`,
    bare: 'the bare client does what an application would do without us: it sends the same commands with the same expiry, by its own methods, and turns the value into JSON and back',
    check: 'before it is timed, every subject gives back what was set',
  },
  scenarios: {},
};

try {
  for (const scenario of choose(values.only, scenarios, ({ id }) => [id])) {
    const rows = scenario.prepare ? await timed(scenario) : await observed(scenario);
    results.scenarios[scenario.id] = { rows };
    print(scenario, rows);
  }
} finally {
  await server.stop();
}
if (!values.only || values.output) {
  writeFileSync(values.output ?? RESULTS, `${JSON.stringify(results, null, 2)}\n`);
}

/** Each of the scenario's subjects in a process, as long as `work` takes. */
async function withChildren({ id, subjects }, work) {
  const children = subjects.map((subject) => ({
    subject,
    child: new Child(CHILD, { subject, scenario: id, url: server.url }),
  }));
  try {
    await work(children);
  } finally {
    for (const { child } of children) child.end();
  }
}

async function timed(scenario) {
  const { subjects: ids, baseline, isRemote } = scenario;
  const samples = Object.fromEntries(ids.map((id) => [id, { ns: [], perSecond: [] }]));
  const round = async ({ subject, child }) => {
    const { ns, perSecond } = samples[subject];
    if (isRemote) {
      const both = await child.ask({ what: 'loaded round', milliseconds });
      ns.push(both.ns);
      perSecond.push(both.perSecond);
    } else {
      ns.push(await child.ask({ what: 'round', milliseconds }));
    }
  };
  for (let process = 0; process < processes; process++) {
    await withChildren(scenario, async (children) => {
      for (const { child } of children) {
        await child.ask({ what: 'warm up', milliseconds: WARM_UP_MS });
      }
      for (let turn = 0; turn < rounds; turn++) {
        for (const child of turn % 2 ? children.toReversed() : children) await round(child);
      }
    });
  }
  return ids.map((id) => rowOf(id, samples, baseline));
}

function rowOf(subject, samples, baseline) {
  const { ns, perSecond } = samples[subject];
  const { bare } = subjects[subject];
  const isRemote = perSecond.length > 0;
  return {
    subject,
    ...(isRemote && { perSecond: rounded(spreadOf(perSecond)) }),
    ns: rounded(spreadOf(ns)),
    ratio: byRounds(ns, samples[baseline].ns),
    ...(isRemote &&
      bare && {
        toBare: {
          ns: byRounds(ns, samples[bare].ns),
          perSecond: byRounds(perSecond, samples[bare].perSecond),
        },
      }),
  };
}

function byRounds(ours, others) {
  return rounded(spreadOf(ours.map((sample, round) => sample / others[round])));
}

async function observed(scenario) {
  const rows = [];
  await withChildren(scenario, async (children) => {
    for (const { subject, child } of children) {
      rows.push({ subject, figures: await child.ask({ what: 'observe' }) });
    }
  });
  return rows;
}

function print({ title, baseline }, rows) {
  const cells = rows.map(({ subject, ns, ratio, perSecond, toBare, figures }) => [
    subjects[subject].name,
    ...(ns ? [figure(ns.median), figure(ratio.median)] : Object.values(figures)),
    ...(perSecond ? [figure(perSecond.median), figure(toBare?.perSecond.median)] : []),
  ]);
  const header = baseline ? ['', 'ns', `× ${subjects[baseline].name}`] : ['', 'loader runs'];
  if (rows[0].perSecond) header.push('calls/s', '× its bare client');
  console.log(`\n${title}\n${plainTable(header, cells)}`);
}
