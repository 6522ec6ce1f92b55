/**
 * What `@RequestMemo` has computed is garbage when its request, operation or message is over, also where
 * the request goes on for ever elsewhere: a timer, a pooled connection, a promise that nobody settles.
 */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable } from '@nestjs/common';
import { Query, Resolver } from '@nestjs/graphql';
import {
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  Payload,
  Transport,
} from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { AsyncResource } from 'node:async_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { firstValueFrom, from, lastValueFrom, map } from 'rxjs';
import { CacheKeyPrefix, LocMemModule, RequestMemo } from '../src/index.js';
import { graphQL } from './apollo-on-both.js';
import { closing, freePort, PLATFORMS, serve, until } from './harness.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What has been computed, and what of each request goes on for ever. */
const computed: WeakRef<object>[] = [];
const goesOn: AsyncResource[] = [];

@Injectable()
class Users {
  @RequestMemo()
  current(): object {
    const user = { name: 'Ada' };
    computed.push(new WeakRef(user));
    goesOn.push(new AsyncResource('for ever'));
    return user;
  }
  @RequestMemo()
  async byId(id: number): Promise<object> {
    const user = { id };
    computed.push(new WeakRef(user));
    return user;
  }
  @RequestMemo()
  async *rows(): AsyncGenerator<object> {
    const row = {};
    computed.push(new WeakRef(row));
    yield row;
  }
}

/** Uses all of it, some twice: four objects in each request. */
async function use(users: Users): Promise<string> {
  users.current();
  await Promise.all([users.byId(1), users.byId(1), users.byId(2)]);
  for (let turn = 0; turn < 2; turn++)
    for await (const row of users.rows()) expect(row).toEqual({});
  users.current();
  return 'used';
}

const mine = CacheKeyPrefix(() => 'mine');

@mine
@Controller()
class Handlers {
  events = 0;
  constructor(private readonly users: Users) {}
  @Get() get() {
    return use(this.users);
  }
  @Get('failing') async failing() {
    await use(this.users);
    throw new Error('failing');
  }
  @MessagePattern('message') message() {
    return use(this.users);
  }
  @MessagePattern('failing') failingMessage() {
    return this.failing();
  }
  @MessagePattern('stream') stream() {
    return from(use(this.users)).pipe(map((used) => [used]));
  }
  @EventPattern('event') async event(@Payload() _data: unknown) {
    await use(this.users);
    this.events++;
  }
}

@mine
@Resolver()
class UserResolver {
  constructor(private readonly users: Users) {}
  @Query(() => String) used() {
    return use(this.users);
  }
}

beforeEach(() => {
  computed.length = 0;
  goesOn.length = 0;
});

async function expectNothingKept(requests: number): Promise<void> {
  expect([computed.length, goesOn.length]).toEqual([4 * requests, requests]);
  const kept = () => computed.filter((one) => one.deref() !== undefined).length;
  for (let round = 0; kept() > 0 && round < 100; round++) {
    await new Promise(setImmediate);
    collectGarbage();
  }
  expect(kept()).toBe(0);
}

describe('nothing is kept in memory', () => {
  it.each(PLATFORMS)('of requests and GraphQL operations on %s', async (platform) => {
    const { ask } = await serve(platform, {
      imports: [LocMemModule.register(), graphQL()],
      controllers: [Handlers],
      providers: [Users, UserResolver],
    });
    expect((await ask('/')).text).toBe('used');
    expect((await ask('/failing')).status).toBe(500);
    const operation = await ask('/graphql', {
      method: 'POST',
      body: JSON.stringify({ query: '{ one: used two: used }' }),
      headers: { 'content-type': 'application/json' },
    });
    expect(JSON.parse(operation.text)).toEqual({ data: { one: 'used', two: 'used' } });
    await expectNothingKept(3);
  });

  it('of messages and events', async () => {
    const module = await Test.createTestingModule({
      imports: [LocMemModule.register()],
      controllers: [Handlers],
      providers: [Users],
    }).compile();
    const tcp = {
      transport: Transport.TCP as const,
      options: { host: '127.0.0.1', port: await freePort() },
    };
    const service = closing(module.createNestMicroservice({ ...tcp, logger: false } as never));
    await service.listen();
    const client = ClientProxyFactory.create(tcp);
    try {
      expect(await firstValueFrom(client.send('message', {}))).toBe('used');
      await expect(lastValueFrom(client.send('failing', {}))).rejects.toBeDefined();
      expect(await lastValueFrom(client.send('stream', {}))).toEqual(['used']);
      await lastValueFrom(client.emit('event', {}), { defaultValue: undefined });
      await until(() => module.get(Handlers).events === 1);
      await expectNothingKept(4);
    } finally {
      await client.close();
    }
  });
});
