import { afterAll, describe, expect, it } from '@jest/globals';
import { closeAll, freshStoreName, scene } from './harness.js';

afterAll(closeAll);

/** Pages that say with their own query which fields they carry: `/?Cache-Tag=a`. */
const pages = (options: object = {}) =>
  scene(
    (req, res) => {
      const { searchParams } = new URL(req.url!, 'http://x');
      for (const [name, value] of searchParams) res.setHeader(name, value);
      res.end('x');
    },
    { timeout: 60, ...options },
  );

const CASES: [string, object][] = [
  ['/?Cache-Tag=a', { tags: ['a'] }],
  ['/?Cache-Tag=b,%20a', { tags: ['a'] }],
  ['/?Surrogate-Key=b%20a', { tags: ['a'] }],
  ['/?Cache-Groups=%22b%22,%20%22a%22', { groups: ['a'] }],
];

describe('invalidate', () => {
  it.each(CASES)('drops %s by %j and leaves the rest', async (path, what) => {
    const { ask, cache } = await pages();
    await ask(path);
    await ask('/other?Cache-Tag=c');
    cache.invalidate({ tags: ['x', 'A'], groups: ['x'] });
    expect((await ask(path)).isHit).toBe(true);
    cache.invalidate(what);
    expect((await ask(path)).isHit).toBe(false);
    expect((await ask('/other?Cache-Tag=c')).isHit).toBe(true);
  });

  it('takes URL, tags and groups together', async () => {
    const { ask, cache } = await pages();
    const paths = ['/u', '/?Cache-Tag=a', '/?Cache-Groups=%22g%22'];
    for (const path of paths) await ask(path);
    cache.invalidate({ url: '/u', tags: ['a'], groups: ['g'] });
    for (const path of paths) expect((await ask(path)).isHit).toBe(false);
  });

  it('finds a resource by the tags of each of its variants', async () => {
    const { ask, cache } = await scene(
      (req, res) => {
        const language = req.headers['accept-language']!;
        res.setHeader('Vary', 'Accept-Language').setHeader('Cache-Tag', language);
        res.end(language);
      },
      { timeout: 60 },
    );
    const inLanguage = (name: string) => ask('/', { headers: { 'accept-language': name } });
    await inLanguage('de');
    await inLanguage('fr');
    cache.invalidate({ tags: ['de'] });
    expect((await inLanguage('fr')).isHit).toBe(false);
  });

  it('reaches an answer under way whose tags nobody knew when it began', async () => {
    const it = await scene(
      (_req, res) => {
        it.cache.invalidate({ tags: ['a'] });
        res.setHeader('Cache-Tag', 'a').end('made of older data');
      },
      { timeout: 60 },
    );
    await it.ask('/');
    expect(it.cache.stats()).toMatchObject({ stored: 0, refusals: { invalidated: 1 } });
  });
});

describe('option tags', () => {
  it('names groups besides those of the answer', async () => {
    const { ask, cache } = await pages({
      tags: (req: { url: string }, res: { statusCode: number }) => [req.url, `${res.statusCode}`],
    });
    await ask('/a');
    cache.invalidate({ tags: ['/a'] });
    expect((await ask('/a')).isHit).toBe(false);
    cache.invalidate({ tags: ['200'] });
    expect((await ask('/a')).isHit).toBe(false);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['returns something else', () => Promise.resolve(['a'])],
  ])('that %s keeps the answer out of the store', async (_name, tags) => {
    const { ask, cache } = await pages({ tags });
    expect((await ask('/')).text).toBe('x');
    expect(cache.stats()).toMatchObject({
      stored: 0,
      errors: 1,
      refusals: { 'option-threw': 1 },
    });
  });
});

