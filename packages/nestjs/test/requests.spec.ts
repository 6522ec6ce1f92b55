/**
 * What belongs to one request: results computed once in it, and under what prefix and version it finds
 * things in caches. Over HTTP on both platforms, as GraphQL operations, and as messages.
 */
import { APP_GUARD } from '@nestjs/core';
import { describe, expect, it } from '@jest/globals';
import { LocMemCache } from '@locmem/core';
import { createTestCache } from '@locmem/core/testing';
import {
  Controller,
  Get,
  Headers,
  Injectable,
  Post,
  Body,
  Query as QueryParam,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import type { CallHandler, CanActivate, ExecutionContext, NestInterceptor } from '@nestjs/common';
import {
  GqlExecutionContext,
  Int,
  Parent,
  Query,
  ResolveField,
  Resolver,
  Field,
  ObjectType,
} from '@nestjs/graphql';
import { ClientProxyFactory, MessagePattern, Payload, Transport } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { firstValueFrom, from, lastValueFrom, Observable, toArray } from 'rxjs';
import { setImmediate as turn } from 'node:timers/promises';
import {
  Cacheable,
  CacheKeyPrefix,
  CacheVersion,
  getCacheToken,
  LocMemModule,
  RequestMemo,
} from '../src/index.js';
import { currentRequest } from '../src/requests/request-scope.js';
import { graphQL } from './apollo-on-both.js';
import { closing, compile, freePort, PLATFORMS, serve, until } from './harness.js';

@Injectable()
class Users {
  runs = 0;

  @RequestMemo()
  async current(): Promise<{ run: number }> {
    this.runs++;
    await Promise.resolve();
    return { run: this.runs };
  }

  @RequestMemo()
  byId(id: number | string | { a: number } | null | undefined, _other?: number): object {
    this.runs++;
    return { id };
  }

  @RequestMemo({ key: (query) => query.id.toFixed() })
  byQuery(query: { id: number; at: () => number }): object {
    this.runs++;
    return query;
  }

  @RequestMemo()
  async failing(): Promise<never> {
    this.runs++;
    return Promise.reject(new Error('failed'));
  }

  @RequestMemo()
  stream(): Observable<number> {
    return new Observable<number>((subscriber) => {
      this.runs++;
      return from([1, 2]).subscribe(subscriber);
    });
  }

  listening = 0;

  @RequestMemo()
  endless(): Observable<number> {
    return new Observable<number>((subscriber) => {
      this.listening++;
      subscriber.add(() => this.listening--);
      subscriber.next(1);
    });
  }

  @RequestMemo()
  async *rows(): AsyncGenerator<number> {
    this.runs++;
    yield 1;
    yield 2;
  }
}

describe.each(PLATFORMS)('@RequestMemo over HTTP on %s', (platform) => {
  @Injectable()
  class UserGuard implements CanActivate {
    constructor(private readonly users: Users) {}
    async canActivate(): Promise<boolean> {
      await this.users.current();
      return true;
    }
  }

  @UseGuards(UserGuard)
  @Controller()
  class Profile {
    held: object[] = [];
    constructor(private readonly users: Users) {}

    @Get('current')
    async current() {
      await turn();
      return Promise.all([this.users.current(), this.users.current()]);
    }

    @Post('body')
    async body(@Body() body: object) {
      return [body, await this.users.current()];
    }

    @Get('same')
    async same() {
      const [one, other] = await Promise.all([this.users.current(), this.users.current()]);
      return one === other;
    }

    @Get('arguments')
    arguments() {
      const ids = [1, '1', -0, 0, null, undefined, { a: 1 }, { a: 1 }, '({a:1})'] as const;
      const objects = ids.map((id) => this.users.byId(id));
      objects.push(this.users.byId(1, 2), this.users.byId(1));
      return objects.map((object) => objects.indexOf(object));
    }

    @Get('key')
    key() {
      return (
        this.users.byQuery({ id: 1, at: () => 1 }) === this.users.byQuery({ id: 1, at: () => 2 })
      );
    }

    @Get('failing')
    async failing() {
      const before = this.users.runs;
      const ask = () => this.users.failing().catch((error: unknown) => (error as Error).message);
      const messages = [await Promise.all([ask(), ask()]), await ask()];
      return [messages, this.users.runs - before];
    }

    @Get('streams')
    async streams() {
      const before = this.users.runs;
      const observable = () => lastValueFrom(this.users.stream().pipe(toArray()));
      const rows = async () => {
        const items = [];
        for await (const row of this.users.rows()) items.push(row);
        return items;
      };
      const items = [
        await observable(),
        await observable(),
        ...(await Promise.all([rows(), rows()])),
      ];
      return [items, this.users.runs - before];
    }

    @Get('left')
    async left() {
      const first = await firstValueFrom(this.users.endless());
      const reading = this.users.rows();
      await reading.next();
      void reading.return(undefined);
      await Promise.resolve();
      const items = [];
      for await (const row of this.users.rows()) items.push(row);
      return [first, this.users.listening, items];
    }

    @Get('objects')
    objects() {
      const another = Object.assign(Object.create(this.users) as Users, { runs: 100 });
      return this.users.byId(7) === another.byId(7);
    }
  }

  const app = { imports: [LocMemModule.register()], controllers: [Profile], providers: [Users] };

  it('computes once in a request, guards included, and anew in the next', async () => {
    const { ask } = await serve(platform, app);
    expect(JSON.parse((await ask('/current')).text)).toEqual([{ run: 1 }, { run: 1 }]);
    expect(JSON.parse((await ask('/current')).text)).toEqual([{ run: 2 }, { run: 2 }]);
  });

  it('keeps requests at the same time apart', async () => {
    const { ask } = await serve(platform, app);
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask('/current')));
    const runs = answers.map(({ text }) => (JSON.parse(text) as { run: number }[])[0]!.run);
    expect(new Set(runs).size).toBe(20);
  });

  it('also when a body was read first', async () => {
    const { ask } = await serve(platform, app);
    const init = {
      method: 'POST',
      body: '{"a":1}',
      headers: { 'content-type': 'application/json' },
    };
    expect(JSON.parse((await ask('/body', init)).text)).toEqual([{ a: 1 }, { run: 1 }]);
  });

  it.each([
    ['gives all the very same object', '/same', 'true'],
    ['tells arguments apart', '/arguments', '[0,1,2,3,4,5,6,6,8,9,0]'],
    ['takes a key instead of the arguments', '/key', 'true'],
    ['does not keep what fails', '/failing', '[[["failed","failed"],"failed"],2]'],
    ['runs streams once', '/streams', '[[[1,2],[1,2],[1,2],[1,2]],2]'],
    ['lets streams go that nobody reads to their end', '/left', '[1,0,[1,2]]'],
    ['tells objects apart', '/objects', 'false'],
  ])('%s', async (_what, path, expected) => {
    const { ask } = await serve(platform, app);
    expect((await ask(path)).text).toBe(expected);
  });

  it('keeps nothing when the request is over, whoever still holds its scope', async () => {
    let scope: ReturnType<typeof currentRequest>;
    @Controller()
    class Holder {
      constructor(private readonly users: Users) {}
      @Get() get() {
        scope = currentRequest();
        this.users.byId(1);
        return scope?.memos?.filter(Boolean).length;
      }
    }
    const { ask } = await serve(platform, { ...app, controllers: [Holder] });
    expect((await ask('/')).text).toBe('1');
    await until(() => scope?.memos === undefined);
    expect(scope!.memos).toBeUndefined();
  });
});

