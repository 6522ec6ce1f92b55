/**
 * Measures the decorators and pages of `@locmem/nestjs` against Nest alone and its peers:
 *
 *     node benchmarks/nestjs/run.mjs [--quick] [--only methods|pages] [--rounds 9]
 *
 * `--quick` is a smoke test whose figures mean nothing, and writes none. Needs the built packages
 * (`pnpm build`).
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Child } from '../harness/children.mjs';
import { canPin, pinSelf } from '../harness/cores.mjs';
import { machine, today, versionOf } from '../harness/machine.mjs';
import { figure, plainTable, writeFormatted } from '../harness/output.mjs';
import { rounded, spreadOf } from '../harness/spread.mjs';
import { judge } from '../harness/targets.mjs';
import { Crowd, requestBytes } from '../http/load.mjs';
import { subjects as methods } from './methods.mjs';
import { PATH, subjects as pages } from './pages.mjs';
import { targets } from './targets.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const OUT = join(HERE, '../results/nestjs.json');
const SERVER_CORE = 0;
const CLIENT_CORE = 1;
const CONNECTIONS = 32;
const FULL = { rounds: 9, warmMs: 1_500, roundMs: 300 };
const QUICK = { rounds: 1, warmMs: 20, roundMs: 20 };

const { values: args } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string' },
  },
});
const plan = { ...(args.quick ? QUICK : FULL) };
if (args.rounds) plan.rounds = Number(args.rounds);

pinSelf(CLIENT_CORE);
const figures = existsSync(OUT) ? JSON.parse(readFileSync(OUT, 'utf8')).figures : {};
if (args.only !== 'pages') figures.methods = await measureMethods();
if (args.only !== 'methods') figures.pages = await measurePages();

for (const { what, goal, value, isMet } of judge(targets, figures)) {
  console.log(`${isMet ? 'met    ' : 'NOT MET'} ${what}: ${figure(value)} (${goal})`);
}
if (!args.quick) await writeFormatted(OUT, JSON.stringify(report()));

// ---- methods -----------------------------------------------------------------------------------

async function measureMethods() {
  const children = methods.map(
    ({ name }) => new Child(join(HERE, 'method-child.mjs'), { name }, SERVER_CORE),
  );
  try {
    for (const child of children) await child.ask({ what: 'warm', milliseconds: plan.warmMs });
    const rounds = methods.map(() => []);
    for (let round = 0; round < plan.rounds; round++) {
      for (const [i, child] of children.entries()) {
        rounds[i].push(await child.ask({ what: 'round', milliseconds: plan.roundMs }));
      }
    }
    const rows = methods.map(({ name, group, package: from, isOurs }, i) => {
      const base = rounds[methods.findIndex((one) => one.group === group)];
      const ratio = rounded(spreadOf(rounds[i].map((ns, round) => ns / base[round])));
      return { name, group, package: from, isOurs, ns: rounded(spreadOf(rounds[i])), ratio };
    });
    print(rows, 'ns', ({ ns }) => ns);
    return rows;
  } finally {
    for (const child of children) child.end();
  }
}

// ---- pages -------------------------------------------------------------------------------------

async function measurePages() {
  const servers = [];
  const bytes = requestBytes(PATH);
  const next = () => bytes;
  try {
    for (const subject of pages) {
      const child = new Child(join(HERE, 'page-child.mjs'), { id: subject.id }, SERVER_CORE);
      const crowd = await Crowd.open(await child.ask({ what: 'start' }), CONNECTIONS);
      servers.push({ subject, child, crowd });
      await crowd.send(next, 200, CONNECTIONS);
      await crowd.keepBusy(next, 200, plan.warmMs * 2);
    }
    const rounds = servers.map(() => []);
    for (let round = 0; round < plan.rounds; round++) {
      for (const [i, server] of servers.entries()) rounds[i].push(await perRequest(server, next));
    }
    const [base] = rounds;
    const rows = servers.map(({ subject: { id, name, platform } }, i) => ({
      ...{ id, name, platform },
      perSecond: rounded(spreadOf(rounds[i].map((us) => 1e6 / us))),
      ratio: rounded(spreadOf(rounds[i].map((us, round) => base[round] / us))),
    }));
    print(rows, 'requests per CPU-second', ({ perSecond }) => perSecond);
    return rows;
  } finally {
    for (const { crowd, child } of servers) {
      crowd.close();
      child.end();
    }
  }
}

/** @returns CPU microseconds of the server for each request */
async function perRequest({ subject, child, crowd }, next) {
  const runsBefore = await child.ask({ what: 'runs' });
  const cpuBefore = await child.ask({ what: 'cpu' });
  const requests = await crowd.keepBusy(next, 200, plan.roundMs);
  const cpuUs = (await child.ask({ what: 'cpu' })) - cpuBefore;
  const runs = (await child.ask({ what: 'runs' })) - runsBefore;
  const expected = subject.caches ? 0 : requests;
  if (runs !== expected) {
    throw new Error(`${subject.id} ran the handler ${runs} times, not ${expected}`);
  }
  return cpuUs / requests;
}

// ---- results -----------------------------------------------------------------------------------

function print(rows, unit, of) {
  const cells = rows.map((row) => {
    const { median, min, max } = of(row);
    const where = row.platform ? `${row.name} (${row.platform})` : row.name;
    return [where, figure(median), `${figure(min)} – ${figure(max)}`, figure(row.ratio.median)];
  });
  console.log(`\n${plainTable(['', unit, '(spread)', 'ratio'], cells)}\n`);
}

function report() {
  const packages = ['@nestjs/core', '@nestjs/cache-manager', 'cache-manager'];
  const peers = methods.flatMap(({ package: name }) => name ?? []);
  return {
    date: today(),
    machine: machine(),
    versions: Object.fromEntries(
      [...new Set([...packages, ...peers])].sort().map((name) => [name, versionOf(name)]),
    ),
    method: {
      time: 'CPU time of the process that does the work (user and system, all threads) by `process.cpuUsage`, not wall time, for other work ran on the machine',
      place: canPin
        ? 'every subject in a process of its own on one core, the client of the pages on another'
        : 'no taskset, or one core: subjects and client were not kept apart',
      methods:
        'a service method that makes an object of ten fields from its number; it was called with 100 numbers, and is called with them again: each call is a hit, which is checked by value and by counting its runs',
      pages: `GET of one URL that answers with ten of these objects as JSON; ${CONNECTIONS} connections that stay open, one request under way on each; in every round, runs of the handler are counted`,
      rounds: `${plan.rounds} rounds of ${plan.roundMs} ms, interleaved: each subject in turn, round after round, after warming up; median, smallest and largest; ratios are made within a round`,
    },
    figures,
  };
}
