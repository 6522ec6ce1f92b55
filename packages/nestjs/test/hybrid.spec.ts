/** Hybrid applications: HTTP and messages in one, which set the same requests apart. */
import { describe, expect, it } from '@jest/globals';
import type { LocMemCache } from '@locmem/core';
import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Scope,
  UseInterceptors,
} from '@nestjs/common';
import type {
  CallHandler,
  ExecutionContext,
  INestApplication,
  ModuleMetadata,
  NestHybridApplicationOptions,
  NestInterceptor,
} from '@nestjs/common';
import { LazyModuleLoader, REQUEST } from '@nestjs/core';
import {
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  Server,
  Transport,
} from '@nestjs/microservices';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import { concat, defer, lastValueFrom, Observable, toArray } from 'rxjs';
import {
  Cacheable,
  CacheKeyPrefix,
  CacheVersion,
  getCacheToken,
  LocMemModule,
  RequestMemo,
} from '../src/index.js';
import { currentRequest } from '../src/requests/request-scope.js';
import type { RequestScope } from '../src/requests/request-scope.js';
import { closing, freePort, PLATFORMS, serve, until } from './harness.js';
import type { Platform, ServeOptions } from './harness.js';

interface Asker {
  readonly tenant: string;
}

const tenantOf = (context: ExecutionContext): string =>
  context.getType() === 'rpc'
    ? context.switchToRpc().getData<Asker>().tenant
    : context.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers['x-tenant']!;

@Injectable()
class Sales {
  runs = 0;
  readonly scopes: (RequestScope | undefined)[] = [];
  @Cacheable({ key: 'total' })
  async total(): Promise<number> {
    return ++this.runs;
  }
  @RequestMemo()
  memo(): number {
    this.scopes.push(currentRequest());
    return ++this.runs;
  }
}

/** A hybrid application, and clients of both its sides. */
async function startHybrid(
  platform: Platform,
  metadata: ModuleMetadata,
  hybrid: NestHybridApplicationOptions = {},
  { before, ...options }: ServeOptions & { before?: (app: INestApplication) => unknown } = {},
) {
  const tcp = {
    transport: Transport.TCP as const,
    options: { host: '127.0.0.1', port: await freePort() },
  };
  const { app, ask } = await serve(platform, metadata, {
    ...options,
    prepare: async (application) => {
      await before?.(application);
      application.connectMicroservice(tcp, hybrid);
      // Where it must find the application initialised.
      if (hybrid.deferInitialization === true) await application.init();
      await application.startAllMicroservices();
    },
  });
  const client = ClientProxyFactory.create(tcp);
  closing({ close: async () => client.close() });
  return {
    app,
    keys: () => [...app.get<LocMemCache>(getCacheToken()).keys({ all: true })].sort(),
    get: async (path: string, tenant: string) =>
      (await ask(path, { headers: { 'x-tenant': tenant } })).text,
    send: (pattern: string, tenant: string): Promise<unknown> =>
      lastValueFrom(client.send<unknown>(pattern, { tenant })),
    sendForAll: (pattern: string, tenant: string): Promise<unknown[]> =>
      lastValueFrom(client.send<unknown>(pattern, { tenant }).pipe(toArray())),
    emit: (pattern: string, tenant: string): Promise<unknown> =>
      lastValueFrom(client.emit(pattern, { tenant }), { defaultValue: undefined }),
  };
}

@CacheKeyPrefix(tenantOf)
@Controller()
class Shop {
  constructor(readonly sales: Sales) {}
  @Get('total') @MessagePattern('total') total() {
    return this.sales.total();
  }
  @MessagePattern('memo') memo() {
    return [this.sales.memo(), this.sales.memo()];
  }
  @MessagePattern('stream') stream(): Observable<number> {
    const memo = () => defer(() => [this.sales.memo()]);
    return concat(
      memo(),
      defer(() => this.sales.total()),
      memo(),
    );
  }
  @EventPattern('sold') async sold(_asker: Asker): Promise<void> {
    this.sales.memo();
    await this.sales.total();
  }
}

