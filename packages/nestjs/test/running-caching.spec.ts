/** `@Caching` in running applications: several decorators on one method, in every combination. */
import { describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  Logger,
  NotFoundException,
  Param,
  ParseIntPipe,
} from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { concat, defer, from, NEVER, of, throwError } from 'rxjs';
import type { Observable } from 'rxjs';
import { Cacheable, CacheEvict, CacheKeyPrefix, CachePut, Caching } from '../src/index.js';
import { asyncCache, brokenCache } from './async-cache.js';
import { PLATFORMS, serveCaches, until } from './harness.js';

const ALIASES = ['default', 'lists', 'counts'] as const;

const cityOf = (id: number) => `city:${id}`;
const dropCity = { key: cityOf };
const dropLists = { cache: 'lists', allEntries: true };
const dropCount = { cache: 'counts', key: 'cities' };
const fails = (what: string) => (): never => {
  throw new RangeError(what);
};

@Injectable()
class Cities {
  runs = 0;
  /** Called while a method runs. */
  look: () => void = () => undefined;
  /** The third city is none. */
  #run(id: number): string {
    this.runs++;
    this.look();
    if (id === 3) throw new NotFoundException();
    return `run ${this.runs}`;
  }

  @Caching([CacheEvict(dropCity), CacheEvict(dropLists), CacheEvict(dropCount)])
  async evicts(id: number): Promise<string> {
    return this.#run(id);
  }
  @Caching([CacheEvict({ ...dropCity, when: 'before' }), CacheEvict(dropLists)])
  async evictsBeforeAndAfter(id: number): Promise<string> {
    return this.#run(id);
  }
  @Caching([CacheEvict(dropLists), CacheEvict({ ...dropCity, when: 'before' })])
  async evictsAfterAndBefore(id: number): Promise<string> {
    return this.#run(id);
  }

  @Caching([
    CachePut({ key: cityOf }),
    CachePut({ cache: 'lists', resultKey: (result, id) => [result.replace(' ', '-'), id] }),
  ])
  async puts(id: number): Promise<string> {
    return this.#run(id);
  }
  @Caching([CachePut({ key: cityOf }), CacheEvict({ allEntries: true })])
  async putsWhatIsEvictedFirst(id: number): Promise<string> {
    return this.#run(id);
  }
  @Caching([CacheEvict({ allEntries: true }), CachePut({ key: cityOf })])
  async evictsWhatIsPutFirst(id: number): Promise<string> {
    return this.#run(id);
  }
  @Caching([CacheEvict({ allEntries: true, when: 'before' }), CachePut({ key: cityOf })])
  async evictsBeforeItPuts(id: number): Promise<string> {
    return this.#run(id);
  }

  @Caching([Cacheable({ key: (id) => `read:${id}` }), CacheEvict(dropLists)])
  async evictsWhenItRuns(id: number): Promise<string> {
    return this.#run(id);
  }
  @Caching([CacheEvict(dropLists), Cacheable({ key: (id) => `read:${id}` })])
  async evictsAlways(id: number): Promise<string> {
    return this.#run(id);
  }
  @Caching([CacheEvict({ key: cityOf, when: 'before' }), Cacheable({ key: cityOf })])
  async readsAnew(id: number): Promise<string> {
    return this.#run(id);
  }
  @Caching([Cacheable({ key: (id) => `read:${id}` }), CachePut({ cache: 'counts', key: 'cities' })])
  async putsWhenItRuns(id: number): Promise<string> {
    return this.#run(id);
  }
  @Caching([CachePut({ cache: 'counts', key: 'cities' }), Cacheable({ key: (id) => `read:${id}` })])
  async putsAlways(id: number): Promise<string> {
    return this.#run(id);
  }
  @Caching([
    Cacheable({ key: (id) => `read:${id}` }),
    Cacheable({ cache: 'lists', key: (id) => `read:${id}` }),
  ])
  async readsTwice(id: number): Promise<string> {
    return this.#run(id);
  }

  @Caching([
    CachePut({ key: cityOf, condition: (id) => id !== 1, unless: (result) => result === 'run 2' }),
    CachePut({ cache: 'counts', key: 'cities' }),
    CacheEvict({ ...dropLists, condition: (id) => id === 1 }),
  ])
  async conditional(id: number): Promise<string> {
    return this.#run(id);
  }

  @Caching([CacheEvict(dropLists), CachePut({ key: fails('put') }), CacheEvict(dropCount)])
  async putWithoutKey(id: number): Promise<string> {
    return this.#run(id);
  }
  @Caching([CacheEvict(dropLists), CacheEvict({ key: fails('evict') }), CacheEvict(dropCount)])
  async evictWithoutKey(id: number): Promise<string> {
    return this.#run(id);
  }
  @Caching([CacheEvict(dropLists), CacheEvict({ tags: fails('tags') }), CacheEvict(dropCount)])
  async evictWithoutTags(id: number): Promise<string> {
    return this.#run(id);
  }
  @Caching([
    CacheEvict(dropLists),
    CachePut({ key: cityOf, timeout: fails('timeout') }),
    CacheEvict(dropCount),
  ])
  async putWithoutTimeout(id: number): Promise<string> {
    return this.#run(id);
  }
  @Caching([
    CacheEvict({ ...dropLists, when: 'before' }),
    CacheEvict({ key: fails('evict'), when: 'before' }),
    CacheEvict({ ...dropCount, when: 'before' }),
  ])
  async evictBeforeWithoutKey(id: number): Promise<string> {
    return this.#run(id);
  }
  @Caching([CacheEvict(dropLists), CachePut({ key: cityOf, keyPrefix: fails('prefix') })])
  async putWithoutPrefix(id: number): Promise<string> {
    return this.#run(id);
  }
  @Caching([CacheEvict(dropLists), CachePut({ key: cityOf, condition: fails('condition') })])
  async putWithoutCondition(id: number): Promise<string> {
    return this.#run(id);
  }

  @Caching([
    CachePut({ key: cityOf }),
    CacheEvict(dropLists),
    CacheEvict({ ...dropCount, when: 'before' }),
  ])
  stream(id: number): Observable<string> {
    const items = defer(() => from(['a', this.#run(id)]));
    return id === 2 ? concat(items, NEVER) : items;
  }
  @Caching([Cacheable({ key: (id) => `read:${id}` }), CacheEvict(dropLists)])
  cachedStream(id: number): Observable<string> {
    return id === 3 ? throwError(() => new NotFoundException()) : of('a', this.#run(id));
  }
  @Caching([CachePut({ key: cityOf }), CacheEvict(dropLists)])
  async *generator(id: number): AsyncGenerator<string> {
    yield 'a';
    yield this.#run(id);
  }
  @Caching([
    CachePut({ key: cityOf }),
    CacheEvict(dropLists),
    CacheEvict({ ...dropCount, when: 'before' }),
  ])
  atOnce(id: number): string {
    return this.#run(id);
  }
}

type Name = Exclude<keyof Cities, 'runs' | 'look'>;

async function itemsOf(items: AsyncIterable<string>): Promise<string> {
  const all = [];
  for await (const item of items) all.push(item);
  return all.join();
}

@Controller()
class Handlers {
  constructor(private readonly cities: Cities) {}
  @Get('generator/:id') generator(@Param('id', ParseIntPipe) id: number) {
    return itemsOf(this.cities.generator(id));
  }
  @Get('first/:id') first(@Param('id', ParseIntPipe) id: number) {
    return new Promise((tell, fail) => {
      const reading = this.cities.stream(id).subscribe({ next: tell, error: fail });
      // Whoever has been told leaves.
      setImmediate(() => {
        reading.unsubscribe();
      });
    });
  }
  /** How it fails: by the promise that it gives, or by what it throws. */
  @Get('way/:name/:id') async way(
    @Param('name') name: Name,
    @Param('id', ParseIntPipe) id: number,
  ) {
    let answer: unknown;
    try {
      answer = this.cities[name](id);
    } catch (error) {
      return `thrown: ${String(error)}`;
    }
    return Promise.resolve(answer).then(
      () => 'resolved',
      (error: unknown) => `rejected: ${String(error)}`,
    );
  }
  @Get(':name/:id') any(@Param('name') name: Name, @Param('id', ParseIntPipe) id: number) {
    return this.cities[name](id);
  }
}

const KINDS = [
  ['caches that answer at once', (cache: object) => cache],
  ['caches that answer with promises', asyncCache as (cache: never) => unknown],
] as const;

const EVERYTHING = 'city:1 city:2 city:3 | all | cities';
const FAILED = '{"statusCode":500,"message":"Internal server error"}';
const NOT_FOUND = '{"message":"Not Found","statusCode":404}';

async function start(
  platform: (typeof PLATFORMS)[number],
  given: (cache: never, alias: string) => unknown,
) {
  const served = await serveCaches(
    platform,
    { controllers: [Handlers], providers: [Cities] },
    ALIASES,
    given as (cache: unknown, alias: string) => unknown,
  );
  const { caches } = served;
  caches.default.setMany({ 'city:1': 'old', 'city:2': 'old', 'city:3': 'old' });
  caches.lists.set('all', 'old');
  caches.counts.set('cities', 'old');
  /** What is in the caches, in the order of {@link ALIASES}. */
  const left = () => ALIASES.map((alias) => [...caches[alias].keys()].sort().join(' ')).join(' | ');
  return { ...served, left, cities: served.app.get(Cities) };
}

describe.each(PLATFORMS)('@Caching in an application on %s', (platform) => {
  describe.each(KINDS)('with %s', (_which, given) => {
    it.each([
      ['several evicts', 'evicts/1', 'run 1', 'city:2 city:3 |  | '],
      ['several evicts, and the method fails', 'evicts/3', NOT_FOUND, EVERYTHING],
      ['before and after', 'evictsBeforeAndAfter/1', 'run 1', 'city:2 city:3 |  | cities'],
      [
        ...['before and after, and the method fails', 'evictsBeforeAndAfter/3'],
        ...[NOT_FOUND, 'city:1 city:2 | all | cities'],
      ],
      [
        ...['after and before, and the method fails', 'evictsAfterAndBefore/3'],
        ...[NOT_FOUND, 'city:1 city:2 | all | cities'],
      ],
      [...['several puts', 'puts/1', 'run 1'], 'city:1 city:2 city:3 | ["run-1",1] all | cities'],
      ['several puts, and the method fails', 'puts/3', NOT_FOUND, EVERYTHING],
      ['an evict within a put', 'putsWhatIsEvictedFirst/1', 'run 1', 'city:1 | all | cities'],
      ['a put within an evict', 'evictsWhatIsPutFirst/1', 'run 1', ' | all | cities'],
      ['a put within an evict before', 'evictsBeforeItPuts/1', 'run 1', 'city:1 | all | cities'],
      [
        ...['an evict within a cacheable', 'evictsWhenItRuns/1', 'run 1'],
        'city:1 city:2 city:3 read:1 |  | cities',
      ],
      [
        ...['an evict within a cacheable, and the method fails', 'evictsWhenItRuns/3'],
        ...[NOT_FOUND, EVERYTHING],
      ],
      ['a key that does not come to be: of a put', 'putWithoutKey/1', FAILED],
      ['of an evict', 'evictWithoutKey/1', FAILED],
      ['nor its tags', 'evictWithoutTags/1', FAILED],
      ['nor a timeout', 'putWithoutTimeout/1', FAILED],
    ])('%s', async (_what, path, answer, then = 'city:1 city:2 city:3 | all | ') => {
      const { tell, left } = await start(platform, given);
      expect(await tell(`/${path}`)).toEqual([answer]);
      expect(left()).toBe(then);
    });

    it('what goes before is gone when the method runs; what goes after is there', async () => {
      const { tell, left, cities } = await start(platform, given);
      const seen: string[] = [];
      cities.look = () => seen.push(left());
      await tell('/evictsBeforeAndAfter/1', '/evictsAfterAndBefore/2');
      expect(seen).toEqual(['city:2 city:3 | all | cities', 'city:3 |  | cities']);
    });

    it('an evict and what it drops: at each call, or when the method runs', async () => {
      const { tell, caches } = await start(platform, given);
      expect(await tell('/evictsWhenItRuns/1')).toEqual(['run 1']);
      caches.lists.set('all', 'new');
      expect(await tell('/evictsWhenItRuns/1')).toEqual(['run 1']);
      expect(caches.lists.has('all')).toBe(true);
      expect(await tell('/evictsAlways/1')).toEqual(['run 1']);
      expect(caches.lists.has('all')).toBe(false);
    });

    it('a put: at each call, or when the method runs', async () => {
      const { tell, caches } = await start(platform, given);
      expect(await tell('/putsWhenItRuns/1')).toEqual(['run 1']);
      expect(caches.counts.get('cities')).toBe('run 1');
      caches.counts.set('cities', 'old');
      expect(await tell('/putsWhenItRuns/1')).toEqual(['run 1']);
      expect(caches.counts.get('cities')).toBe('old');
      expect(await tell('/putsAlways/1')).toEqual(['run 1']);
      expect(caches.counts.get('cities')).toBe('run 1');
    });

    it('a cacheable behind an evict of its own key runs at each call', async () => {
      const { tell, caches } = await start(platform, given);
      expect(await tell('/readsAnew/1', '/readsAnew/1')).toEqual(['run 1', 'run 2']);
      expect(caches.default.get('city:1')).toBe('run 2');
    });

    it('two cacheables: what one has lost, the other finds', async () => {
      const { tell, caches } = await start(platform, given);
      await tell('/readsTwice/1');
      caches.default.clear();
      expect(await tell('/readsTwice/1', '/readsTwice/2')).toEqual(['run 1', 'run 2']);
      expect([...caches.default.keys()].sort()).toEqual(['read:1', 'read:2']);
    });

    it('condition and unless are those of one, and hinder no other', async () => {
      const { tell, caches, left } = await start(platform, given);
      const kept = () => [caches.default.get('city:1'), caches.default.get('city:2')];
      await tell('/conditional/1');
      expect([...kept(), caches.counts.get('cities')]).toEqual(['old', 'old', 'run 1']);
      expect(left()).toBe('city:1 city:2 city:3 |  | cities');
      caches.lists.set('all', 'new');
      await tell('/conditional/2');
      expect([...kept(), caches.counts.get('cities')]).toEqual(['old', 'old', 'run 2']);
      await tell('/conditional/2');
      expect([...kept(), caches.counts.get('cities')]).toEqual(['old', 'run 3', 'run 3']);
      expect(left()).toBe(EVERYTHING);
    });

    it.each([
      ['evictBeforeWithoutKey', 'evict', 'city:1 city:2 city:3 |  | cities'],
      ['putWithoutPrefix', 'prefix', EVERYTHING],
      ['putWithoutCondition', 'condition', EVERYTHING],
    ])('%s: the promise tells, and the method has not run', async (name, what, then) => {
      const { tell, left, cities } = await start(platform, given);
      for (const id of [1, 3]) {
        expect(await tell(`/way/${name}/${id}`)).toEqual([`rejected: RangeError: ${what}`]);
      }
      expect([cities.runs, left()]).toEqual([0, then]);
    });

    it('an Observable: before at once, the others when it is complete', async () => {
      const { tell, caches, left } = await start(platform, given);
      expect(await tell('/stream/1')).toEqual(['run 1']);
      expect(left()).toBe('city:1 city:2 city:3 |  | ');
      expect(caches.default.get('city:1')).toEqual(['a', 'run 1']);
    });

    it('an Observable that fails, or whose reader leaves: before alone', async () => {
      const { tell, caches, left } = await start(platform, given);
      expect(await tell('/stream/3')).toEqual([NOT_FOUND]);
      expect(left()).toBe('city:1 city:2 city:3 | all | ');
      expect(await tell('/first/2')).toEqual(['a']);
      expect(left()).toBe('city:1 city:2 city:3 | all | ');
      expect(caches.default.get('city:2')).toBe('old');
    });

    it('an Observable that is kept evicts when it comes from its source', async () => {
      const { tell, caches, left } = await start(platform, given);
      expect(await tell('/cachedStream/3')).toEqual([NOT_FOUND]);
      expect(left()).toBe(EVERYTHING);
      expect(await tell('/cachedStream/1')).toEqual(['run 1']);
      expect(left()).toBe('city:1 city:2 city:3 read:1 |  | cities');
      caches.lists.set('all', 'new');
      expect(await tell('/cachedStream/1')).toEqual(['run 1']);
      expect(caches.lists.has('all')).toBe(true);
    });

    it('an async generator: when its last item has been read', async () => {
      const { tell, caches, left } = await start(platform, given);
      expect(await tell('/generator/3')).toEqual([NOT_FOUND]);
      expect(left()).toBe(EVERYTHING);
      expect(await tell('/generator/1')).toEqual(['a,run 2']);
      expect(caches.default.get('city:1')).toEqual(['a', 'run 2']);
      expect(left()).toBe('city:1 city:2 city:3 |  | cities');
    });

    it('a method that returns at once does, and all is done', async () => {
      const { tell, caches, left } = await start(platform, given);
      expect(await tell('/atOnce/3')).toEqual([NOT_FOUND]);
      await until(() => !caches.counts.has('cities'));
      expect(left()).toBe('city:1 city:2 city:3 | all | ');
      caches.counts.set('cities', 'new');
      expect(await tell('/atOnce/1')).toEqual(['run 2']);
      await until(() => left() === 'city:1 city:2 city:3 |  | ');
      expect(left()).toBe('city:1 city:2 city:3 |  | ');
      await until(() => caches.default.get('city:1') === 'run 2');
      expect(caches.default.get('city:1')).toBe('run 2');
    });
  });

  it.each([
    ['default', 'evicts/1', 'city:1 city:2 city:3 |  | ', 1],
    ['lists', 'evicts/1', 'city:2 city:3 | all | ', 1],
    ['lists', 'puts/1', EVERYTHING, 1],
    ['default', 'evictsBeforeItPuts/1', EVERYTHING, 2],
    ['default', 'evictsWhenItRuns/1', 'city:1 city:2 city:3 |  | cities', 0],
    ['default', 'stream/1', 'city:1 city:2 city:3 |  | ', 1],
  ])('a store that is lost (%s, %s) costs only what it keeps', async (lost, path, then, count) => {
    const errors: unknown[] = [];
    const { tell, left } = await start(platform, (cache, alias) =>
      alias === lost ? brokenCache() : asyncCache(cache),
    );
    Logger.overrideLogger({ error: (message) => errors.push(message), log() {}, warn() {} });
    try {
      expect(await tell(`/${path}`)).toEqual(['run 1']);
      expect(left()).toBe(then);
      const says = expect.stringMatching(/^The cache failed after Cities\.\w+: Error: connection/);
      expect(errors).toEqual(Array(count).fill(says));
    } finally {
      Logger.overrideLogger(false);
    }
  });
});

describe.each(PLATFORMS)('@Caching under the prefix of a request on %s', (platform) => {
  const tenantOf = (context: ExecutionContext) =>
    context.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers['x-tenant']!;

  @CacheKeyPrefix(tenantOf)
  @Controller()
  class Shop extends Handlers {}
  Reflect.defineMetadata('design:paramtypes', [Cities], Shop);

  it('each finds, puts and drops what is of the request', async () => {
    const metadata = { controllers: [Shop], providers: [Cities] };
    const { ask, caches } = await serveCaches(platform, metadata, ALIASES);
    const as = async (tenant: string, path: string) =>
      (await ask(path, { headers: { 'x-tenant': tenant } })).text;
    const keys = () =>
      ALIASES.map((alias) => [...caches[alias].keys()].sort().join(' ')).join(' | ');

    await as('acme', '/puts/1');
    await as('other', '/puts/1');
    expect(keys()).toBe(
      '{"acme"}city:1 {"other"}city:1 | {"acme"}["run-1",1] {"other"}["run-2",1] | ',
    );
    expect([await as('acme', '/putsAlways/1'), await as('other', '/putsAlways/1')]).toEqual([
      ...['run 3', 'run 4'],
    ]);
    expect(caches.counts.get('{"acme"}cities')).toBe('run 3');
    await as('acme', '/evicts/1');
    expect(keys()).toBe(
      '{"acme"}read:1 {"other"}city:1 {"other"}read:1 | {"other"}["run-2",1] | {"other"}cities',
    );
    await as('other', '/evictsWhatIsPutFirst/2');
    expect(keys()).toBe('{"acme"}read:1 | {"other"}["run-2",1] | {"other"}cities');
  });
});
