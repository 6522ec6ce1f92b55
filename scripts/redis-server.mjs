// The redis-server that tests, examples and benchmarks run against: Debian's package, installed where it
// can be, and started on a free port of the loopback interface without persistence.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BINARY = process.env.LOCMEM_REDIS_SERVER ?? 'redis-server';

export function hasRedisServer() {
  return spawnSync(BINARY, ['--version']).status === 0;
}

/** Installs it where that can be done without asking; says so loudly where it cannot. */
export function ensureRedisServer() {
  if (hasRedisServer() || install()) return true;
  console.error(`
  !!  redis-server is not installed, and could not be: @locmem/redis is NOT TESTED.
  !!  Debian, Ubuntu: apt-get install redis-server. macOS: brew install redis.
  !!  Any other binary: LOCMEM_REDIS_SERVER=/path/to/valkey-server
`);
  if (process.env.CI) process.exit(1);
  return false;
}

function install() {
  if (spawnSync('apt-get', ['--version']).status !== 0) return false;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && spawnSync('sudo', ['-n', 'true']).status !== 0) return false;
  const aptGet = (...args) => {
    const command = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', ...args];
    const [name, ...rest] = isRoot ? command : ['sudo', '-n', ...command];
    return spawnSync(name, rest, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
  };
  console.log('> Installing redis-server');
  aptGet('update'); // if it fails, the lists that are there may do
  return aptGet('install', '-y', '--no-install-recommends', 'redis-server') && hasRedisServer();
}

/** A server of one's own. @returns its address, its process, and what stops it */
export async function startRedisServer(...options) {
  const folder = mkdtempSync(join(tmpdir(), 'locmem-redis-'));
  const { server, port } = await spawnRedisServer(folder, options);
  const stop = async () => {
    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  return { url: `redis://127.0.0.1:${port}`, port, pid: server.pid, stop };
}

/**
 * Starts a server that keeps nothing, and waits until it answers.
 *
 * @param port where, if it has to be there again; otherwise wherever it can
 * @throws {Error} when it does not come up
 */
export async function spawnRedisServer(folder, options, port) {
  for (let tries = 0; tries < 20; tries++) {
    const at = port ?? likelyFreePort();
    const fixed = ['--bind', '127.0.0.1', '--port', String(at), '--dir', folder];
    const quiet = ['--save', '', '--appendonly', 'no', '--loglevel', 'warning'];
    const server = spawn(BINARY, [...fixed, ...quiet, ...options], { stdio: 'ignore' });
    if (await answers(server, at)) return { server, port: at };
    server.kill('SIGKILL');
  }
  throw new Error(`${BINARY} did not come up`);
}

/** Below those that the kernel gives to whoever asks for any: of these nobody takes one in between. */
export function likelyFreePort() {
  return 20_000 + Math.floor(Math.random() * 12_000);
}

/** The server's own start is the only thing ever waited for. */
async function answers(server, port) {
  for (let tries = 0; tries < 200; tries++) {
    // Somebody else's may answer where it could not listen; then it has ended.
    if (server.exitCode !== null) return false;
    if ((await isUp(port)) && server.exitCode === null) return true;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return false;
}

function isUp(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(/^[+-]/.test(String(data)));
    });
    socket.once('error', () => resolve(false));
  });
}
