/** What is said in the log when an application starts. */
import { ApolloDriver } from '@nestjs/apollo';
import type { ApolloDriverConfig } from '@nestjs/apollo';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Injectable, Logger, Scope, UseGuards } from '@nestjs/common';
import type { CanActivate, INestApplication, ModuleMetadata } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  Field,
  GraphQLModule,
  Int,
  ObjectType,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { MessagePattern } from '@nestjs/microservices';
import { Cacheable, CacheDefaults, CacheKeyPrefix, LocMemModule } from '../src/index.js';
import { serve } from './harness.js';

let warnings: unknown[];

beforeEach(() => {
  warnings = [];
});

afterEach(() => {
  Logger.overrideLogger(false);
});

/** As {@link serve}, which turns the logger off. */
const start = (
  metadata: ModuleMetadata,
  before: (app: INestApplication) => unknown = () => undefined,
) =>
  serve('Express', metadata, {
    prepare: (app) => {
      before(app);
      Logger.overrideLogger({ warn: (message) => warnings.push(message), log() {}, error() {} });
    },
  });

describe('the log warns', () => {
  it.each([
    ['of field resolvers that a prefix does not reach', undefined, 1],
    ['of none that it reaches', ['guards', 'interceptors'] as const, 0],
  ])('%s', async (_what, fieldResolverEnhancers, count) => {
    @ObjectType()
    class City {
      @Field(() => Int) id!: number;
    }
    @CacheKeyPrefix('geo')
    @Resolver(() => City)
    class Cities {
      @Query(() => City) city() {
        return { id: 1 };
      }
      @ResolveField(() => Int) population() {
        return 1;
      }
    }
    const graphql = GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      autoSchemaFile: true,
      ...(fieldResolverEnhancers && { fieldResolverEnhancers: [...fieldResolverEnhancers] }),
    });
    await start({ imports: [LocMemModule.register(), graphql], providers: [Cities] });
    const ours = warnings.filter((message) => String(message).startsWith('@CacheKeyPrefix'));
    expect(ours).toHaveLength(count);
    if (count > 0)
      expect(ours[0]).toMatch(/Cities\.population calls; give GraphQLModule the option/);
  });

  it.each([
    ['of a prefix on a service', CacheKeyPrefix('geo'), 1],
    ['of none on a service without one', () => undefined, 0],
  ])('%s', async (_what, decorate, count) => {
    @decorate
    @Injectable()
    class Places {
      @Cacheable()
      find(id: number): number {
        return id;
      }
    }
    @CacheKeyPrefix('geo')
    @Controller()
    class Handlers extends Places {}
    await start({
      imports: [LocMemModule.register()],
      controllers: [Handlers],
      providers: [Places],
    });
    const ours = warnings.filter((message) => String(message).includes('do nothing on Places'));
    expect(ours).toHaveLength(count);
    expect(warnings.filter((message) => String(message).includes('Handlers'))).toEqual([]);
  });
});

