/**
 * Each option of a response cache, and what a client sees of it: what an adapter must pass through.
 * An option without a row does not compile.
 */
import { expect } from '@jest/globals';
import { LocMemCache } from '@locmem/core';
import type { ResponseCache, ResponseCacheOptions } from '../src/index.js';
import { freshStoreName, TestClock } from './harness.js';
import type { Ask, TestServer } from './harness.js';

/** What requests of Express and contexts of Koa have in common. */
interface Asking {
  get(name: string): string | undefined;
}

type Options = ResponseCacheOptions<Asking, LocMemCache | string>;

/** An application behind the cache, as an adapter starts it. */
export interface Started {
  readonly ask: TestServer['ask'];
  readonly cache: Pick<ResponseCache, 'invalidate' | 'stats'>;
}

/**
 * Starts an application that answers `run 1`, `run 2`, … with the fields, and the status, that
 * {@link answerWith} asks for.
 */
export type Start = (options: Options) => Promise<Started>;

/** What the application does for a request with this field. */
export interface Wanted {
  readonly status?: number;
  /** It answers only when so many requests are under way. */
  readonly crowd?: number;
  readonly [field: string]: string | number | undefined;
}

/** Reads what {@link answerWith} has written. */
export const wanted = (field: string | undefined): Wanted => JSON.parse(field ?? '{}') as Wanted;

function answerWith(answer: Wanted, headers: Record<string, string> = {}): Ask {
  return { headers: { host: 'a', 'x-answer': JSON.stringify(answer), ...headers } };
}

const as = (name: string, value: string): Ask => ({ headers: { host: 'a', [name]: value } });

/** Which of some requests, one after the other, were answered from the store. */
async function hits({ ask }: Started, asks: readonly [path: string, ask: Ask][]) {
  const answers = [];
  for (const [path, how] of asks) answers.push((await ask(path, how)).isHit);
  return answers;
}

const PLAIN = as('x', '');

