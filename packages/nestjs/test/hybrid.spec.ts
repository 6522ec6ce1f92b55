/** Hybrid applications: HTTP and messages in one, which set the same requests apart. */
import { describe, expect, it } from '@jest/globals';
import type { LocMemCache } from '@locmem/core';
import { Controller, Get, Injectable } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import {
  Cacheable,
  CacheKeyPrefix,
  getCacheToken,
  LocMemModule,
  RequestMemo,
} from '../src/index.js';
import { freePort, PLATFORMS, serve } from './harness.js';

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
  @Cacheable({ key: 'total' })
  async total(): Promise<number> {
    return ++this.runs;
  }
  @RequestMemo()
  memo(): number {
    return ++this.runs;
  }
}

@CacheKeyPrefix(tenantOf)
@Controller()
class Shop {
  constructor(private readonly sales: Sales) {}
  @Get('total') @MessagePattern('total') total() {
    return this.sales.total();
  }
  @MessagePattern('memo') memo() {
    return [this.sales.memo(), this.sales.memo()];
  }
}

describe.each(PLATFORMS)('a hybrid application on %s, with inheritAppConfig', (platform) => {
  it('finds for messages what it finds for requests, and nothing of another tenant', async () => {
    const tcp = {
      transport: Transport.TCP as const,
      options: { host: '127.0.0.1', port: await freePort() },
    };
    const { app, ask } = await serve(
      platform,
      { imports: [LocMemModule.register()], controllers: [Shop], providers: [Sales] },
      {
        prepare: async (application) => {
          application.connectMicroservice(tcp, { inheritAppConfig: true });
          await application.startAllMicroservices();
        },
      },
    );
    const client = ClientProxyFactory.create(tcp);
    try {
      const send = (pattern: string, tenant: string): Promise<unknown> =>
        firstValueFrom(client.send<unknown>(pattern, { tenant }));
      const get = async (tenant: string) =>
        (await ask('/total', { headers: { 'x-tenant': tenant } })).text;
      expect([await send('total', 'acme'), await get('acme')]).toEqual([1, '1']);
      expect([await get('other'), await send('total', 'other')]).toEqual(['2', 2]);
      expect(await send('memo', 'acme')).toEqual([3, 3]);
      expect(await send('memo', 'acme')).toEqual([4, 4]);
      const cache = app.get<LocMemCache>(getCacheToken());
      expect([...cache.keys()].sort()).toEqual(['{"acme"}total', '{"other"}total']);
    } finally {
      await client.close();
    }
  });
});
