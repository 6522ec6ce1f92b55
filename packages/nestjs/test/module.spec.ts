import { describe, expect, it } from '@jest/globals';
import { DummyCache, LocMemCache } from '@locmem/core';
import type { Cache } from '@locmem/core';
import { createTestCache } from '@locmem/core/testing';
import { Controller, Inject, Injectable, Module, Scope } from '@nestjs/common';
import type { ModuleMetadata } from '@nestjs/common';
import { LazyModuleLoader, ModuleRef, REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import {
  Cacheable,
  CacheDefaults,
  getCacheToken,
  InjectCache,
  LocMemModule,
} from '../src/index.js';
import { compile } from './harness.js';

@Injectable()
class Cities {
  runs = 0;
  constructor(@InjectCache() readonly cache: LocMemCache) {}
  @Cacheable()
  find(id: number): number {
    this.runs++;
    return id;
  }
}

describe('LocMemModule.register', () => {
  it('gives a cache by its alias, and one called default when none is named', async () => {
    const module = await compile({ imports: [LocMemModule.register()], providers: [Cities] });
    const cities = module.get(Cities);
    cities.find(1);
    cities.find(1);
    expect(cities.runs).toBe(1);
    expect([...cities.cache.keys()]).toEqual(['[Cities.find(1)]']);
  });

  it('gives several named caches, each with its options', async () => {
    @Injectable()
    class Service {
      @InjectCache('b') readonly b!: LocMemCache;
      constructor(@InjectCache('a') readonly a: LocMemCache) {}
    }
    const caches = {
      a: { timeout: '1m', keyPrefix: 'p', version: 3 },
      b: { backend: 'dummy' as const },
    } as const;
    const module = await compile({
      imports: [LocMemModule.register({ caches })],
      providers: [Service],
    });
    const { a, b } = module.get(Service);
    expect(a.makeKey('k')).toBe('p:3:k');
    expect(b).toBeInstanceOf(DummyCache);
  });

  it('takes any class as a backend', async () => {
    class Mine extends LocMemCache {}
    const caches = { default: { backend: Mine, location: 'mine' } };
    const module = await compile({ imports: [LocMemModule.register({ caches })] });
    expect(module.get(getCacheToken())).toBeInstanceOf(Mine);
    expect(module.get<Mine>(getCacheToken()).name).toBe('mine');
  });

  it('is seen where it is imported only, unless isGlobal', async () => {
    @Injectable()
    class Feature {
      constructor(@InjectCache() readonly cache: Cache) {}
    }
    @Module({ providers: [Feature] })
    class FeatureModule {}
    const app = (isGlobal: boolean) => ({
      imports: [LocMemModule.register({ isGlobal }), FeatureModule],
    });
    await expect(compile(app(false))).rejects.toThrow(/can't resolve dependencies of the Feature/);
    const module = await compile(app(true));
    expect(module.get(Feature, { strict: false }).cache).toBe(module.get(getCacheToken()));
  });

  it('is not one with another registration, however alike', async () => {
    @Injectable()
    class A extends Cities {}
    @Injectable()
    class B extends Cities {}
    const register = () => LocMemModule.register({ caches: { default: { timeout: '1m' } } });
    @Module({ imports: [register()], providers: [A] })
    class ModuleA {}
    @Module({ imports: [register()], providers: [B] })
    class ModuleB {}
    const module = await compile({ imports: [ModuleA, ModuleB] });
    const [a, b] = [module.get(A, { strict: false }), module.get(B, { strict: false })];
    expect(a.cache).not.toBe(b.cache);
    a.cache.set('k', 'a');
    expect(b.cache.get('k')).toBeUndefined();
  });

  it('shares a store with others by its location', async () => {
    const caches = { default: { location: 'shared by location' } };
    const module = await compile({ imports: [LocMemModule.register({ caches })] });
    module.get<LocMemCache>(getCacheToken()).set('k', 1);
    expect(new LocMemCache('shared by location').get('k')).toBe(1);
  });

  describe('two classes of one name in two registrations of one location', () => {
    const named = (location: string, answer: string, config: object = {}) => {
      @Injectable()
      class Service {
        @Cacheable()
        find(): string {
          return answer;
        }
      }
      @Module({
        imports: [LocMemModule.register({ caches: { default: { location, ...config } } })],
        providers: [Service],
      })
      class Own {}
      const find = (module: TestingModule) => module.get(Service, { strict: false }).find();
      return { Own, find };
    };

    it('are refused the keys that the other has', async () => {
      const [one, other] = [named('claimed', 'one'), named('claimed', 'other')];
      const module = await compile({ imports: [one.Own, other.Own] });
      expect(one.find(module)).toBe('one');
      expect(() => other.find(module)).toThrow(
        expect.objectContaining({ code: 'ERR_LOCMEM_AMBIGUOUS_KEYS', method: 'Service.find' }),
      );
    });

    it('do not meet under prefixes of their own', async () => {
      const one = named('claimed apart', 'one', { keyPrefix: 'a' });
      const other = named('claimed apart', 'other', { keyPrefix: 'b' });
      const module = await compile({ imports: [one.Own, other.Own] });
      expect([one.find(module), other.find(module)]).toEqual(['one', 'other']);
    });

    it('may follow one another: a module that is closed claims nothing', async () => {
      const first = named('claimed in turn', 'one');
      const module = await Test.createTestingModule({ imports: [first.Own] }).compile();
      expect(first.find(module)).toBe('one');
      module.get<LocMemCache>(getCacheToken(), { strict: false }).clear();
      await module.close();
      const second = named('claimed in turn', 'two');
      expect(second.find(await compile({ imports: [second.Own] }))).toBe('two');
    });
  });

  it('starts empty each time, and leaves nothing behind', async () => {
    const metadata = { imports: [LocMemModule.register()], providers: [Cities] };
    const first = await Test.createTestingModule(metadata).compile();
    const { cache } = first.get(Cities);
    first.get(Cities).find(1);
    const second = await compile(metadata);
    expect(second.get(Cities).cache.get('[Cities.find(1)]')).toBeUndefined();
    expect(cache.size).toBe(1);
    await first.close();
    expect(cache.size).toBe(0);
  });

  it('closes what it has made when the application shuts down, and nothing else', async () => {
    const closed: string[] = [];
    class Closable extends LocMemCache {
      override close(): void {
        closed.push(this.name);
      }
    }
    const caches = { a: { backend: Closable }, b: { backend: Closable } };
    const override = new Closable('override');
    const module = await Test.createTestingModule({ imports: [LocMemModule.register({ caches })] })
      .overrideProvider(getCacheToken('b'))
      .useValue(override)
      .compile();
    await module.init();
    await module.close();
    expect(closed).toEqual(['a']);
  });

  it.each<[string, () => unknown]>([
    ['one that does not exist', () => LocMemModule.register({ global: true } as never)],
    ['no options', () => LocMemModule.register(5 as never)],
    [
      'wrong options of a cache',
      () => LocMemModule.register({ caches: { a: { ttl: 1 } as never } }),
    ],
    [
      'a store of no kind',
      () => LocMemModule.register({ caches: { a: { backend: 'disk' as never } } }),
    ],
  ])('refuses %s', (_what, register) => {
    expect(register).toThrow(expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_OPTION' }));
  });

  it.each<[string, () => unknown, string, unknown]>([
    ['options: null', () => LocMemModule.register(null as never), 'options', null],
    ['async options: null', () => LocMemModule.registerAsync(null as never), 'options', null],
    ['caches: null', () => LocMemModule.register({ caches: null as never }), 'caches', null],
    ['caches: a name', () => LocMemModule.register({ caches: 'x' as never }), 'caches', 'x'],
    ['a cache: null', () => LocMemModule.register({ caches: { a: null as never } }), 'a', null],
    [
      'aliases: a name',
      () => LocMemModule.registerAsync({ aliases: 'x' as never, useFactory: () => ({}) }),
      'aliases',
      'x',
    ],
    [
      'aliases: no names',
      () => LocMemModule.registerAsync({ aliases: [1] as never, useFactory: () => ({}) }),
      'aliases',
      [1],
    ],
  ])('refuses %s, naming it', (_what, register, option, value) => {
    expect(register).toThrow(
      expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_OPTION', option, value }),
    );
  });

  it('forFeature gives one module caches of its own', async () => {
    @Module({ imports: [LocMemModule.forFeature({ feature: { timeout: '1m' } })] })
    class FeatureModule {}
    const module = await compile({ imports: [LocMemModule.register(), FeatureModule] });
    const cache = module.get<LocMemCache>(getCacheToken('feature'), { strict: false });
    cache.set('k', 1);
    expect(cache.ttl('k')).toBeCloseTo(60, 0);
  });

  it('refuses that two registrations set what holds for the whole application', async () => {
    const register = () => LocMemModule.register({ keyPrefix: 'a' });
    await expect(compile({ imports: [register(), register()] })).rejects.toMatchObject({
      code: 'ERR_LOCMEM_INVALID_OPTION',
      option: 'keyPrefix',
    });
  });
});

describe('LocMemModule.registerAsync', () => {
  @Injectable()
  class Config {
    timeout = '7m' as const;
    createLocMemOptions() {
      return { caches: { default: { timeout: this.timeout } } };
    }
  }
  @Module({ providers: [Config], exports: [Config] })
  class ConfigModule {}
  const ttl = async (metadata: ModuleMetadata) => {
    const cache = (await compile(metadata)).get<LocMemCache>(getCacheToken(), { strict: false });
    cache.set('k', 1);
    return cache.ttl('k');
  };

  it('takes a factory, and injects what it needs', async () => {
    const registered = LocMemModule.registerAsync({
      imports: [ConfigModule],
      inject: [Config],
      useFactory: async (config: Config) => ({ caches: { default: { timeout: config.timeout } } }),
    });
    expect(await ttl({ imports: [registered] })).toBeCloseTo(420, 0);
  });

  it('takes a class', async () => {
    expect(await ttl({ imports: [LocMemModule.registerAsync({ useClass: Config })] })).toBeCloseTo(
      420,
      0,
    );
  });

  it('takes a provider that is there', async () => {
    const registered = LocMemModule.registerAsync({ imports: [ConfigModule], useExisting: Config });
    expect(await ttl({ imports: [registered] })).toBeCloseTo(420, 0);
  });

  it.each([
    ['a factory', { useFactory: () => ({}) }],
    ['a class', { useClass: Config }],
    ['a provider that is there', { imports: [ConfigModule], useExisting: Config }],
  ])('may be global: by %s', async (_way, options) => {
    @Module({ providers: [Cities] })
    class FeatureModule {}
    const registered = LocMemModule.registerAsync({ isGlobal: true, ...options });
    const module = await compile({ imports: [registered, FeatureModule] });
    expect(module.get(Cities, { strict: false }).find(1)).toBe(1);
  });

  it('gives the caches that aliases names', async () => {
    const registered = LocMemModule.registerAsync({
      aliases: ['a', 'b'],
      useFactory: () => ({ caches: { a: {}, b: {} } }),
    });
    const module = await compile({ imports: [registered] });
    expect(module.get(getCacheToken('b'))).toBeInstanceOf(LocMemCache);
  });

  it('does not take two of the same text for one', async () => {
    const make = (timeout: number) =>
      LocMemModule.registerAsync({ useFactory: () => ({ caches: { default: { timeout } } }) });
    @Injectable()
    class A extends Cities {}
    @Injectable()
    class B extends Cities {}
    @Module({ imports: [make(1)], providers: [A] })
    class ModuleA {}
    @Module({ imports: [make(2)], providers: [B] })
    class ModuleB {}
    const module = await compile({ imports: [ModuleA, ModuleB] });
    const ttls = [A, B].map((type) => {
      const { cache } = module.get<Cities>(type, { strict: false });
      cache.set('k', 1);
      return Math.round(cache.ttl('k')!);
    });
    expect(ttls).toEqual([1, 2]);
  });

  it.each<[string, object, string]>([
    [
      'an alias that was not named',
      { useFactory: () => ({ caches: { default: {}, b: {} } }) },
      'aliases',
    ],
    [
      'a named cache that is missing',
      { aliases: ['default', 'b'], useFactory: () => ({}) },
      'caches',
    ],
    ['an option that does not exist', { useFactory: () => ({ ttl: 5 }) }, 'ttl'],
  ])('refuses %s', async (_what, options, option) => {
    const compiling = compile({ imports: [LocMemModule.registerAsync(options)] });
    await expect(compiling).rejects.toMatchObject({ code: 'ERR_LOCMEM_INVALID_OPTION', option });
  });

  it('needs exactly one way to make the options', () => {
    for (const ways of [{}, { useClass: Config, useExisting: Config }]) {
      expect(() => LocMemModule.registerAsync(ways)).toThrow(
        expect.objectContaining({ option: 'useFactory' }),
      );
    }
  });
});

describe('decorated methods use the injected cache', () => {
  it('also where a test overrides it', async () => {
    const cache = createTestCache();
    const module = await compile(
      { imports: [LocMemModule.register()], providers: [Cities] },
      (builder) => builder.overrideProvider(getCacheToken()).useValue(cache),
    );
    const cities = module.get(Cities);
    cities.find(1);
    cache.advance('4m');
    cities.find(1);
    expect(cities.runs).toBe(1);
    cache.advance('1m');
    cities.find(1);
    expect(cities.runs).toBe(2);
  });

  it('of their own module', async () => {
    @Injectable()
    class Service {
      @Cacheable()
      find(): number {
        return 1;
      }
    }
    const register = () => LocMemModule.register();
    @Module({ imports: [register()], providers: [Service] })
    class Own {}
    const module = await compile({ imports: [Own, register()] });
    module.get(Service, { strict: false }).find();
    expect(module.get<LocMemCache>(getCacheToken()).size).toBe(0);
    const own = module.select(Own).get<LocMemCache>(getCacheToken(), { strict: false });
    expect(own).toBeDefined();
  });

  it('in providers of request and transient scope', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {
      runs = 0;
      @Cacheable({ key: (id) => [id] })
      find(id: number): number {
        this.runs++;
        return id;
      }
    }
    @Injectable({ scope: Scope.TRANSIENT })
    class Transient extends Cities {}
    const module = await compile({
      imports: [LocMemModule.register()],
      providers: [PerRequest, Transient],
    });
    for (const type of [PerRequest, Transient]) {
      const [one, other] = [await module.resolve(type), await module.resolve(type)];
      expect(one).not.toBe(other);
      one.find(1);
      other.find(1);
      expect([one.runs, other.runs]).toEqual([1, 0]);
    }
  });

  describe('in an object of one request', () => {
    class Orders {
      @Cacheable()
      find(id: number): number {
        return id;
      }
    }
    @Injectable({ scope: Scope.REQUEST })
    class OfRequest extends Orders {}
    @Injectable()
    class Below extends Orders {
      @Inject(REQUEST) readonly request!: object;
    }
    @Controller()
    class Handler extends Orders {
      @Inject(REQUEST) readonly request!: object;
    }
    class Fixed {
      @Cacheable({ keyPrefix: 'mine' })
      find(id: number): number {
        return id;
      }
    }
    @Injectable({ scope: Scope.REQUEST })
    class FixedPrefix extends Fixed {}

    it.each<[string, ModuleMetadata]>([
      ['OfRequest', { providers: [OfRequest] }],
      ['Below', { providers: [Below] }],
      ['Handler', { controllers: [Handler] }],
      ['FixedPrefix', { providers: [FixedPrefix] }],
    ])('refuses a default key, which is for all: %s', async (name, metadata) => {
      const starting = compile({ imports: [LocMemModule.register()], ...metadata });
      await expect(starting).rejects.toMatchObject({
        code: 'ERR_LOCMEM_INVALID_OPTION',
        option: 'key',
        message: expect.stringMatching(
          new RegExp(`${name}\\.find.*keyPrefix.*no stable identity.*singleton`, 's'),
        ),
      });
    });

    it('takes a prefix that is made of the arguments', async () => {
      @Injectable({ scope: Scope.REQUEST })
      class Prefixed {
        @Cacheable({ keyPrefix: (tenant) => tenant })
        find(tenant: string): string {
          return tenant;
        }
      }
      const module = await compile({ imports: [LocMemModule.register()], providers: [Prefixed] });
      expect((await module.resolve(Prefixed)).find('acme')).toBe('acme');
    });
  });

  it('in modules that are loaded lazily, and objects made by ModuleRef', async () => {
    const module = await compile({ imports: [LocMemModule.register({ isGlobal: true })] });
    @Module({ providers: [Cities] })
    class Lazy {}
    const lazy = await module.get(LazyModuleLoader).load(() => Lazy);
    const cities = lazy.get(Cities);
    cities.find(1);
    cities.find(1);
    expect(cities.runs).toBe(1);
    const created = await module.get(ModuleRef).create(Cities);
    created.find(1);
    expect(created.runs).toBe(0);
  });

  it('in objects that a factory has made, or that were given as values', async () => {
    class Plain {
      runs = 0;
      @Cacheable({ cache: 'a' })
      find(id: number): number {
        this.runs++;
        return id;
      }
    }
    class Given extends Plain {}
    const module = await compile({
      imports: [LocMemModule.register({ caches: { a: {} } })],
      providers: [
        { provide: Plain, useFactory: () => new Plain() },
        { provide: Given, useValue: new Given() },
      ],
    });
    for (const type of [Plain, Given]) {
      const plain = module.get<Plain>(type);
      plain.find(1);
      plain.find(1);
      expect(plain.runs).toBe(1);
    }
  });

  it('whatever class or method names it', async () => {
    @CacheDefaults({ cache: 'a' })
    @Injectable()
    class Service {
      @Cacheable()
      one(): number {
        return 1;
      }
      @Cacheable({ cache: 'b' })
      two(): number {
        return 2;
      }
    }
    const module = await compile({
      imports: [LocMemModule.register({ caches: { a: {}, b: {} } })],
      providers: [Service],
    });
    module.get(Service).one();
    module.get(Service).two();
    const sizes = ['a', 'b'].map((alias) => module.get<LocMemCache>(getCacheToken(alias)).size);
    expect(sizes).toEqual([1, 1]);
  });

  it('and without the module, say what to do', async () => {
    @Injectable()
    class Service {
      constructor(@Inject('X') readonly x: number) {}
      @Cacheable()
      find(): number {
        return this.x;
      }
    }
    const module = await compile({ providers: [Service, { provide: 'X', useValue: 1 }] });
    expect(() => module.get(Service).find()).toThrow(
      expect.objectContaining({ code: 'ERR_LOCMEM_CACHE_NOT_PROVIDED' }),
    );
  });
});
