/** Scenarios that keep a server busy. */
import { zipf } from '../../engine/material.mjs';
import { requestBytes } from '../load.mjs';
import { answer, cycle, gzipped, page } from '../material.mjs';

const KB = 1_000;
const URLS = 10_000;
const REQUESTS = 100_000;

/** The same request again and again. */
function repeated(path, headers) {
  const bytes = requestBytes(path, headers);
  return () => () => bytes;
}

function hot(id, title, bytes, fields) {
  const body = page(bytes, fields);
  return {
    ...{ id, title, group: 'Hits' },
    answer: () => body,
    fill: () => [requestBytes('/page')],
    requests: repeated('/page'),
    status: 200,
  };
}

const etag = '"v1"';
const tagged = page(KB, { ETag: etag });
const notModified = answer(304, { ETag: etag }, '');

const varying = page(20 * KB, { Vary: 'Accept-Encoding' });
const zipped = gzipped(varying);

const pages = new Map(
  Array.from({ length: URLS }, (_, number) => {
    const text = JSON.stringify({ number }).padEnd(KB, ' ');
    return [`/page/${number}`, answer(200, page(1).fields, text)];
  }),
);

const trivial = page(KB);

export const loaded = [
  {
    ...hot('hot', 'one URL, 1 kB', KB),
    note: '“The fields of a hit” is `node:http` writing what a hit of LocMem carries, Age, Date and Cache-Status among it, as constants.',
  },
  {
    ...hot('forwarded', 'one URL, 1 kB, by a proxy that says for whom', KB),
    requests: repeated('/page', { 'X-Forwarded-For': '192.0.2.1' }),
    isExperiment: true,
  },
  {
    id: 'zipf',
    group: 'Hits',
    title: '10,000 URLs by Zipf, 1 kB each',
    note: 'Exponent 1; `node:http` looks each up in a Map.',
    checkedPath: '/page/0',
    answer: ({ url }) => pages.get(url),
    fill: () => [...pages.keys()].map((path) => requestBytes(path)),
    requests: () => cycle(zipf(REQUESTS, URLS, 1).map((number) => requestBytes(`/page/${number}`))),
    status: 200,
  },
  {
    id: 'not-modified',
    group: 'Hits',
    title: '304 to If-None-Match',
    answer: ({ headers }) => (headers['if-none-match'] === etag ? notModified : tagged),
    fill: () => [requestBytes('/page')],
    requests: repeated('/page', { 'If-None-Match': etag }),
    status: 304,
  },
  {
    id: 'gzip',
    group: 'Hits',
    title: `a gzipped variant: 20 kB become ${(zipped.body.length / KB).toFixed(1)}`,
    note: 'The handler sends `Vary: Accept-Encoding` and either form; koa-cash compresses by itself.',
    answer: ({ headers }) => (headers['accept-encoding'] === 'gzip' ? zipped : varying),
    fill: () => [requestBytes('/page'), requestBytes('/page', { 'Accept-Encoding': 'gzip' })],
    requests: repeated('/page', { 'Accept-Encoding': 'gzip' }),
    status: 200,
    encoding: 'gzip',
  },
  hot('20kb', 'one URL, 20 kB', 20 * KB),
  hot('200kb', 'one URL, 200 kB', 200 * KB),
  {
    id: 'miss',
    group: 'Misses',
    title: 'unique URLs, a trivial handler',
    note: 'Every request is looked up in vain, answered by the handler, and stored; beside each cache stands the same application without it.',
    isMiss: true,
    // The path is long, and the last of it is compiled after some thousands.
    warmingRequests: 6_000,
    answer: () => trivial,
    fill: () => [],
    requests: () => {
      let number = 0;
      return () => requestBytes(`/page/${number++}`);
    },
    status: 200,
  },
];
