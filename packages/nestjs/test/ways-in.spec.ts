/**
 * Applications side by side in one process, and functions of the execution context by every way in: pages
 * and methods over HTTP, GraphQL operations, messages.
 */
import { describe, expect, it } from '@jest/globals';
import type { LocMemCache } from '@locmem/core';
import { Controller, Get, Injectable } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { GqlExecutionContext, Int, Query, Resolver } from '@nestjs/graphql';
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { firstValueFrom } from 'rxjs';
import {
  Cacheable,
  CacheDefaults,
  CacheKeyPrefix,
  CachePage,
  CacheVersion,
  getCacheToken,
  LocMemModule,
  PageCache,
  RequestMemo,
} from '../src/index.js';
import { currentRequest } from '../src/requests/request-scope.js';
import { graphQL } from './apollo-on-both.js';
import { closing, freePort, PLATFORMS, serve, until } from './harness.js';

interface Asker {
  readonly tenant: string;
  readonly flag: number;
}

/** Who asks, by whatever way. */
function askerOf(context: ExecutionContext): Asker {
  if (context.getType() === 'rpc') return context.switchToRpc().getData<Asker>();
  const { req } =
    context.getType() === 'http'
      ? { req: context.switchToHttp().getRequest<{ headers: Record<string, string> }>() }
      : GqlExecutionContext.create(context).getContext<{
          req: { headers: Record<string, string> };
        }>();
  return { tenant: req.headers['x-tenant']!, flag: Number(req.headers['x-flag']) };
}

const headersOf = ({ tenant, flag }: Asker) => ({ 'x-tenant': tenant, 'x-flag': String(flag) });

@Injectable()
class Sales {
  runs = 0;
  @Cacheable({ key: 'sales' })
  async total(): Promise<number> {
    return ++this.runs;
  }
  @RequestMemo()
  async memo(): Promise<object> {
    return {};
  }
}

const prefix = CacheKeyPrefix((context) => askerOf(context).tenant);
const version = CacheVersion((context) => askerOf(context).flag);

/** Each tenant and each flag finds its own, again and again. */
const askers: readonly Asker[] = [
  { tenant: 'acme', flag: 1 },
  { tenant: 'other', flag: 1 },
  { tenant: 'acme', flag: 2 },
  { tenant: 'acme', flag: 1 },
  { tenant: 'acme', flag: 2 },
];
const expected = [1, 2, 3, 1, 3];
const expectedKeys = [':1:{"acme"}sales', ':1:{"other"}sales', ':2:{"acme"}sales'];

const keysOf = (cache: LocMemCache) => [...cache.keys({ all: true })].sort();

describe('@CacheKeyPrefix and @CacheVersion as functions reach', () => {
  it.each(PLATFORMS)('pages, and methods called for them, on %s', async (platform) => {
    @prefix
    @Controller()
    class Shop {
      constructor(private readonly sales: Sales) {}
      @version @Get('method') method() {
        return this.sales.total();
      }
      @version
      @CachePage('1m')
      @Get('page')
      page() {
        return this.sales.total();
      }
    }
    const { app, ask } = await serve(platform, {
      imports: [LocMemModule.register()],
      controllers: [Shop],
      providers: [Sales],
    });
    for (const path of ['/method', '/page']) {
      const totals = [];
      for (const asker of askers)
        totals.push((await ask(path, { headers: headersOf(asker) })).text);
      expect(totals.map(Number)).toEqual(expected);
    }
    expect(keysOf(app.get(getCacheToken()))).toEqual(expectedKeys);
    expect(app.get(PageCache).stats()).toMatchObject({ hits: 2, stored: 3 });
  });

  it.each(PLATFORMS)(
    'GraphQL operations on %s, which hold nothing when they are over',
    async (platform) => {
      let scope: ReturnType<typeof currentRequest>;
      @prefix
      @Resolver()
      class Shop {
        constructor(private readonly sales: Sales) {}
        @version
        @Query(() => Int)
        async total() {
          scope = currentRequest();
          await this.sales.memo();
          return this.sales.total();
        }
      }
      const { app, ask } = await serve(platform, {
        imports: [LocMemModule.register(), graphQL()],
        providers: [Shop, Sales],
      });
      const totals = [];
      for (const asker of askers) {
        const { text } = await ask('/graphql', {
          method: 'POST',
          body: JSON.stringify({ query: '{ total }' }),
          headers: { ...headersOf(asker), 'content-type': 'application/json' },
        });
        totals.push((JSON.parse(text) as { data: { total: number } }).data.total);
      }
      expect(totals).toEqual(expected);
      expect(keysOf(app.get(getCacheToken()))).toEqual(expectedKeys);
      await until(() => scope?.memos === undefined);
      expect(scope).toBeDefined();
      expect(scope!.memos).toBeUndefined();
      expect(scope!.address()).toEqual({ keyPrefix: 'acme', version: 2 });
    },
  );

  it('messages', async () => {
    @prefix
    @Controller()
    class Shop {
      constructor(private readonly sales: Sales) {}
      @version @MessagePattern('total') total() {
        return this.sales.total();
      }
    }
    const metadata = {
      imports: [LocMemModule.register()],
      controllers: [Shop],
      providers: [Sales],
    };
    const module = await Test.createTestingModule(metadata).compile();
    const tcp = {
      transport: Transport.TCP as const,
      options: { host: '127.0.0.1', port: await freePort() },
    };
    const service = closing(module.createNestMicroservice({ ...tcp, logger: ['error'] } as never));
    await service.listen();
    const client = ClientProxyFactory.create(tcp);
    try {
      const totals = [];
      for (const asker of askers) totals.push(await firstValueFrom(client.send('total', asker)));
      expect(totals).toEqual(expected);
      expect(keysOf(module.get(getCacheToken()))).toEqual(expectedKeys);
    } finally {
      await client.close();
    }
  });
});

