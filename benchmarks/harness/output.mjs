/** Tables for people, and files that the formatter has nothing to say about. */
import { writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';

/** A Markdown table; the first column is text, the others are figures. */
export function markdownTable(header, rows) {
  const rule = header.map((_, column) => (column === 0 ? '---' : '---:'));
  return [header, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The same for a terminal. */
export function plainTable(header, rows) {
  const cells = [header, ...rows].map((row) => row.map(String));
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const pad = (text, column) =>
    column === 0 ? text.padEnd(widths[column]) : text.padStart(widths[column]);
  return cells.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

export async function writeFormatted(file, text) {
  const config = await resolveConfig(file);
  writeFileSync(file, await format(text, { ...config, filepath: file }));
}

/** Three digits say what a noisy measurement can say. */
export function figure(value) {
  if (value === undefined || value === null) return '–';
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return Number(value.toFixed(Math.min(digits, 3))).toLocaleString('en-US', {
    maximumFractionDigits: 3,
  });
}
