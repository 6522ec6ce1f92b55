/**
 * Real Express 4 and 5 applications behind real sockets.
 */
import express5 from 'express';
import type { Express } from 'express';
import express4 from 'express4';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** For `describe.each`: the tests hold for both. */
export const EXPRESSES: [string, typeof express5][] = [
  ['Express 4', express4],
  ['Express 5', express5],
];

const servers = new Set<Server>();
let stores = 0;

/** A name that no other test uses. */
export function freshStoreName(): string {
  return `express-test-${++stores}`;
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
export async function listen(app: Express) {
  const server = app.listen(0, '127.0.0.1');
  servers.add(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return async (path: string, { method = 'GET', headers = {} }: Ask = {}) => {
    const client = request({ host: '127.0.0.1', port, path, method, headers, agent: false });
    client.end();
    const [response] = (await once(client, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const cache = response.headers['cache-status'] as string | undefined;
    return {
      status: response.statusCode,
      headers: response.headers,
      body,
      text: body.toString(),
      cache,
      isHit: cache?.includes('; hit') ?? false,
    };
  };
}
