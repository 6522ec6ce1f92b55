// A real redis-server for a test: on a free port of the loopback interface, without persistence, in a
// folder of its own, ended with the test file. `LOCMEM_REDIS_SERVER` names another binary (valkey-server).
import { describe } from '@jest/globals';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BINARY = process.env.LOCMEM_REDIS_SERVER ?? 'redis-server';

/**
 * `describe` of what needs a server. Without one, nothing of it can run: that is said loudly, and with CI
 * set it is an error.
 */
export const describeWithServer = (() => {
  if (spawnSync(BINARY, ['--version']).status === 0) return describe;
  const message = `${BINARY} is not installed: nothing of @locmem/redis is tested`;
  if (process.env.CI) throw new Error(message);
  process.stderr.write(`\n  !!  ${message}\n\n`);
  return describe.skip;
})();

export class TestServer {
  readonly port: number;
  readonly #folder: string;
  readonly #options: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(port: number, folder: string, options: readonly string[]) {
    this.port = port;
    this.#folder = folder;
    this.#options = options;
  }

  static async start(...options: string[]): Promise<TestServer> {
    const server = await TestServer.make(...options);
    await server.start();
    return server;
  }

  /** A server that is down: with a port, and not started. */
  static async make(...options: string[]): Promise<TestServer> {
    const folder = mkdtempSync(join(tmpdir(), 'locmem-redis-'));
    return new TestServer(await freePort(), folder, options);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const fixed = ['--bind', '127.0.0.1', '--port', String(this.port), '--dir', this.#folder];
    const quiet = ['--save', '', '--appendonly', 'no', '--loglevel', 'warning'];
    this.#process = spawn(BINARY, [...fixed, ...quiet, ...this.#options], { stdio: 'ignore' });
    await listening(this.port);
  }

  /** Once it returns, the server takes nothing more in: what is sent next lies in its socket. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
    untilStopped(this.#process?.pid);
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running?.exitCode !== null) return;
    const exited = once(running, 'exit');
    running.kill('SIGCONT');
    running.kill('SIGKILL');
    await exited;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Sends a command over a connection of its own, as an operator would, and gives the raw answer. */
  command(...args: string[]): Promise<string> {
    return this.converse(args);
  }

  /** Several commands, one after the other, over one connection; gives the last answer. */
  async converse(...commands: string[][]): Promise<string> {
    const operator = await this.open();
    try {
      let reply = '';
      for (const args of commands) reply = await operator.command(...args);
      return reply;
    } finally {
      operator.close();
    }
  }

  /** A connection that stays. */
  async open(): Promise<{ command: (...args: string[]) => Promise<string>; close: () => void }> {
    const socket = connect(this.port, '127.0.0.1');
    await once(socket, 'connect');
    return {
      command: async (...args) => {
        const words = args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`);
        socket.write(`*${args.length}\r\n${words.join('')}`);
        return String((await once(socket, 'data'))[0]);
      },
      close: () => socket.destroy(),
    };
  }
}

/**
 * A signal is on its way when `kill` returns; a server that was about to answer still did, now and then.
 * Where the kernel does not tell, the signal has to be quick enough.
 */
function untilStopped(pid: number | undefined): void {
  const stat = `/proc/${pid}/stat`;
  while (existsSync(stat)) {
    const state = /\) (\S)/.exec(readFileSync(stat, 'latin1'))?.[1];
    if (state === 'T' || state === 'Z') return;
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Until it answers. The server's own start is the only thing ever waited for. */
async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
      socket.once('data', (data) => {
        socket.destroy();
        resolve(data.toString().startsWith('+PONG') || data.toString().startsWith('-'));
      });
      socket.once('error', () => {
        resolve(false);
      });
    });
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`${BINARY} did not come up on port ${port}`);
}
