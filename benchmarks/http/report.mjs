/**
 * Renders the results as a page:
 *
 *     node benchmarks/http/report.mjs [results.json] [page.md]
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
  if (scenario.observe) return observedTable(scenario, rows, subjects);
  return scenario.isMiss ? missTable(rows, subjects) : hitTable(rows, subjects);
}

function hitTable(rows, subjects) {
  const sorted = [...rows].sort((a, b) => b.ratio.median - a.ratio.median);
  return {
    header: ['', 'requests per CPU-second', '(spread)', '× node:http', '(spread)'],
    cells: sorted.map(({ subject, perSecond, ratio }) => [
      subjects.get(subject).name,
      ...[figure(perSecond.median), range(perSecond), figure(ratio.median), range(ratio)],
    ]),
  };
}

function missTable(rows, subjects) {
  const figures = new Figures({
    subjects: Object.fromEntries(subjects),
    scenarios: { miss: { rows } },
  });
  const sorted = [...rows].sort((a, b) => b.ratio.median - a.ratio.median);
  return {
    header: ['', 'requests per CPU-second', '(spread)', 'CPU µs added', '× uncached'],
    cells: sorted.map(({ subject, perSecond }) => {
      const { name, uncached } = subjects.get(subject);
      const cost = uncached && [
        figure(figures.added('miss', subject)),
        figure(figures.ratio('miss', subject, uncached)),
      ];
      return [name, figure(perSecond.median), range(perSecond), ...(cost ?? ['', ''])];
    }),
  };
}

function observedTable({ columns }, rows, subjects) {
  const names = Object.keys(columns);
  return {
    header: ['', ...Object.values(columns)],
    cells: rows.map(({ subject, figures }) => [
      subjects.get(subject).name,
      ...names.map((name) => figure(figures[name])),
    ]),
  };
}

function render(results) {
  const subjects = new Map(Object.entries(results.subjects));
  const nameOf = (subject) => subjects.get(subject).name;
  const table = (scenario, { rows }) => tableOf(scenario, rows, subjects);
  return [
    '# What a hit costs',
    'Generated from `benchmarks/results/http.json` by `benchmarks/http/report.mjs`.',
    placeOf(results, 'Read ratios within a table.'),
    '## Targets',
    targetTable(judge(targets, new Figures(results))),
    ...sections(scenarios.values(), results.scenarios, table, nameOf),
    '## Versions',
    markdownTable(['', 'version'], Object.entries(results.versions)),
    '## How it is measured',
    methodList(results),
    reproduce(),
  ].join('\n\n');
}

function reproduce() {
  return [
    '```sh',
    'pnpm build',
    'pnpm bench:http                          # all of it: some twenty minutes',
    'pnpm bench:http --quick                  # does everything work?',
    'pnpm bench:http --only hot,locmem,front  # some of it, only printed',
    'node benchmarks/http/report.mjs          # this page anew',
    '```',
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [
    source = join(HERE, '../results/http.json'),
    page = join(HERE, '../../docs/benchmarks-http.md'),
  ] = process.argv.slice(2);
  await writeFormatted(page, render(JSON.parse(readFileSync(source, 'utf8'))));
}