const shop = () => ({
  imports: [LocMemModule.register()],
  controllers: [Shop],
  providers: [Sales],
});

const WAYS: readonly (readonly [string, NestHybridApplicationOptions])[] = [
  ['with inheritAppConfig', { inheritAppConfig: true }],
  ['without inheritAppConfig', {}],
  ['initialised later', { deferInitialization: true }],
  [
    'initialised later, with inheritAppConfig',
    { deferInitialization: true, inheritAppConfig: true },
  ],
];

describe.each(PLATFORMS)('a hybrid application on %s', (platform) => {
  describe.each(WAYS)('%s', (_way, hybrid) => {
    it('finds for messages what it finds for requests, and nothing of another tenant', async () => {
      const { send, get, keys } = await startHybrid(platform, shop(), hybrid);
      expect([await send('total', 'acme'), await get('/total', 'acme')]).toEqual([1, '1']);
      expect([await get('/total', 'other'), await send('total', 'other')]).toEqual(['2', 2]);
      expect(keys()).toEqual([':1:{"acme"}total', ':1:{"other"}total']);
    });

    it('computes once in a message, and keeps nothing of it afterwards', async () => {
      const { app, send } = await startHybrid(platform, shop(), hybrid);
      expect(await send('memo', 'acme')).toEqual([1, 1]);
      expect(await send('memo', 'acme')).toEqual([2, 2]);
      const { scopes } = app.get(Sales);
      await until(() => scopes.every((scope) => scope?.memos === undefined));
      expect(scopes.map((scope) => scope!.memos)).toEqual([undefined, undefined]);
    });

    it('does so until the last item of an Observable', async () => {
      const { sendForAll } = await startHybrid(platform, shop(), hybrid);
      expect(await sendForAll('stream', 'acme')).toEqual([1, 2, 1]);
      expect(await sendForAll('stream', 'other')).toEqual([3, 4, 3]);
      expect(await sendForAll('stream', 'acme')).toEqual([5, 2, 5]);
    });

    it('and for events', async () => {
      const { app, emit, keys } = await startHybrid(platform, shop(), hybrid);
      const { scopes } = app.get(Sales);
      await emit('sold', 'acme');
      await emit('sold', 'other');
      await until(() => keys().length === 2 && scopes.every((one) => one?.memos === undefined));
      expect(keys()).toEqual([':1:{"acme"}total', ':1:{"other"}total']);
      expect(scopes.map((scope) => scope!.memos)).toEqual([undefined, undefined]);
    });
  });
});

/** Remembers in which request it was called. */
const scopes: (RequestScope | undefined)[] = [];
const watching: NestInterceptor = {
  intercept(_context: ExecutionContext, next: CallHandler) {
    scopes.push(currentRequest());
    return next.handle();
  },
};

