import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Line } from '../src/access-log.js';
import { createApp } from '../src/app.js';

let server: Server;
let origin: string;
let lines: Line[];

beforeEach(async () => {
  lines = [];
  server = createApp((line) => lines.push(line)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
});

async function ask(path: string, method = 'GET') {
  const response = await fetch(origin + path, { method });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

const who = () => lines.map(({ by }) => by);

it('a hit is answered by the front, logged, and the same', async () => {
  const miss = await ask('/primes/100');
  const hit = await ask('/primes/100');
  expect(JSON.parse(miss.text)).toEqual({ below: 100, count: 25, largest: 97 });
  expect(hit.text).toBe(miss.text);
  expect(hit.headers.get('x-content-type-options')).toBe('nosniff');
  expect(hit.headers.get('cache-status')).toContain('LocMem; hit');
  expect(who()).toEqual(['application', 'front']);
  expect(lines[1]).toEqual({ method: 'GET', url: '/primes/100', status: 200, by: 'front' });
});

it('a private page and an error are always the application’s', async () => {
  for (const path of ['/me', '/me', '/primes/no', '/primes/no']) await ask(path);
  expect(who()).toEqual(['application', 'application', 'application', 'application']);
});

it('a purge inside is a purge in front', async () => {
  await ask('/primes/50');
  await ask('/purge/50', 'POST');
  await ask('/primes/50');
  expect(who()).toEqual(['application', 'application', 'application']);
});
