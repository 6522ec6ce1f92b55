export type Outcome = 'HIT' | 'MISS' | 'PASS';

/**
 * What the answer's Cache-Status field says of our cache (RFC 9211): `LocMem; hit`, or
 * `LocMem; fwd=uri-miss; stored`. PASS: the request was none for a cache, such as a POST.
 */
export function outcomeOf(cacheStatus: string | undefined): Outcome {
  const parameters = cacheStatus?.split(';').map((part) => part.trim()) ?? [];
  if (parameters.includes('hit')) return 'HIT';
  return parameters.some((part) => MISSES.has(part)) ? 'MISS' : 'PASS';
}

// RFC 9211 §2.2: nothing that fits, nothing fresh, or nothing that the client would take.
const MISSES = new Set(
  ['uri-miss', 'vary-miss', 'miss', 'stale', 'request'].map((why) => `fwd=${why}`),
);
