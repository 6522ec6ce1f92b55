import { afterAll, describe, expect, it } from '@jest/globals';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createResponseCache } from '../src/index.js';
import { closeAll, freshStoreName, scene, serve, TestClock } from './harness.js';
import type { Ask } from './harness.js';

afterAll(closeAll);

async function explained(ask: object = {}, path = '/', prepare = 0) {
  const clock = new TestClock();
  const cache = createResponseCache({
    cache: freshStoreName(),
    timeout: 60,
    version: 3,
    clock,
  });
  const server = await serve((req, res) => {
    if (req.headers['x-explain']) res.end(JSON.stringify(cache.explain(req)));
    else cache.handle(req, res, () => res.end('x'));
  });
  const headers = { host: 'a' };
  for (let i = 0; i < prepare; i++) await server.ask(path, { headers });
  clock.advance(10);
  const before = cache.stats();
  const options = { ...ask, headers: { ...headers, 'x-explain': '1', ...(ask as any).headers } };
  const explanation = JSON.parse((await server.ask(path, options)).text);
  expect(cache.stats()).toEqual(before);
  return explanation;
}

describe('explain', () => {
  it('tells of a hit, and counts nothing', async () => {
    expect(await explained({}, '/', 1)).toEqual({
      outcome: 'hit',
      key: '["url","","http","a","","/",""]',
      version: 3,
      variants: 1,
      status: 200,
      ageSeconds: 10,
      ttlSeconds: 50,
      cacheStatus: 'LocMem; hit; ttl=50',
    });
  });

  it('tells why there is a miss', async () => {
    expect(await explained()).toMatchObject({ outcome: 'miss', reason: 'uri-miss', variants: 0 });
    expect(await explained({ headers: { cookie: 'a' } }, '/', 1)).toMatchObject({
      outcome: 'miss',
      reason: 'request',
      detail: 'cookie',
      cacheStatus: 'LocMem; fwd=request; detail=cookie',
    });
  });

  it('tells of variants that are still of use', async () => {
    const { ask, clock, cache } = await scene(
      (_req, res) => {
        res.setHeader('Vary', 'Accept-Language');
        res.end('x');
      },
      { timeout: 60, key: () => 'one' },
    );
    const request: any = {
      method: 'GET',
      url: '/',
      headers: { host: 'a' },
      rawHeaders: ['Host', 'a'],
      socket: {},
    };
    const variants = () => cache.explain(request).variants;
    for (const language of ['de', 'fr'])
      await ask('/', { headers: { 'accept-language': language } });
    expect(variants()).toBe(2);
    clock.advance(60);
    await ask('/', { headers: { 'accept-language': 'it' } });
    expect(variants()).toBe(1);
  });

  it('tells why a request passes by', async () => {
    expect(await explained({ headers: { range: 'bytes=0-1, 3-4' } })).toEqual({
      outcome: 'bypass',
      reason: 'range',
      cacheStatus: 'LocMem; fwd=bypass; detail=range',
    });
    expect(await explained({ method: 'OPTIONS' })).toMatchObject({
      outcome: 'bypass',
      reason: 'method',
    });
  });

  it('tells that a request would invalidate', async () => {
    expect(await explained({ method: 'DELETE' })).toMatchObject({ outcome: 'invalidate' });
  });
});

describe('events', () => {
  it('tell the story of a page', async () => {
    const { ask, clock, events } = await scene((_req, res) => res.end('hello'), { timeout: 60 });
    await ask('/a');
    clock.advance(5);
    await ask('/a');
    await ask('/a', { headers: { range: 'bytes=0-1,3-4' } });
    await ask('/a', { headers: { cookie: 'x' } });
    await ask('/a', { method: 'POST' });
    const get = { method: 'GET', url: '/a' };
    expect(events).toEqual([
      { type: 'miss', reason: 'uri-miss', ...get },
      { type: 'stored', bytes: 5, ttlSeconds: 60, ...get },
      { type: 'hit', ageSeconds: 5, ttlSeconds: 55, ...get },
      { type: 'bypass', reason: 'range', ...get },
      { type: 'miss', reason: 'request', detail: 'cookie', ...get },
      { type: 'refused', reason: 'cookie', ...get },
      { type: 'invalidated', tags: [expect.stringMatching(/^uri:127\.0\.0\.1:\d+\/a$/)] },
    ]);
  });
});

describe('stats', () => {
  it('are a copy that does not change', async () => {
    const { ask, cache } = await scene((_req, res) => res.end('x'), { timeout: 60 });
    const before = cache.stats();
    await ask('/');
    expect(before.misses).toBe(0);
    expect(cache.stats()).toEqual({
      hits: 0,
      misses: 1,
      missReasons: { 'uri-miss': 1 },
      missDetails: {},
      collapsed: 0,
      validated: 0,
      stale: {},
      stored: 1,
      invalidations: 0,
      errors: 0,
      bypasses: {},
      refusals: {},
    });
  });
});

