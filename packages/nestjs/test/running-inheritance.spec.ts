/** Classes that extend one another, and `@CacheDefaults`, in a running application. */
import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Param, ParseIntPipe } from '@nestjs/common';
import { Cacheable, CacheDefaults, CacheEvict } from '../src/index.js';
import { PLATFORMS, serveCaches, until } from './harness.js';

abstract class Repository {
  reads = 0;
  protected abstract readonly kind: string;

  @Cacheable()
  async find(id: number): Promise<string> {
    return `${this.kind} ${id}, read ${++this.reads}`;
  }
  @Cacheable()
  abstractly(id: number): Promise<string> {
    return this.load(id);
  }
  protected abstract load(id: number): Promise<string>;

  @CacheEvict({ allEntries: true })
  async clear(): Promise<void> {}
}

@Injectable()
class Cities extends Repository {
  protected readonly kind = 'city';
  protected async load(id: number): Promise<string> {
    return `load city ${id}, read ${++this.reads}`;
  }
}

@CacheDefaults({ cache: 'rivers' })
@Injectable()
class Rivers extends Repository {
  protected readonly kind = 'river';
  protected async load(id: number): Promise<string> {
    return `load river ${id}, read ${++this.reads}`;
  }
}

/** Overrides a cached method with one that is cached, too, and calls it. */
@Injectable()
class Capitals extends Cities {
  @Cacheable({ timeout: '1m' })
  override async find(id: number): Promise<string> {
    return `capital ${++this.reads}, a ${await super.find(id)}`;
  }
}

/** Overrides it with one that is not. */
@Injectable()
class Villages extends Cities {
  override async find(id: number): Promise<string> {
    return `village ${id}, read ${++this.reads}`;
  }
}

abstract class Handlers {
  protected abstract readonly repository: Repository;
  @Get('find/:id') find(@Param('id', ParseIntPipe) id: number) {
    return this.repository.find(id);
  }
  @Get('load/:id') load(@Param('id', ParseIntPipe) id: number) {
    return this.repository.abstractly(id);
  }
  @Get('clear') clear() {
    return this.repository.clear();
  }
  /** Of every controller that extends this one. */
  handled = 0;
  @Cacheable()
  @Get('handler')
  async handler(): Promise<string> {
    return `${this.constructor.name} ${++this.handled}`;
  }
}

@Controller('cities')
class CityHandlers extends Handlers {
  constructor(protected readonly repository: Cities) {
    super();
  }
}
@Controller('rivers')
class RiverHandlers extends Handlers {
  constructor(protected readonly repository: Rivers) {
    super();
  }
}
@Controller('capitals')
class CapitalHandlers extends Handlers {
  constructor(protected readonly repository: Capitals) {
    super();
  }
}
@Controller('villages')
class VillageHandlers extends Handlers {
  constructor(protected readonly repository: Villages) {
    super();
  }
}

describe.each(PLATFORMS)('inheritance in an application on %s', (platform) => {
  const metadata = {
    controllers: [CityHandlers, RiverHandlers, CapitalHandlers, VillageHandlers],
    providers: [Cities, Rivers, Capitals, Villages],
  };
  const start = () => serveCaches(platform, metadata, ['default', 'rivers']);

  it('a method of an abstract class keeps apart what the classes below make of it', async () => {
    const { tell } = await start();
    const paths = ['/cities/find/1', '/rivers/find/1', '/cities/load/1', '/rivers/load/1'];
    const found = [
      ...['city 1, read 1', 'river 1, read 1'],
      ...['load city 1, read 2', 'load river 1, read 2'],
    ];
    expect(await tell(...paths, ...paths)).toEqual([...found, ...found]);
  });

  it('the cache that the class below names is the one of inherited methods, evictions included', async () => {
    const { tell, caches } = await start();
    await tell('/cities/find/1', '/rivers/find/1');
    expect([caches.default.size, caches.rivers.size]).toEqual([1, 1]);
    await tell('/rivers/clear');
    expect(await tell('/cities/find/1', '/rivers/find/1')).toEqual([
      ...['city 1, read 1', 'river 1, read 2'],
    ]);
  });

  it('one that overrides it and calls it has its own key and time, and meets it nowhere', async () => {
    const { tell, cache } = await start();
    const once = 'capital 1, a city 1, read 2';
    expect(await tell('/capitals/find/1', '/capitals/find/1')).toEqual([once, once]);
    cache.advance('1m');
    expect(await tell('/capitals/find/1')).toEqual(['capital 3, a city 1, read 2']);
    expect(await tell('/cities/find/1')).toEqual(['city 1, read 1']);
  });

  it('one that overrides it without a decorator is not cached', async () => {
    const { tell } = await start();
    expect(await tell('/villages/find/1', '/villages/find/1')).toEqual([
      ...['village 1, read 1', 'village 1, read 2'],
    ]);
  });

  it('handlers that controllers inherit are each their own', async () => {
    const { tell } = await start();
    const paths = ['/cities/handler', '/rivers/handler'];
    expect(await tell(...paths, ...paths)).toEqual([
      ...['CityHandlers 1', 'RiverHandlers 1'],
      ...['CityHandlers 1', 'RiverHandlers 1'],
    ]);
  });
});

