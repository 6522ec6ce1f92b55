/** The options of cached methods in a running application: asked over HTTP, time moved by a test override. */
import { describe, expect, it } from '@jest/globals';
import type { AsyncCache } from '@locmem/core';
import { Controller, Get, Injectable, Param, ParseIntPipe } from '@nestjs/common';
import { of } from 'rxjs';
import type { Observable } from 'rxjs';
import { Cacheable, CacheEvict, CachePut, getCacheToken, LocMemModule } from '../src/index.js';
import { asyncCache, brokenCache } from './async-cache.js';
import { PLATFORMS, serve, serveCaches, until } from './harness.js';

@Injectable()
class Rates {
  runs = 0;
  @Cacheable({ condition: (id) => id < 10, unless: (rate) => rate.id === 9, tags: ['rates'] })
  async find(id: number): Promise<{ id: number; run: number }> {
    return { id, run: ++this.runs };
  }
  @Cacheable({ key: 'stale', timeout: '1m', stale: '1h' })
  async stale(): Promise<number> {
    return ++this.runs;
  }
  @Cacheable({ errorTimeout: '10s' })
  async failing(): Promise<never> {
    throw new RangeError(`run ${++this.runs}`);
  }
  @Cacheable()
  stream(): Observable<number> {
    return of(++this.runs);
  }
  @Cacheable()
  async *rows(): AsyncGenerator<number> {
    yield ++this.runs;
    yield ++this.runs;
  }
  @Cacheable({ key: 'apart', version: (who) => who.length, keyPrefix: (who) => who })
  async apart(who: string): Promise<string> {
    return `${who} ${++this.runs}`;
  }
  @Cacheable({ timeout: (pair) => (pair === 'brief' ? '1m' : '1h'), refreshAhead: '10s' })
  async pair(pair: string): Promise<string> {
    return `${pair} ${++this.runs}`;
  }
  @Cacheable({ timeout: '1h', negativeTimeout: '1m' })
  async perhaps(pair: string): Promise<number | null | undefined> {
    const run = ++this.runs;
    return pair === 'null' ? null : pair === 'undefined' ? undefined : run;
  }
  @Cacheable()
  atOnce(factor: number): number {
    return factor * ++this.runs;
  }
  readonly gates: (() => void)[] = [];
  @Cacheable({ key: 'slow', deadline: '1s' })
  async slow(): Promise<number> {
    await new Promise<void>((open) => this.gates.push(open));
    return ++this.runs;
  }
  @CachePut({ key: 'stale' })
  async put(): Promise<number> {
    return -1;
  }
  @CacheEvict({ tags: ['rates'] })
  async evict(): Promise<void> {}
}

@Controller()
class Handlers {
  constructor(private readonly rates: Rates) {}
  @Get('find/:id') find(@Param('id', ParseIntPipe) id: number) {
    return this.rates.find(id);
  }
  @Get('stale') stale() {
    return this.rates.stale();
  }
  @Get('failing') failing() {
    return this.rates.failing().catch((error: unknown) => String(error));
  }
  @Get('stream') stream() {
    return this.rates.stream();
  }
  @Get('rows') async rows() {
    const rows = [];
    for await (const row of this.rates.rows()) rows.push(row);
    return rows;
  }
  @Get('apart/:who') apart(@Param('who') who: string) {
    return this.rates.apart(who);
  }
  @Get('pair/:pair') pair(@Param('pair') pair: string) {
    return this.rates.pair(pair);
  }
  @Get('perhaps/:pair') async perhaps(@Param('pair') pair: string) {
    return [String(await this.rates.perhaps(pair)), this.rates.runs];
  }
  @Get('at-once/:factor') atOnce(@Param('factor', ParseIntPipe) factor: number) {
    return [this.rates.atOnce(factor), this.rates.atOnce(factor)];
  }
  @Get('slow') slow() {
    return this.rates.slow().catch((error: unknown) => (error as Error).name);
  }
  @Get('put') put() {
    return this.rates.put();
  }
  @Get('evict') evict() {
    return this.rates.evict();
  }
}

