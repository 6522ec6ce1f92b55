/**
 * The contract as tests: what every store must do that calls itself a cache, ours and others', sync and
 * async. Written once, over promises; needs no runner but functions like `describe` and `it`.
 */
import { InvalidOptionError } from '../errors.js';
import { basics } from './contract/basics.js';
import { counting } from './contract/counting.js';
import { expiry } from './contract/expiry.js';
import { isolation } from './contract/isolation.js';
import { kinds } from './contract/kinds.js';
import { kitFor, type Chapter, type ContractStore } from './contract/kit.js';
import { loading } from './contract/loading.js';
import { many } from './contract/many.js';
import { prefixes } from './contract/prefixes.js';
import { tags } from './contract/tags.js';
import { updating } from './contract/updating.js';
import { versions } from './contract/versions.js';

export type { ContractStore, SiblingOptions } from './contract/kit.js';

const CHAPTERS = {
  ...{ basics, many, expiry, counting, versions, prefixes },
  ...{ tags, loading, updating, isolation, kinds },
} satisfies Record<string, Chapter>;

/** A part of the contract. */
export type ContractChapter = keyof typeof CHAPTERS;

/** Options of {@link describeStoreContract}. */
export interface ContractOptions {
  /** As of Jest, Vitest, Mocha or `node:test`. Default: the global one. */
  describe?: (title: string, body: () => void) => unknown;
  /** Default: the global one. */
  it?: (title: string, body: () => Promise<void>) => unknown;
  /** Chapters that the store, by its nature, does not fulfil: a store of JSON has no `'kinds'`. */
  without?: readonly ContractChapter[];
}

/**
 * Declares the tests that every store must pass.
 *
 * `makeStore` gives each test a fresh, empty store: the cache itself, which may carry two more methods.
 * `advance(span)` lets time pass for it, by a clock of its own or by waiting ('expiry' needs it);
 * `sibling({ keyPrefix, version, timeout })` makes another cache over the same entries ('prefixes' needs
 * it). What `createTestCache` returns has both.
 *
 * @throws {InvalidOptionError} when there is no `describe` or `it`
 *
 * @example
 * ```ts
 * import { describe, it } from 'node:test';
 * import { createTestCache, describeStoreContract } from '@locmem/core/testing';
 *
 * describeStoreContract('LocMemCache', () => createTestCache(), { describe, it });
 * ```
 */
export function describeStoreContract(
  name: string,
  makeStore: () => ContractStore | Promise<ContractStore>,
  options: ContractOptions = {},
): void {
  const describe = functionOf(options, 'describe');
  const it = functionOf(options, 'it');
  const { without = [] } = options;
  describe(name, () => {
    for (const [title, chapter] of Object.entries<Chapter>(CHAPTERS)) {
      if (without.includes(title as ContractChapter)) continue;
      describe(title, () => {
        for (const [test, run] of Object.entries(chapter)) {
          it(test, async () => run(kitFor(await makeStore())));
        }
      });
    }
  });
}

function functionOf<K extends 'describe' | 'it'>(
  options: ContractOptions,
  name: K,
): NonNullable<ContractOptions[K]> {
  const found = options[name] ?? (globalThis as ContractOptions)[name];
  if (typeof found === 'function') return found;
  const rule = 'must be given, as there is no global one';
  throw new InvalidOptionError('describeStoreContract', name, rule, found);
}