describe('explain of what is stale', () => {
  async function stale(cacheControl: string, asked: Record<string, string> = {}) {
    const { ask, clock, cache } = await scene((_req, res) => {
      res.setHeader('Cache-Control', cacheControl).setHeader('ETag', '"a"').end('x');
    });
    await ask('/', { headers: { host: 'a' } });
    clock.advance(61);
    const request: any = {
      method: 'GET',
      url: '/',
      headers: { host: 'a', ...asked },
      rawHeaders: ['Host', 'a'],
      socket: {},
    };
    return cache.explain(request);
  }

  it('tells that the handler will be asked whether it still holds', async () => {
    expect(await stale('max-age=60')).toMatchObject({
      outcome: 'validate',
      reason: 'stale',
      cacheStatus: 'LocMem; fwd=stale',
    });
  });

  it('tells that it will be given all the same', async () => {
    const expected = { outcome: 'stale', ttlSeconds: -1, cacheStatus: 'LocMem; hit; ttl=-1' };
    expect(await stale('max-age=60, stale-while-revalidate=9')).toMatchObject(expected);
    expect(await stale('max-age=60', { 'cache-control': 'max-stale' })).toMatchObject(expected);
  });
});

describe('explain and Cache-Status', () => {
  const wish = (value: string) => ({ 'cache-control': value });
  // What is stored for `/`: a fresh answer that varies by language. Nothing is stored for `/b`.
  const cases: readonly (readonly [string, Ask & { readonly path?: string }, string])[] = [
    ['a hit', {}, 'hit; ttl=60'],
    ['HEAD', { method: 'HEAD' }, 'hit; ttl=60'],
    ['a part', { headers: { range: 'bytes=0-1' } }, 'hit; ttl=60'],
    ['several parts', { headers: { range: 'bytes=0-1, 3-4' } }, 'fwd=bypass; detail=range'],
    ['If-Match', { headers: { 'if-match': '"a"' } }, 'fwd=bypass; detail=precondition'],
    ['an unsafe method', { method: 'POST' }, 'fwd=method'],
    ['another safe method', { method: 'OPTIONS' }, 'fwd=method'],
    ['no-store', { headers: wish('no-store') }, 'fwd=bypass; detail=request-no-store'],
    ['another variant', { headers: { 'accept-language': 'de' } }, 'fwd=vary-miss'],
    ['no-cache', { headers: wish('no-cache') }, 'fwd=request; detail=no-cache'],
    ['min-fresh', { headers: wish('min-fresh=61') }, 'fwd=request; detail=min-fresh'],
    ['Authorization', { headers: { authorization: 'a' } }, 'fwd=request; detail=authorization'],
    ['a miss', { path: '/b' }, 'fwd=uri-miss'],
    [
      'a part of nothing',
      { path: '/b', headers: { range: 'bytes=0-1' } },
      'fwd=uri-miss; detail=range',
    ],
    ['only-if-cached', { path: '/b', headers: wish('only-if-cached') }, 'detail=only-if-cached'],
    [
      'only-if-cached, for a part',
      { path: '/b', headers: { ...wish('only-if-cached'), range: 'bytes=0-1' } },
      'detail=only-if-cached',
    ],
  ];
  it.each(cases)('say the same of %s', async (_name, { path = '/', ...asked }, status) => {
    const cache = createResponseCache({ cache: freshStoreName(), clock: new TestClock() });
    const explanations: string[] = [];
    const server = await serve((req, res) => {
      explanations.push(cache.explain(req).cacheStatus);
      cache.handle(req, res, () => {
        const cacheControl = req.headers.authorization ? 'max-age=60, public' : 'max-age=60';
        res.writeHead(200, { 'Cache-Control': cacheControl, Vary: 'Accept-Language' }).end('hello');
      });
    });
    await server.ask('/');
    const { cache: said } = await server.ask(path, asked);
    expect(said).toBe(`LocMem; ${status}`);
    expect(explanations.at(-1)).toBe(said);
  });
});

describe('what stood against reusing an answer', () => {
  it('is counted and told by name', async () => {
    const { ask, cache, events } = await scene((_req, res) => res.end('x'), { timeout: 60 });
    await ask('/');
    await ask('/', { headers: { 'cache-control': 'no-cache' } });
    await ask('/', { headers: { cookie: 'a=1' } });
    await ask('/b', { headers: { 'cache-control': 'only-if-cached' } });
    const { missReasons, missDetails } = cache.stats();
    expect(missReasons).toEqual({ 'uri-miss': 2, request: 2 });
    expect(missDetails).toEqual({ 'no-cache': 1, cookie: 1, 'only-if-cached': 1 });
    expect(events.flatMap((event) => (event.type === 'miss' ? [event.detail] : []))).toEqual([
      ...[undefined, 'no-cache', 'cookie', 'only-if-cached'],
    ]);
  });
});

describe('diagnostics_channel', () => {
  it('carries each event on a channel of its own', async () => {
    const heard: unknown[] = [];
    const listen = (message: unknown, name: unknown) => heard.push([name, message]);
    const names = ['miss', 'stored', 'hit'].map((type) => `locmem:http:${type}`);
    for (const name of names) subscribe(name, listen);
    const { ask, events } = await scene((_req, res) => res.end('x'), { timeout: 60 });
    await ask('/');
    await ask('/');
    for (const name of names) unsubscribe(name, listen);
    expect(heard).toEqual(events.map((event) => [`locmem:http:${event.type}`, event]));
    expect(heard).toHaveLength(3);
    await ask('/');
    expect(heard).toHaveLength(3);
  });
});
