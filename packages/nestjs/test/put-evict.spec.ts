import { describe, expect, it } from '@jest/globals';
import { createTestCache } from '@locmem/core/testing';
import { Logger } from '@nestjs/common';
import { from, lastValueFrom, of, tap, throwError, toArray } from 'rxjs';
import type { Observable } from 'rxjs';
import {
  Cacheable,
  CacheDefaults,
  CacheEvict,
  CachePut,
  Caching,
  provideCaches,
} from '../src/index.js';
import { asyncCache, brokenCache } from './async-cache.js';
import './harness.js';

function given<T extends object>(object: T) {
  const cache = createTestCache();
  return { object: provideCaches(object, { default: cache }), cache };
}

interface City {
  id: number;
  name: string;
}

describe('@CachePut', () => {
  class Cities {
    runs = 0;
    @Cacheable({ key: (id) => ['city', id] })
    async find(id: number): Promise<City> {
      this.runs++;
      return { id, name: 'found' };
    }
    @CachePut({ key: (city) => ['city', city.id], timeout: '1m', tags: (city) => [city.name] })
    async save(city: City): Promise<City | undefined> {
      this.runs++;
      if (city.name === '') throw new Error('nameless');
      return city.name === 'nobody' ? undefined : { ...city };
    }
    @CachePut({
      resultKey: (city) => ['city', city.id],
      unless: (_city, name) => name === 'secret',
    })
    create(name: string): City {
      return { id: 7, name };
    }
    @CachePut({ key: 'stream', condition: (isKept) => isKept })
    stream(_isKept: boolean): Observable<number> {
      return of(1, 2);
    }
  }

  it('runs the method each time, and the next who looks finds its result', async () => {
    const { object: cities, cache } = given(new Cities());
    await cities.find(1);
    const saved = await cities.save({ id: 1, name: 'Berlin' });
    saved!.name = 'spoilt';
    await cities.save({ id: 1, name: 'Berlin' });
    expect(await cities.find(1)).toEqual({ id: 1, name: 'Berlin' });
    expect(cities.runs).toBe(3);
    expect(cache.ttl('["city",1]')).toBe(60);
    cache.deleteByTag('Berlin');
    expect([...cache.keys()]).toEqual([]);
  });

  it('keeps neither undefined nor what was thrown', async () => {
    const { object: cities, cache } = given(new Cities());
    await expect(cities.save({ id: 1, name: '' })).rejects.toThrow('nameless');
    expect(await cities.save({ id: 1, name: 'nobody' })).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  it('may take the key from the result, and leave results out', () => {
    const { object: cities, cache } = given(new Cities());
    expect(cities.create('secret')).toEqual({ id: 7, name: 'secret' });
    expect(cache.size).toBe(0);
    cities.create('Rome');
    expect(cache.get('["city",7]')).toEqual({ id: 7, name: 'Rome' });
  });

  it('keeps the items of an Observable when it is complete', async () => {
    const { object: cities, cache } = given(new Cities());
    await lastValueFrom(cities.stream(false));
    expect(cache.size).toBe(0);
    expect(await lastValueFrom(cities.stream(true).pipe(toArray()))).toEqual([1, 2]);
    expect(cache.get('stream')).toEqual([1, 2]);
  });

  it.each(['items', 'rows'] as const)(
    'of a stream keeps the %s as they came, and before its caller hears of the end',
    async (which) => {
      class Streams {
        @CachePut({ key: 'items' })
        items(): Observable<{ n: number }> {
          return of({ n: 1 }, { n: 2 });
        }
        @CachePut({ key: 'rows' })
        async *rows(): AsyncGenerator<{ n: number }> {
          yield { n: 1 };
          yield { n: 2 };
        }
      }
      const cache = createTestCache();
      const streams = provideCaches(new Streams(), { default: asyncCache(cache) });
      const source = which === 'items' ? from(streams.items()) : from(streams.rows());
      await lastValueFrom(source.pipe(tap((item) => (item.n = 99))));
      expect(cache.get(which)).toEqual([{ n: 1 }, { n: 2 }]);
    },
  );

  it('needs exactly one key', () => {
    for (const options of [{}, { key: 'a', resultKey: () => 'b' }]) {
      expect(() => CachePut(options)({}, 'x', { value: () => 1 })).toThrow(
        expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_OPTION', option: 'key' }),
      );
    }
  });
});

describe('@CacheEvict', () => {
  class Cities {
    seen: number[] = [];
    constructor(private readonly size: () => number) {}

    @CacheEvict({ key: (id) => `city:${id}` })
    async remove(id: number): Promise<string> {
      this.seen.push(this.size());
      if (id < 0) throw new Error('no such city');
      return `removed ${id}`;
    }
    @CacheEvict({ key: 'a', when: 'before' })
    async before(): Promise<void> {
      this.seen.push(this.size());
      throw new Error('failed');
    }
    @CacheEvict({ keys: (ids) => ids.map((id) => ['city', id]) })
    several(ids: number[]): number {
      return ids.length;
    }
    @CacheEvict({ tags: (country) => [`country:${country}`] })
    country(country: string): string {
      return country;
    }
    @CacheEvict({ allEntries: true, condition: (really) => really })
    all(_really: boolean): void {}
    @CacheEvict({ allEntries: true })
    stream(fails: boolean): Observable<number> {
      return fails ? throwError(() => new Error('broken')) : of(1, 2);
    }
    @CacheEvict({ allEntries: true })
    async *rows(): AsyncGenerator<number> {
      yield this.size();
      yield this.size();
    }
  }
  const make = () => {
    const cache = createTestCache();
    return { cache, cities: provideCaches(new Cities(() => cache.size), { default: cache }) };
  };

  it('drops an entry once the method has succeeded, before the caller hears of it', async () => {
    const { cities, cache } = make();
    cache.setMany({ 'city:1': 1, 'city:2': 2 });
    await expect(cities.remove(-1)).rejects.toThrow('no such city');
    expect(cache.size).toBe(2);
    expect(await cities.remove(1)).toBe('removed 1');
    expect(cities.seen).toEqual([2, 2]);
    expect([...cache.keys()]).toEqual(['city:2']);
  });

  it('drops it before the method runs, and if it fails, when told so', async () => {
    const { cities, cache } = make();
    cache.set('a', 1);
    await expect(cities.before()).rejects.toThrow('failed');
    expect(cities.seen).toEqual([0]);
  });

  it('drops several keys, a tag, or all', () => {
    const { cities, cache } = make();
    cache.setMany({ '["city",1]': 1, '["city",2]': 2, other: 3 });
    expect(cities.several([1, 2])).toBe(2);
    expect([...cache.keys()]).toEqual(['other']);
    cache.set('de', 1, { tags: ['country:de'] });
    cities.country('de');
    expect([...cache.keys()]).toEqual(['other']);
    cities.all(false);
    expect([...cache.keys()]).toEqual(['other']);
    cities.all(true);
    expect(cache.size).toBe(0);
  });

  it('waits for the end of a stream', async () => {
    const { cities, cache } = make();
    cache.set('a', 1);
    await expect(lastValueFrom(cities.stream(true))).rejects.toThrow('broken');
    expect(cache.size).toBe(1);
    await lastValueFrom(cities.stream(false));
    expect(cache.size).toBe(0);
    cache.set('a', 1);
    const sizes: number[] = [];
    for await (const size of cities.rows()) sizes.push(size);
    expect([...sizes, cache.size]).toEqual([1, 1, 0]);
  });

  it('drops an error that was kept, too', async () => {
    class Flaky {
      isDown = true;
      @Cacheable({ key: 'k', errorTimeout: '1h' })
      async find(): Promise<string> {
        if (this.isDown) throw new Error('down');
        return 'up';
      }
      @CacheEvict({ key: 'k' })
      async mend(): Promise<void> {
        this.isDown = false;
      }
    }
    const { object: flaky } = given(new Flaky());
    await expect(flaky.find()).rejects.toThrow('down');
    await flaky.mend();
    expect(await flaky.find()).toBe('up');
  });

  it('with a key prefix, empties what is under it', () => {
    class Notes {
      @Cacheable({ keyPrefix: (tenant) => tenant, key: 'notes', tags: ['notes'] })
      list(tenant: string): string {
        return tenant;
      }
      @CacheEvict({ keyPrefix: (tenant) => tenant, allEntries: true })
      reset(_tenant: string): void {}
    }
    const { object: notes, cache } = given(new Notes());
    notes.list('acme');
    notes.list('other');
    notes.reset('acme');
    expect([...cache.keys()]).toEqual(['{/"other"}notes']);
  });

  it('does not drop what only the defaults of the class tag', () => {
    @CacheDefaults({ tags: ['geo'] })
    class Geo {
      @CacheEvict({ key: 'a' })
      drop(): void {}
    }
    const { object: geo, cache } = given(new Geo());
    cache.set('b', 1, { tags: ['geo'] });
    geo.drop();
    expect(cache.size).toBe(1);
  });

  it('must be told what to drop', () => {
    expect(() => CacheEvict({})({}, 'x', { value: () => 1 })).toThrow(
      expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_OPTION', option: 'key' }),
    );
  });

  it('waits for a cache that answers with a promise', async () => {
    const cache = createTestCache();
    const cities = provideCaches(new Cities(() => cache.size), { default: asyncCache(cache) });
    cache.setMany({ 'city:1': 1, a: 2 });
    await cities.remove(1);
    expect(cache.size).toBe(1);
    await expect(cities.before()).rejects.toThrow('failed');
    expect(cities.seen).toEqual([2, 0]);
  });

  it('tells the log what a method that has answered at once cannot be told', async () => {
    class Notes {
      @CachePut({ key: 'note' })
      put(): object {
        return { at: () => 1 };
      }
      @CacheEvict({ tags: () => [''] })
      evict(): string {
        return 'gone';
      }
      @CacheEvict({ tags: () => [''], when: 'before' })
      evictBefore(): string {
        return 'gone';
      }
    }
    const messages: unknown[] = [];
    Logger.overrideLogger({ error: (message) => messages.push(message), log() {}, warn() {} });
    try {
      const notes = provideCaches(new Notes(), { default: asyncCache() });
      expect(notes.put()).toEqual({ at: expect.any(Function) });
      expect([notes.evict(), notes.evictBefore()]).toEqual(['gone', 'gone']);
      for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
      expect(messages).toEqual([
        expect.stringMatching(/told after Notes\.put: NotSerializableError/),
        expect.stringMatching(/told after Notes\.evict: InvalidOptionError/),
        expect.stringMatching(/told after Notes\.evictBefore: InvalidOptionError/),
      ]);
    } finally {
      Logger.overrideLogger(false);
    }
  });

  it('does not fail because the store does, and says so in the log', async () => {
    const messages: unknown[] = [];
    Logger.overrideLogger({ error: (message) => messages.push(message), log() {}, warn() {} });
    try {
      const cities = provideCaches(new Cities(() => 0), { default: brokenCache() });
      expect(await cities.remove(1)).toBe('removed 1');
      expect(messages).toEqual(['The cache failed after Cities.remove: Error: connection lost']);
    } finally {
      Logger.overrideLogger(false);
    }
  });
});

describe('@Caching', () => {
  it('applies several, the first outermost', async () => {
    class Users {
      @Caching([
        CachePut({ key: (user) => ['user', user.id] }),
        CacheEvict({ cache: 'lists', allEntries: true }),
        CacheEvict({ cache: 'counts', key: 'users' }),
      ])
      async save(user: City): Promise<City> {
        return user;
      }
    }
    const [users, lists, counts] = [createTestCache(), createTestCache(), createTestCache()];
    lists.set('all', []);
    counts.setMany({ users: 1, others: 2 });
    const object = provideCaches(new Users(), { default: users, lists, counts });
    await object.save({ id: 1, name: 'Ada' });
    expect([[...users.keys()], [...lists.keys()], [...counts.keys()]]).toEqual([
      ['["user",1]'],
      [],
      ['others'],
    ]);
  });

  it('takes a list of decorators', () => {
    expect(() => Caching({} as never)).toThrow(
      expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_OPTION' }),
    );
  });

  it('decorators that stand on one another know how the method answers', async () => {
    class Users {
      @CacheEvict({ key: 'list', when: 'before' })
      @Cacheable({ key: (id) => `user:${id}` })
      find(id: number): Promise<number> {
        return Promise.resolve(id);
      }
    }
    const { object: users, cache } = given(new Users());
    expect(await users.find(1)).toBe(1);
    expect([...cache.keys()]).toEqual(['user:1']);
  });
});
