// A runner of its own, so that a test can see which tests of the contract a store fails.
import {
  describeStoreContract,
  type ContractChapter,
  type ContractStore,
} from '@locmem/core/testing';

/** Titles and messages of the tests that fail, in their order. */
export async function failuresOf(
  makeStore: () => ContractStore,
  without: readonly ContractChapter[],
): Promise<string[]> {
  const path: string[] = [];
  const tests: { title: string; body: () => Promise<void> }[] = [];
  describeStoreContract('store', makeStore, {
    without,
    describe: (title, body) => {
      path.push(title);
      body();
      path.pop();
    },
    it: (title, body) => {
      tests.push({ title: [...path.slice(1), title].join(' › '), body });
    },
  });
  const failures: string[] = [];
  for (const { title, body } of tests) {
    try {
      await body();
    } catch (error) {
      failures.push(`${title}: ${(error as Error).message}`);
    }
  }
  return failures;
}