describe.each(WAYS)('a microservice in a hybrid application, %s', (_way, hybrid) => {
  it('goes by keyPrefix and version of the module, also where they come late', async () => {
    const module = LocMemModule.registerAsync({
      useFactory: async () => {
        await new Promise(setImmediate);
        return { keyPrefix: tenantOf, version: 7 };
      },
    });
    @Controller()
    class Plain {
      constructor(private readonly sales: Sales) {}
      @MessagePattern('total') total() {
        return this.sales.total();
      }
    }
    const metadata = { imports: [module], controllers: [Plain], providers: [Sales] };
    const { send, keys } = await startHybrid('Express', metadata, hybrid);
    expect([await send('total', 'acme'), await send('total', 'other')]).toEqual([1, 2]);
    expect(keys()).toEqual([':7:{"acme"}total', ':7:{"other"}total']);
  });

  it('goes by what stands on a handler and its class; all of it counts', async () => {
    @CacheKeyPrefix('shop')
    @Controller()
    class Levels {
      constructor(private readonly sales: Sales) {}
      @CacheVersion(3)
      @CacheKeyPrefix(tenantOf)
      @MessagePattern('own')
      own() {
        return this.sales.total();
      }
      @MessagePattern('plain') plain() {
        return this.sales.total();
      }
    }
    const { send, keys } = await startHybrid(
      'Express',
      { ...shop(), controllers: [Levels] },
      hybrid,
    );
    await send('own', 'acme');
    await send('plain', 'acme');
    expect(keys()).toEqual([':1:{"shop"}total', ':3:{"[\\"shop\\",\\"acme\\"]"}total']);
  });

  it('has one scope for a message, before what the class of its handler uses', async () => {
    @UseInterceptors(watching)
    @CacheKeyPrefix('base')
    class Base {
      constructor(readonly sales: Sales) {}
      @MessagePattern('inherited') async inherited() {
        scopes.push(currentRequest());
        return this.sales.total();
      }
    }
    @UseInterceptors(watching)
    @Controller()
    class Derived extends Base {
      @UseInterceptors(watching)
      @MessagePattern('own')
      async own() {
        scopes.push(currentRequest());
        return this.sales.total();
      }
    }
    Reflect.defineMetadata('design:paramtypes', [Sales], Derived);
    const metadata = { ...shop(), controllers: [Derived, Shop] };
    const { send, keys } = await startHybrid('Express', metadata, hybrid, {
      before: (app) => app.useGlobalInterceptors(watching),
    });
    const ofApplication = hybrid.inheritAppConfig === true ? 1 : 0;
    for (const [pattern, count] of [['inherited', 3] as const, ['own', 4] as const]) {
      scopes.length = 0;
      await send(pattern, 'acme');
      expect(scopes).toHaveLength(ofApplication + count);
      expect(scopes[0]).toBeDefined();
      expect(new Set(scopes).size).toBe(1);
    }
    expect(keys()).toEqual([':1:{"base"}total']);
  });

  it('reaches handlers of a class that a decorator has put a proxy in front of', async () => {
    const behindProxy = <T extends object>(target: T): T => new Proxy(target, {});
    @Controller()
    @behindProxy
    class Behind {
      constructor(@Inject(Sales) private readonly sales: Sales) {}
      @CacheKeyPrefix(tenantOf)
      @MessagePattern('behind')
      behind() {
        return this.sales.total();
      }
    }
    Reflect.defineMetadata('self:paramtypes', [{ index: 0, param: Sales }], Behind);
    const metadata = { ...shop(), controllers: [Behind] };
    const { send, keys } = await startHybrid('Express', metadata, hybrid);
    expect([await send('behind', 'acme'), await send('behind', 'other')]).toEqual([1, 2]);
    expect(keys()).toEqual([':1:{"acme"}total', ':1:{"other"}total']);
  });

  it('makes controllers anew for each message where they are of request scope', async () => {
    @CacheKeyPrefix(tenantOf)
    @Controller({ scope: Scope.REQUEST })
    class Anew {
      constructor(
        private readonly sales: Sales,
        @Inject(REQUEST) private readonly request: { readonly data: Asker },
      ) {}
      @MessagePattern('anew') async anew() {
        const memos = [this.sales.memo(), this.sales.memo()];
        return [this.request.data.tenant, await this.sales.total(), ...memos];
      }
    }
    const { send } = await startHybrid('Express', { ...shop(), controllers: [Anew] }, hybrid);
    expect(await send('anew', 'acme')).toEqual(['acme', 2, 1, 1]);
    expect(await send('anew', 'other')).toEqual(['other', 4, 3, 3]);
    expect(await send('anew', 'acme')).toEqual(['acme', 2, 5, 5]);
  });

  it('goes on after a message that failed', async () => {
    @CacheKeyPrefix((context) => {
      if (tenantOf(context) === 'nobody') throw new Error('who asks?');
      return tenantOf(context);
    })
    @Controller()
    class Strict {
      constructor(private readonly sales: Sales) {}
      @MessagePattern('strict') strict() {
        return this.sales.total();
      }
    }
    const { send, keys } = await startHybrid(
      'Express',
      { ...shop(), controllers: [Strict] },
      hybrid,
    );
    await expect(send('strict', 'nobody')).rejects.toMatchObject({ status: 'error' });
    expect(await send('strict', 'acme')).toBe(1);
    expect(keys()).toEqual([':1:{"acme"}total']);
  });
});