@CacheDefaults({
  ...{ cache: 'geo', name: 'geo.Places', keyPrefix: 'v2', version: 3 },
  ...{ timeout: '1m', stale: '1m', deadline: '1s', errorTimeout: '10s', tags: ['geo'] },
})
@Injectable()
class Places {
  reads = 0;
  isDown = false;
  readonly gates: (() => void)[] = [];
  @Cacheable()
  async find(id: number): Promise<string> {
    if (id === 0) throw new RangeError(`read ${++this.reads}`);
    if (id === 9) await new Promise<void>((open) => this.gates.push(open));
    return `read ${++this.reads}`;
  }
  /** What a method says itself counts. */
  @Cacheable({ cache: 'default', keyPrefix: 'own', version: 4, timeout: '1h', tags: ['own'] })
  async own(): Promise<string> {
    return `read ${++this.reads}`;
  }
}

@Controller()
class PlaceHandlers {
  constructor(private readonly places: Places) {}
  @Get('find/:id') find(@Param('id', ParseIntPipe) id: number) {
    return this.places.find(id).catch(String);
  }
  @Get('own') own() {
    return this.places.own();
  }
}

describe.each(PLATFORMS)('@CacheDefaults in an application on %s', (platform) => {
  const start = async () => {
    const metadata = { controllers: [PlaceHandlers], providers: [Places] };
    const served = await serveCaches(platform, metadata, ['default', 'geo']);
    return { ...served, geo: served.caches.geo, places: served.app.get(Places) };
  };

  it('cache, name, keyPrefix and version; or those of the method', async () => {
    const { tell, geo, cache } = await start();
    await tell('/find/1', '/own');
    expect([...geo.keys({ all: true })]).toEqual([':3:{/"v2"}[geo.Places.find(1)]']);
    expect([...cache.keys({ all: true })]).toEqual([':4:{/"own"}[geo.Places.own()]']);
  });

  it('timeout and stale; or those of the method', async () => {
    const { tell, geo, cache } = await start();
    await tell('/find/1', '/own');
    for (const one of [geo, cache]) one.advance('90s');
    expect(await tell('/find/1', '/own')).toEqual(['read 1', 'read 2']);
    expect(await tell('/find/1')).toEqual(['read 3']);
    geo.advance('3m');
    expect(await tell('/find/1')).toEqual(['read 4']);
  });

  it('tags; or those of the method', async () => {
    const { tell, geo, cache } = await start();
    await tell('/find/1', '/own');
    for (const one of [geo, cache]) one.deleteByTag('geo');
    expect(await tell('/find/1', '/own')).toEqual(['read 3', 'read 2']);
    cache.deleteByTag('own');
    expect(await tell('/own')).toEqual(['read 4']);
  });

  it('errorTimeout', async () => {
    const { tell, geo } = await start();
    const once = 'RangeError: read 1';
    expect(await tell('/find/0', '/find/0')).toEqual([once, once]);
    geo.advance('10s');
    expect(await tell('/find/0')).toEqual(['RangeError: read 2']);
  });

  it('deadline', async () => {
    const { tell, geo, places } = await start();
    const waiting = tell('/find/9');
    await until(() => places.gates.length === 1);
    geo.advance('1s');
    expect((await waiting)[0]).toMatch(/^DeadlineError/);
    places.gates[0]!();
  });
});
