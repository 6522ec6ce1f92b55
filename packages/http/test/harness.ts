/**
 * Real servers and raw clients for the tests of the http packages. Nothing waits for time to pass: a
 * clock is a parameter, and what must have happened is waited for by its event.
 */
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { createResponseCache } from '../src/index.js';
import type { ResponseCache, ResponseCacheEvent, ResponseCacheOptions } from '../src/index.js';

export interface Answer {
  readonly status: number;
  readonly statusMessage: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: string[];
  readonly body: Buffer;
  readonly text: string;
  /** The Cache-Status field. */
  readonly cache: string | undefined;
  readonly isHit: boolean;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string;
}

export interface TestServer {
  readonly port: number;
  readonly origin: string;
  readonly ask: (path: string, ask?: Ask) => Promise<Answer>;
  /** Sends text as it stands and resolves with all that comes back until the server closes. */
  readonly raw: (text: string) => Promise<string>;
  /** A connection to misbehave with. */
  readonly open: () => Promise<Socket>;
}

const servers = new Set<Server>();

/** Starts a server on a free port; `closeAll` ends it. */
export async function serve(listener: RequestListener): Promise<TestServer> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.add(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    ask: (path, options) => ask(port, path, options),
    raw: (text) => raw(port, text),
    open: () => open(port),
  };
}

export async function closeAll(): Promise<void> {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
  servers.clear();
}

async function ask(port: number, path: string, { method, headers, body }: Ask = {}) {
  const client = request({
    host: '127.0.0.1',
    port,
    path,
    method: method ?? 'GET',
    headers: headers ?? {},
    agent: false,
  });
  client.end(body);
  const [response] = (await once(client, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const cache = response.headers['cache-status'] as string | undefined;
  return {
    status: response.statusCode!,
    statusMessage: response.statusMessage!,
    headers: response.headers,
    rawHeaders: response.rawHeaders,
    body: bytes,
    text: bytes.toString(),
    cache,
    isHit: cache?.includes('; hit') ?? false,
  };
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

async function raw(port: number, text: string): Promise<string> {
  const socket = await open(port);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  // A server that destroys its socket resets ours; what came before is what counts.
  socket.on('error', () => {});
  socket.write(text);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

/** A clock to advance; what is due by then is called as it advances. */
export class TestClock {
  ms = Date.UTC(2026, 0, 15, 12, 0, 0);
  readonly #timers = new Map<object, { readonly atMs: number; readonly run: () => void }>();
  now = (): number => this.ms;

  advance(seconds: number): void {
    this.ms += seconds * 1000;
    for (const [handle, { atMs, run }] of [...this.#timers]) {
      if (atMs > this.ms) continue;
      this.#timers.delete(handle);
      run();
    }
  }

  setTimeout = (run: () => void, delayMs: number): object => {
    const handle = {};
    this.#timers.set(handle, { atMs: this.ms + delayMs, run });
    return handle;
  };

  clearTimeout = (handle: unknown): void => {
    this.#timers.delete(handle as object);
  };

  /** How many are still to be called. */
  get pending(): number {
    return this.#timers.size;
  }
}

const startedMs = Date.now();

/** Stands still: no second turns between the answers that a test compares. */
export const standingClock = { now: (): number => startedMs };

let stores = 0;

/** A name that no other test uses. */
export function freshStoreName(): string {
  return `test-${++stores}`;
}

export type Handler = (req: IncomingMessage, res: ServerResponse, run: number) => unknown;

export interface Scene extends TestServer {
  readonly cache: ResponseCache;
  readonly clock: TestClock;
  readonly events: ResponseCacheEvent[];
  /** How often the handler has run. */
  readonly runs: () => number;
  /** The next event of a type. */
  readonly event: (type: ResponseCacheEvent['type']) => Promise<ResponseCacheEvent>;
}

/** A server whose handler stands behind a cache of its own store. */
export async function scene(
  handler: Handler,
  options: Omit<ResponseCacheOptions<IncomingMessage, string>, 'onEvent' | 'clock'> = {},
  outer: (req: IncomingMessage, res: ServerResponse) => void = () => {},
): Promise<Scene> {
  const clock = new TestClock();
  const events: ResponseCacheEvent[] = [];
  const waiting = new Map<string, ((event: ResponseCacheEvent) => void)[]>();
  const cache = createResponseCache({
    cache: freshStoreName(),
    clock,
    onEvent: (event) => {
      events.push(event);
      for (const resolve of waiting.get(event.type) ?? []) resolve(event);
      waiting.delete(event.type);
    },
    ...options,
  });
  let runs = 0;
  const server = await serve((req, res) => {
    outer(req, res);
    cache.handle(req, res, () => handler(req, res, ++runs));
  });
  return {
    ...server,
    cache,
    clock,
    events,
    runs: () => runs,
    event: (type) =>
      new Promise((resolve) => waiting.set(type, [...(waiting.get(type) ?? []), resolve])),
  };
}

/** Several lines of one name out of raw headers. */
export function linesOf({ rawHeaders }: Answer, name: string): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]!.toLowerCase() === name);
}
