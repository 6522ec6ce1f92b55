/**
 * `docs/rfc9111.md` out of the rows.
 */
import type { Row, Section } from './vocabulary.js';

export function render(sections: readonly Section[]): string {
  const rows = sections.flatMap((section) => section.rows);
  const pending = rows.filter((row) => row.pending !== undefined);
  return `# What the specifications say, and what this cache does

Generated from the rows of \`packages/http/test/rfc9111\` by \`node scripts/rfc9111-docs.mjs\`. Each row is acted out through real servers
under Express 4, Express 5, Koa 2 and Koa 3, and behind fronts. The sentences are ours; the specification is what its section says. _MAY_: an allowance of
which this cache promises to make use.

${rows.length} rows, ${rows.length - pending.length} kept${pending.length === 0 ? '.' : `, ${pending.length} pending.`}

${summary(sections)}

${sections.map(renderSection).join('\n\n')}
`;
}

function summary(sections: readonly Section[]): string {
  const specs = [...new Set(sections.map(({ spec }) => specOf(spec)))];
  const lines = specs.map((spec) => {
    const rows = sections.filter((section) => specOf(section.spec) === spec).flatMap((s) => s.rows);
    const open = rows.filter((row) => row.pending !== undefined).length;
    return `| ${spec} | ${rows.length} | ${rows.length - open} | ${open} |`;
  });
  return ['| specification | rows | kept | pending |', '| --- | --- | --- | --- |', ...lines].join(
    '\n',
  );
}

/** `RFC 9111 §4.2.1` → `RFC 9111` */
function specOf(section: string): string {
  return section.slice(0, 'RFC 9111'.length);
}

function renderSection({ spec, title, rows }: Section): string {
  const lines = rows.map(
    (row) => `| ${row.level} | ${cell(row.sentence)} | ${status(row)} | \`${row.id}\` |`,
  );
  return [
    `## ${spec} ${title}`,
    '',
    '| level | sentence | status | row |',
    '| --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

function status({ pending }: Row): string {
  return pending === undefined ? 'kept' : `pending: ${pending}`;
}

/** Markdown takes a bar for the end of a cell, a star for emphasis and a tag for a tag. */
function cell(text: string): string {
  return text.replace(/[|*<_[\]\\]/g, '\\$&');
}
