// A real redis-server for a test: on a port of the loopback interface, without persistence, in a folder of
// its own, ended with the test file. `LOCMEM_REDIS_SERVER` names another binary (valkey-server).
import { describe } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  hasRedisServer,
  likelyFreePort,
  spawnRedisServer,
} from '../../../../scripts/redis-server.mjs';
import { replyLength } from './resp.js';

/**
 * `describe` of what needs a server. Without one, nothing of it can run: that is said loudly, and with CI
 * set it is an error.
 */
export const describeWithServer = (() => {
  if (hasRedisServer()) return describe;
  const message = 'redis-server is not installed: nothing of @locmem/redis is tested';
  if (process.env.CI) throw new Error(message);
  process.stderr.write(`\n  !!  ${message}\n\n`);
  return describe.skip;
})();

export class TestServer {
  #port: number | undefined;
  readonly #folder: string;
  readonly #options: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(folder: string, options: readonly string[]) {
    this.#folder = folder;
    this.#options = options;
  }

  static async start(...options: string[]): Promise<TestServer> {
    const server = TestServer.make(...options);
    await server.start();
    return server;
  }

  /** A server that is down: not started yet. */
  static make(...options: string[]): TestServer {
    return new TestServer(mkdtempSync(join(tmpdir(), 'locmem-redis-')), options);
  }

  /** Where it is, or will be. */
  get port(): number {
    return (this.#port ??= likelyFreePort());
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const started = await spawnRedisServer(this.#folder, this.#options, this.#port);
    this.#process = started.server;
    this.#port = started.port;
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
        return reply(socket);
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

/** A whole reply, in however many pieces it comes. */
async function reply(socket: Socket): Promise<string> {
  let text = '';
  do {
    const [piece] = (await once(socket, 'data')) as [Buffer];
    text += piece.toString('latin1');
  } while (replyLength(text) > text.length);
  return Buffer.from(text, 'latin1').toString();
}
