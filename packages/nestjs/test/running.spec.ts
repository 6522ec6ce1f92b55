/** The options of cached methods in a running application: asked over HTTP, time moved by a test override. */
import { describe, expect, it } from '@jest/globals';
import { createTestCache } from '@locmem/core/testing';
import { Controller, Get, Injectable, Param, ParseIntPipe } from '@nestjs/common';
import { of } from 'rxjs';
import type { Observable } from 'rxjs';
import { Cacheable, CacheEvict, CachePut, getCacheToken, LocMemModule } from '../src/index.js';
import { PLATFORMS, serve, until } from './harness.js';

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
    const cache = createTestCache();
    const metadata = {
      imports: [LocMemModule.register()],
      controllers: [Handlers],
      providers: [Rates],
    };
    const { app, ask } = await serve(platform, metadata, {
      override: (builder) => builder.overrideProvider(getCacheToken()).useValue(cache),
    });
    const texts = async (...paths: string[]) => {
      const all = [];
      for (const path of paths) all.push((await ask(path)).text);
      return all;
    };
    return { cache, ask, texts, rates: app.get(Rates) };
  };

  it('condition, unless, tags', async () => {
    const { texts } = await start();
    const found = (id: number, run: number) => JSON.stringify({ id, run });
    expect(await texts('/find/1', '/find/1')).toEqual([found(1, 1), found(1, 1)]);
    expect(await texts('/find/9', '/find/9')).toEqual([found(9, 2), found(9, 3)]);
    expect(await texts('/find/10', '/find/10')).toEqual([found(10, 4), found(10, 5)]);
    expect(await texts('/evict', '/find/1')).toEqual(['', found(1, 6)]);
  });

  it('calls at the same time, by different requests', async () => {
    const { ask } = await start();
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask('/find/1')));
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['{"id":1,"run":1}']));
  });

  it('timeout and stale, and what was put since', async () => {
    const { cache, texts } = await start();
    expect(await texts('/stale')).toEqual(['1']);
    cache.advance('2m');
    expect(await texts('/stale', '/stale')).toEqual(['1', '2']);
    expect(await texts('/put', '/stale')).toEqual(['-1', '-1']);
  });

  it('version and keyPrefix, out of the arguments', async () => {
    const { texts } = await start();
    expect(await texts('/apart/a', '/apart/a')).toEqual(['a 1', 'a 1']);
    expect(await texts('/apart/b', '/apart/bb')).toEqual(['b 2', 'bb 3']);
    expect(await texts('/apart/a', '/apart/bb')).toEqual(['a 1', 'bb 3']);
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

  it('errorTimeout', async () => {
    const { cache, texts } = await start();
    expect(await texts('/failing', '/failing')).toEqual(['RangeError: run 1', 'RangeError: run 1']);
    cache.advance('10s');
    expect(await texts('/failing')).toEqual(['RangeError: run 2']);
  });

  it('Observables and async generators', async () => {
    const { texts } = await start();
    expect(await texts('/stream', '/stream')).toEqual(['1', '1']);
    expect(await texts('/rows', '/rows')).toEqual(['[2,3]', '[2,3]']);
  });
});
