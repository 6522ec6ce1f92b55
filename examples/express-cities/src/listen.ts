import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const HOST = '127.0.0.1';

export interface Listening {
  server: Server;
  port: number;
}

/** Serves on the wished port of this machine's own address, or on a free one when it is taken. */
export async function listen(listener: RequestListener, wishedPort: number): Promise<Listening> {
  const server = createServer(listener);
  try {
    await bind(server, wishedPort);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    await bind(server, 0);
  }
  return { server, port: (server.address() as AddressInfo).port };
}

function bind(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Stops accepting, ends idle connections, and lets the answers under way come to their end. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeIdleConnections();
  });
}
