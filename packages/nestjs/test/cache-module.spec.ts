/**
 * Nest's own CacheModule over our store, unchanged: cache-manager 6 under Nest 10, cache-manager 7 under
 * Nest 11 and 12. (Keyv's own suite for adapters is passed in `@locmem/core`.)
 */
import { describe, expect, it } from '@jest/globals';
import { LocMemCache } from '@locmem/core';
import { LocMemKeyv } from '@locmem/core/keyv';
import { TestClock } from '@locmem/core/testing';
import {
  CACHE_MANAGER,
  CacheInterceptor,
  CacheKey,
  CacheModule,
  CacheTTL,
} from '@nestjs/cache-manager';
import type { Cache } from '@nestjs/cache-manager';
import { Controller, Get, Inject, Injectable, UseInterceptors } from '@nestjs/common';
import { Keyv } from 'keyv';
import { compile, PLATFORMS, serve } from './harness.js';

let stores = 0;

function fresh(options: ConstructorParameters<typeof LocMemKeyv>[1] = {}) {
  const name = `cache module ${++stores}`;
  const clock = new TestClock();
  const store = new LocMemKeyv(name, { clock, ...options });
  // As LocMemKeyv's documentation advises: values as they are, isolated by the cache's own copies.
  const keyv = new Keyv({ store, serialize: undefined, deserialize: undefined } as never);
  return { name, clock, store, imports: [CacheModule.register({ stores: [keyv] })] };
}

@Injectable()
class Users {
  constructor(@Inject(CACHE_MANAGER) readonly cache: Cache) {}
}

describe("the cache that Nest's CacheModule gives", () => {
  const given = async (options?: ConstructorParameters<typeof LocMemKeyv>[1]) => {
    const { imports, ...rest } = fresh(options);
    const module = await compile({ imports, providers: [Users] });
    return { cache: module.get(Users).cache, ...rest };
  };

  it('gets, sets, deletes and clears', async () => {
    const { cache, store } = await given();
    await cache.set('a', { at: new Date(5) });
    expect(await cache.get('a')).toEqual({ at: new Date(5) });
    await cache.del('a');
    expect((await cache.get('a')) ?? undefined).toBeUndefined();
    await cache.set('b', 1);
    await cache.clear();
    expect(store.cache.size).toBe(0);
  });

  it('gets, sets and deletes several', async () => {
    const { cache } = await given();
    await cache.mset([
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
    ]);
    expect(await cache.mget(['a', 'b'])).toEqual([1, 2]);
    await cache.mdel(['a']);
    expect((await cache.mget(['a', 'b'])).map((value) => value ?? undefined)).toEqual([
      undefined,
      2,
    ]);
  });

  it('keeps a value for so many milliseconds', async () => {
    const { cache, store } = await given();
    await cache.set('a', 1, 1_500);
    const [key] = [...store.cache.keys()];
    expect(store.cache.ttl(key!)).toBe(1.5);
  });

  it('wraps a function', async () => {
    const { cache } = await given();
    let runs = 0;
    const load = () => Promise.resolve(++runs);
    expect(await Promise.all([cache.wrap('k', load), cache.wrap('k', load)])).toEqual([1, 1]);
    expect(await cache.wrap('k', load)).toBe(1);
  });

  it('shares no object with who asks', async () => {
    const { cache } = await given();
    await cache.set('a', { list: [1] });
    (await cache.get<{ list: number[] }>('a'))!.list.push(2);
    expect(await cache.get('a')).toEqual({ list: [1] });
  });

  it('keeps to its key prefix, version and bounds', async () => {
    const { cache, name, clock } = await given({ keyPrefix: 'app', version: 2, maxEntries: 3 });
    for (let i = 0; i < 10; i++) await cache.set(`k${i}`, i);
    const everything = [...new LocMemCache(name, { clock }).keys({ all: true })];
    expect(everything).toHaveLength(3);
    for (const key of everything) expect(key).toMatch(/^app:2:/);
  });
});

describe.each(PLATFORMS)("Nest's CacheInterceptor over our store on %s", (platform) => {
  @UseInterceptors(CacheInterceptor)
  @Controller()
  class Pages {
    runs = 0;
    @Get('plain') plain() {
      return { run: ++this.runs };
    }
    @CacheKey('named')
    @CacheTTL(2_000)
    @Get('named')
    named() {
      return { run: ++this.runs };
    }
  }

  it('answers from it, by URL or @CacheKey, for as long as @CacheTTL says', async () => {
    const { imports, store } = fresh();
    const { ask } = await serve(platform, { imports, controllers: [Pages] });
    expect((await ask('/plain')).text).toBe('{"run":1}');
    expect((await ask('/plain')).text).toBe('{"run":1}');
    expect((await ask('/named')).text).toBe('{"run":2}');
    expect((await ask('/named')).text).toBe('{"run":2}');
    const keys = [...store.cache.keys()];
    expect(keys.map((key) => key.replace(/^keyv:/, ''))).toEqual(['/plain', 'named']);
    expect(store.cache.ttl(keys[1]!)).toBe(2);
  });

  it('runs the handler again when the entry is gone', async () => {
    const { imports, store } = fresh();
    const { ask } = await serve(platform, { imports, controllers: [Pages] });
    await ask('/named');
    store.cache.clear();
    expect((await ask('/named')).text).toBe('{"run":2}');
  });
});
