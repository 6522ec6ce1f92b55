import { describe, expect, it } from '@jest/globals';
import { outcomeOf } from '../src/cache-status.js';

describe('outcomeOf', () => {
  it.each([
    ['LocMem; hit; ttl=299', 'HIT'],
    ['LocMem; fwd=uri-miss; stored', 'MISS'],
    ['LocMem; fwd=vary-miss', 'MISS'],
    ['LocMem; fwd=stale', 'MISS'],
    ['LocMem; fwd=request', 'MISS'],
    ['LocMem; fwd=method', 'PASS'],
    ['LocMem; fwd=bypass; detail=hit-and-miss', 'PASS'],
    [undefined, 'PASS'],
  ])('%s is a %s', (field, outcome) => {
    expect(outcomeOf(field)).toBe(outcome);
  });
});
