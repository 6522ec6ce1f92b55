/**
 * Applications in which nobody asks which request it is in are spared the scopes of requests. In a file
 * of its own: a single `@RequestMemo` anywhere in the process opens them.
 */
import { describe, expect, it } from '@jest/globals';
import { ApolloDriver } from '@nestjs/apollo';
import type { ApolloDriverConfig } from '@nestjs/apollo';
import { Controller, Get, Injectable, Module, UseGuards } from '@nestjs/common';
import type { CanActivate } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { firstValueFrom } from 'rxjs';
import { CachePage, LocMemModule, RequestMemo } from '../src/index.js';
import { AppSettings } from '../src/app-settings.js';
import { currentRequest } from '../src/requests/request-scope.js';
import { closing, freePort, PLATFORMS, serve } from './harness.js';

const seen: boolean[] = [];

@Injectable()
class Watching implements CanActivate {
  canActivate(): boolean {
    seen.push(currentRequest() !== undefined);
    return true;
  }
}

/** What a module that is loaded lazily brings along. */
interface Users {
  runs: number;
  current(): number;
}
let users: Users | undefined;

@UseGuards(Watching)
@Controller()
class Scopes {
  @Get('scope')
  scope() {
    return { hasScope: currentRequest() !== undefined };
  }
  @CachePage('1m')
  @Get('page')
  page() {
    return { hasScope: currentRequest() !== undefined };
  }
  @Get('users')
  users() {
    return { runs: [users?.current(), users?.current()] };
  }
}

/** What a handler of any kind finds: its scope, and what the lazy service computes, twice. */
function findings(): string {
  const runs = [users?.current(), users?.current()];
  return JSON.stringify({ hasScope: currentRequest() !== undefined, runs });
}

@Resolver()
class Operations {
  @Query(() => String) one() {
    return findings();
  }
  @Query(() => String) other() {
    return findings();
  }
}

@Controller()
class Messages {
  @MessagePattern('find') find() {
    return findings();
  }
}

/** Two ways in besides plain HTTP, each with a client. */
async function otherWays() {
  const graphql = await serve('Express', {
    imports: [
      LocMemModule.register(),
      GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true }),
    ],
    providers: [Operations],
  });
  const metadata = { imports: [LocMemModule.register()], controllers: [Messages] };
  const module = await Test.createTestingModule(metadata).compile();
  const tcp = { transport: Transport.TCP, options: { host: '127.0.0.1', port: await freePort() } };
  const service = closing(module.createNestMicroservice({ ...tcp, logger: ['error'] } as never));
  await service.listen();
  const client = closing(ClientProxyFactory.create(tcp as never) as unknown as Client);
  return {
    operation: async () => {
      const { text } = await graphql.ask('/graphql', {
        method: 'POST',
        body: JSON.stringify({ query: '{ one other }' }),
        headers: { 'content-type': 'application/json' },
      });
      const { data } = JSON.parse(text) as { data: { one: string; other: string } };
      return [JSON.parse(data.one), JSON.parse(data.other)] as unknown[];
    },
    message: async () =>
      JSON.parse(await firstValueFrom(client.send<string>('find', {}))) as unknown,
  };
}

interface Client {
  close(): Promise<unknown>;
  send: ReturnType<typeof ClientProxyFactory.create>['send'];
}

function loadLazily(): Users {
  class Lazy {
    runs = 0;
    @RequestMemo()
    current(): number {
      return ++this.runs;
    }
  }
  return new Lazy();
}

describe('the scope of a request', () => {
  it('is not opened where nobody asks for it; and computes once for who is loaded later', async () => {
    const clients = [];
    for (const platform of PLATFORMS) {
      const { ask } = await serve(platform, {
        imports: [LocMemModule.register()],
        controllers: [Scopes],
      });
      expect((await ask('/scope')).text).toBe('{"hasScope":false}');
      expect((await ask('/page')).text).toBe('{"hasScope":false}');
      expect((await ask('/page')).isHit).toBe(true);
      clients.push(ask);
    }
    const { operation, message } = await otherWays();
    const none = { hasScope: false, runs: [null, null] };
    expect(await operation()).toEqual([none, none]);
    expect(await message()).toEqual(none);
    // Nor is anything put before its handlers.
    expect(Reflect.getMetadata('__interceptors__', Messages)).toBeUndefined();
    expect(seen).not.toContain(true);

    users = loadLazily();
    // Each resolver of an operation has a scope of its own then; none has another one's.
    const found = (...runs: number[]) => ({ hasScope: true, runs });
    expect(await operation()).toEqual([found(1, 1), found(2, 2)]);
    expect(await operation()).toEqual([found(3, 3), found(4, 4)]);
    expect(await message()).toEqual(found(5, 5));
    expect(await message()).toEqual(found(6, 6));
    for (const ask of clients) {
      users.runs = 0;
      expect((await ask('/users')).text).toBe('{"runs":[1,1]}');
      expect((await ask('/users')).text).toBe('{"runs":[2,2]}');
      expect((await ask('/scope')).text).toBe('{"hasScope":true}');
    }
  });

  it.each(PLATFORMS)('is not too late for a prefix: that is refused, on %s', async (platform) => {
    const { app } = await serve(platform, { imports: [LocMemModule.register()] });
    const settings = app.get(AppSettings);
    // What a module that is loaded lazily would do; guards would find one tenant's things for another.
    for (const late of [{ keyPrefix: 'acme' }, { version: 2 }]) {
      expect(() => {
        settings.adopt(late);
      }).toThrow('must be set before the application is set up');
    }
    expect(settings.address).toBeUndefined();
  });

  it.each(PLATFORMS)('nor for one of a module that is loaded lazily, on %s', async (platform) => {
    const { app } = await serve(platform, { imports: [LocMemModule.register()] });
    for (const late of [{ keyPrefix: 'acme' }, { version: 2 }]) {
      @Module({ imports: [LocMemModule.register(late)] })
      class Lazy {}
      await expect(app.get(LazyModuleLoader).load(() => Lazy)).rejects.toThrow(
        'must be set before the application is set up',
      );
    }
    @Module({ imports: [LocMemModule.register({ caches: { lazy: {} } })] })
    class Harmless {}
    await app.get(LazyModuleLoader).load(() => Harmless);
  });
});
