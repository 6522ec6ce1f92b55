// The test kit: what tests of cached code, and of stores, need. What is not here is private.
export { createTestCache, TestCache, type TestCacheOptions } from './test-cache.js';
export { TestClock } from './test-clock.js';
export { cacheMatchers, type CacheMatchers, type MatcherResult } from './matchers.js';
export {
  describeStoreContract,
  type ContractChapter,
  type ContractOptions,
  type ContractStore,
  type SiblingOptions,
} from './describe-store-contract.js';
