/** What a test of the contract has at hand, and how chapters of tests are written down. */
import assert from 'node:assert/strict';
import type { AsyncCache, Cache } from '../../contract.js';
import type { Duration } from '../../timeout.js';

/** The options in which two caches over the same entries may differ here. */
export interface SiblingOptions {
  readonly keyPrefix?: string;
  readonly version?: number;
  readonly timeout?: number;
}

/** A store under test: a cache, and what the tests must be able to do to it. */
export type ContractStore = Cache & {
  /** Lets time pass for it: by a clock, or by waiting. */
  advance?: (span: Duration) => unknown;
  /** Another cache over the same entries. */
  sibling?: (options: SiblingOptions) => Cache | Promise<Cache>;
};

export interface Kit {
  /** Sync or async: every answer is awaited. */
  readonly cache: AsyncCache;
  readonly advance: (span: Duration) => Promise<void>;
  readonly sibling: (options: SiblingOptions) => Promise<AsyncCache>;
}

/** Tests by their titles. */
export type Chapter = Readonly<Record<string, (kit: Kit) => void | Promise<void>>>;

export function kitFor(store: ContractStore): Kit {
  return {
    cache: store as unknown as AsyncCache,
    advance: async (span) => {
      assert(
        store.advance,
        "makeStore() gave no advance(): without it, leave out chapter 'expiry'",
      );
      await store.advance(span);
    },
    sibling: async (options) => {
      assert(
        store.sibling,
        "makeStore() gave no sibling(): without it, leave out chapter 'prefixes'",
      );
      return (await store.sibling(options)) as unknown as AsyncCache;
    },
  };
}

/** The call fails, at once or later, with this stable code. */
export async function refuses(code: string, call: () => unknown): Promise<void> {
  await assert.rejects(
    async () => {
      await call();
    },
    { code },
  );
}

export async function keysOf(cache: AsyncCache): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of cache.keys()) keys.push(key);
  return keys.sort();
}

/** A promise in the test's hand. */
export function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
