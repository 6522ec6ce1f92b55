/** Keys of cached methods in a running application, made of what requests bring along. */
import { describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Injectable, Param, Post, Query } from '@nestjs/common';
import { Cacheable } from '../src/index.js';
import { PLATFORMS, serveCaches } from './harness.js';

interface Search {
  readonly text: string;
  readonly page?: number | null;
}

@Injectable()
class Catalogue {
  runs = 0;
  /** Something that arguments have no part in. */
  #count(what: string): string {
    return `${what}, run ${++this.runs}`;
  }

  @Cacheable()
  async search(search: Search): Promise<string> {
    return this.#count(search.text);
  }
  @Cacheable()
  typed(...args: readonly unknown[]): string {
    return this.#count(args.length.toFixed());
  }
  @Cacheable({ key: 'all' })
  async all(): Promise<string> {
    return this.#count('all');
  }
  @Cacheable({ key: (search) => `text:${search.text.toLowerCase()}` })
  async byText(search: Search): Promise<string> {
    return this.#count(search.text);
  }
  @Cacheable({ key: ({ text, page }) => ['page', text, page] })
  async byParts(search: Search): Promise<string> {
    return this.#count(search.text);
  }

  sized(text: string): string;
  sized(count: number, unit?: string): string;
  @Cacheable()
  sized(value: string | number, _unit?: string): string {
    return this.#count(typeof value);
  }
}

/** What no JSON and no URL can bring: made by pipes and handlers. */
const VALUES: readonly unknown[] = [
  ...[undefined, null, 0, -0, NaN, 1n, 1, '1', true, 'true'],
  ...[new Date(0), 0n, '1970-01-01T00:00:00.000Z', [1], ['1'], { a: undefined }, {}],
  ...[new Map([[1, { a: [2] }]]), new Map([[1, { a: ['2'] }]]), new Set([1]), new Set(['1'])],
];

@Controller()
class Handlers {
  constructor(private readonly catalogue: Catalogue) {}
  @Post('search') search(@Body() search: Search) {
    return this.catalogue.search(search);
  }
  @Post('parts') parts(@Body() search: Search) {
    return this.catalogue.byParts(search);
  }
  @Get('text') text(@Query() search: Search) {
    return this.catalogue.byText(search);
  }
  @Get('all') all() {
    return this.catalogue.all();
  }
  @Get('value/:at') value(@Param('at') at: string) {
    return this.catalogue.typed(VALUES[Number(at)]);
  }
  @Get('values') values() {
    return this.catalogue.typed(undefined, undefined);
  }
  @Get('none') none() {
    return this.catalogue.typed();
  }
  @Get('callback') callback() {
    try {
      return this.catalogue.typed(() => 1);
    } catch (error) {
      return (error as Error).message;
    }
  }
  @Get('sized/:value') sized(@Param('value') value: string, @Query('unit') unit?: string) {
    const count = Number(value);
    return Number.isNaN(count) ? this.catalogue.sized(value) : this.catalogue.sized(count, unit);
  }
}

describe.each(PLATFORMS)('keys in an application on %s', (platform) => {
  const start = async () => {
    const metadata = { controllers: [Handlers], providers: [Catalogue] };
    const served = await serveCaches(platform, metadata);
    const post = async (path: string, body: string) => {
      const headers = { 'content-type': 'application/json' };
      return (await served.ask(path, { method: 'POST', body, headers })).text;
    };
    return { ...served, post };
  };

  it('default keys: bodies that say the same are the same, and others are not', async () => {
    const { post } = await start();
    const bodies = [
      ...['{"text":"a","page":1}', '{"page":1,"text":"a"}', '{"text":"a","page":"1"}'],
      ...['{"text":"a","page":null}', '{"text":"a"}', '{"text":"a\\",page:1"}'],
    ];
    const runs = [];
    for (const body of bodies) runs.push((await post('/search', body)).split(' ').at(-1));
    expect(runs).toEqual(['1', '1', '2', '3', '4', '5']);
  });

  it('default keys: values that a method can tell apart, and numbers of arguments', async () => {
    const { tell, cache } = await start();
    const paths = [...VALUES.map((_value, at) => `/value/${at}`), '/values', '/none'];
    const found = await tell(...paths);
    expect(new Set(found).size).toBe(paths.length);
    expect(await tell(...paths)).toEqual(found);
    expect(cache.size).toBe(paths.length);
  });

  it('default keys: what has no identity is refused, by its place', async () => {
    const { tell } = await start();
    expect((await tell('/callback'))[0]).toMatch(/args\[0\] is a function.*option key/);
  });

  it('default keys: overloads are apart', async () => {
    const { tell } = await start();
    const paths = ['/sized/x', '/sized/1', '/sized/1?unit=kg', '/sized/2'];
    const found = ['string, run 1', 'number, run 2', 'number, run 3', 'number, run 4'];
    expect(await tell(...paths, ...paths)).toEqual([...found, ...found]);
  });

  it('keys of the user: a string, a function, parts', async () => {
    const { tell, post, cache } = await start();
    expect(await tell('/all', '/all')).toEqual(['all, run 1', 'all, run 1']);
    expect(await tell('/text?text=A&page=1', '/text?text=a&page=2')).toEqual([
      ...['A, run 2', 'A, run 2'],
    ]);
    expect(await post('/parts', '{"text":"a","page":1,"more":1}')).toBe('a, run 3');
    expect(await post('/parts', '{"text":"a","page":1}')).toBe('a, run 3');
    expect(await post('/parts', '{"text":"a","page":"1"}')).toBe('a, run 4');
    expect([...cache.keys()]).toEqual(['all', 'text:a', '["page","a",1]', '["page","a","1"]']);
  });
});
