// The redis-server that tests, examples and benchmarks run against: Debian's package, installed where it
// can be, and started on a free port of the loopback interface without persistence.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
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
  const port = await freePort();
  const fixed = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder];
  const quiet = ['--save', '', '--appendonly', 'no', '--loglevel', 'warning'];
  const server = spawn(BINARY, [...fixed, ...quiet, ...options], { stdio: 'ignore' });
  await listening(port);
  const stop = async () => {
    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  return { url: `redis://127.0.0.1:${port}`, port, pid: server.pid, stop };
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

async function listening(port) {
  for (let tries = 0; tries < 200; tries++) {
    const isUp = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`${BINARY} did not come up on port ${port}`);
}