describe('of guards that run before the prefix is known, the log warns', () => {
  @Injectable()
  class Users {
    @Cacheable({ key: 'user' })
    async find(): Promise<string> {
      return 'Ada';
    }
  }
  @Injectable()
  class OwnPrefix {
    @Cacheable({ key: 'user', keyPrefix: (tenant) => tenant })
    async find(tenant: string): Promise<string> {
      return tenant;
    }
  }
  @CacheDefaults({ keyPrefix: 'all tenants' })
  @Injectable()
  class DefaultPrefix {
    @Cacheable({ key: 'user' })
    async find(): Promise<string> {
      return 'Ada';
    }
  }
  @Injectable()
  class Roles {
    constructor(readonly users: Users) {}
  }
  class Allows implements CanActivate {
    canActivate(): boolean {
      return true;
    }
  }
  @Injectable()
  class UsersGuard extends Allows {
    readonly #users: Users;
    constructor(users: Users) {
      super();
      this.#users = users;
    }
    find() {
      return this.#users.find();
    }
  }
  @Injectable()
  class RolesGuard extends Allows {
    @Inject(Roles) readonly roles!: Roles;
  }
  @Injectable({ scope: Scope.REQUEST })
  class RequestUsersGuard extends Allows {
    constructor(readonly users: Users) {
      super();
    }
  }
  @Injectable()
  class OwnPrefixGuard extends Allows {
    constructor(
      readonly users: OwnPrefix,
      readonly shared: DefaultPrefix,
    ) {
      super();
    }
  }
  @Injectable()
  class PlainGuard extends Allows {}
  class MadeGuard extends Allows {
    constructor(readonly users: Users) {
      super();
    }
  }

  const services = [Users, OwnPrefix, DefaultPrefix, Roles];
  const early = () => warnings.map(String).filter((one) => one.includes('is known, as all guards'));
  const ofUsers = (guard: string, handler: string) =>
    `${guard} runs before the prefix of ${handler} is known, as all guards of messages and subscriptions do: ` +
    'cached methods of Users that it calls are under none; give them the option keyPrefix';

  it.each([
    ['what it is given', UsersGuard],
    ['what that is given in its turn', RolesGuard],
    ['where it is made for each request', RequestUsersGuard],
  ] as const)('by class: %s', async (_what, Guard) => {
    @UseGuards(Guard, PlainGuard, OwnPrefixGuard)
    @CacheKeyPrefix('shop')
    @Controller()
    class Shop {
      @MessagePattern('total') total() {}
      @MessagePattern('all') all() {}
    }
    const metadata = { imports: [LocMemModule.register()], controllers: [Shop] };
    await start({ ...metadata, providers: services });
    expect(early()).toEqual([ofUsers(Guard.name, 'Shop.total')]);
  });

  it('by handler, where it or the application sets requests apart', async () => {
    @Controller()
    class Shop {
      @UseGuards(UsersGuard) @CacheKeyPrefix('shop') @MessagePattern('sold') sold() {}
      @UseGuards(RolesGuard) @MessagePattern('total') total() {}
    }
    const controllers = [Shop];
    await start({ imports: [LocMemModule.register()], controllers, providers: services });
    expect(early()).toEqual([ofUsers('UsersGuard', 'Shop.sold')]);
    warnings = [];
    const keyPrefix = 'app';
    await start({
      imports: [LocMemModule.register({ keyPrefix })],
      controllers,
      providers: services,
    });
    expect(early()).toEqual([
      ...[ofUsers('UsersGuard', 'Shop.sold'), ofUsers('RolesGuard', 'Shop.total')],
    ]);
  });

  it('of global guards, however they came to be', async () => {
    @CacheKeyPrefix('shop')
    @Controller()
    class Shop {
      @MessagePattern('total') total() {}
    }
    const providers = [
      ...services,
      ...[UsersGuard, RequestUsersGuard, PlainGuard].map((useClass) => ({
        provide: APP_GUARD,
        useClass,
      })),
    ];
    await start({ imports: [LocMemModule.register()], controllers: [Shop], providers }, (app) =>
      app.useGlobalGuards(new MadeGuard(app.get(Users)), new PlainGuard()),
    );
    const guards = ['UsersGuard', 'RequestUsersGuard', 'MadeGuard'];
    expect(early().sort()).toEqual(guards.map((name) => ofUsers(name, 'Shop.total')).sort());
  });

  it('of subscriptions', async () => {
    @CacheKeyPrefix('news')
    @Resolver()
    class News {
      @UseGuards(RolesGuard) @Query(() => Int) count() {
        return 1;
      }
      @UseGuards(UsersGuard) @Subscription(() => Int) async *news() {
        yield await Promise.resolve({ news: 1 });
      }
    }
    const graphql = GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      autoSchemaFile: true,
    });
    const imports = [LocMemModule.register(), graphql];
    await start({ imports, providers: [...services, News] });
    expect(early()).toEqual([ofUsers('UsersGuard', 'News.news')]);
  });

  it('but not of HTTP, nor where nothing is set apart or nothing is reached', async () => {
    @UseGuards(UsersGuard)
    @CacheKeyPrefix('shop')
    @Controller()
    class Pages {
      @Get() show() {}
    }
    @UseGuards(UsersGuard)
    @Controller()
    class Shared {
      @MessagePattern('shared') shared() {}
    }
    @UseGuards(PlainGuard, OwnPrefixGuard, new PlainGuard())
    @CacheKeyPrefix('shop')
    @Controller()
    class Shop {
      @MessagePattern('total') total() {}
    }
    const controllers = [Pages, Shared, Shop];
    await start({ imports: [LocMemModule.register()], controllers, providers: services });
    expect(early()).toEqual([]);
  });
});
