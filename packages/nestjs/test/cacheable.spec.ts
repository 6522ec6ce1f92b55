import { describe, expect, it } from '@jest/globals';
import { LocMemCache } from '@locmem/core';
import type { AsyncCache } from '@locmem/core';
import { createTestCache } from '@locmem/core/testing';
import { SetMetadata } from '@nestjs/common';
import {
  firstValueFrom,
  from,
  lastValueFrom,
  Observable,
  of,
  Subject,
  switchMap,
  toArray,
} from 'rxjs';
import { Cacheable, CacheDefaults, provideCaches } from '../src/index.js';
import { asyncCache, brokenCache } from './async-cache.js';
import './harness.js';

function given<T extends object>(object: T, options: { isolation?: 'copy' | 'share' } = {}) {
  const cache = createTestCache(options);
  return { object: provideCaches(object, { default: cache }), cache };
}

describe('@Cacheable on an async method', () => {
  class Cities {
    runs = 0;
    rows = new Map<number, unknown>([[1, { name: 'Berlin', tags: new Set(['capital']) }]]);
    gate: Promise<void> = Promise.resolve();

    @Cacheable({ timeout: '5m' })
    async find(id: number): Promise<any> {
      this.runs++;
      await this.gate;
      if (id < 0) throw new RangeError('no such city');
      return this.rows.has(id) ? this.rows.get(id) : null;
    }
  }

  it('runs it once, and gives each caller a copy of the result', async () => {
    const { object: cities } = given(new Cities());
    const first = await cities.find(1);
    first.name = 'spoilt';
    first.tags.add('spoilt');
    expect(await cities.find(1)).toEqual({ name: 'Berlin', tags: new Set(['capital']) });
    expect(cities.runs).toBe(1);
  });

  it('answers a hit with a promise', async () => {
    const { object: cities } = given(new Cities());
    await cities.find(1);
    expect(cities.find(1)).toBeInstanceOf(Promise);
  });

  it('rejects, as an async method does, when it was taken off its object', async () => {
    const { object: cities } = given(new Cities());
    await cities.find(1);
    const find = Object.getOwnPropertyDescriptor(Cities.prototype, 'find')?.value;
    await expect(find(1)).rejects.toThrow(TypeError);
  });

  it('runs it again when the timeout is over', async () => {
    const { object: cities, cache } = given(new Cities());
    await cities.find(1);
    cache.advance('5m');
    await cities.find(1);
    expect(cities.runs).toBe(2);
  });

  it('runs it once for all who call at the same time', async () => {
    const { object: cities } = given(new Cities());
    const found = await Promise.all([cities.find(1), cities.find(1), cities.find(1)]);
    expect(cities.runs).toBe(1);
    expect(found[0]).not.toBe(found[1]);
  });

  it('keeps null', async () => {
    const { object: cities } = given(new Cities());
    expect(await cities.find(9)).toBeNull();
    expect(await cities.find(9)).toBeNull();
    expect(cities.runs).toBe(1);
  });

  it('does not keep undefined', async () => {
    const { object: cities } = given(new Cities());
    cities.rows.set(2, undefined);
    expect(await cities.find(2)).toBeUndefined();
    expect(await cities.find(2)).toBeUndefined();
    expect(cities.runs).toBe(2);
  });

  it('does not keep what it throws', async () => {
    const { object: cities, cache } = given(new Cities());
    await expect(cities.find(-1)).rejects.toThrow(RangeError);
    await expect(cities.find(-1)).rejects.toThrow('no such city');
    expect(cities.runs).toBe(2);
    expect(cache.size).toBe(0);
  });

  it('does not keep a result that was evicted while it was made', async () => {
    const { object: cities, cache } = given(new Cities());
    const finding = cities.find(1);
    cache.clear();
    await finding;
    expect(cache.size).toBe(0);
  });

  it('rejects, and does not throw, what is wrong with the arguments', async () => {
    const { object: cities } = given(new Cities());
    const calling = cities.find((() => 1) as any);
    await expect(calling).rejects.toMatchObject({ code: 'ERR_LOCMEM_UNSTABLE_ARGUMENT' });
  });

  it('keeps `this`, name, number of parameters and metadata of the method', () => {
    const mark = SetMetadata('mark', 1);
    class Marked {
      @mark
      @Cacheable()
      above(_a: number, _b: number): number {
        return 1;
      }
      @Cacheable()
      @mark
      below(_a: number): number {
        return 1;
      }
    }
    const { above, below } = Marked.prototype as unknown as Record<string, () => unknown>;
    expect(above!.name).toBe('above');
    expect(above).toHaveLength(2);
    expect(Reflect.getMetadata('mark', above!)).toBe(1);
    expect(Reflect.getMetadata('mark', below!)).toBe(1);
  });
});

