/**
 * 98 recorded sequences of requests to Django's cache, replayed through Express and Koa.
 */
import { describe, expect, it } from '@jest/globals';
import { DEPARTURES } from './departures.js';
import { replay, SITES, VECTORS } from './replay.js';

describe.each(SITES)('%s', (_name, site) => {
  it.each(VECTORS.sequences.map((sequence) => [sequence.id, sequence.title, sequence] as const))(
    '%s: %s: as Django has it, or as the table of departures says',
    async (id, _title, sequence) => {
      expect(await replay(sequence, site)).toEqual(DEPARTURES[id]?.differs ?? []);
    },
  );
});

it('the table names no sequence that was not recorded, and gives a reason for each', () => {
  const ids = new Set(VECTORS.sequences.map(({ id }) => id));
  for (const [id, { differs, why }] of Object.entries(DEPARTURES)) {
    expect(ids).toContain(id);
    expect(differs).not.toEqual([]);
    expect(why).toMatch(/\.$/);
  }
});

it('Django adds max-age to what it caches, and we do not: the comparison leaves it out', () => {
  const [first] = VECTORS.sequences[0]!.expect['6.1']!;
  expect(first!.headers!['Cache-Control']).toBe('max-age=60');
});
