import { Agent, request } from 'node:http';

export interface Reply {
  status: number;
  cacheStatus: string | undefined;
  body: Buffer;
  /** From the call until the last byte was here. */
  ms: number;
}

export interface RequestOptions {
  method?: 'GET' | 'POST';
  tenant: string;
  /** Sent as JSON. */
  body?: unknown;
}

/** Sends requests over one kept-alive connection and takes the time of each. */
export class Client {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(private readonly port: number) {}

  send(path: string, { method = 'GET', tenant, body }: RequestOptions): Promise<Reply> {
    const content = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      'X-Tenant': tenant,
      ...(content !== undefined && { 'Content-Type': 'application/json' }),
    };
    const startedAt = performance.now();
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { host: '127.0.0.1', port: this.port, path, method, headers, agent: this.#agent },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () => {
            resolve({
              status: incoming.statusCode ?? 0,
              cacheStatus: incoming.headers['cache-status']?.toString(),
              body: Buffer.concat(chunks),
              ms: performance.now() - startedAt,
            });
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(content);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