describe('@Cacheable on a method that returns at once', () => {
  class Squares {
    runs = 0;
    @Cacheable()
    of(n: number): { square: number } | null {
      this.runs++;
      if (n < 0) throw new RangeError('negative');
      return n === 0 ? null : { square: n * n };
    }
  }

  it('answers at once, from the first call on', () => {
    const { object: squares } = given(new Squares());
    expect(squares.of(2)).toEqual({ square: 4 });
    expect(squares.of(2)).toEqual({ square: 4 });
    expect(squares.of(0)).toBeNull();
    expect(squares.of(0)).toBeNull();
    expect(squares.runs).toBe(2);
  });

  it('throws at once', () => {
    const { object: squares } = given(new Squares());
    expect(() => squares.of(-1)).toThrow('negative');
    expect(() => squares.of(-1)).toThrow('negative');
    expect(squares.runs).toBe(2);
  });

  it('cannot answer from a cache that answers with promises, and says so', () => {
    const squares = provideCaches(new Squares(), { default: asyncCache() });
    expect(() => squares.of(2)).toThrow(
      expect.objectContaining({ code: 'ERR_LOCMEM_SYNC_METHOD', method: 'Squares.of' }),
    );
  });
});

describe('@Cacheable on a method of which nobody knows how it answers', () => {
  class Plain {
    runs = 0;
    // No declared type, no `async`: only a call shows it.
    @Cacheable()
    find(id: number) {
      this.runs++;
      return Promise.resolve({ id });
    }
  }

  it('answers with a promise also where another process has left the result', async () => {
    const cache = createTestCache();
    cache.set('[Plain.find(1)]', { id: 1 });
    const plain = provideCaches(new Plain(), { default: cache });
    expect(await plain.find(1).then(({ id }) => id)).toBe(1);
    await plain.find(1);
    expect(plain.runs).toBe(1);
  });

  it.each([{}, { errorTimeout: '10s' }] as const)(
    'learns it anew from one that answers at once and then with a promise: %j',
    async (options) => {
      class Either {
        runs = 0;
        @Cacheable(options)
        find(id: number): number | Promise<number> {
          this.runs++;
          return id === 1 ? id : Promise.resolve(id);
        }
      }
      const { object: either } = given(new Either());
      expect([either.find(1), await either.find(2), await either.find(2)]).toEqual([1, 2, 2]);
      expect(either.runs).toBe(2);
    },
  );
});

