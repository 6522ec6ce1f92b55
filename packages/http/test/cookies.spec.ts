import { afterAll, describe, expect, it } from '@jest/globals';
import { keyedCookies } from '../src/cookies.js';
import { closeAll, scene } from './harness.js';

afterAll(closeAll);

describe('named cookies', () => {
  it('are read as they were sent, each with all its values', () => {
    expect(keyedCookies('a=1; b = x=y ;a=2; c', ['a', 'b', 'c', 'd'])).toEqual([
      ['a', '1', '2'],
      ['b', ';b = x=y '],
      ['c', ';c'],
      ['d'],
    ]);
    expect(keyedCookies(undefined, ['a'])).toEqual([['a']]);
  });
});

describe('varyCookies', () => {
  it('keeps a page for each value of a cookie, and shares it whatever the others are', async () => {
    const { ask, runs } = await scene(
      (req, res) => res.end(/theme=(\w*)/.exec(req.headers.cookie ?? '')?.[1] ?? 'none'),
      { timeout: 60, varyCookies: ['theme'] },
    );
    const withCookie = async (cookie: string) => (await ask('/', { headers: { cookie } })).text;
    expect(await withCookie('theme=dark; _ga=1')).toBe('dark');
    expect(await withCookie('_ga=2; theme=dark')).toBe('dark');
    expect(await withCookie('theme=light')).toBe('light');
    expect(await withCookie('theme=')).toBe('');
    expect(await withCookie('_ga=3')).toBe('none');
    expect((await ask('/')).text).toBe('none');
    expect(runs()).toBe(4);
  });

  it.each(['theme =dark', '\ttheme=dark', '\xa0theme=dark', 'theme=dark ;a=1', 'theme=dark\xa0'])(
    'keeps apart what a parser may take for something else: %j',
    async (cookie) => {
      const { ask } = await scene(
        (req, res) =>
          res.end(/(?:^|; )theme=(\w*)(?:;|$)/.exec(req.headers.cookie ?? '')?.[1] ?? ''),
        { timeout: 60, varyCookies: ['theme'] },
      );
      expect((await ask('/', { headers: { cookie: `a=1; ${cookie}` } })).text).toBe('');
      expect((await ask('/', { headers: { cookie: 'theme=dark' } })).text).toBe('dark');
    },
  );

  it('still keeps apart what the answer says varies by Cookie', async () => {
    const { ask } = await scene(
      (req, res) => res.setHeader('Vary', 'Cookie').end(req.headers.cookie),
      { timeout: 60, varyCookies: ['theme'] },
    );
    expect((await ask('/', { headers: { cookie: 'theme=a; sid=1' } })).text).toContain('sid=1');
    expect((await ask('/', { headers: { cookie: 'theme=a; sid=2' } })).text).toContain('sid=2');
  });

  it('is not shared with a cache that does not know it', async () => {
    const { ask } = await scene((req, res) => res.end(req.headers.cookie ?? 'none'), {
      timeout: 60,
      varyCookies: [],
    });
    expect((await ask('/', { headers: { cookie: 'a' } })).text).toBe('a');
    expect((await ask('/')).text).toBe('a');
  });
});
