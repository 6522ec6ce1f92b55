/** `docs/benchmarks-nestjs.md` from `benchmarks/results/nestjs.json`: `node benchmarks/nestjs/report.mjs` */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { figure, markdownTable, writeFormatted } from '../harness/output.mjs';
import { emphasised, methodList, placeOf, targetTable } from '../harness/page.mjs';
import { judge } from '../harness/targets.mjs';
import { targets } from './targets.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const results = JSON.parse(readFileSync(join(HERE, '../results/nestjs.json'), 'utf8'));
const { figures, versions } = results;

const GROUPS = [
  ['sync', 'A method that returns at once', '× LocMemCache.get, the key at hand'],
  ['async', 'An async method', '× the method alone'],
  ['request', 'Once in a request', '× the method alone, ten fields'],
];

const spread = ({ min, max }) => `${figure(min)} – ${figure(max)}`;

const methodTables = GROUPS.map(([group, title, ratio]) => {
  const rows = figures.methods.filter((row) => row.group === group);
  const sorted = rows.toSorted((a, b) => a.ns.median - b.ns.median);
  const cells = sorted.map(({ name, ns, ratio: times }) =>
    emphasised([name, figure(ns.median), spread(ns), figure(times.median), spread(times)]),
  );
  return `### ${title}\n\n${markdownTable(['', 'ns', '(spread)', ratio, '(spread)'], cells)}`;
});

const pageRows = figures.pages.map(({ name, platform, perSecond, ratio }) =>
  emphasised([
    platform === 'node' ? name : `${name} (${platform})`,
    figure(perSecond.median),
    spread(perSecond),
    figure(ratio.median),
    spread(ratio),
  ]),
);

await writeFormatted(
  join(HERE, '../../docs/benchmarks-nestjs.md'),
  `# What a hit costs in NestJS

Generated from \`benchmarks/results/nestjs.json\` by \`benchmarks/nestjs/report.mjs\`.

${placeOf(results, 'Read ratios within a table; differences under 1.3 × are noise.')}

## Targets

${targetTable(judge(targets, figures))}

A memoised method does something, at the very least it makes what it returns: ten fields here. One that only hands out a field is
no call at all once it is compiled; it stands beside it, and no memo comes near it, for which request one is in must be looked up.

## Pages

Requests per second of the server's CPU time, × node:http without a cache that makes the same page.

${markdownTable(['', 'per CPU-second', '(spread)', '× node:http', '(spread)'], pageRows)}

\`@CachePage\` gives hits after Nest's middlewares, guards and outer interceptors have run; with
\`front: true\`, Nest does not wake up. An application that uses \`@RequestMemo\`, \`@CacheVersion\` or
\`@CacheKeyPrefix\` pays for the scope of each request on top, by AsyncLocalStorage: the rows “with scopes”.

## Methods

${methodTables.join('\n\n')}

## Method

${methodList(results)}
- Versions: ${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}.
`,
);