/** Brings messages from one part of the process to another, within the request that sends them. */
class InProcess extends Server implements CustomTransportStrategy {
  listen(then: () => void): void {
    then();
  }
  close(): void {}
  on(): void {}
  unwrap(): never {
    throw new Error('there is nothing within');
  }
  async ask(pattern: string, data: Asker): Promise<unknown> {
    const handler = this.getHandlerByPattern(pattern)!;
    return lastValueFrom(this.transformToObservable(await handler(data)) as Observable<unknown>);
  }
}

describe.each([true, false])('a message within a request, inheritAppConfig: %s', (inherit) => {
  it('finds things under its own prefix, and its sender goes on under that of the request', async () => {
    const transport = new InProcess();
    @CacheKeyPrefix(tenantOf)
    @Controller()
    class Sender {
      constructor(private readonly sales: Sales) {}
      @Get('both') async both() {
        const before = await this.sales.total();
        const asking = transport.ask('total', { tenant: 'other' });
        const meanwhile = await this.sales.total();
        return [before, await asking, meanwhile, await this.sales.total()].join();
      }
    }
    const metadata = { ...shop(), controllers: [Sender, Shop] };
    const { app, get, keys } = await startHybrid('Express', metadata);
    app.connectMicroservice({ strategy: transport }, { inheritAppConfig: inherit });
    expect(await get('/both', 'acme')).toBe('1,2,1,1');
    expect(keys()).toEqual([':1:{"acme"}total', ':1:{"other"}total']);
  });
});

describe('one class in several applications', () => {
  it('goes by each one, as long as that lives', async () => {
    @Controller()
    class Shared {
      constructor(private readonly sales: Sales) {}
      @MessagePattern('total') total() {
        return this.sales.total();
      }
    }
    const start = (keyPrefix: string) =>
      startHybrid('Express', {
        imports: [LocMemModule.register({ keyPrefix })],
        controllers: [Shared],
        providers: [Sales],
      });
    const one = await start('one');
    const two = await start('two');
    for (const { send } of [one, two, one]) expect(await send('total', 'acme')).toBe(1);
    expect([one.keys(), two.keys()]).toEqual([[':1:{"one"}total'], [':1:{"two"}total']]);
    await one.app.close();
    two.app.get<LocMemCache>(getCacheToken()).clear();
    expect(await two.send('total', 'acme')).toBe(2);
    expect(two.keys()).toEqual([':1:{"two"}total']);
  });

  it('is left alone in one without this package', async () => {
    @CacheKeyPrefix(tenantOf)
    @Controller()
    class Shared {
      @MessagePattern('scope') scope() {
        return currentRequest()?.address().keyPrefix ?? 'none';
      }
    }
    const plain = await startHybrid('Express', { controllers: [Shared] });
    const ours = await startHybrid('Express', { ...shop(), controllers: [Shared] });
    const plainAgain = await startHybrid('Express', { controllers: [Shared] });
    const said = [];
    for (const { send } of [plain, ours, plainAgain]) said.push(await send('scope', 'acme'));
    expect(said).toEqual(['none', 'acme', 'none']);
  });
});

describe('controllers that a module brings which is loaded lazily', () => {
  it('count where microservices are connected afterwards', async () => {
    @Controller()
    class Late {
      constructor(private readonly sales: Sales) {}
      @MessagePattern('late') late() {
        return this.sales.total();
      }
    }
    @Module({
      imports: [LocMemModule.register({ caches: { late: {} } })],
      controllers: [Late],
      providers: [Sales],
    })
    class Lazy {}
    const { send, keys } = await startHybrid(
      'Express',
      {
        imports: [LocMemModule.register({ keyPrefix: tenantOf, isGlobal: true })],
        controllers: [Shop],
        providers: [Sales],
      },
      {},
      { before: (app) => app.get(LazyModuleLoader).load(() => Lazy) },
    );
    expect([await send('late', 'acme'), await send('late', 'other')]).toEqual([1, 2]);
    expect(keys()).toEqual([':1:{"acme"}total', ':1:{"other"}total']);
  });
});
