import '@locmem/core/testing/jest';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import type { AsyncCache } from '@locmem/core';
import { cacheMatchers, createTestCache } from '@locmem/core/testing';
import { runBuilt } from './support/run-built.js';

expect.extend(cacheMatchers);

/** What a failing expectation says, without colours. */
function messageOf(expectation: () => void): string {
  try {
    expectation();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('The expectation held');
}

describe('toHaveCached()', () => {
  it('says whether a key is there, even with a null', () => {
    const cache = createTestCache();
    cache.set('k', null);
    expect(cache).toHaveCached('k');
    expect(cache).not.toHaveCached('x');
    cache.advance('1h');
    expect(cache).not.toHaveCached('k');
  });

  it('compares the value, as toEqual() does', () => {
    const cache = createTestCache();
    cache.set('k', { id: 7, at: new Date(0) });
    expect(cache).toHaveCached('k', { id: 7, at: new Date(0) });
    expect(cache).toHaveCached('k', expect.objectContaining({ id: expect.any(Number) }));
    expect(cache).not.toHaveCached('k', { id: 8 });
  });

  it('takes a version', () => {
    const cache = createTestCache();
    cache.set('k', 1, { version: 2 });
    expect(cache).not.toHaveCached('k');
    expect(cache).toHaveCached('k', 1, { version: 2 });
    expect(cache).toHaveCached('k', undefined, { version: 2 });
  });

  it('says what it found', () => {
    const cache = createTestCache();
    cache.set('k', 1);
    expect(messageOf(() => expect(cache).toHaveCached('x'))).toBe("expected the cache to have 'x'");
    expect(messageOf(() => expect(cache).not.toHaveCached('k'))).toBe(
      "expected the cache not to have 'k'",
    );
    expect(messageOf(() => expect(cache).toHaveCached('k', 2))).toBe(
      "expected the cache to have 'k' with 2: it holds 1",
    );
    expect(messageOf(() => expect(cache).toHaveCached('x', 2))).toMatch(/it is not there$/);
  });

  it('is awaited on a cache that answers with promises', async () => {
    const cache = {
      get: () => Promise.resolve('v'),
      has: () => Promise.resolve(true),
      ttl: () => Promise.resolve(60),
    } as unknown as AsyncCache;
    await expect(cache).toHaveCached('k');
    await expect(cache).toHaveCached('k', 'v');
    await expect(cache).not.toHaveCached('k', 'w');
    await expect(cache).toExpireIn('k', '1m');
  });
});

describe('toExpireIn()', () => {
  it('compares the time left', () => {
    const cache = createTestCache();
    cache.set('k', 1, { timeout: '5m' });
    cache.set('ever', 1, { timeout: null });
    expect(cache).toExpireIn('k', '5m');
    cache.advance('2m');
    expect(cache).toExpireIn('k', '3m');
    expect(cache).toExpireIn('k', 180);
    expect(cache).not.toExpireIn('k', '5m');
    expect(cache).not.toExpireIn('k', null);
    expect(cache).toExpireIn('ever', null);
    expect(cache).not.toExpireIn('missing', '5m');
  });

  it('gives or takes a hundredth, at most a second', () => {
    const cache = createTestCache();
    cache.set('k', 1, { timeout: 99.5 });
    cache.set('brief', 1, { timeout: 0.1 });
    expect(cache).toExpireIn('k', 100);
    expect(cache).not.toExpireIn('k', 101);
    expect(cache).not.toExpireIn('brief', '150ms');
  });

  it('says what it found', () => {
    const cache = createTestCache();
    cache.set('k', 1, { timeout: null });
    expect(messageOf(() => expect(cache).toExpireIn('k', '5m'))).toBe(
      "expected 'k' to expire in 300 s: it will live for ever",
    );
    expect(messageOf(() => expect(cache).toExpireIn('x', 1))).toMatch(/it is not there$/);
  });
});

describe('toBeServedFromCache()', () => {
  const hit = { headers: { 'cache-status': 'LocMem; hit; ttl=12' } };

  it('reads Cache-Status of a supertest response, a fetch Response or a ServerResponse', () => {
    const response = new Response('', { headers: { 'Cache-Status': 'LocMem; hit' } });
    const outgoing = new ServerResponse(new IncomingMessage(new Socket()));
    outgoing.setHeader('Cache-Status', ['Origin; fwd=miss', 'LocMem; hit']);
    for (const answer of [hit, response, outgoing]) expect(answer).toBeServedFromCache();
  });

  it('does not hold for an answer that was forwarded, or says nothing', () => {
    expect({ headers: { 'cache-status': 'LocMem; fwd=miss; stored' } }).not.toBeServedFromCache();
    expect({ headers: { 'cache-status': 'hit; fwd=miss' } }).not.toBeServedFromCache();
    expect({ headers: { 'cache-status': 'LocMem; detail="a; hit"' } }).not.toBeServedFromCache();
    expect({ headers: {} }).not.toBeServedFromCache();
    for (const nothing of [undefined, null, 7, {}]) expect(nothing).not.toBeServedFromCache();
  });

  it('may ask for one cache of several', () => {
    const answer = { headers: { 'cache-status': 'LocMem; fwd=miss, "CDN, \\"east\\""; hit' } };
    expect(answer).toBeServedFromCache();
    expect(answer).toBeServedFromCache('CDN, "east"');
    expect(answer).not.toBeServedFromCache('LocMem');
  });

  it('says what it found', () => {
    expect(messageOf(() => expect({ headers: {} }).toBeServedFromCache())).toBe(
      'expected the answer to be served from a cache: it has no Cache-Status',
    );
    expect(messageOf(() => expect(hit).not.toBeServedFromCache())).toBe(
      'expected the answer not to be served from a cache: Cache-Status says LocMem hit',
    );
  });
});

it('the matchers work under the expect of Vitest', () => {
  const { stdout } = runBuilt(`
    import { chai, JestAsymmetricMatchers, JestChaiExpect, JestExtend, setState } from '@vitest/expect';
    import { cacheMatchers, createTestCache } from '@locmem/core/testing';

    for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);
    const { expect } = chai;
    setState({}, expect);
    expect.extend(expect, cacheMatchers); // as its runner does
    const cache = createTestCache();
    cache.set('k', { id: 7 }, { timeout: '5m' });
    expect(cache).toHaveCached('k', { id: expect.any(Number) });
    expect(cache).not.toHaveCached('k', { id: 8 });
    expect(cache).toExpireIn('k', '5m');
    expect({ headers: { 'cache-status': 'LocMem; hit' } }).toBeServedFromCache();
    try {
      expect(cache).toHaveCached('x');
    } catch ({ message }) {
      console.log(message);
    }
  `);
  expect(stdout).toBe("expected the cache to have 'x'\n");
});

it('the matchers work without a runner', () => {
  const cache = createTestCache();
  cache.set('k', { a: 1 });
  const { toHaveCached } = cacheMatchers;
  expect(toHaveCached.call(undefined, cache, 'k', { a: 1 })).toMatchObject({ pass: true });
  expect(toHaveCached.call(undefined, cache, 'k', { a: 2 })).toMatchObject({ pass: false });
});
