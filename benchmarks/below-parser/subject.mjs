/** The experiment as a subject of `benchmarks/http`: a front around a listener, and hits below it. */
import { createResponseCache, front } from '@locmem/http';
import { Buffer } from 'node:buffer';
import { createServer } from 'node:http';
import { createServer as createSocketServer } from 'node:net';
import { listening } from '../http/subjects/listening.mjs';
import { listener } from '../http/subjects/node.mjs';
import { answerBelow } from './below.mjs';
import { Hits } from './hits.mjs';

/** @returns a server that does not listen yet, and what it is made of */
export function serverBelow(handler, cacheOptions, serverOptions = {}) {
  const cache = createResponseCache(cacheOptions);
  const server = createServer(serverOptions, front(handler, cache));
  const told = answerBelow(server, new Hits(cache, server));
  return { server, cache, told };
}

/** The floor: whatever comes is answered with constant bytes, and nothing is looked at. */
function socketsAlone(answer) {
  const { head, body } = answer({ url: '/page', headers: {} });
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}`);
  const text = ['HTTP/1.1 200 OK', ...lines, '', ''].join('\r\n');
  const bytes = Buffer.concat([Buffer.from(text, 'latin1'), body]);
  const server = createSocketServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', () => socket.write(bytes));
  });
  return listening(server);
}

export const subjects = [
  {
    id: 'below/sockets',
    name: 'sockets alone, constant bytes',
    // It has nothing to run.
    caches: true,
    isExperiment: true,
    scenarios: ['hot', '20kb', '200kb'],
    start: socketsAlone,
  },
  {
    id: 'below/front',
    name: 'experiment: below the parser',
    caches: true,
    isExperiment: true,
    start(answer, scenario) {
      const { ttlSeconds } = scenario;
      const options = ttlSeconds === undefined ? { timeout: '1h' } : {};
      return listening(serverBelow(listener(answer, scenario), options).server);
    },
  },
];
