/** A subscriber over a WebSocket, as browsers are: the protocol graphql-transport-ws. */
import { createRequire } from 'node:module';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from './harness.js';

interface Socket extends NodeJS.EventEmitter {
  send(text: string): void;
  close(): void;
}

// @nestjs/graphql brings it along for its server.
const ofNest = createRequire(
  createRequire(fileURLToPath(import.meta.url)).resolve('@nestjs/graphql'),
);
const { WebSocket } = ofNest('ws') as {
  WebSocket: new (url: string, protocol: string, options: object) => Socket;
};

interface Message {
  readonly id: string;
  readonly type: string;
  readonly payload?: unknown;
}

/** @returns `subscribe`, for subscriptions over the one socket */
export async function connect(url: string, headers: Record<string, string>) {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws', { headers });
  const received: Message[] = [];
  socket.on('message', (data: unknown) => received.push(JSON.parse(String(data)) as Message));
  await once(socket, 'open');
  const send = (message: object) => {
    socket.send(JSON.stringify(message));
  };
  send({ type: 'connection_init' });
  await until(() => received.some(({ type }) => type === 'connection_ack'));
  let count = 0;
  return {
    subscribe(query: string) {
      const id = `${++count}`;
      send({ id, type: 'subscribe', payload: { query } });
      const messages = () => received.filter((message) => message.id === id);
      return {
        /** What has come so far, once it is so many. */
        async events(length: number): Promise<unknown[]> {
          await until(() => messages().length >= length);
          return messages().map(({ payload }) => payload);
        },
        stop: () => {
          send({ id, type: 'complete' });
        },
      };
    },
    async close() {
      socket.close();
      await once(socket, 'close');
    },
  };
}
