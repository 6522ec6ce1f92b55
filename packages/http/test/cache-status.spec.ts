import { describe, expect, it } from '@jest/globals';
import { formatCacheStatus, isCacheName } from '../src/cache-status.js';

describe('Cache-Status', () => {
  it('says what happened', () => {
    expect(formatCacheStatus('LocMem', { hit: true, ttl: 12 })).toBe('LocMem; hit; ttl=12');
    expect(formatCacheStatus('LocMem', { fwd: 'uri-miss' })).toBe('LocMem; fwd=uri-miss');
    expect(formatCacheStatus('LocMem', { fwd: 'bypass', detail: 'range' })).toBe(
      'LocMem; fwd=bypass; detail=range',
    );
  });

  it('quotes a name that is no token', () => {
    expect(formatCacheStatus('my "cache"', { hit: true })).toBe('"my \\"cache\\""; hit');
  });

  it('takes printable ASCII for a name', () => {
    expect(isCacheName('edge 1')).toBe(true);
    expect(isCacheName('')).toBe(false);
    expect(isCacheName('a\r\nb')).toBe(false);
    expect(isCacheName('ä')).toBe(false);
  });
});
