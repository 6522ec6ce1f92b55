/** The same server twice, with the experiment and without it, and a client that talks to both. */
import { createResponseCache, front } from '@locmem/http';
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { setImmediate } from 'node:timers';
import { answerBelow } from './below.mjs';
import { Hits } from './hits.mjs';

/** @typedef {Awaited<ReturnType<typeof open>>} Side */

export const turn = () => new Promise((resolve) => setImmediate(resolve));

async function turns(count) {
  for (let i = 0; i < count; i++) await turn();
}

/** Whatever a handler does that could matter, by path. Its answers depend on nothing else. */
const PAGES = {
  '/private': (res) => res.setHeader('Cache-Control', 'private').end('mine'),
  '/throws': (res) => res.writeHead(500).end('failed'),
  '/404': (res) => res.writeHead(404, 'Nothing', { 'Cache-Control': 'max-age=60' }).end('none'),
  '/204': (res) => res.writeHead(204, { 'Cache-Control': 'max-age=60' }).end(),
  '/301': (res) => res.writeHead(301, { Location: '/a', 'Cache-Control': 'max-age=60' }).end(),
  '/empty': (res) => res.end(),
  '/links': (res) =>
    res.setHeader('Link', ['<a>', '<\xe4>']).writeHead(200, 'F\xe4in').end('links'),
  '/vary': (res, req) =>
    res.setHeader('Vary', 'Accept-Encoding').end(`for ${req.headers['accept-encoding']}`),
  '/large': (res) => res.end(LARGE),
  '/huge': (res) => res.end(HUGE),
  '/slow': (res) => turns(2).then(() => res.end('slow')),
  '/later': (res) => turns(20).then(() => res.setHeader('Cache-Control', 'no-store').end('later')),
  '/closes': (res) =>
    res.writeHead(200, { Connection: 'close', 'Cache-Control': 'no-store' }).end('x'),
  '/closes-kept': (res) => res.setHeader('Connection', 'close').end('y'),
  '/destroyed': (res) => res.socket.destroy(),
  '/hijacked': ({ socket }) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
};

const LARGE = Buffer.alloc(300_000, 'large ');
const HUGE = Buffer.alloc(20_000_000, 'huge ');

function handlerFor(side) {
  return async (req, res) => {
    const call = { method: req.method, url: req.url, rawHeaders: req.rawHeaders, body: '' };
    side.calls.push(call);
    const page = PAGES[req.url];
    if (page !== undefined) page(res, req);
    else if (req.method === 'POST') {
      try {
        for await (const chunk of req) call.body += chunk.toString('latin1');
        res.end(`took ${call.body.length}`);
      } catch {
        // The client has left.
      }
    } else res.end(`page ${req.url} of ${req.headers.host}`);
  };
}

let sides = 0;

/** The clock of every cache: hits of both sides have the same age. */
export const clock = { nowMs: Date.now(), now: () => clock.nowMs };

/**
 * @param {boolean} isBelow whether with the experiment
 * @param {{ options?: object, cacheOptions?: object, change?: (server) => void }} how the server is set up
 */
export async function open(isBelow, { options = {}, cacheOptions = {}, change } = {}) {
  const side = { calls: [], told: { answered: 0 } };
  // `now` alone: the timers of the process.
  side.cache = createResponseCache({
    ...{ timeout: 60, cache: `below-parser ${sides++}`, clock },
    ...cacheOptions,
  });
  side.server = createServer(options, front(handlerFor(side), side.cache));
  change?.(side.server);
  if (isBelow) side.told = answerBelow(side.server, new Hits(side.cache, side.server));
  side.server.listen(0, '127.0.0.1');
  await once(side.server, 'listening');
  return side;
}

export function close({ server }) {
  server.close();
  server.closeAllConnections();
}

/** A client's connection, with the server's end of it. */
export async function connected({ server }) {
  const accepted = once(server, 'connection');
  const client = connect(server.address().port, '127.0.0.1').setNoDelay(true);
  const parts = [];
  const talk = { client, errors: [], received: () => Buffer.concat(parts).toString('latin1') };
  client.on('data', (data) => parts.push(data));
  client.on('error', ({ code }) => talk.errors.push(code));
  await once(client, 'connect');
  [talk.socket] = await accepted;
  return talk;
}

/** Turns of the event loop after which whatever was going to happen has happened. */
const SETTLED = 30;
const PATIENCE = 2_000;

/** Sends a chunk, and waits until the server has taken it in, or will not. */
export async function say({ client, socket }, chunk) {
  const before = socket.bytesRead;
  client.write(chunk, 'latin1');
  const isTaken = () => socket.destroyed || socket.bytesRead >= before + chunk.length;
  for (let i = 0; i < PATIENCE && !isTaken() && !client.closed; i++) await turn();
  await turns(2);
}

/**
 * One conversation with one side.
 *
 * @param {import('./conversations.mjs').Conversation} conversation
 * @returns what can be compared: all that the client got and all that the handler saw
 */
export async function talk(side, { chunks, leaving = 'end' }) {
  side.calls.length = 0;
  const { hits, misses } = side.cache.stats();
  const connection = await connected(side);
  const { client, socket, received, errors } = connection;
  for (const chunk of chunks) {
    if (client.closed || client.readableEnded || socket.destroyed) break;
    await say(connection, chunk);
  }
  await turns(SETTLED);
  const timeoutMs = socket.destroyed ? undefined : socket.timeout;
  if (leaving === 'reset') client.resetAndDestroy();
  else client.end();
  const isOver = await closed(client, socket);
  const now = side.cache.stats();
  await side.cache.clear();
  return {
    // A reset may come before the rest of an answer has.
    ...(leaving === 'end' && { received: gist(received()) }),
    calls: [...side.calls],
    stats: { hits: now.hits - hits, misses: now.misses - misses },
    ...{ timeoutMs, isOver, errors },
  };
}

async function closed(client, socket) {
  for (let i = 0; i < 20 * PATIENCE; i++) {
    if (client.closed && socket.closed) return true;
    await turn();
  }
  client.destroy();
  socket.destroy();
  return false;
}

/** Without the one field that Node fills in by its own clock. */
const gist = (received) => received.replace(/^Date: .*\r\n/gm, '');