describe('keys', () => {
  it('are class, method and arguments', async () => {
    class Cities {
      @Cacheable()
      find(id: number, locale?: string): string {
        return `${id} ${locale}`;
      }
    }
    const { object: cities, cache } = given(new Cities());
    cities.find(1);
    cities.find(1, 'de');
    expect([...cache.keys()]).toEqual(['[Cities.find(1)]', '[Cities.find(1,"de")]']);
  });

  it('may be a string, a function of the arguments, or parts', () => {
    class Cities {
      @Cacheable({ key: 'all' })
      all(): number {
        return 1;
      }
      @Cacheable({ key: (id) => `city:${id.toFixed()}` })
      one(id: number): number {
        return id;
      }
      @Cacheable({ key: (query) => ['search', query.text, query.page] })
      search(query: { text: string; page?: number }): number {
        return query.text.length;
      }
    }
    const { object: cities, cache } = given(new Cities());
    cities.all();
    cities.one(7);
    cities.search({ text: 'a b' });
    expect([...cache.keys()]).toEqual(['all', 'city:7', '["search","a\\u0020b",undefined]']);
  });

  it('of the user never meet those made here', () => {
    class Notes {
      @Cacheable()
      secret(_id: number): string {
        return 'secret';
      }
      @Cacheable({ key: (id) => id })
      open(id: string): string {
        return `open ${id}`;
      }
      @Cacheable({ key: (id) => id, keyPrefix: 'p' })
      prefixed(id: string): string {
        return `prefixed ${id}`;
      }
      @Cacheable({ key: (id) => [id] })
      parts(id: string): string {
        return `parts ${id}`;
      }
    }
    const { object: notes, cache } = given(new Notes());
    notes.secret(1);
    notes.prefixed('x');
    notes.parts('x'.repeat(300));
    for (const key of [...cache.keys()]) expect(notes.open(key)).toBe(`open ${key}`);
    for (const key of [...cache.keys()]) expect(notes.open(key)).toBe(`open ${key}`);
  });

  it.each([7, null, Promise.resolve('x')])('are not %p', (wrong) => {
    class Wrong {
      @Cacheable({ key: () => wrong as never })
      find(): number {
        return 1;
      }
    }
    expect(() => given(new Wrong()).object.find()).toThrow(
      expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_OPTION', option: 'key' }),
    );
  });

  it('of two classes that extend one do not meet', () => {
    abstract class Base {
      @Cacheable()
      name(id: number): string {
        return `${this.kind} ${id}`;
      }
      protected abstract kind: string;
    }
    class Cats extends Base {
      kind = 'cat';
    }
    class Dogs extends Base {
      kind = 'dog';
    }
    const cache = createTestCache();
    const cats = provideCaches(new Cats(), { default: cache });
    const dogs = provideCaches(new Dogs(), { default: cache });
    expect([cats.name(1), dogs.name(1), cats.name(1)]).toEqual(['cat 1', 'dog 1', 'cat 1']);
  });

  it('of a method and the one that it overrides do not meet', async () => {
    class Base {
      @Cacheable()
      async find(id: number): Promise<string> {
        return `base ${id}`;
      }
    }
    class Above extends Base {
      @Cacheable()
      override async find(id: number): Promise<string> {
        return `above ${await super.find(id)}`;
      }
    }
    const { object, cache } = given(new Above());
    expect(await object.find(1)).toBe('above base 1');
    expect(await object.find(1)).toBe('above base 1');
    expect([...cache.keys()].sort()).toEqual(['[Above.find(1)]', '[Above<Base.find(1)]']);
  });

  it('of two classes with one name are refused', () => {
    const make = (options?: { name: string }) => {
      class Service {
        @Cacheable()
        find(): number {
          return 1;
        }
      }
      if (options) CacheDefaults(options)(Service);
      return new Service();
    };
    const cache = createTestCache();
    provideCaches(make(), { default: cache }).find();
    const error = { code: 'ERR_LOCMEM_AMBIGUOUS_KEYS', method: 'Service.find' };
    expect(() => provideCaches(make(), { default: cache }).find()).toThrow(
      expect.objectContaining(error),
    );
    expect(provideCaches(make({ name: 'billing.Service' }), { default: cache }).find()).toBe(1);
  });

  it('keep overloads apart', () => {
    class Sizes {
      of(text: string): string;
      of(count: number, unit?: string): string;
      @Cacheable()
      of(value: string | number, _unit?: string): string {
        return typeof value;
      }
    }
    const { object: sizes } = given(new Sizes());
    expect([sizes.of('1'), sizes.of(1)]).toEqual(['string', 'number']);
  });
});

