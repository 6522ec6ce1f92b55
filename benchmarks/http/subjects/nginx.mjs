/**
 * nginx with proxy_cache before node:http, where it is installed (or NGINX_BINARY says where it is): one
 * process, which is the one measured.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KEEP_ALIVE_SECONDS, listening } from './listening.mjs';
import { listener } from './node.mjs';

const BINARY = process.env.NGINX_BINARY ?? 'nginx';

/** Its version; undefined where there is none. */
export const version = installedVersion();

function installedVersion() {
  try {
    // It writes its version to stderr.
    const said = execFileSync('sh', ['-c', '"$0" -v 2>&1', BINARY], { encoding: 'utf8' });
    return /nginx\/([\d.]+)/.exec(said)?.[1];
  } catch {
    return undefined;
  }
}

function configuration({ folder, port, upstream, ttlSeconds }) {
  const temporary = ['client_body', 'fastcgi', 'uwsgi', 'scgi', 'proxy']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join('\n  ');
  return `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 1024; }
http {
  ${temporary}
  access_log off;
  keepalive_timeout ${KEEP_ALIVE_SECONDS}s;
  keepalive_requests 1000000000;
  proxy_cache_path ${folder}/cache keys_zone=bench:64m inactive=1h max_size=256m;
  upstream app { server 127.0.0.1:${upstream}; keepalive 64; }
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_cache bench;
      proxy_cache_valid 200 ${ttlSeconds}s;
      proxy_cache_lock on;
      proxy_cache_use_stale updating;
      proxy_cache_background_update on;
    }
  }
}
`;
}

async function start(answer, scenario) {
  const { port: upstream } = await listening(createServer(listener(answer, scenario)));
  const folder = mkdtempSync(join(tmpdir(), 'bench-nginx-'));
  mkdirSync(join(folder, 'cache'));
  const port = await freePort();
  const { ttlSeconds = 3_600 } = scenario;
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, configuration({ folder, port, upstream, ttlSeconds }));
  const nginx = spawn(BINARY, ['-c', file, '-p', folder], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await answering(port);
  return {
    port,
    cpuMicros: () => cpuMicrosOf(nginx.pid),
    async close() {
      nginx.kill('SIGTERM');
      await once(nginx, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort() {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function answering(port) {
  for (let attempt = 0; attempt < 100; attempt++) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch {
      await sleep(50);
    } finally {
      socket.destroy();
    }
  }
  throw new Error('nginx does not answer');
}

/** Nanoseconds on a CPU are the first figure of schedstat. */
function cpuMicrosOf(pid) {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1_000;
}

export const subjects =
  version === undefined
    ? []
    : [{ id: 'nginx/proxy-cache', name: `nginx ${version} proxy_cache`, caches: true, start }];
