/** Prefixes that throw, or are no prefix: a request then fails, or goes past the caches; it never finds another's. */
import { describe, expect, it } from '@jest/globals';
import type { LocMemCache } from '@locmem/core';
import { Controller, Get, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import {
  Cacheable,
  CacheKeyPrefix,
  CachePage,
  CacheVersion,
  getCacheToken,
  LocMemModule,
  PageCache,
  RequestMemo,
} from '../src/index.js';
import { PLATFORMS, serve } from './harness.js';

@Injectable()
class Sales implements OnApplicationBootstrap {
  runs = 0;
  atBoot: unknown[] = [];
  @Cacheable({ key: 'sales' })
  async total(): Promise<number> {
    return ++this.runs;
  }
  @RequestMemo()
  memo(): number {
    return ++this.runs;
  }
  /** Nobody's request: as in a job of a queue. */
  async onApplicationBootstrap(): Promise<void> {
    this.atBoot = [this.memo(), this.memo(), await this.total()];
  }
}

const throwing = () => {
  throw new Error('no tenant');
};

describe.each(PLATFORMS)('on %s', (platform) => {
  it.each([
    ['a prefix that throws', CacheKeyPrefix(throwing)],
    ['an absent one', CacheKeyPrefix(() => undefined as never)],
    ['a promise', CacheKeyPrefix((async () => 'acme') as never)],
    ['an object', CacheKeyPrefix(() => ({ toString: () => 'acme' }) as never)],
    ['a version that throws', CacheVersion(throwing)],
    ['a version that is none', CacheVersion(() => NaN)],
  ])('%s: methods fail, pages run each time, and nothing is kept', async (_what, decorate) => {
    @decorate
    @Controller()
    class Shop {
      constructor(private readonly sales: Sales) {}
      @Get('method') method() {
        return this.sales.total();
      }
      @CachePage('1m') @Get('page') page() {
        return [this.sales.memo(), this.sales.memo()].join();
      }
    }
    const { app, ask } = await serve(platform, {
      imports: [LocMemModule.register()],
      controllers: [Shop],
      providers: [Sales],
    });
    const cache = app.get<LocMemCache>(getCacheToken());
    expect(app.get(Sales).atBoot).toEqual([1, 2, 3]);
    for (let i = 0; i < 2; i++) expect((await ask('/method')).status).toBe(500);
    expect((await ask('/page')).text).toBe('4,4');
    expect((await ask('/page')).text).toBe('5,5');
    expect([...cache.keys({ all: true })]).toEqual([':1:sales']);
    expect(app.get(PageCache).stats()).toMatchObject({ hits: 0, stored: 0 });
  });

  it('an empty one is one, and not that of nobody', async () => {
    @CacheKeyPrefix('')
    @Controller()
    class Shop {
      constructor(private readonly sales: Sales) {}
      @Get('method') method() {
        return this.sales.total();
      }
    }
    const { ask } = await serve(platform, {
      imports: [LocMemModule.register()],
      controllers: [Shop],
      providers: [Sales],
    });
    expect((await ask('/method')).text).toBe('4');
  });
});
