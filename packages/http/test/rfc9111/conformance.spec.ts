/**
 * Every sentence of the specifications that this cache keeps, acted out under each framework. Rows
 * marked `pending` wait for a feature: they are run as well, and do not fail; the run says which of
 * them are kept already, so that the mark can go.
 */
import { afterAll, describe, expect, it } from '@jest/globals';
import { FRAMEWORKS } from './frameworks.js';
import { SECTIONS } from './rows/index.js';
import { actOut } from './scenario.js';

/** Pending rows by id, with how many frameworks keep them. */
const kept = new Map<string, number>();

afterAll(() => {
  const done = [...kept].filter(([, count]) => count === FRAMEWORKS.length).map(([id]) => id);
  if (done.length > 0) console.warn(`Kept although marked pending: ${done.join(', ')}`);
});

describe.each(FRAMEWORKS)('under %s', (_name, framework) => {
  describe.each(SECTIONS.map((section) => [section.spec, section.title, section] as const))(
    '%s %s',
    (_spec, _title, { rows }) => {
      it.each(rows.map((row) => [row.id, row.sentence, row] as const))(
        '%s: %s',
        async (_id, _sentence, row) => {
          const outcome = actOut(row, framework);
          if (row.pending === undefined) {
            expect(await outcome).toEqual([]);
            return;
          }
          const wrong = await outcome.catch((error: unknown) => [String(error)]);
          if (wrong.length === 0) kept.set(row.id, (kept.get(row.id) ?? 0) + 1);
        },
      );
    },
  );
});

describe('the rows', () => {
  it('have each an id of their own', () => {
    const ids = SECTIONS.flatMap(({ rows }) => rows.map(({ id }) => id));
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });
});
