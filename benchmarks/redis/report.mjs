/**
 * Renders the results as a page:
 *
 *     node benchmarks/redis/report.mjs [results.json] [page.md]
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { figure, markdownTable, writeFormatted } from '../harness/output.mjs';
import {
  capitalised,
  emphasised,
  methodList,
  placeOf,
  range,
  targetTable,
} from '../harness/page.mjs';
import { judge } from '../harness/targets.mjs';
import { scenarios } from './scenarios.mjs';
import { targets } from './targets.mjs';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const [input = path('../results/redis.json'), output = path('../../docs/benchmarks-redis.md')] =
  process.argv.slice(2);
const results = JSON.parse(readFileSync(input, 'utf8'));
const nameOf = (subject) => results.subjects[subject].name;

const WALL = ['calls/s', '(spread)', '× its bare client', '(spread)'];

function section({ id, title, about, baseline, isRemote }) {
  const rows = results.scenarios[id]?.rows;
  if (!rows) return [];
  const isTimed = rows[0].ns !== undefined;
  const header = isTimed
    ? ['', 'ns', '(spread)', `× ${nameOf(baseline)}`, '(spread)', ...(isRemote ? WALL : [])]
    : ['', 'loader runs'];
  const cells = isTimed
    ? [...rows]
        .sort((a, b) => a.ns.median - b.ns.median)
        .map(({ subject, ns, ratio, perSecond, toBare }) => [
          nameOf(subject),
          ...[figure(ns.median), range(ns), figure(ratio.median), range(ratio)],
          ...(isRemote ? [figure(perSecond.median), range(perSecond)] : []),
          ...(isRemote
            ? toBare
              ? [figure(toBare.perSecond.median), range(toBare.perSecond)]
              : ['', '']
            : []),
        ])
    : rows.map(({ subject, figures }) => [nameOf(subject), figure(figures.runs)]);
  return [`## ${capitalised(title)}`, about, markdownTable(header, cells.map(emphasised))];
}

const versions = Object.entries(results.versions).map(([name, version]) => `${name} ${version}`);
await writeFormatted(
  output,
  [
    '# What the way to Redis costs',
    'Generated from `benchmarks/results/redis.json` by `benchmarks/redis/report.mjs`. Where each arrangement ends is in [scaling](scaling.md).',
    placeOf(results, 'Read ratios within a table; differences under 1.3 × are noise.'),
    `Compared: ${versions.join(', ')}.`,
    '## Targets',
    targetTable(judge(targets, results)),
    ...scenarios.flatMap(section),
    '## How it is measured',
    methodList(results),
    '```sh\nnode benchmarks/redis/run.mjs\nnode benchmarks/redis/report.mjs\n```',
  ].join('\n\n') + '\n',
);
