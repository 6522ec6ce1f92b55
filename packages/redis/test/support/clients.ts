// Every client that is promised to work, under one roof.
import type { RedisClient } from '@locmem/redis';
import { Redis as IoRedis5 } from 'ioredis5';
import { Redis as IoRedis6 } from 'ioredis6';
import { Redis as IoValkey } from 'iovalkey';
import * as redis4 from 'redis4';
import * as redis5 from 'redis5';
import * as redis6 from 'redis6';

export interface TestClient {
  readonly client: RedisClient;
  /** Lets it go, in whatever state it is. */
  readonly close: () => void;
}

type Make = (port: number) => Promise<TestClient>;

/** As soon as it is connected, or has found out that the server is down: its owner does not wait for ever, either. */
function nodeRedis(createClient: (options: any) => any): Make {
  return async (port) => {
    const client = createClient({ url: `redis://127.0.0.1:${port}` });
    const failing = new Promise((resolve) => client.on('error', resolve));
    const connecting = client.connect();
    connecting.catch(() => undefined);
    await Promise.race([connecting, failing]);
    const close = () => {
      try {
        if (client.destroy) client.destroy();
        else client.disconnect().catch(() => undefined);
      } catch {
        // It is closed.
      }
    };
    return { client, close };
  };
}

function ioredis(Client: new (options: any) => any): Make {
  return (port) => {
    const client = new Client({ port, host: '127.0.0.1' });
    client.on('error', () => undefined);
    return Promise.resolve({ client, close: () => client.disconnect() });
  };
}

export const CLIENTS: Readonly<Record<string, Make>> = {
  'node-redis 4': nodeRedis(redis4.createClient),
  'node-redis 5': nodeRedis(redis5.createClient),
  'node-redis 6': nodeRedis(redis6.createClient),
  'ioredis 5': ioredis(IoRedis5),
  'ioredis 6': ioredis(IoRedis6),
  iovalkey: ioredis(IoValkey),
};