describe('options', () => {
  it('condition: where it is false, nothing is found and nothing left', async () => {
    class Cities {
      runs = 0;
      @Cacheable({ condition: (_id, fresh) => !fresh })
      async find(id: number, fresh = false): Promise<string> {
        return `${id} ${fresh} ${++this.runs}`;
      }
    }
    const { object: cities, cache } = given(new Cities());
    await cities.find(1, true);
    expect(cache.size).toBe(0);
    expect(await cities.find(1)).toBe('1 false 2');
    expect(await cities.find(1)).toBe('1 false 2');
  });

  it('unless: such results are handed out and not kept', async () => {
    class Cities {
      runs = 0;
      @Cacheable({ unless: (city, id) => city === null || id === 3 })
      async find(id: number): Promise<{ id: number } | null> {
        this.runs++;
        await Promise.resolve();
        return id === 2 ? null : { id };
      }
      @Cacheable({ unless: (n) => n > 5 })
      atOnce(n: number): number {
        this.runs++;
        return n;
      }
    }
    const { object: cities, cache } = given(new Cities());
    expect(await cities.find(2)).toBeNull();
    expect(cities.atOnce(6)).toBe(6);
    expect(cache.size).toBe(0);
    cities.runs = 0;
    const several = await Promise.all([cities.find(3), cities.find(3), cities.find(3)]);
    expect(cities.runs).toBe(1);
    expect(several).toEqual([{ id: 3 }, { id: 3 }, { id: 3 }]);
    expect(several[0]).not.toBe(several[1]);
    expect(several[1]).not.toBe(several[2]);
    expect(cache.size).toBe(0);
    await cities.find(1);
    expect(cache.size).toBe(1);
  });

  it('timeout, tags, version and keyPrefix may differ from call to call', async () => {
    class Cities {
      @Cacheable({
        key: (id) => `city:${id}`,
        timeout: (id) => (id === 1 ? '1m' : '2m'),
        tags: (id) => ['cities', `city:${id}`],
        version: (_id, version) => version,
        keyPrefix: (_id, _version, tenant) => tenant,
      })
      find(id: number, version: number, tenant: string): string {
        return `${id} ${version} ${tenant}`;
      }
    }
    const { object: cities, cache } = given(new Cities());
    expect(cities.find(1, 1, 'acme')).toBe('1 1 acme');
    expect(cities.find(1, 2, 'acme')).toBe('1 2 acme');
    expect(cities.find(1, 1, 'other')).toBe('1 1 other');
    expect(cities.find(2, 1, 'acme')).toBe('2 1 acme');
    expect(cache.ttl('{/"acme"}city:1')).toBe(60);
    expect(cache.ttl('{/"acme"}city:1', { version: 2 })).toBe(60);
    expect(cache.ttl('{/"acme"}city:2')).toBe(120);
    cache.deleteByTag('city:1');
    expect([...cache.keys({ all: true })]).toEqual([':1:{/"acme"}city:2']);
  });

  it('stale: an old result is given while the method runs for a new one', async () => {
    class Rates {
      runs = 0;
      @Cacheable({ timeout: '1m', stale: '1h' })
      async today(): Promise<number> {
        return ++this.runs;
      }
    }
    const { object: rates, cache } = given(new Rates());
    expect(await rates.today()).toBe(1);
    cache.advance('2m');
    expect(await rates.today()).toBe(1);
    await new Promise(setImmediate);
    expect(await rates.today()).toBe(2);
    expect(rates.runs).toBe(2);
  });

  it('deadline: nobody waits longer', async () => {
    class Slow {
      @Cacheable({ deadline: '2s' })
      find(): Promise<never> {
        return new Promise(() => undefined);
      }
    }
    const { object: slow, cache } = given(new Slow());
    const waiting = slow.find();
    const rejected = expect(waiting).rejects.toMatchObject({ code: 'ERR_LOCMEM_DEADLINE' });
    cache.advance('2s');
    await rejected;
  });

  it('errorTimeout: for so long the error is thrown again, and the method not run', async () => {
    class Flaky {
      runs = 0;
      isDown = true;
      @Cacheable({ errorTimeout: '10s', tags: ['t'] })
      async find(id: number): Promise<string> {
        this.runs++;
        if (this.isDown) throw new RangeError(`down ${id}`);
        return 'up';
      }
      @Cacheable({ errorTimeout: '10s' })
      atOnce(): string {
        this.runs++;
        throw new RangeError('down');
      }
    }
    const { object: flaky, cache } = given(new Flaky());
    await expect(flaky.find(1)).rejects.toThrow('down 1');
    flaky.isDown = false;
    await expect(flaky.find(1)).rejects.toThrow(RangeError);
    expect(flaky.runs).toBe(1);
    cache.advance('10s');
    expect(await flaky.find(1)).toBe('up');
    expect(flaky.runs).toBe(2);

    flaky.runs = 0;
    expect(() => flaky.atOnce()).toThrow('down');
    expect(() => flaky.atOnce()).toThrow(RangeError);
    expect(flaky.runs).toBe(1);
  });

  it('of @CacheDefaults count for each method that does not say otherwise, and for classes below', () => {
    @CacheDefaults({ cache: 'geo', timeout: '1h', tags: ['geo'] })
    class Geo {
      @Cacheable()
      a(): number {
        return 1;
      }
      @Cacheable({ timeout: '1m', tags: ['other'] })
      b(): number {
        return 2;
      }
      @Cacheable({ cache: 'default' })
      c(): number {
        return 3;
      }
    }
    @CacheDefaults({ timeout: '2h' })
    class Below extends Geo {}
    const geo = createTestCache();
    const other = createTestCache();
    for (const object of [new Geo(), new Below()]) {
      provideCaches(object, { geo, default: other });
      object.a();
      object.b();
      object.c();
    }
    expect(geo.ttl('[Geo.a()]')).toBe(3_600);
    expect(geo.ttl('[Geo.b()]')).toBe(60);
    expect(geo.ttl('[Below<Geo.a()]')).toBe(7_200);
    expect(other.size).toBe(2);
    geo.deleteByTag('geo');
    expect([...geo.keys()].sort()).toEqual(['[Below<Geo.b()]', '[Geo.b()]']);
  });

  it.each<[string, unknown, string]>([
    ['one that does not exist', { ttl: 5 }, 'ttl'],
    ['a cache without a name', { cache: '' }, 'cache'],
    ['a key that is none', { key: 7 }, 'key'],
    ['a version that is none', { version: 1.5 }, 'version'],
    ['tags that are none', { tags: 'cities' }, 'tags'],
    ['a condition that is none', { condition: true }, 'condition'],
    ['no object at all', 60, 'options'],
  ])('refuse %s where the class is defined', (_what, options, option) => {
    const define = () => {
      class Wrong {
        @Cacheable(options as never)
        find(): number {
          return 1;
        }
      }
      return Wrong;
    };
    expect(define).toThrow(expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_OPTION', option }));
  });

  it('refuse a time that is none', () => {
    const decorate = () =>
      Cacheable({ timeout: '5 minutes' as never })(
        class {
          find() {}
        }.prototype,
        'find',
        { value: () => 1 },
      );
    expect(decorate).toThrow(expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_TIMEOUT' }));
  });

  it('refuse what is not a method of objects', () => {
    expect(() => {
      class Static {
        @(Cacheable() as any)
        static find() {
          return 1;
        }
      }
      return Static;
    }).toThrow(expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_OPTION' }));
  });
});

describe('@Cacheable on a method that returns an Observable', () => {
  class Feed {
    runs = 0;
    source: Observable<{ n: number }> = from([{ n: 1 }, { n: 2 }]);
    @Cacheable()
    items(_id: number): Observable<{ n: number }> {
      return new Observable((subscriber) => {
        this.runs++;
        return this.source.subscribe(subscriber);
      });
    }
  }
  const all = <T>(source: Observable<T>) => lastValueFrom(source.pipe(toArray()));
  const settled = () => new Promise(setImmediate);

  it('gives all items again, copies each time', async () => {
    const { object: feed } = given(new Feed());
    const first = await all(feed.items(1));
    first[0]!.n = 99;
    await settled();
    const second = await all(feed.items(1));
    expect(second).toEqual([{ n: 1 }, { n: 2 }]);
    expect(feed.runs).toBe(1);
  });

  it('looks it up when it is subscribed to', async () => {
    const { object: feed, cache } = given(new Feed());
    const items = feed.items(1);
    await all(items);
    await settled();
    await all(items);
    expect(feed.runs).toBe(1);
    cache.clear();
    await all(items);
    expect(feed.runs).toBe(2);
  });

  it('passes items on as they come, to all who listen meanwhile', async () => {
    const { object: feed, cache } = given(new Feed());
    const source = new Subject<{ n: number }>();
    feed.source = source;
    const early: number[] = [];
    const late: number[] = [];
    feed.items(1).subscribe(({ n }) => early.push(n));
    source.next({ n: 1 });
    expect(early).toEqual([1]);
    feed.items(1).subscribe(({ n }) => late.push(n));
    expect(late).toEqual([1]);
    source.next({ n: 2 });
    expect(cache.size).toBe(0);
    source.complete();
    await settled();
    expect([early, late, feed.runs, cache.size]).toEqual([[1, 2], [1, 2], 1, 1]);
  });

  it('stale: the old items are given while the source is asked for new ones', async () => {
    class Rates {
      runs = 0;
      @Cacheable({ timeout: '1m', stale: '1h' })
      today(): Observable<number> {
        return new Observable((subscriber) => of(++this.runs).subscribe(subscriber));
      }
    }
    const { object: rates, cache } = given(new Rates());
    expect(await all(rates.today())).toEqual([1]);
    await settled();
    cache.advance('2m');
    expect(await all(rates.today())).toEqual([1]);
    await settled();
    expect(await all(rates.today())).toEqual([2]);
    expect(rates.runs).toBe(2);
  });

  it('keeps nothing of one that fails', async () => {
    const { object: feed, cache } = given(new Feed());
    const source = new Subject<{ n: number }>();
    feed.source = source;
    const failing = all(feed.items(1));
    source.next({ n: 1 });
    source.error(new Error('broken'));
    await expect(failing).rejects.toThrow('broken');
    await settled();
    expect(cache.size).toBe(0);
    feed.source = of({ n: 3 });
    expect(await all(feed.items(1))).toEqual([{ n: 3 }]);
  });

  it('lets the source go when nobody listens any longer', async () => {
    const { object: feed } = given(new Feed());
    let isLetGo = false;
    feed.source = new Observable(() => () => (isLetGo = true));
    const one = feed.items(1).subscribe();
    const other = feed.items(1).subscribe();
    one.unsubscribe();
    expect(isLetGo).toBe(false);
    other.unsubscribe();
    expect(isLetGo).toBe(true);
    await settled();
    feed.source = of({ n: 3 });
    expect(await firstValueFrom(feed.items(1))).toEqual({ n: 3 });
  });

  it('begins anew for whoever comes as the last one leaves', async () => {
    const { object: feed } = given(new Feed());
    const source = new Subject<{ n: number }>();
    feed.source = source;
    const seen: unknown[] = [];
    const switches = new Subject<number>();
    switches.pipe(switchMap((id) => feed.items(id))).subscribe({
      next: ({ n }) => seen.push(n),
      error: (error) => seen.push(error),
    });
    switches.next(1);
    switches.next(1);
    await settled();
    source.next({ n: 3 });
    expect([seen, feed.runs]).toEqual([[3], 2]);
  });

  it('works with a cache that answers with promises', async () => {
    const feed = provideCaches(new Feed(), { default: asyncCache() });
    expect(await all(feed.items(1))).toEqual([{ n: 1 }, { n: 2 }]);
    await settled();
    expect(await all(feed.items(1))).toEqual([{ n: 1 }, { n: 2 }]);
    expect(feed.runs).toBe(1);
  });
});

describe('@Cacheable on an async generator', () => {
  class Rows {
    runs = 0;
    returned = 0;
    @Cacheable()
    async *read(count: number): AsyncGenerator<{ n: number }> {
      this.runs++;
      try {
        for (let n = 1; n <= count; n++) {
          if (n === 100) throw new Error('broken');
          yield { n };
        }
      } finally {
        this.returned++;
      }
    }
  }
  const all = async (rows: AsyncIterable<{ n: number }>) => {
    const items: number[] = [];
    for await (const { n } of rows) items.push(n);
    return items;
  };

  it('gives all items again', async () => {
    const { object: rows } = given(new Rows());
    expect(await all(rows.read(3))).toEqual([1, 2, 3]);
    expect(await all(rows.read(3))).toEqual([1, 2, 3]);
    expect(rows.runs).toBe(1);
  });

  it('asks for each item once, however many read at the same time', async () => {
    const { object: rows } = given(new Rows());
    expect(await Promise.all([all(rows.read(3)), all(rows.read(3))])).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(rows.runs).toBe(1);
  });

  it('does not ask before it is asked', async () => {
    const { object: rows, cache } = given(new Rows());
    const reading = rows.read(3);
    expect(rows.runs).toBe(0);
    expect((await reading.next()).value).toEqual({ n: 1 });
    await reading.return(undefined);
    expect(rows.returned).toBe(1);
    expect(cache.size).toBe(0);
    expect(await all(rows.read(3))).toEqual([1, 2, 3]);
  });

  it.each([0, 1, 2, 3, 4, 5, 6])(
    'begins anew for whoever comes %p turns after the last one has left',
    async (turns) => {
      const { object: rows } = given(new Rows());
      const reading = rows.read(3);
      await reading.next();
      const leaving = reading.return(undefined);
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      expect(await all(rows.read(3))).toEqual([1, 2, 3]);
      await leaving;
    },
  );

  it('keeps nothing of one that fails', async () => {
    const { object: rows, cache } = given(new Rows());
    await expect(all(rows.read(100))).rejects.toThrow('broken');
    expect(cache.size).toBe(0);
  });

  it('works with a cache that answers with promises', async () => {
    const rows = provideCaches(new Rows(), { default: asyncCache() });
    expect(await all(rows.read(2))).toEqual([1, 2]);
    expect(await all(rows.read(2))).toEqual([1, 2]);
    expect(rows.runs).toBe(1);
  });
});

describe('with a cache that answers with promises', () => {
  class Cities {
    runs = 0;
    @Cacheable({ errorTimeout: '1m' })
    async find(id: number): Promise<{ id: number }> {
      this.runs++;
      if (id < 0) throw new Error('no such city');
      return { id };
    }
    @Cacheable()
    async plain(id: number): Promise<{ id: number }> {
      this.runs++;
      if (id < 0) throw new Error('no such city');
      return { id };
    }
  }

  it('results are found, and errors thrown', async () => {
    const cities = provideCaches(new Cities(), { default: asyncCache() });
    expect(await cities.plain(1)).toEqual({ id: 1 });
    expect(await cities.plain(1)).toEqual({ id: 1 });
    await expect(cities.plain(-1)).rejects.toThrow('no such city');
    expect(cities.runs).toBe(2);
    await expect(cities.find(-1)).rejects.toThrow('no such city');
    await expect(cities.find(-1)).rejects.toThrow('no such city');
    expect(cities.runs).toBe(3);
  });

  it('a call does not fail because the store does', async () => {
    const cities = provideCaches(new Cities(), { default: brokenCache() });
    expect(await cities.plain(1)).toEqual({ id: 1 });
    expect(await cities.find(1)).toEqual({ id: 1 });
    await expect(cities.plain(-1)).rejects.toThrow('no such city');
  });

  it.each([
    ['at once', null],
    ['later', Promise.resolve()],
  ])(
    'a result counts although the store, which begins %s, fails to keep it',
    async (_when, ready) => {
      const forgetful = {
        async getOrSet(_key: string, loader: () => Promise<unknown>) {
          if (ready !== null) await ready;
          await loader();
          throw new Error('connection lost');
        },
      } as unknown as AsyncCache;
      const cities = provideCaches(new Cities(), { default: forgetful });
      expect(await cities.plain(1)).toEqual({ id: 1 });
      expect(cities.runs).toBe(1);
    },
  );
});

describe('an object that was not given the cache', () => {
  it('says what to do', () => {
    class Lonely {
      @Cacheable({ cache: 'users' })
      find(): number {
        return 1;
      }
    }
    const error = { code: 'ERR_LOCMEM_CACHE_NOT_PROVIDED', method: 'Lonely.find', alias: 'users' };
    expect(() => new Lonely().find()).toThrow(expect.objectContaining(error));
    expect(() => new Lonely().find()).toThrow(
      /LocMemModule\.register\(\{ caches: \{ users: \{\} \} \}\).*isGlobal: true.*provideCaches/,
    );
  });

  it('shows nothing of its caches to who goes through its properties', () => {
    class Lonely {
      a = 1;
      @Cacheable()
      find(): number {
        return 1;
      }
    }
    const object = provideCaches(new Lonely(), { default: new LocMemCache('shown') });
    expect(Object.keys(object)).toEqual(['a']);
    expect(JSON.stringify(object)).toBe('{"a":1}');
  });
});
