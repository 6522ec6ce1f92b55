/**
 * Objects that a factory makes for each request. A key of class, method and arguments has nothing of the
 * object in it: what one visitor's object has found would be given to the next visitor.
 */
import { describe, expect, it } from '@jest/globals';
import type { LocMemCache } from '@locmem/core';
import { Controller, Get, Inject, Injectable, Module, Scope } from '@nestjs/common';
import type { FactoryProvider } from '@nestjs/common';
import { ContextIdFactory, LazyModuleLoader, REQUEST } from '@nestjs/core';
import { Cacheable, getCacheToken, LocMemModule, provideCaches } from '../src/index.js';
import { compile, PLATFORMS, serve } from './harness.js';

interface Asked {
  readonly headers: Readonly<Record<string, string>>;
}

class Orders {
  constructor(readonly visitor: string) {}
  @Cacheable()
  async all(): Promise<string> {
    return `orders of ${this.visitor}`;
  }
}

class OrdersByVisitor extends Orders {
  @Cacheable({ key: (visitor) => ['orders', visitor] })
  async of(visitor: string): Promise<string> {
    return `orders of ${visitor}`;
  }
  override all() {
    return this.of(this.visitor);
  }
}

const FOR_ALL = 'everybody';

@Injectable()
class OrdersOfAll extends Orders {
  constructor() {
    super(FOR_ALL);
  }
}

const visitorOf = ({ headers }: Asked) => headers['x-visitor']!;

/** A provider that asks for the request, the cache and what there is once for all. */
const ofRequest = (
  useFactory: (asked: Asked, cache: LocMemCache, ofAll: OrdersOfAll) => unknown,
): FactoryProvider => ({
  ...{ provide: 'ORDERS', useFactory, scope: Scope.REQUEST },
  inject: [REQUEST, getCacheToken(), OrdersOfAll],
});

@Controller()
class Shop {
  constructor(@Inject('ORDERS') private readonly orders: Orders) {}
  @Get() all() {
    return this.orders.all();
  }
}

describe.each(PLATFORMS)('an object that a factory makes for each request on %s', (platform) => {
  const start = (orders: FactoryProvider) =>
    serve(platform, {
      imports: [LocMemModule.register()],
      controllers: [Shop],
      providers: [orders, OrdersOfAll],
    });
  const visitors = ['ada', 'bob'] as const;
  const askAll = async ({ ask }: Awaited<ReturnType<typeof start>>) => {
    const answers = visitors.map((visitor) => ask('/', { headers: { 'x-visitor': visitor } }));
    return (await Promise.all(answers)).map(({ status, text }) => (status === 200 ? text : status));
  };

  it.each<[string, FactoryProvider]>([
    [
      'at once',
      ofRequest((asked, cache) => provideCaches(new Orders(visitorOf(asked)), { default: cache })),
    ],
    [
      'with a promise',
      ofRequest(async (asked, cache) =>
        provideCaches(new Orders(visitorOf(asked)), { default: cache }),
      ),
    ],
  ])('is refused a default key, and no visitor sees another’s: %s', async (_how, orders) => {
    const served = await start(orders);
    expect(await askAll(served)).toEqual([500, 500]);
    const contextId = ContextIdFactory.create();
    served.app.registerRequestByContextId({ headers: { 'x-visitor': 'ada' } }, contextId);
    const making = served.app.resolve('ORDERS', contextId, { strict: false });
    await expect(making).rejects.toMatchObject({
      ...{ code: 'ERR_LOCMEM_INVALID_OPTION', option: 'key' },
      message: expect.stringMatching(/Orders\.all.*made for each request.*no stable identity/s),
    });
  });

  it('finds by a key of its own what its visitor has left', async () => {
    const served = await start(
      ofRequest((asked, cache) =>
        provideCaches(new OrdersByVisitor(visitorOf(asked)), { default: cache }),
      ),
    );
    const expected = ['orders of ada', 'orders of bob'];
    expect(await askAll(served)).toEqual(expected);
    expect(await askAll(served)).toEqual(expected);
    expect(served.app.get<LocMemCache>(getCacheToken()).size).toBe(2);
  });

  it('may be one that there is once for all, and is only handed on', async () => {
    const served = await start(ofRequest((_asked, _cache, ofAll) => ofAll));
    expect(await askAll(served)).toEqual(['orders of everybody', 'orders of everybody']);
    expect(await askAll(served)).toEqual(['orders of everybody', 'orders of everybody']);
  });

  it('may be anything without cached methods', async () => {
    const served = await start(
      ofRequest((asked) => ({ all: () => `nothing of ${visitorOf(asked)}` })),
    );
    expect(await askAll(served)).toEqual(['nothing of ada', 'nothing of bob']);
  });
});

describe('in a module that is loaded lazily', () => {
  const start = async () =>
    (await compile({ imports: [LocMemModule.register({ isGlobal: true })] })).get(LazyModuleLoader);

  it('a class whose objects are made for each request is refused a default key at each load', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class OfRequest extends OrdersOfAll {}
    @Module({ providers: [OfRequest] })
    class Lazy {}
    const loader = await start();
    for (let turn = 0; turn < 2; turn++) {
      await expect(loader.load(() => Lazy)).rejects.toMatchObject({
        ...{ code: 'ERR_LOCMEM_INVALID_OPTION', option: 'key' },
        message: expect.stringContaining('OfRequest.all'),
      });
    }
  });

  it('what a factory makes for each request is, when it is made', async () => {
    const orders = ofRequest((_asked, cache) =>
      provideCaches(new Orders('ada'), { default: cache }),
    );
    @Module({ providers: [orders, OrdersOfAll] })
    class Lazy {}
    const loader = await start();
    await loader.load(() => Lazy);
    const lazy = await loader.load(() => Lazy);
    await expect(lazy.resolve('ORDERS')).rejects.toMatchObject({ option: 'key' });
  });

  it('an object that a factory makes once is given its caches', async () => {
    @Module({ providers: [{ provide: Orders, useFactory: () => new Orders('ada') }] })
    class Lazy {}
    const lazy = await (await start()).load(() => Lazy);
    expect(await lazy.get(Orders).all()).toBe('orders of ada');
  });
});
