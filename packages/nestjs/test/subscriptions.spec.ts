/** Subscriptions of GraphQL over WebSockets: no subscriber meets another's results, and none leaves any behind. */
import { ApolloDriver } from '@nestjs/apollo';
import type { ApolloDriverConfig } from '@nestjs/apollo';
import { describe, expect, it } from '@jest/globals';
import type { LocMemCache } from '@locmem/core';
import { Injectable } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import {
  Args,
  Field,
  GqlExecutionContext,
  GraphQLModule,
  Mutation,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { EventEmitter, on, once } from 'node:events';
import {
  Cacheable,
  CacheKeyPrefix,
  getCacheToken,
  LocMemModule,
  RequestMemo,
} from '../src/index.js';
import { currentRequest } from '../src/requests/request-scope.js';
import type { RequestScope } from '../src/requests/request-scope.js';
import { connect } from './graphql-ws.js';
import { closing, serve, until } from './harness.js';

/** Over a WebSocket the request is the one that has opened it. */
interface GraphqlContext {
  readonly req: {
    readonly headers?: Record<string, string>;
    readonly extra?: { readonly request: { readonly headers: Record<string, string> } };
  };
}

const tenantOf = (context: ExecutionContext): string => {
  const { req } = GqlExecutionContext.create(context).getContext<GraphqlContext>();
  return (req.extra?.request ?? req).headers!['x-tenant']!;
};

@Injectable()
class Sales {
  runs = 0;
  readonly news = new EventEmitter();
  readonly scopes: RequestScope[] = [];

  @Cacheable({ key: 'total' })
  async total(): Promise<string> {
    return `total ${++this.runs}`;
  }
  @RequestMemo()
  async memo(): Promise<string> {
    this.scopes.push(currentRequest()!);
    return `memo ${++this.runs}`;
  }
  /** Both, the memo twice. */
  async both(): Promise<string> {
    return [await this.total(), await this.memo(), await this.memo()].join();
  }
}

@ObjectType()
class Report {
  @Field(() => String) text!: string;
}

@CacheKeyPrefix(tenantOf)
@Resolver(() => Report)
class Shop {
  constructor(readonly sales: Sales) {}

  @Query(() => String) total() {
    return this.sales.total();
  }
  /** By a visitor like any other, in whose request all who listen are told. */
  @Mutation(() => String) async sell(@Args('what') what: string) {
    this.sales.news.emit('sale', what);
    return this.sales.both();
  }

  /** Made for each subscriber. */
  @Subscription(() => String)
  async *generated() {
    for await (const [what] of on(this.sales.news, 'sale')) {
      yield { generated: `${what}: ${await this.sales.both()}` };
    }
  }

  /** Told to all alike, and made each subscriber's own afterwards. */
  @Subscription(() => String, {
    async resolve(this: Shop, payload: unknown) {
      return `${String(payload)}: ${await this.sales.both()}`;
    },
    async filter(this: Shop, payload: unknown) {
      return payload !== 'nothing' && (await this.sales.both()) !== '';
    },
  })
  published() {
    return salesOf(this.sales.news);
  }

  @Subscription(() => Report, { resolve: (what: unknown) => ({ what }) })
  report() {
    return salesOf(this.sales.news);
  }
  @ResolveField(() => String) async text(@Parent() { what }: { what: string }) {
    return `${what}: ${await this.sales.both()}`;
  }

  /** Computes something, and never comes to an event. */
  @Subscription(() => String)
  async *never() {
    await this.sales.memo();
    await once(this.sales.news, 'never');
    yield 'never';
  }
}

/** As those of graphql-subscriptions: an iterator that whoever publishes pushes on. */
function salesOf(news: EventEmitter): AsyncIterator<unknown> {
  const events = on(news, 'sale');
  return {
    async next() {
      const { done, value } = (await events.next()) as IteratorResult<[unknown]>;
      return done === true ? { done, value: undefined } : { done: false, value: value[0] };
    },
    return: () => events.return!(),
    [Symbol.asyncIterator]() {
      return this;
    },
  } as AsyncIterableIterator<unknown>;
}

async function start(options: Parameters<typeof LocMemModule.register>[0] = {}) {
  const graphql = GraphQLModule.forRoot<ApolloDriverConfig>({
    driver: ApolloDriver,
    autoSchemaFile: true,
    subscriptions: { 'graphql-ws': true },
    fieldResolverEnhancers: ['guards', 'interceptors'],
  });
  const { app, ask, url } = await serve('Express', {
    imports: [LocMemModule.register(options), graphql],
    providers: [Shop, Sales],
  });
  const { news, scopes } = app.get(Sales);
  const cache = app.get<LocMemCache>(getCacheToken());
  const connectAs = async (tenant: string) =>
    closing(await connect(`${url}/graphql`, { 'x-tenant': tenant }));
  const query = async (tenant: string, text: string) => {
    const response = await ask('/graphql', {
      method: 'POST',
      body: JSON.stringify({ query: text }),
      headers: { 'content-type': 'application/json', 'x-tenant': tenant },
    });
    return JSON.parse(response.text) as unknown;
  };
  /** One tenant's request tells all, once so many listen. */
  const sell = async (what: string, listeners: number) => {
    await until(() => news.listenerCount('sale') === listeners);
    await query('seller', `mutation { sell(what: "${what}") }`);
  };
  return { scopes, cache, keys: () => [...cache.keys()].sort(), connectAs, query, sell };
}

/** What a subscriber has been told: `sale: total, memo, memo again`. */
async function toldTo(subscriber: { events(length: number): Promise<unknown[]> }, length: number) {
  const texts = (await subscriber.events(length)).map((event) => JSON.stringify(event));
  return texts.map((text) => {
    const [, what, total, ...memos] = /"(\w+): (total \d+),(memo \d+),(memo \d+)"/.exec(text) ?? [];
    return { text, what, total, memos };
  });
}

const WAYS = ['generated', 'published', 'report { text }'];

describe.each(WAYS)('subscribers to %s', (way) => {
  it('find things under their own prefix, and compute once for each event', async () => {
    const { connectAs, sell, query, keys } = await start();
    const socket = await connectAs('acme');
    const subscribers = [
      socket.subscribe(`subscription { ${way} }`),
      (await connectAs('other')).subscribe(`subscription { ${way} }`),
      socket.subscribe(`subscription { ${way} }`),
    ];
    await sell('tea', 3);
    const first = await Promise.all(subscribers.map((one) => toldTo(one, 1)));
    await sell('rum', 3);
    const [acme, other, acmeAgain] = await Promise.all(subscribers.map((one) => toldTo(one, 2)));

    for (const told of [acme!, other!, acmeAgain!]) {
      expect(told.map(({ what }) => what)).toEqual(['tea', 'rum']);
      for (const { memos } of told) expect(memos[0]).toBe(memos[1]);
      expect(told[0]!.total).toBe(told[1]!.total);
    }
    const all = [...acme!, ...other!, ...acmeAgain!];
    expect(new Set(all.map(({ memos }) => memos[0])).size).toBe(6);
    expect(acme![0]!.total).toBe(acmeAgain![0]!.total);
    expect(acme![0]!.total).not.toBe(other![0]!.total);
    expect(first).toHaveLength(3);
    expect(await query('other', '{ total }')).toEqual({ data: { total: other![0]!.total } });
    expect(keys()).toEqual(['{"acme"}total', '{"other"}total', '{"seller"}total']);
  });

  it('hold nothing after an event', async () => {
    const { connectAs, sell, scopes } = await start();
    const subscriber = (await connectAs('acme')).subscribe(`subscription { ${way} }`);
    await sell('tea', 1);
    await subscriber.events(1);
    await until(() => scopes.every(({ memos }) => memos === undefined));
    expect(scopes.length).toBeGreaterThan(1);
    expect(scopes.map(({ memos }) => memos)).toEqual(scopes.map(() => undefined));
  });
});

describe('a subscriber', () => {
  it('that leaves before its event has come holds nothing, whatever goes on for it', async () => {
    const { connectAs, scopes } = await start();
    const subscriber = (await connectAs('acme')).subscribe('subscription { never }');
    await until(() => scopes.length === 1);
    expect(scopes[0]!.memos).toBeDefined();
    subscriber.stop();
    await until(() => scopes[0]!.memos === undefined);
    expect(scopes[0]!.memos).toBeUndefined();
    expect(scopes[0]!.address().keyPrefix).toBe('acme');
  });

  it('is not told what a filter leaves out', async () => {
    const { connectAs, sell } = await start();
    const subscriber = (await connectAs('acme')).subscribe('subscription { published }');
    await sell('nothing', 1);
    await sell('tea', 1);
    expect((await toldTo(subscriber, 1)).map(({ what }) => what)).toEqual(['tea']);
  });

  it.each(WAYS)('finds things under the prefix of its application, too: %s', async (way) => {
    const applications = [await start({ keyPrefix: 'one' }), await start({ keyPrefix: 'two' })];
    for (const { connectAs, sell } of applications) {
      const subscriber = (await connectAs('acme')).subscribe(`subscription { ${way} }`);
      await sell('tea', 1);
      await subscriber.events(1);
    }
    expect(applications.map(({ keys }) => keys())).toEqual([
      ['{"[\\"one\\",\\"acme\\"]"}total', '{"[\\"one\\",\\"seller\\"]"}total'],
      ['{"[\\"two\\",\\"acme\\"]"}total', '{"[\\"two\\",\\"seller\\"]"}total'],
    ]);
  });
});