describe('@RequestMemo outside of a request', () => {
  it('just runs', async () => {
    const users = (await compile({ imports: [LocMemModule.register()], providers: [Users] })).get(
      Users,
    );
    expect(users.byId(1)).not.toBe(users.byId(1));
  });

  it('without the module, says what to do', () => {
    expect(() => new Users().byId(1)).toThrow(
      expect.objectContaining({
        code: 'ERR_LOCMEM_CACHE_NOT_PROVIDED',
        method: 'Users.byId',
      }),
    );
  });

  it('refuses options that there are not', () => {
    expect(() => RequestMemo({ timeout: 5 } as never)).toThrow(
      expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_OPTION', option: 'timeout' }),
    );
  });
});

const header = (name: string) => (context: ExecutionContext) =>
  context.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers[name]!;

describe.each(PLATFORMS)('@CacheKeyPrefix and @CacheVersion over HTTP on %s', (platform) => {
  @Injectable()
  class Sales {
    runs = 0;
    @Cacheable({ key: 'sales' })
    async total(): Promise<number> {
      return ++this.runs;
    }
  }

  @CacheKeyPrefix(header('x-tenant'))
  @Controller()
  class Shop {
    constructor(private readonly sales: Sales) {}
    @Get('total') total() {
      return this.sales.total();
    }
    @CacheKeyPrefix(header('x-locale'))
    @Get('local')
    local() {
      return this.sales.total();
    }
    @CacheVersion((context) => Number(header('x-version')(context)))
    @Get('versioned')
    versioned() {
      return this.sales.total();
    }
    @CacheVersion(7)
    @Get('seven')
    seven() {
      return this.sales.total();
    }
  }

  @Controller('plain')
  class Plain {
    constructor(private readonly sales: Sales) {}
    @Get() total() {
      return this.sales.total();
    }
  }

  const start = async (options: Parameters<typeof LocMemModule.register>[0] = {}) => {
    const { app, ask } = await serve(platform, {
      imports: [LocMemModule.register(options)],
      controllers: [Shop, Plain],
      providers: [Sales],
    });
    const cache = app.get<LocMemCache>(getCacheToken());
    return {
      cache,
      ask: (path: string, headers: Record<string, string> = {}) => ask(path, { headers }),
    };
  };

  it('sets tenants apart', async () => {
    const { ask, cache } = await start();
    const totals = [];
    for (const tenant of ['acme', 'other', 'acme']) {
      totals.push((await ask('/total', { 'x-tenant': tenant })).text);
    }
    totals.push((await ask('/plain')).text);
    expect(totals).toEqual(['1', '2', '1', '3']);
    expect([...cache.keys()]).toEqual(['{"acme"}sales', '{"other"}sales', 'sales']);
  });

  it('prefixes of class and handler count together', async () => {
    const { ask, cache } = await start();
    await ask('/local', { 'x-tenant': 'acme', 'x-locale': 'de' });
    await ask('/local', { 'x-tenant': 'acme","de', 'x-locale': '' });
    expect([...cache.keys()]).toEqual([
      '{"[\\"acme\\",\\"de\\"]"}sales',
      '{"[\\"acme\\\\\\",\\\\\\"de\\",\\"\\"]"}sales',
    ]);
  });

  it('a version sees nothing of another', async () => {
    const { ask, cache } = await start();
    const headers = { 'x-tenant': 'acme', 'x-version': '2' };
    expect((await ask('/versioned', headers)).text).toBe('1');
    expect((await ask('/versioned', { ...headers, 'x-version': '3' })).text).toBe('2');
    expect((await ask('/versioned', headers)).text).toBe('1');
    expect((await ask('/seven', headers)).text).toBe('3');
    expect(cache.has('{"acme"}sales', { version: 7 })).toBe(true);
  });

  it('a prefix that is none fails the request, and is not taken for no prefix', async () => {
    const { ask, cache } = await start();
    expect((await ask('/total')).status).toBe(500);
    expect(cache.size).toBe(0);
  });

  it('may be set for the whole application', async () => {
    const { ask, cache } = await start({ keyPrefix: () => 'all', version: 3 });
    await ask('/plain');
    expect([...cache.keys({ all: true })]).toEqual([':3:{"all"}sales']);
  });

  it('reach cached methods that guards call', async () => {
    @Injectable()
    class SalesGuard implements CanActivate {
      constructor(private readonly sales: Sales) {}
      async canActivate(): Promise<boolean> {
        await this.sales.total();
        return true;
      }
    }
    @UseGuards(SalesGuard)
    @CacheKeyPrefix('guarded')
    @Controller()
    class Guarded {
      @Get() get() {
        return 1;
      }
    }
    const { app, ask } = await serve(platform, {
      imports: [LocMemModule.register()],
      controllers: [Guarded],
      providers: [Sales],
    });
    await ask('/');
    expect([...app.get<LocMemCache>(getCacheToken()).keys()]).toEqual(['{"guarded"}sales']);
  });

  it('reach cached methods that a guard of the root module calls', async () => {
    @Injectable()
    class SalesGuard implements CanActivate {
      constructor(private readonly sales: Sales) {}
      async canActivate(): Promise<boolean> {
        await this.sales.total();
        return true;
      }
    }
    @CacheKeyPrefix(header('x-tenant'))
    @Controller()
    class Guarded {
      @Get() get() {
        return 1;
      }
    }
    const { app, ask } = await serve(platform, {
      imports: [LocMemModule.register()],
      controllers: [Guarded],
      providers: [Sales, { provide: APP_GUARD, useClass: SalesGuard }],
    });
    await ask('/', { headers: { 'x-tenant': 'acme' } });
    expect([...app.get<LocMemCache>(getCacheToken()).keys()]).toEqual(['{"acme"}sales']);
  });

  it('are known to work that goes on after the answer', async () => {
    let done: Promise<unknown> = Promise.resolve();
    let goOn = (): void => undefined;
    const answered = new Promise<void>((resolve) => (goOn = resolve));
    @CacheKeyPrefix(header('x-tenant'))
    @Controller()
    class Later {
      constructor(private readonly sales: Sales) {}
      @Get() get() {
        done = answered.then(() => this.sales.total());
        return 1;
      }
    }
    const { app, ask } = await serve(platform, {
      imports: [LocMemModule.register()],
      controllers: [Later],
      providers: [Sales],
    });
    await ask('/', { headers: { 'x-tenant': 'acme', connection: 'close' } });
    goOn();
    await done;
    expect([...app.get<LocMemCache>(getCacheToken()).keys()]).toEqual(['{"acme"}sales']);
  });

  it.each([
    ['@CacheKeyPrefix', () => CacheKeyPrefix(5 as never)],
    ['@CacheVersion', () => CacheVersion('2' as never)],
  ])('%s refuses what is none', (_name, decorate) => {
    expect(decorate).toThrow(expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_OPTION' }));
  });
});

describe.each(PLATFORMS)('handlers on %s', (platform) => {
  it('may be cached themselves: guards and interceptors run on each request', async () => {
    const seen: string[] = [];
    class Watch implements CanActivate, NestInterceptor {
      canActivate(): boolean {
        seen.push('guard');
        return true;
      }
      intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
        seen.push('interceptor');
        return next.handle();
      }
    }
    @Controller()
    class Cached {
      @UseGuards(Watch)
      @UseInterceptors(Watch)
      @Get()
      @Cacheable()
      below(@QueryParam('a') a: string) {
        seen.push(`handler ${a}`);
        return { a };
      }
      @Cacheable()
      @Get('above')
      above(@Headers('x-a') a: string): string {
        seen.push(`above ${a}`);
        return a;
      }
    }
    const { ask } = await serve(platform, {
      imports: [LocMemModule.register()],
      controllers: [Cached],
    });
    expect((await ask('/?a=1')).text).toBe('{"a":"1"}');
    expect((await ask('/?a=1')).text).toBe('{"a":"1"}');
    expect(seen).toEqual(['guard', 'interceptor', 'handler 1', 'guard', 'interceptor']);
    await ask('/above', { headers: { 'x-a': '5' } });
    expect((await ask('/above', { headers: { 'x-a': '5' } })).text).toBe('5');
    expect(seen.slice(5)).toEqual(['above 5']);
  });
});

