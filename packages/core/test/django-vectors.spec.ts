import { describe, expect, it } from '@jest/globals';
import { readScenarios, replay } from './support/replay.js';

describe.each([
  ['lru', 8377],
  ['cull', 8338],
] as const)("compat 'django' with policy '%s'", (policy, results) => {
  const scenarios = readScenarios(policy);

  it(`answers all ${results} recorded operations as Django did, dumps included`, () => {
    expect(scenarios.flatMap(({ ops }) => ops)).toHaveLength(results);
    expect(scenarios.flatMap((scenario) => replay(scenario, { compat: 'django' }))).toEqual([]);
  });

  it('differs from them without compat, so the replay can fail', () => {
    expect(scenarios.flatMap((scenario) => replay(scenario, {})).length).toBeGreaterThan(50);
  });
});