describe.each(PLATFORMS)('two applications in one process, on %s', (platform) => {
  @CacheDefaults({ cache: 'shared' })
  @Injectable()
  class Names {
    runs = 0;
    @Cacheable()
    async find(id: number): Promise<string> {
      return `${id} ${++this.runs}`;
    }
    @Cacheable({ cache: 'own' })
    atOnce(id: number): string {
      return `${id} ${++this.runs}`;
    }
    @RequestMemo()
    memo(): number {
      return ++this.runs;
    }
  }

  @Controller()
  class Handlers {
    constructor(private readonly names: Names) {}
    @Get('method') async method() {
      return [await this.names.find(1), this.names.atOnce(1)].join();
    }
    @CachePage('1m') @Get('page') page() {
      return ++this.names.runs;
    }
    @Get('memo') memo() {
      return [this.names.memo(), this.names.memo()].join();
    }
  }

  it('share classes, and neither caches, prefixes, pages nor settings', async () => {
    const start = (options: Parameters<typeof LocMemModule.register>[0]) =>
      serve(platform, {
        imports: [LocMemModule.register(options)],
        controllers: [Handlers],
        providers: [Names],
      });
    const plain = await start({ caches: { shared: {}, own: { timeout: '1m' } } });
    const prefixed = await start({
      caches: { shared: { keyPrefix: 'p' }, own: { version: 3 } },
      keyPrefix: 'acme',
      version: 2,
      pages: { timeout: '1h', cacheStatus: 'Other' },
    });
    plain.app.get(Names).runs = 100;
    for (let turn = 0; turn < 2; turn++) {
      // In turn, so that what one has learnt of a class is there when the other is asked.
      expect((await plain.ask('/method')).text).toBe('1 101,1 102');
      expect((await prefixed.ask('/method')).text).toBe('1 1,1 2');
    }
    expect((await plain.ask('/memo')).text).toBe('103,103');
    expect((await prefixed.ask('/memo')).text).toBe('3,3');
    expect((await plain.ask('/page')).text).toBe('104');
    expect((await prefixed.ask('/page')).text).toBe('4');
    expect((await plain.ask('/page')).cache).toBe('LocMem; hit; ttl=60');
    expect((await prefixed.ask('/page')).cache).toBe('Other; hit; ttl=60');
    const keys = ({ app }: typeof plain) =>
      ['shared', 'own'].map((alias) => keysOf(app.get(getCacheToken(alias))));
    expect(keys(plain)).toEqual([[':1:[Names.find(1)]'], [':1:[Names.atOnce(1)]']]);
    expect(keys(prefixed)).toEqual([
      ['p:2:{"acme"}[Names.find(1)]'],
      [':2:{"acme"}[Names.atOnce(1)]'],
    ]);
    await prefixed.app.close();
    expect((await plain.ask('/method')).text).toBe('1 101,1 102');
    expect((await plain.ask('/page')).isHit).toBe(true);
  });
});
