/** The policies that have names, and how a store comes to its own. */
import { AdaptivePolicy } from './adaptive.js';
import { CullPolicy } from './cull.js';
import { LruPolicy } from './lru.js';
import type { EvictionPolicy, PolicyFactory } from './policy.js';

/**
 * Who must go when the store is full: who is least worth keeping, by what was seen of reuse; as in
 * today's Django; or as in the Django of the reader-writer lock.
 */
export type PolicyName = 'adaptive' | 'lru' | 'cull';

const POLICIES: Readonly<Record<PolicyName, PolicyFactory>> = {
  adaptive: (hashOf) => new AdaptivePolicy(hashOf),
  lru: () => new LruPolicy(),
  cull: () => new CullPolicy(),
};

export const POLICY_NAMES = Object.keys(POLICIES) as PolicyName[];

export function makePolicy(
  choice: PolicyName | PolicyFactory,
  hashOf: (slot: number) => number,
): EvictionPolicy {
  return (typeof choice === 'function' ? choice : POLICIES[choice])(hashOf);
}