describe('a soft purge', () => {
  it('leaves the answer to be validated', async () => {
    const { ask, cache } = await scene((req, res) => {
      res.setHeader('Cache-Control', 'max-age=60').setHeader('ETag', '"a"');
      if (req.headers['if-none-match']) res.statusCode = 304;
      res.end('x');
    });
    await ask('/');
    cache.invalidate({ url: '/', soft: true });
    expect((await ask('/')).cache).toBe('LocMem; fwd=stale; fwd-status=304; ttl=60');
    expect((await ask('/')).cache).toBe('LocMem; hit; ttl=60');
  });

  it('leaves it to be given while it is refreshed, where it may be', async () => {
    const { ask, cache, event } = await scene((_req, res, run) => {
      res.setHeader('Cache-Control', 'max-age=60, stale-while-revalidate=10').end(`run ${run}`);
    });
    await ask('/');
    cache.invalidate({ url: '/', soft: true });
    const stored = event('stored');
    expect((await ask('/')).text).toBe('run 1');
    await stored;
    expect((await ask('/')).text).toBe('run 2');
  });

  it('is as good as a hard one for everything else', async () => {
    const { ask, cache } = await pages();
    await ask('/?Cache-Tag=a');
    cache.invalidate({ tags: ['a'], soft: true });
    expect((await ask('/?Cache-Tag=a')).cache).toBe('LocMem; fwd=stale');
    expect((await ask('/?Cache-Tag=a')).isHit).toBe(true);
  });
});

describe('an answer to a write', () => {
  async function write(fields: Record<string, string>, path: string, host = 'a.example') {
    const { ask } = await scene(
      (req, res) => {
        if (req.method === 'POST') {
          for (const [name, value] of Object.entries(fields)) res.setHeader(name, value);
        }
        if (path === '/grouped') res.setHeader('Cache-Groups', '"g"');
        res.end('x');
      },
      { timeout: 60, cache: freshStoreName() },
    );
    await ask(path, { headers: { host } });
    await ask('/write', { method: 'POST', headers: { host: 'a.example' } });
    return (await ask(path, { headers: { host } })).isHit ? 'kept' : 'dropped';
  }

  it.each([
    ['Location', '/items/1?a=b', 'dropped'],
    ['Location', 'http://a.example/items/1?a=b', 'dropped'],
    ['Location', 'http://A.example:80/items/1?a=b#c', 'dropped'],
    ['Location', 'https://a.example/items/1?a=b', 'kept'],
    ['Location', 'http://a.example:81/items/1?a=b', 'kept'],
    ['Location', '//a.example/items/1?a=b', 'dropped'],
    ['Location', 'items/1?a=b', 'dropped'],
    ['Content-Location', '/items/1?a=b', 'dropped'],
    ['Location', 'http://b.example/items/1?a=b', 'kept'],
    ['Location', '//b.example/items/1?a=b', 'kept'],
    ['Location', '/items/1', 'kept'],
    ['Location', 'http://[', 'kept'],
    ['Location', 'mailto:a@a.example', 'kept'],
  ])('with %s: %s', async (name, value, fate) => {
    expect(await write({ [name]: value }, '/items/1?a=b')).toBe(fate);
  });

  it('with Location drops nothing on another host', async () => {
    expect(await write({ Location: '/items/1' }, '/items/1', 'b.example')).toBe('kept');
  });

  it('with Cache-Group-Invalidation drops the group, on its own host', async () => {
    const field = { 'Cache-Group-Invalidation': '"other", "g"' };
    expect(await write(field, '/grouped')).toBe('dropped');
    expect(await write(field, '/grouped', 'b.example')).toBe('kept');
    expect(await write({ 'Cache-Group-Invalidation': 'g' }, '/grouped')).toBe('kept');
  });
});

describe('Cache-Group-Invalidation on an answer to a GET', () => {
  it('means nothing', async () => {
    const { ask } = await pages();
    await ask('/?Cache-Groups=%22g%22');
    await ask('/b?Cache-Group-Invalidation=%22g%22');
    expect((await ask('/?Cache-Groups=%22g%22')).isHit).toBe(true);
  });
});
