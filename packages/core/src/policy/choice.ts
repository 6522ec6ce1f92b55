/** The policies that have names, and how a store comes to its own. */
import { AdaptivePolicy, type Places } from './adaptive.js';
import { CullPolicy } from './cull.js';
import { LruPolicy } from './lru.js';
import type { EvictionPolicy, PolicyFactory } from './policy.js';

/**
 * Who must go when the store is full: who is least worth keeping, by what was seen of reuse; as in
 * today's Django; or as in the Django of the reader-writer lock.
 */
export type PolicyName = 'adaptive' | 'lru' | 'cull';

/** Beyond what any policy is given, our own have two words in each slot of the store. */
type BuiltIn = (...args: [...Parameters<PolicyFactory>, places: Places]) => EvictionPolicy;

const POLICIES: Readonly<Record<PolicyName, BuiltIn>> = {
  adaptive: (hashOf, places) => new AdaptivePolicy(hashOf, places),
  lru: () => new LruPolicy(),
  cull: () => new CullPolicy(),
};

export const POLICY_NAMES = Object.keys(POLICIES) as PolicyName[];

export function makePolicy(
  choice: PolicyName | PolicyFactory,
  hashOf: (slot: number) => number,
  places: Places,
): EvictionPolicy {
  return (typeof choice === 'function' ? choice : POLICIES[choice])(hashOf, places);
}
