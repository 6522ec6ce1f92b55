import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { POLICY_NAMES } from '../src/policy/choice.js';
import { BIG, UNPORTABLE, type Handle } from './support/model.js';
import { finish, makeWorld, play, PLAYS, type Step, type World } from './support/model-steps.js';

/** For each of the policies that have names: 120,000 in all. */
const LEAST_OPERATIONS = 40_000;
const RUNS = 500;

const key = fc.constantFrom('a', 'b', 'c', 'd', '1', '__proto__', 'constructor', 'a:b', UNPORTABLE);
const tags = fc.option(fc.subarray(['red', 'green', 'blue'], { minLength: 1 }), { nil: undefined });
const timeout = fc.constantFrom(undefined, undefined, null, 0, -1, 0.5, 1, 3, 60);
const value = fc.oneof(
  ...[fc.integer({ min: -9, max: 9 }), fc.constantFrom('', 'text', null, false, BIG)],
  fc.constantFrom<unknown>(
    [1, [2]],
    { a: 1, b: { c: [null] } },
    new Date(7),
    new Map([['k', [1]]]),
  ),
  fc.constantFrom<unknown>(JSON.parse('{ "__proto__": 1 }'), [], {}, [{ id: 1 }, { id: 2 }]),
);

const step: fc.Arbitrary<Step> = fc.record({
  handle: fc.nat(3),
  key,
  keys: fc.array(key, { maxLength: 4 }),
  version: fc.constantFrom(undefined, undefined, undefined, 1, 2),
  value,
  timeout,
  tags,
  stale: fc.constantFrom(undefined, undefined, -1, 0, 2, null),
  ahead: fc.constantFrom(undefined, undefined, 0, 2, 100, null),
  negativeTimeout: fc.constantFrom(undefined, undefined, 0, 1, 60, null),
  deadline: fc.constantFrom(undefined, undefined, null, -1, 0, 1, 3),
  isGone: fc.constantFrom(false, false, true),
  number: fc.constantFrom(-1, 0, 0.25, 1, 2),
  flag: fc.boolean(),
});

const handle: fc.Arbitrary<Handle> = fc.record({
  keyPrefix: fc.constantFrom('', '', 'p'),
  version: fc.constantFrom(1, 1, 2),
  keyFunction: fc.constantFrom(
    ...[undefined, undefined, undefined],
    (k: string, prefix: string, version: number) => `made/${prefix}/${version}/${k}`,
    (k: string) => `bare/${k}`,
  ),
  timeout: fc.constantFrom(null, 2, 300),
  isolation: fc.constantFrom('copy', 'copy', 'freeze', 'share'),
  maxEntries: fc.constantFrom(1, 3, 6, 10, Infinity),
  cullFrequency: fc.constantFrom(0, 1, 2, 3, 20),
  maxBytes: fc.constantFrom(undefined, undefined, 1_500, 9_000),
  maxEntryBytes: fc.constantFrom(undefined, undefined, 1_000),
  keyCheck: fc.constantFrom('off', 'warn', 'error'),
});

const STEPS = Object.keys(PLAYS);

class Command implements fc.AsyncCommand<object, World> {
  constructor(
    readonly name: string,
    readonly step: Step,
  ) {}
  check(): boolean {
    return true;
  }
  run(_model: object, world: World): Promise<void> {
    return play(this.name, this.step, world);
  }
  toString(): string {
    return `${this.name}(${fc.stringify(this.step)})`;
  }
}

function sequences(names: readonly string[], steps: fc.Arbitrary<Step>) {
  const commands = names.map((name) => steps.map((each) => new Command(name, each)));
  return fc.commands(commands, { maxCommands: 250, size: 'max' });
}

const anything = sequences(STEPS, step);

/** Few keys, so that loads meet: many callers, given up and tried again, seldom overtaken. */
const loads = sequences(
  ['beginLoad', 'beginLoad', 'advance', 'advance', 'endLoad', 'leave', 'getOrSet', 'set'],
  fc
    .tuple(step, fc.constantFrom('a', 'b'))
    .map(([each, only]) => ({ ...each, key: only, version: undefined, isGone: false })),
);

describe.each(POLICY_NAMES)("policy '%s'", (policy) => {
  const isLikeTheModel = async (steps: typeof anything, numRuns: number, handleCount: number) => {
    let operations = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(false, false, true),
        fc.array(handle, { minLength: 1, maxLength: handleCount }),
        steps,
        async (isDjango, handles, commands) => {
          const world = makeWorld(policy, isDjango, handles);
          await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);
          await finish(world);
          operations += world.operations;
        },
      ),
      { numRuns, interruptAfterTimeLimit: 60_000 },
    );
    return operations;
  };

  it('does what a plain model does, whatever the options and the order of calls', async () => {
    expect(await isLikeTheModel(anything, RUNS, 4)).toBeGreaterThan(LEAST_OPERATIONS);
  }, 120_000);

  it('loads as the model does, however many loads of a key are under way', async () => {
    expect(await isLikeTheModel(loads, RUNS / 2, 1)).toBeGreaterThan(LEAST_OPERATIONS / 2);
  }, 120_000);
});