describe.each(PLATFORMS)('GraphQL operations on %s', (platform) => {
  @ObjectType()
  class City {
    @Field(() => Int) id!: number;
    @Field(() => Int) run!: number;
  }

  @Injectable()
  class Cities {
    runs = 0;
    @Cacheable({ key: (id) => `city:${id}` })
    async find(id: number): Promise<City> {
      return { id, run: ++this.runs };
    }
  }

  @Injectable()
  class CityGuard implements CanActivate {
    constructor(private readonly cities: Cities) {}
    async canActivate(): Promise<boolean> {
      await this.cities.find(0);
      return true;
    }
  }

  @CacheKeyPrefix((context) => {
    const { req } = GqlExecutionContext.create(context).getContext<{ req: { headers: any } }>();
    return req.headers['x-tenant'] as string;
  })
  @Resolver(() => City)
  class CityResolver {
    constructor(
      private readonly cities: Cities,
      private readonly users: Users,
    ) {}
    @UseGuards(CityGuard)
    @Query(() => City)
    async one() {
      return this.cities.find(1);
    }
    @CacheVersion(2)
    @Query(() => City)
    async two() {
      await this.users.current();
      return this.cities.find(2);
    }
    @ResolveField(() => Int)
    async user(@Parent() _city: City) {
      return (await this.users.current()).run;
    }
  }

  it('compute once, and find things under their own prefix', async () => {
    const { app, ask } = await serve(platform, {
      imports: [graphQL(), LocMemModule.register()],
      providers: [CityResolver, Cities, Users],
    });
    const query = async (tenant: string) => {
      const { text } = await ask('/graphql', {
        method: 'POST',
        body: JSON.stringify({ query: '{ one { id run user } two { id run user } }' }),
        headers: { 'content-type': 'application/json', 'x-tenant': tenant },
      });
      return (JSON.parse(text) as { data: { one: any; two: any } }).data;
    };
    const first = await query('acme');
    expect(first.one.user).toBe(1);
    expect(first.two.user).toBe(1);
    const second = await query('acme');
    expect([second.one.run, second.two.run]).toEqual([first.one.run, first.two.run]);
    expect([second.one.user, second.two.user]).toEqual([2, 2]);
    await query('other');
    const keys = [...app.get<LocMemCache>(getCacheToken()).keys({ all: true })].sort();
    expect(keys).toEqual([
      ':1:{"acme"}city:0',
      ':1:{"acme"}city:1',
      ':1:{"other"}city:0',
      ':1:{"other"}city:1',
      ':2:{"acme"}city:2',
      ':2:{"other"}city:2',
    ]);
  });
});

