// Replays recorded scenarios of Django's cache on LocMemCache and says where they differ.
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { LocMemCache, type LocMemOptions, type LocMemWarning } from '@locmem/core';

interface Expected {
  v?: unknown;
  called?: number;
  m?: 1;
  void?: 1;
  e?: 'KeyNotFound' | 'NotNumeric';
  w?: 1;
  q?: string;
  alive?: string[];
  size?: number;
}

type Op = [advance: number, handle: string, name: string, args: any[], expected: Expected];

export interface Scenario {
  id: string;
  policy: 'lru' | 'cull';
  t0: number;
  stores: Record<string, { name: string; options: LocMemOptions }>;
  ops: Op[];
}

export interface Difference {
  scenario: string;
  step: number;
  op: Op;
  actual: unknown;
}

export function readScenarios(policy: 'lru' | 'cull'): Scenario[] {
  const file = new URL(`../fixtures/django/${policy}.jsonl`, import.meta.url);
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Scenario);
}

const ERROR_NAMES: Record<string, string> = {
  ERR_LOCMEM_KEY_NOT_FOUND: 'KeyNotFound',
  ERR_LOCMEM_NOT_NUMERIC: 'NotNumeric',
};

let runs = 0;

/** Replays one scenario on stores of its own; `extra` is laid over the options of every handle. */
export function replay(scenario: Scenario, extra: LocMemOptions): Difference[] {
  const run = ++runs;
  let seconds = scenario.t0;
  const clock = { now: () => seconds * 1000 };
  const warnings: LocMemWarning[] = [];
  const handles = new Map(
    Object.entries(scenario.stores).map(([handle, { name, options }]) => [
      handle,
      new LocMemCache(`${name}#${run}`, {
        ...options,
        policy: scenario.policy,
        clock,
        onWarning: (warning) => warnings.push(warning),
        ...extra,
      }),
    ]),
  );
  const differences: Difference[] = [];
  scenario.ops.forEach((op, step) => {
    const [advance, handle, name, args, expected] = op;
    seconds += advance;
    warnings.length = 0;
    const actual: Expected = perform(handles.get(handle)!, name, plain(args) as any[], expected);
    if (warnings.some(({ code }) => code === 'LOCMEM_KEY_NOT_PORTABLE')) actual.w = 1;
    if (expected.q) actual.q = expected.q; // only the name of a quirk, nothing to compare
    if (!isDeepStrictEqual(actual, expected)) {
      differences.push({ scenario: scenario.id, step, op, actual });
    }
  });
  return differences;
}

/** One call, its outcome in the words of the recording. */
function perform(cache: any, name: string, args: any[], expected: Expected): Expected {
  const { mut, fn, ...options } = args.pop();
  if (name === 'dump') {
    const alive = [...cache.keys({ all: true })] as string[];
    return 'size' in expected ? { alive, size: cache.size as number } : { alive };
  }
  let called = 0;
  const value = args[1];
  if (fn) args[1] = () => (called++, value);
  try {
    const result = cache[name](...args, options);
    const v = plain(result instanceof Map ? Object.fromEntries(result) : result);
    if (mut) vandalise(name === 'get' ? result : value);
    if (expected.void) return { void: 1 };
    if (result === undefined) return { m: 1 };
    return 'called' in expected ? { v, called } : { v };
  } catch (error) {
    return { e: (ERROR_NAMES[(error as any).code] ?? String(error)) as 'KeyNotFound' };
  }
}

/** A copy: what is changed afterwards must not change what is compared. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}

function vandalise(value: any): void {
  if (Array.isArray(value)) value.push('vandalised');
  else if (typeof value === 'object' && value !== null) value.vandalised = true;
}
