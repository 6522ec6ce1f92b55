/** `@CachePut` and `@Caching` in a running application: what is written by one request, the next ones find. */
import { describe, expect, it } from '@jest/globals';
import {
  ConflictException,
  Controller,
  Get,
  Injectable,
  Param,
  ParseIntPipe,
  Post,
  Put,
} from '@nestjs/common';
import { from } from 'rxjs';
import type { Observable } from 'rxjs';
import { Cacheable, CacheEvict, CachePut, Caching } from '../src/index.js';
import { PLATFORMS, serveCaches } from './harness.js';

interface City {
  readonly id: number;
  readonly name: string;
}

@Injectable()
class Cities {
  reads = 0;

  @Cacheable({ key: (id) => ['city', id] })
  async find(id: number): Promise<City> {
    return { id, name: `read ${++this.reads}` };
  }
  @Cacheable({ cache: 'lists', key: 'cities' })
  async list(): Promise<string> {
    return `read ${++this.reads}`;
  }

  @CachePut({
    key: (id) => ['city', id],
    timeout: (_id, name) => (name === 'Fleeting' ? '1m' : '1h'),
    tags: (_id, name) => [`name:${name}`],
    condition: (_id, name) => name !== 'Passing',
    unless: (city) => city?.name === 'Draft',
  })
  async save(id: number, name: string): Promise<City | undefined> {
    if (name === 'Taken') throw new ConflictException();
    return name === 'Nobody' ? undefined : { id, name };
  }
  @CacheEvict({ tags: (name) => [`name:${name}`] })
  async forget(_name: string): Promise<void> {}

  @CachePut({ resultKey: (city, name) => [name === '' ? 'none' : 'city', city.id] })
  create(name: string): City {
    return { id: 7, name };
  }

  @Caching([
    CachePut({ key: (id) => ['city', id] }),
    CacheEvict({ cache: 'lists', allEntries: true }),
  ])
  async replace(id: number, name: string): Promise<City> {
    return { id, name };
  }

  @CachePut({ key: 'all', unless: (cities) => cities.length < 2 })
  import(names: string[]): Observable<City> {
    return from(names.map((name, id) => ({ id, name })));
  }
  @Cacheable({ key: 'all' })
  async all(): Promise<City[]> {
    return [{ id: 0, name: `read ${++this.reads}` }];
  }

  @Cacheable({
    ...{ cache: 'drafts', key: 'draft' },
    ...{ keyPrefix: (author) => author, version: (_author, edition) => edition },
  })
  async draft(_author: string, _edition: number): Promise<string> {
    return `read ${++this.reads}`;
  }
  @CachePut({
    ...{ cache: 'drafts', key: 'draft' },
    ...{ keyPrefix: (author) => author, version: (_author, edition) => edition },
  })
  async write(author: string, edition: number): Promise<string> {
    return `${author} ${edition}`;
  }
}

@Controller()
class Handlers {
  constructor(private readonly cities: Cities) {}
  @Get('cities') list() {
    return this.cities.list();
  }
  @Get('cities/:id') async show(@Param('id', ParseIntPipe) id: number) {
    return (await this.cities.find(id)).name;
  }
  @Put('cities/:id/:name')
  async save(@Param('id', ParseIntPipe) id: number, @Param('name') name: string) {
    return (await this.cities.save(id, name))?.name;
  }
  @Put('replaced/:id/:name')
  async replace(@Param('id', ParseIntPipe) id: number, @Param('name') name: string) {
    return (await this.cities.replace(id, name)).name;
  }
  @Put('forgotten/:name') forget(@Param('name') name: string) {
    return this.cities.forget(name);
  }
  @Post('cities/:name') create(@Param('name') name: string) {
    return this.cities.create(name).id;
  }
  @Get('all') async all() {
    return (await this.cities.all()).map(({ name }) => name).join();
  }
  @Post('all/:names') import(@Param('names') names: string) {
    return this.cities.import(names.split(','));
  }
  @Get('drafts/:author/:edition')
  draft(@Param('author') author: string, @Param('edition', ParseIntPipe) edition: number) {
    return this.cities.draft(author, edition);
  }
  @Put('drafts/:author/:edition')
  write(@Param('author') author: string, @Param('edition', ParseIntPipe) edition: number) {
    return this.cities.write(author, edition);
  }
}

describe.each(PLATFORMS)('@CachePut in an application on %s', (platform) => {
  const metadata = { controllers: [Handlers], providers: [Cities] };
  const start = () => serveCaches(platform, metadata, ['default', 'lists', 'drafts']);

  it('what a request has saved, the next one finds, in place of what was there', async () => {
    const { tell } = await start();
    expect(await tell('/cities/1', '/cities/1')).toEqual(['read 1', 'read 1']);
    expect(await tell('PUT /cities/1/Bonn', '/cities/1')).toEqual(['Bonn', 'Bonn']);
    expect(await tell('PUT /cities/1/Rome', '/cities/1')).toEqual(['Rome', 'Rome']);
    expect(await tell('/cities/2')).toEqual(['read 2']);
  });

  it('timeout and tags, out of the arguments', async () => {
    const { tell, cache } = await start();
    await tell('PUT /cities/1/Fleeting', 'PUT /cities/2/Rome', 'PUT /cities/3/Rome');
    cache.advance('1m');
    expect(await tell('/cities/1', '/cities/2')).toEqual(['read 1', 'Rome']);
    await tell('PUT /forgotten/Rome');
    expect(await tell('/cities/1', '/cities/2', '/cities/3')).toEqual([
      ...['read 1', 'read 2', 'read 3'],
    ]);
  });

  it.each([
    ['a condition that does not hold', 'Passing', 'Passing'],
    ['a result that unless leaves out', 'Draft', 'Draft'],
    ['undefined', 'Nobody', ''],
    ['an exception', 'Taken', '{"message":"Conflict","statusCode":409}'],
  ])('%s leaves what was there', async (_what, name, answer) => {
    const { tell } = await start();
    await tell('PUT /cities/1/Bonn');
    expect(await tell(`PUT /cities/1/${name}`, '/cities/1')).toEqual([answer, 'Bonn']);
  });

  it('resultKey: under the identity that the result has been given', async () => {
    const { tell } = await start();
    expect(await tell('POST /cities/Bonn', '/cities/7')).toEqual(['7', 'Bonn']);
  });

  it('an Observable: all items, once it is complete', async () => {
    const { tell } = await start();
    await tell('POST /all/Bonn');
    expect(await tell('/all')).toEqual(['read 1']);
    await tell('POST /all/Bonn,Rome');
    expect(await tell('/all')).toEqual(['Bonn,Rome']);
  });

  it('cache, keyPrefix and version', async () => {
    const { tell } = await start();
    await tell('PUT /drafts/ada/1', 'PUT /drafts/ada/2', 'PUT /drafts/bob/1');
    expect(await tell('/drafts/ada/1', '/drafts/ada/2', '/drafts/bob/1', '/drafts/bob/2')).toEqual([
      'ada 1',
      'ada 2',
      'bob 1',
      'read 1',
    ]);
  });

  it('@Caching: puts into one cache and evicts from another', async () => {
    const { tell } = await start();
    expect(await tell('/cities', '/cities')).toEqual(['read 1', 'read 1']);
    await tell('PUT /cities/1/Bonn');
    expect(await tell('/cities', '/cities/1')).toEqual(['read 1', 'Bonn']);
    await tell('PUT /replaced/1/Rome');
    expect(await tell('/cities', '/cities/1')).toEqual(['read 2', 'Rome']);
  });
});