describe('messages', () => {
  it('compute once, and find things under their own prefix', async () => {
    @Injectable()
    class Sales {
      runs = 0;
      @Cacheable({ key: 'sales' })
      async total(): Promise<number> {
        return ++this.runs;
      }
    }
    @Controller()
    class Handlers {
      constructor(
        private readonly users: Users,
        private readonly sales: Sales,
      ) {}
      @MessagePattern('user')
      async user() {
        await turn();
        return [await this.users.current(), await this.users.current()];
      }
      @MessagePattern('stream')
      stream(@Payload() count: number): Observable<unknown> {
        return from(
          Array.from({ length: count }, () => this.users.current()).map((user) => user),
        ).pipe();
      }
      @CacheKeyPrefix((context) => context.switchToRpc().getData<{ tenant: string }>().tenant)
      @MessagePattern('total')
      total() {
        return this.sales.total();
      }
    }
    const cache = createTestCache();
    const module = await Test.createTestingModule({
      imports: [LocMemModule.register()],
      controllers: [Handlers],
      providers: [Users, Sales],
    })
      .overrideProvider(getCacheToken())
      .useValue(cache)
      .compile();
    const port = await freePort();
    const options = { host: '127.0.0.1', port };
    const service = closing(
      module.createNestMicroservice({
        transport: Transport.TCP,
        options,
        logger: ['error'],
      } as never),
    );
    await service.listen();
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
    try {
      const send = (pattern: string, data: unknown) =>
        firstValueFrom(client.send<unknown>(pattern, data));
      const answers = await Promise.all([send('user', {}), send('user', {})]);
      const runs = answers.map((answer) => (answer as { run: number }[]).map(({ run }) => run));
      for (const [one, other] of runs) expect(one).toBe(other);
      expect(runs[0]![0]).not.toBe(runs[1]![0]);
      expect(await send('total', { tenant: 'acme' })).toBe(1);
      expect(await send('total', { tenant: 'other' })).toBe(2);
      expect(await send('total', { tenant: 'acme' })).toBe(1);
      expect([...cache.keys()]).toEqual(['{"acme"}sales', '{"other"}sales']);
    } finally {
      await client.close();
    }
  });
});
