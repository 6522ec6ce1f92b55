/** The experiment as a subject of `benchmarks/http`: a front around a listener, and hits below it. */
import { createResponseCache, front } from '@locmem/http';
import { createServer } from 'node:http';
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

export const subjects = [
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
