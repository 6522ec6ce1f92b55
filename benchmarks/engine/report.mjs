/**
 * Renders the results as a page:
 *
 *     node benchmarks/engine/report.mjs [results.json] [page.md]
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { figure, markdownTable, writeFormatted } from '../harness/output.mjs';
import { methodList, placeOf, range, sections, targetTable } from '../harness/page.mjs';
import { judge } from '../harness/targets.mjs';
import { scenarios } from './scenarios/index.mjs';
import { Figures, targets } from './targets.mjs';

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

function render(results) {
  const subjects = new Map(Object.entries(results.subjects));
  const nameOf = (subject) => subjects.get(subject).name;
  const table = (scenario, { rows }) => tableOf(scenario, rows, subjects);
  return [
    '# What an operation costs',
    'Generated from `benchmarks/results/engine.json` by `benchmarks/engine/report.mjs`. What a cache buys, its hit ratio, is another measurement.',
    placeOf(results, 'Read ratios within a table; differences under 1.3 × are noise.'),
    '## Targets',
    targetTable(judge(targets, new Figures(results))),
    ...sections(scenarios.values(), results.scenarios, table, nameOf),
    '## What the caches promise',
    'Checked in each of them before anything is timed.',
    promiseTable(results),
    '## How it is measured',
    methodList(results),
    reproduce(),
  ].join('\n\n');
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
