import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { parseTimeout, type Duration } from '@locmem/core';
import { describeStoreContract, type SiblingOptions } from '@locmem/core/testing';
import { RedisCache, type RedisCacheOptions } from '@locmem/redis';
import { Packr } from 'msgpackr';
import { CLIENTS, type TestClient } from './support/clients.js';
import { describeWithServer, TestServer } from './support/server.js';
import { advanceServer } from './support/time.js';

// Sockets and processes take their time on a busy machine.
jest.setTimeout(30_000);

let stores = 0;

describeWithServer('RedisCache', () => {
  let server: TestServer;
  const clients = new Map<string, TestClient>();

  beforeAll(async () => {
    server = await TestServer.start();
    for (const [name, make] of Object.entries(CLIENTS)) clients.set(name, await make(server.port));
  });

  afterAll(async () => {
    for (const { close } of clients.values()) close();
    await server.stop();
  });

  function makeStore(client: string, options: Partial<RedisCacheOptions> = {}) {
    const name = `contract ${++stores}`;
    const own = { client: clients.get(client)!.client, deadline: '5s', ...options } as const;
    return Object.assign(new RedisCache(name, own), {
      advance: (span: Duration) => advanceServer(server, parseTimeout(span)! * 1000),
      sibling: (sibling: SiblingOptions) => new RedisCache(name, { ...own, ...sibling }),
    });
  }

  for (const client of Object.keys(CLIENTS)) {
    describeStoreContract(`through ${client} fulfils the contract`, () => makeStore(client), {
      ...{ describe, it },
      // What JSON cannot hold it refuses; what it can is in codecs.spec.ts.
      without: ['kinds'],
    });
  }

  const packr = new Packr({ structuredClone: true });
  const variants: Record<string, Partial<RedisCacheOptions>> = {
    'entries signed': { secret: 'a secret' },
    'entries compressed': { compressAboveBytes: 0 },
    'entries signed and compressed': { secret: ['new', 'old'], compressAboveBytes: 0 },
    'a codec of msgpackr': {
      codec: {
        name: 'msgpack',
        encode: (value) => packr.pack(value),
        decode: (bytes) => packr.unpack(bytes),
      },
    },
  };
  for (const [title, options] of Object.entries(variants)) {
    describeStoreContract(
      `with ${title} fulfils the contract`,
      () => makeStore('ioredis 5', options),
      {
        ...{ describe, it },
        without: ['kinds'],
      },
    );
  }

  it('leaves nothing but entries and tags behind', async () => {
    const keys = await server.command('KEYS', '*:lease');
    expect(keys).toBe('*0\r\n');
    expect(await server.command('KEYS', '*:lock')).toBe('*0\r\n');
  });
});
