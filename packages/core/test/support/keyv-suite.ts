// Keyv's own test suite for storage adapters. It takes the `test` of its runner as an argument; this
// gives it Jest's in that shape. `store` makes an adapter of the same entries at each call, as Keyv's own
// adapters do it there: a Keyv tells its adapter its namespace, so two of them cannot share one object.
// Two of its tests wait for real time to pass.
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import keyvTestSuite, { keyvIteratorTests } from '@keyv/test-suite';
import type { Keyv } from 'keyv';

type Run = (context: { expect: typeof expect }) => void | Promise<void>;

const test = {
  it: (title: string, run: Run) => {
    it(title, async () => {
      await run({ expect });
    });
  },
  beforeEach,
  afterEach,
  expect,
};

export function runKeyvSuite(KeyvClass: typeof Keyv, store: () => unknown): void {
  keyvTestSuite(test as any, KeyvClass, store as any);
  keyvIteratorTests(test as any, KeyvClass, store as any);
}
