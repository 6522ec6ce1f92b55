/** KeyvCache over an adapter that goes through a socket. */
import { afterAll, beforeAll, describe, it, jest } from '@jest/globals';
import KeyvRedis from '@keyv/redis';
import { KeyvCache } from '@locmem/core/keyv';
import { describeStoreContract, TestClock, type SiblingOptions } from '@locmem/core/testing';
import Keyv from 'keyv';
import { describeWithServer, TestServer } from './support/server.js';

// Sockets and processes take their time on a busy machine.
jest.setTimeout(30_000);

describeWithServer('KeyvCache over @keyv/redis', () => {
  let server: TestServer;
  let keyv: Keyv;
  let stores = 0;

  beforeAll(async () => {
    server = await TestServer.start();
    keyv = new Keyv({ store: new KeyvRedis(server.url) });
  });

  afterAll(async () => {
    await keyv.disconnect();
    await server.stop();
  });

  describeStoreContract(
    'fulfils the contract',
    () => {
      const name = `contract ${++stores}`;
      const clock = new TestClock();
      const own = { keyv, clock, deadline: '5s' } as const;
      return Object.assign(new KeyvCache(name, own), {
        // The adapter's own clock stands by: an entry says itself when it ends.
        advance: clock.advance.bind(clock),
        sibling: (options: SiblingOptions) => new KeyvCache(name, { ...own, ...options }),
      });
    },
    { describe, it, without: ['kinds'] },
  );
});