describe.each(PLATFORMS)('cached methods in an application on %s', (platform) => {
  const start = async () => {
    const served = await serveCaches(platform, { controllers: [Handlers], providers: [Rates] });
    return { ...served, rates: served.app.get(Rates) };
  };

  it('condition, unless, tags', async () => {
    const { tell } = await start();
    const found = (id: number, run: number) => JSON.stringify({ id, run });
    expect(await tell('/find/1', '/find/1')).toEqual([found(1, 1), found(1, 1)]);
    expect(await tell('/find/9', '/find/9')).toEqual([found(9, 2), found(9, 3)]);
    expect(await tell('/find/10', '/find/10')).toEqual([found(10, 4), found(10, 5)]);
    expect(await tell('/evict', '/find/1')).toEqual(['', found(1, 6)]);
  });

  it('calls at the same time, by different requests', async () => {
    const { ask } = await start();
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask('/find/1')));
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['{"id":1,"run":1}']));
  });

  it('timeout and stale, and what was put since', async () => {
    const { cache, tell } = await start();
    expect(await tell('/stale')).toEqual(['1']);
    cache.advance('2m');
    expect(await tell('/stale', '/stale')).toEqual(['1', '2']);
    expect(await tell('/put', '/stale')).toEqual(['-1', '-1']);
  });

  it('version and keyPrefix, out of the arguments', async () => {
    const { tell } = await start();
    expect(await tell('/apart/a', '/apart/a')).toEqual(['a 1', 'a 1']);
    expect(await tell('/apart/b', '/apart/bb')).toEqual(['b 2', 'bb 3']);
    expect(await tell('/apart/a', '/apart/bb')).toEqual(['a 1', 'bb 3']);
  });

  it('deadline: who waits is told, and the next one tries again', async () => {
    const { cache, ask, rates } = await start();
    const waiting = ask('/slow');
    await until(() => rates.gates.length === 1);
    cache.advance('1s');
    expect((await waiting).text).toBe('DeadlineError');
    const again = ask('/slow');
    await until(() => rates.gates.length === 2);
    rates.gates[1]!();
    expect((await again).text).toBe('1');
  });

  it('a timeout out of the arguments, and refreshAhead of it', async () => {
    const { cache, tell } = await start();
    expect(await tell('/pair/brief', '/pair/long')).toEqual(['brief 1', 'long 2']);
    cache.advance('55s');
    expect(await tell('/pair/brief', '/pair/brief')).toEqual(['brief 1', 'brief 3']);
    cache.advance('1m');
    expect(await tell('/pair/brief', '/pair/long')).toEqual(['brief 4', 'long 2']);
  });

  it('null is a result, for as long as negativeTimeout says; undefined is none', async () => {
    const { cache, tell } = await start();
    expect(await tell('/perhaps/null', '/perhaps/null')).toEqual(['["null",1]', '["null",1]']);
    expect(await tell('/perhaps/usd')).toEqual(['["2",2]']);
    cache.advance('1m');
    expect(await tell('/perhaps/null', '/perhaps/usd')).toEqual(['["null",3]', '["2",3]']);
    expect(await tell('/perhaps/undefined', '/perhaps/undefined')).toEqual([
      ...['["undefined",4]', '["undefined",5]'],
    ]);
  });

  it('a method that returns at once does so for every request', async () => {
    const { tell } = await start();
    expect(await tell('/at-once/5', '/at-once/7')).toEqual(['[5,5]', '[14,14]']);
    expect(await tell('/at-once/5', '/at-once/7')).toEqual(['[5,5]', '[14,14]']);
  });

  it('errorTimeout', async () => {
    const { cache, tell } = await start();
    expect(await tell('/failing', '/failing')).toEqual(['RangeError: run 1', 'RangeError: run 1']);
    cache.advance('10s');
    expect(await tell('/failing')).toEqual(['RangeError: run 2']);
  });

  it('Observables and async generators', async () => {
    const { tell } = await start();
    expect(await tell('/stream', '/stream')).toEqual(['1', '1']);
    expect(await tell('/rows', '/rows')).toEqual(['[2,3]', '[2,3]']);
  });

  describe('with a cache that answers with promises', () => {
    const startOn = (cache: AsyncCache) =>
      serve(
        platform,
        { imports: [LocMemModule.register()], controllers: [Handlers], providers: [Rates] },
        { override: (builder) => builder.overrideProvider(getCacheToken()).useValue(cache) },
      );

    it('results are kept; a method that returns at once is told that it cannot', async () => {
      const { ask } = await startOn(asyncCache());
      const runs = [await ask('/find/1'), await ask('/find/1')].map(({ text }) => text);
      expect(runs).toEqual(['{"id":1,"run":1}', '{"id":1,"run":1}']);
      const streams = [await ask('/rows'), await ask('/rows')].map(({ text }) => text);
      expect(streams).toEqual(['[2,3]', '[2,3]']);
      expect((await ask('/at-once/5')).status).toBe(500);
    });

    it('that fails, requests are answered', async () => {
      const { ask } = await startOn(brokenCache());
      expect((await ask('/find/1')).text).toBe('{"id":1,"run":1}');
      expect((await ask('/find/1')).text).toBe('{"id":1,"run":2}');
      expect((await ask('/put')).text).toBe('-1');
      expect((await ask('/evict')).status).toBe(200);
    });
  });
});