export const EVERY_OPTION: Record<keyof ResponseCacheOptions, (start: Start) => Promise<void>> = {
  async timeout(start) {
    const { ask } = await start({ timeout: '1m', clock: new TestClock() });
    await ask('/', PLAIN);
    expect((await ask('/', PLAIN)).cache).toBe('LocMem; hit; ttl=60');
  },

  async version(start) {
    const cache = freshStoreName();
    await (await start({ cache, timeout: 60, version: 2 })).ask('/', PLAIN);
    const perRequest = await start({
      cache,
      timeout: 60,
      version: (req) => Number(req.get('x-release')),
    });
    const releases = ['2', '3', '3'].map((it) => ['/', as('x-release', it)] as [string, Ask]);
    expect(await hits(perRequest, releases)).toEqual([true, false, true]);
  },

  async keyPrefix(start) {
    const cache = freshStoreName();
    await (await start({ cache, timeout: 60, keyPrefix: 'a' })).ask('/', PLAIN);
    const perRequest = await start({
      cache,
      timeout: 60,
      keyPrefix: (req) => req.get('x-tenant') ?? '',
    });
    const tenants = ['a', 'b', 'b'].map((it) => ['/', as('x-tenant', it)] as [string, Ask]);
    expect(await hits(perRequest, tenants)).toEqual([true, false, true]);
  },

  async key(start) {
    const started = await start({ timeout: 60, key: (req) => req.get('x-page') ?? '' });
    const pages: [string, Ask][] = [
      ['/a', as('x-page', '1')],
      ['/b', as('x-page', '1')],
      ['/b', as('x-page', '2')],
    ];
    expect(await hits(started, pages)).toEqual([false, true, false]);
  },

  async ignoreQuery(start) {
    const started = await start({ timeout: 60, ignoreQuery: ['utm_*'] });
    const pages = ['/?a=1', '/?a=1&utm_source=x', '/?a=2'];
    expect(
      await hits(
        started,
        pages.map((it) => [it, PLAIN]),
      ),
    ).toEqual([false, true, false]);
  },

  async allowQuery(start) {
    const started = await start({ timeout: 60, allowQuery: ['a'] });
    const pages = ['/?a=1', '/?a=1&b=2', '/?a=2'];
    expect(
      await hits(
        started,
        pages.map((it) => [it, PLAIN]),
      ),
    ).toEqual([false, true, false]);
  },

  async varyCookies(start) {
    const started = await start({ timeout: 60, varyCookies: ['plan'] });
    const cookies = ['plan=a; sid=1', 'plan=a; sid=2', 'plan=b'];
    const asks = cookies.map((it) => ['/', as('cookie', it)] as [string, Ask]);
    expect(await hits(started, asks)).toEqual([false, true, false]);
  },

  async bypass(start) {
    const started = await start({ timeout: 60, bypass: (req) => Boolean(req.get('x-preview')) });
    const asks: [string, Ask][] = [
      ['/', PLAIN],
      ['/', as('x-preview', '1')],
      ['/', PLAIN],
    ];
    expect(await hits(started, asks)).toEqual([false, false, true]);
  },

  async tags(start) {
    const started = await start({
      timeout: 60,
      tags: (req, res) => [`${req.get('x-tag')} ${res.statusCode}`],
    });
    const both: [string, Ask][] = [
      ['/a', as('x-tag', 'a')],
      ['/b', as('x-tag', 'b')],
    ];
    await hits(started, both);
    started.cache.invalidate({ tags: ['a 200'] });
    expect(await hits(started, both)).toEqual([false, true]);
  },

  async cache(start) {
    const cache = new LocMemCache(freshStoreName());
    await (await start({ cache, timeout: 60 })).ask('/', PLAIN);
    expect(cache.size).toBeGreaterThan(0);
    const byName = await start({ cache: cache.name, timeout: 60 });
    expect((await byName.ask('/', PLAIN)).isHit).toBe(true);
  },

  async maxEntries(start) {
    const started = await start({ timeout: 60, maxEntries: 1 });
    const pages = ['/a', '/b', '/a'];
    expect(
      await hits(
        started,
        pages.map((it) => [it, PLAIN]),
      ),
    ).toEqual([false, false, false]);
  },

  async maxBytes(start) {
    const started = await start({ timeout: 60, maxBytes: 1 });
    expect(
      await hits(started, [
        ['/', PLAIN],
        ['/', PLAIN],
      ]),
    ).toEqual([false, false]);
  },

  async maxBodyBytes(start) {
    const { ask } = await start({ timeout: 60, maxBodyBytes: 4 });
    await ask('/', PLAIN);
    expect((await ask('/', PLAIN)).isHit).toBe(false);
  },

  async heuristic(start) {
    const { ask } = await start({ heuristic: true, clock: new TestClock() });
    const answer = answerWith({ 'Last-Modified': 'Thu, 15 Jan 2026 11:50:00 GMT' });
    await ask('/', answer);
    expect((await ask('/', answer)).cache).toBe('LocMem; hit; ttl=60');
  },

  async targetedFields(start) {
    const { ask } = await start({ targetedFields: ['X-CDN'], clock: new TestClock() });
    const answer = answerWith({ 'X-CDN': 'max-age=9', 'Cache-Control': 'no-store' });
    await ask('/', answer);
    expect((await ask('/', answer)).cache).toBe('LocMem; hit; ttl=9');
  },

  async etag(start) {
    const { ask } = await start({ timeout: 60, etag: true });
    await ask('/', PLAIN);
    expect((await ask('/', PLAIN)).headers.etag).toMatch(/^W\//);
  },

  async staleWhileRevalidate(start) {
    const clock = new TestClock();
    let isStored: () => void = () => {};
    const { ask } = await start({
      timeout: 60,
      staleWhileRevalidate: '1m',
      clock,
      onEvent: ({ type }) => {
        if (type === 'stored') isStored();
      },
    });
    await ask('/', PLAIN);
    clock.advance(61);
    const refreshed = new Promise<void>((resolve) => (isStored = resolve));
    expect((await ask('/', PLAIN)).text).toBe('run 1');
    await refreshed;
    expect((await ask('/', PLAIN)).text).toBe('run 2');
  },

  async staleIfError(start) {
    const clock = new TestClock();
    const { ask } = await start({ timeout: 60, staleIfError: true, clock });
    await ask('/', PLAIN);
    clock.advance(61);
    const failed = await ask('/', answerWith({ status: 503 }));
    expect([failed.status, failed.text]).toEqual([200, 'run 1']);
  },

  async collapse(start) {
    const crowd = async (options: Options) => {
      const { ask } = await start({ ...options, timeout: 60 });
      const answers = await Promise.all([1, 2, 3].map(() => ask('/', answerWith({ crowd: 3 }))));
      return new Set(answers.map(({ text }) => text)).size;
    };
    expect(await crowd({ collapse: { deadline: '1m' } })).toBe(1);
    expect(await crowd({ collapse: false })).toBe(3);
  },

  async storeSetCookie(start) {
    const { ask } = await start({ timeout: 60, storeSetCookie: true });
    const answer = answerWith({ 'Set-Cookie': 'a=1' });
    await ask('/', answer);
    const hit = await ask('/', answer);
    expect([hit.isHit, hit.headers['set-cookie']]).toEqual([true, ['a=1']]);
  },

  async requestDirectives(start) {
    const { ask } = await start({ timeout: 60, requestDirectives: 'ignore' });
    await ask('/', PLAIN);
    expect((await ask('/', as('cache-control', 'no-cache'))).isHit).toBe(true);
  },

  async cacheStatus(start) {
    const hidden = await start({ timeout: 60, cacheStatus: false });
    expect((await hidden.ask('/', PLAIN)).cache).toBeUndefined();
    const named = await start({ timeout: 60, cacheStatus: 'Mine' });
    expect((await named.ask('/', PLAIN)).cache).toMatch(/^Mine; fwd=uri-miss/);
  },

  async onEvent(start) {
    const types: string[] = [];
    const { ask } = await start({ timeout: 60, onEvent: ({ type }) => types.push(type) });
    await ask('/', PLAIN);
    await ask('/', PLAIN);
    expect(types).toEqual(['miss', 'stored', 'hit']);
  },

  async clock(start) {
    const clock = new TestClock();
    const { ask } = await start({ timeout: 60, clock });
    await ask('/', PLAIN);
    clock.advance(59);
    expect((await ask('/', PLAIN)).headers.age).toBe('59');
    clock.advance(1);
    expect((await ask('/', PLAIN)).isHit).toBe(false);
  },
};
