/**
 * Renders the results as a page:
 *
 *     node benchmarks/engine/report.mjs [results.json] [page.md]
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { figure, markdownTable, writeFormatted } from '../harness/output.mjs';
import { scenarios } from './scenarios/index.mjs';
import { judge } from './targets.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));

/** The rows of a scenario, the best first. */
export function tableOf(scenario, rows, subjects) {
  const nameOf = (id) => subjects.get(id).name;
  const base = scenario.baseline && `× ${nameOf(scenario.baseline)}`;
  return scenario.prepare
    ? timedTable(rows, nameOf, base)
    : observedTable(scenario, rows, nameOf, base);
}

function timedTable(rows, nameOf, base) {
  const sorted = [...rows].sort((a, b) => a.ns.median - b.ns.median);
  return {
    header: ['', 'ns', '(spread)', base, '(spread)'],
    cells: sorted.map(({ subject, ns, ratio }) => [
      nameOf(subject),
      ...[figure(ns.median), range(ns), figure(ratio.median), range(ratio)],
    ]),
  };
}

function observedTable({ columns, key, isMoreBetter }, rows, nameOf, base) {
  const names = Object.keys(columns);
  const sorted = [...rows].sort((a, b) => a.figures[key] - b.figures[key]);
  if (isMoreBetter) sorted.reverse();
  return {
    header: ['', ...Object.values(columns), ...(base ? [base] : [])],
    cells: sorted.map(({ subject, figures, ratio }) => [
      nameOf(subject),
      ...names.map((name) => figure(figures[name])),
      ...(base ? [figure(ratio.median)] : []),
    ]),
  };
}

function range({ min, max }) {
  return `${figure(min)} – ${figure(max)}`;
}

function render(results) {
  const subjects = new Map(Object.entries(results.subjects));
  return [
    '# What an operation costs',
    'Generated from `benchmarks/results/engine.json` by `benchmarks/engine/report.mjs`. What a cache buys, its hit ratio, is another measurement.',
    place(results),
    '## Targets',
    targetTable(results),
    ...sections(results, subjects),
    '## What the caches promise',
    'Checked in each of them before anything is timed.',
    promiseTable(results),
    '## How it is measured',
    methodList(results),
    reproduce(),
  ].join('\n\n');
}

function place({ date, machine }) {
  const { cpu, cores, memoryGiB, platform, node, v8 } = machine;
  return `${date}; Node ${node} (V8 ${v8}), ${platform}, ${cpu}, ${cores} cores, ${memoryGiB} GiB, shared with other work. Read ratios within a table; differences under 1.3 × are noise.`;
}

function targetTable(results) {
  const verdict = ({ isMet }) =>
    isMet === undefined ? 'not measured' : isMet ? 'met' : '**not met**';
  const rows = judge(results).map((target) => [
    target.what,
    target.goal,
    figure(target.value),
    verdict(target),
  ]);
  return markdownTable(['LocMem', 'target', 'measured', ''], rows);
}

function* sections(results, subjects) {
  let group;
  for (const scenario of scenarios.values()) {
    const result = results.scenarios[scenario.id];
    if (!result) continue;
    if (scenario.group !== group) yield `## ${(group = scenario.group)}`;
    const { header, cells } = tableOf(scenario, result.rows, subjects);
    yield `### ${capitalised(scenario.title)}`;
    if (scenario.note) yield scenario.note;
    yield markdownTable(header, cells.map(emphasised));
  }
}

/** Our own rows are looked for. */
function emphasised([name, ...cells]) {
  return [name.startsWith('LocMem') ? `**${name}**` : name, ...cells];
}

function capitalised(title) {
  return title[0].toUpperCase() + title.slice(1);
}

function promiseTable({ subjects, versions }) {
  const isolation = { true: 'yes', false: 'no', readers: 'readers only' };
  const rows = Object.values(subjects).map(
    ({ name, package: from, isolates, expires, keepsDates }) => [
      name,
      versions[from] ?? '–',
      isolation[isolates],
      expires ? 'yes' : 'no',
      keepsDates ? 'yes' : 'no',
    ],
  );
  return markdownTable(['', 'version', 'isolates', 'expires', 'a Date stays a Date'], rows);
}

function methodList({ method }) {
  return Object.values(method)
    .map((sentence) => `- ${capitalised(sentence)}.`)
    .join('\n');
}

function reproduce() {
  return [
    '```sh',
    'pnpm build',
    'pnpm bench:engine                                  # all of it: some half an hour',
    'pnpm bench:engine --quick                          # does everything work?',
    'pnpm bench:engine --only fresh-hit,locmem,lru-cache  # some of it, only printed',
    'node benchmarks/engine/report.mjs                  # this page anew',
    '```',
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [
    source = join(HERE, '../results/engine.json'),
    page = join(HERE, '../../docs/benchmarks-engine.md'),
  ] = process.argv.slice(2);
  await writeFormatted(page, render(JSON.parse(readFileSync(source, 'utf8'))));
}
