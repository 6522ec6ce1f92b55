/** The parts that every page of figures has. */
import { figure, markdownTable } from './output.mjs';

/** When and where; figures without it are nothing. */
export function placeOf({ date, machine }, advice) {
  const { cpu, cores, memoryGiB, platform, node, v8 } = machine;
  return `${date}; Node ${node} (V8 ${v8}), ${platform}, ${cpu}, ${cores} cores, ${memoryGiB} GiB, shared with other work. ${advice}`;
}

/** @param judged what `judge` returned */
export function targetTable(judged) {
  const verdict = ({ isMet }) =>
    isMet === undefined ? 'not measured' : isMet ? 'met' : '**not met**';
  const rows = judged.map((target) => [
    target.what,
    target.goal,
    figure(target.value),
    verdict(target),
  ]);
  return markdownTable(['LocMem', 'target', 'measured', ''], rows);
}

/**
 * A chapter for each group of scenarios that were run, and a table for each of them.
 *
 * @param scenarios with `id`, `group`, `title` and perhaps `note`, in their order
 * @param results by id: whatever `tableOf` reads, and perhaps who is absent, and why
 * @param {(scenario, result) => { header: string[], cells: string[][] }} tableOf
 * @param {(subject: string) => string} nameOf
 */
export function* sections(scenarios, results, tableOf, nameOf) {
  let group;
  for (const scenario of scenarios) {
    const result = results[scenario.id];
    if (!result) continue;
    if (scenario.group !== group) yield `## ${(group = scenario.group)}`;
    const { header, cells } = tableOf(scenario, result);
    yield `### ${capitalised(scenario.title)}`;
    if (scenario.note) yield scenario.note;
    yield markdownTable(header, cells.map(emphasised));
    if (result.absent?.length) yield absentees(result.absent, nameOf);
  }
}

function absentees(absent, nameOf) {
  const reasons = absent.map(({ subject, why }) => `${nameOf(subject)} ${why}`);
  return `Not in the table: ${reasons.join('; ')}.`;
}

export function methodList({ method }) {
  return Object.values(method)
    .map((sentence) => `- ${capitalised(sentence)}.`)
    .join('\n');
}

/** Our own rows are looked for. */
export function emphasised([name, ...cells]) {
  return [name.startsWith('LocMem') ? `**${name}**` : name, ...cells];
}

export function capitalised(title) {
  return title[0].toUpperCase() + title.slice(1);
}

export function range({ min, max }) {
  return `${figure(min)} – ${figure(max)}`;
}
