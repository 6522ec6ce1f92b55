/**
 * What bytes alone do not show: time, closing, readers that do not read, and who else listens. Each is
 * acted out on either side, and must come to the same.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from './attacks.mjs';
import { clock, connected, say, turn } from './sides.mjs';

const get = (path, fields) => request(fields, `GET ${path} HTTP/1.1`);
const HIT = get('/a');
/** More than the kernel takes in one go for a client that does not read. */
const HUGE_BYTES = 20_000_000;
const HUGE = get('/huge');

const huge = { cacheOptions: { maxBodyBytes: 2 * HUGE_BYTES, maxBytes: 8 * HUGE_BYTES } };
const withoutDate = (talk) => talk.received().replace(/^Date: .*\r\n/gm, '');

async function talkOf(side, ...chunks) {
  const talk = await connected(side);
  for (const chunk of chunks) {
    await say(talk, chunk);
    await answered(talk);
  }
  return talk;
}

/** Until nothing more comes. */
async function answered({ received, client }) {
  let before;
  do {
    before = received().length;
    for (let i = 0; i < 10; i++) await turn();
  } while (received().length > before && !client.destroyed);
}

async function until(isTrue, milliseconds = 5_000) {
  const deadline = performance.now() + milliseconds;
  while (!isTrue() && performance.now() < deadline) await turn();
  return isTrue();
}

const whenClosed = ({ client, socket }) => until(() => client.closed && socket.closed);

/** A client in the middle of an answer that it does not read. */
async function stalled(side) {
  const talk = await talkOf(side, HIT);
  talk.client.write(HUGE);
  await until(() => talk.received().length > HUGE_BYTES);
  const before = talk.received().length;
  talk.client.pause();
  await say(talk, HUGE);
  return { ...talk, before };
}

async function readOn({ client, received, before }) {
  client.resume();
  await until(() => client.closed || received().length >= 2 * before);
  return received().length - before;
}

