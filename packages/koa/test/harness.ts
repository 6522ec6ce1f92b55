/**
 * Real Koa 2 and 3 applications behind real sockets.
 */
import Koa3 from 'koa';
import Koa2 from 'koa2';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** For `describe.each`: the tests hold for both. */
export const KOAS: [string, typeof Koa3][] = [
  ['Koa 2', Koa2],
  ['Koa 3', Koa3],
];

const servers = new Set<Server>();
let stores = 0;

/** A name that no other test uses. */
export function freshStoreName(): string {
  return `koa-test-${++stores}`;
}

export async function closeAll(): Promise<void> {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
  servers.clear();
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

/** Starts the application on a free port. @returns a client for it */
export async function listen(app: Koa3) {
  const server = app.listen(0, '127.0.0.1');
  servers.add(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ask = async (path: string, { method = 'GET', headers = {} }: Ask = {}) => {
    const client = request({ host: '127.0.0.1', port, path, method, headers, agent: false });
    client.end();
    const [response] = (await once(client, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const cache = response.headers['cache-status'] as string | undefined;
    return {
      status: response.statusCode,
      message: response.statusMessage,
      headers: response.headers,
      body,
      text: body.toString(),
      cache,
      isHit: cache?.includes('; hit') ?? false,
    };
  };
  /** A connection to misbehave with. */
  const open = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };
  return Object.assign(ask, { open });
}