/** @type {Record<string, { setup?: object, act: (side) => Promise<unknown> }>} */
export const situations = {
  'an entry grows old, becomes stale, is invalidated': {
    async act(side) {
      const talk = await talkOf(side, HIT, HIT);
      for (const seconds of [1, 0, 30, 28, 5, 0]) {
        clock.nowMs += seconds * 1_000;
        await say(talk, HIT);
        await answered(talk);
      }
      side.cache.invalidate({ url: '/a' });
      for (const chunk of [HIT, HIT]) await say(talk, chunk);
      side.cache.clear();
      for (const chunk of [HIT, HIT]) await say(talk, chunk);
      await answered(talk);
      return { received: withoutDate(talk), calls: side.calls, stats: side.cache.stats() };
    },
  },
  'server.close() closes who is idle': {
    async act(side) {
      const talk = await talkOf(side, HIT, HIT, HIT);
      side.server.close();
      return { closed: await whenClosed(talk), received: withoutDate(talk) };
    },
  },
  'server.closeIdleConnections() lets nobody fall who is being served': {
    async act(side) {
      const idle = await talkOf(side, HIT, HIT);
      const busy = await talkOf(side, HIT, HIT);
      await say(busy, get('/later'));
      side.server.closeIdleConnections();
      const closed = await whenClosed(idle);
      await answered(busy);
      return { closed, received: withoutDate(busy) };
    },
  },
  'connections are counted': {
    async act(side) {
      const talks = [await talkOf(side, HIT, HIT), await talkOf(side, HIT), await talkOf(side)];
      const count = () =>
        new Promise((resolve) => side.server.getConnections((_error, number) => resolve(number)));
      const before = await count();
      talks[0].client.end();
      await whenClosed(talks[0]);
      return [before, await count()];
    },
  },
  'half of a request and no more is answered with 408': {
    setup: {
      options: { headersTimeout: 300, requestTimeout: 300, connectionsCheckingInterval: 50 },
    },
    async act(side) {
      const talk = await talkOf(side, HIT, HIT, HIT.slice(0, 20));
      return { closed: await whenClosed(talk), received: withoutDate(talk) };
    },
  },
  'so is nothing at all': {
    setup: {
      options: { headersTimeout: 300, requestTimeout: 300, connectionsCheckingInterval: 50 },
    },
    async act(side) {
      const talk = await talkOf(side);
      return { closed: await whenClosed(talk), received: withoutDate(talk) };
    },
  },
  'a connection may live on hits for longer than a request may take': {
    setup: {
      options: { headersTimeout: 300, requestTimeout: 300, connectionsCheckingInterval: 50 },
    },
    async act(side) {
      await talkOf(side, HIT);
      const talk = await talkOf(side, HIT);
      for (let i = 0; i < 12; i++) {
        await sleep(60);
        await say(talk, HIT);
      }
      await answered(talk);
      return { closed: talk.client.closed, received: withoutDate(talk) };
    },
  },
  'who is idle for longer than keepAliveTimeout is closed': {
    setup: { options: { keepAliveTimeout: 100 } },
    async act(side) {
      await talkOf(side, HIT);
      const talk = await talkOf(side, HIT);
      await sleep(800);
      await say(talk, HIT);
      await sleep(800);
      const isOpen = !talk.socket.destroyed;
      await sleep(800);
      return { isOpen, closed: talk.socket.destroyed, received: withoutDate(talk) };
    },
  },
  'who reads slowly is not idle': {
    setup: { ...huge, options: { keepAliveTimeout: 100 } },
    async act(side) {
      const talk = await stalled(side);
      const { timeout } = talk.socket;
      await sleep(2_500);
      const length = await readOn(talk);
      await until(() => talk.socket.timeout !== timeout, 1_000);
      return { timeout, length, afterwards: talk.socket.timeout };
    },
  },
  'who resets in the middle of an answer': {
    setup: huge,
    async act(side) {
      const talk = await stalled(side);
      talk.client.resetAndDestroy();
      const closed = await whenClosed(talk);
      const next = await talkOf(side, HIT, HIT);
      return { closed, next: withoutDate(next) };
    },
  },
  'who has said all in the middle of an answer': {
    setup: huge,
    async act(side) {
      const talk = await stalled(side);
      talk.client.end();
      const length = await readOn(talk);
      return { length, closed: await whenClosed(talk) };
    },
  },
  'server.close() in the middle of an answer': {
    setup: huge,
    async act(side) {
      const talk = await stalled(side);
      side.server.close();
      const length = await readOn(talk);
      // How much the kernel had taken differs from time to time.
      return { isWhole: length === talk.before, closed: await whenClosed(talk) };
    },
  },
  'who asks on and on, and never reads, is not listened to for ever': {
    setup: huge,
    async act(side) {
      const talk = await stalled(side);
      for (let i = 0; i < 200; i++) {
        talk.client.write(i % 2 ? HIT : HUGE);
        await turn();
      }
      const { writableLength } = talk.socket;
      return { isBounded: writableLength < 2.5 * HUGE_BYTES, calls: side.calls.length };
    },
  },
  'another listener hears of every request': {
    async act(side) {
      const talk = await talkOf(side, HIT, HIT);
      const urls = [];
      side.server.on('request', ({ url }) => urls.push(url));
      for (const chunk of [HIT, get('/b'), HIT]) await say(talk, chunk);
      await answered(talk);
      return { urls, received: withoutDate(talk) };
    },
  },
  'so do diagnostics channels': {
    async act(side) {
      const talk = await talkOf(side, HIT, HIT);
      let requests = 0;
      const count = () => requests++;
      subscribe('http.server.request.start', count);
      for (const chunk of [HIT, get('/b'), HIT]) await say(talk, chunk);
      unsubscribe('http.server.request.start', count);
      for (const chunk of [HIT, get('/b'), HIT]) await say(talk, chunk);
      await answered(talk);
      return { requests, received: withoutDate(talk) };
    },
  },
  'what a tunnel carries is no request': {
    async act(side) {
      const received = [];
      for (const [event, first] of [
        ['upgrade', get('/a', 'Connection: Upgrade\r\nUpgrade: echo\r\n')],
        ['connect', request('', 'CONNECT a:80 HTTP/1.1')],
      ]) {
        side.server.once(event, (_req, socket, head) => {
          socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
          socket.write(head);
          socket.pipe(socket);
        });
        const talk = await talkOf(side, HIT, HIT, first + HIT, HIT, 'x', HIT);
        talk.client.end();
        await whenClosed(talk);
        received.push(withoutDate(talk));
      }
      return received;
    },
  },
  'clientError says the same': {
    async act(side) {
      const told = [];
      side.server.on('clientError', ({ code, bytesParsed, rawPacket }, socket) => {
        told.push({ code, bytesParsed, rawPacket: rawPacket?.toString('latin1') });
        socket.end('HTTP/1.1 400 Mine\r\n\r\n');
      });
      const talk = await talkOf(side, HIT, HIT, `${HIT}nonsense`);
      return { told, closed: await whenClosed(talk), received: withoutDate(talk) };
    },
  },
  'checkContinue is asked': {
    async act(side) {
      side.server.on('checkContinue', (_req, res) => res.writeHead(417).end('no'));
      const talk = await talkOf(side, HIT, HIT, get('/a', 'Expect: 100-continue\r\n'), HIT);
      return withoutDate(talk);
    },
  },
  'a hundred clients at once': {
    async act(side) {
      const talks = [];
      for (let i = 0; i < 100; i++) talks.push(await talkOf(side));
      await Promise.all(
        talks.map(async (talk, i) => {
          for (const chunk of [HIT, get(`/${i % 7}`), HIT, HIT]) await say(talk, chunk);
          await answered(talk);
        }),
      );
      return talks
        .map(withoutDate)
        .map((received) => received.replace(/^Cache-Status: .*\r\n/gm, ''));
    },
  },
};
