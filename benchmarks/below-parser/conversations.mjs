/** What a client says on one connection, chunk by chunk, and how it leaves. */
import { attacks, innocents, request } from './attacks.mjs';

/**
 * @typedef {object} Conversation
 * @property {string[]} chunks latin1, each sent when the one before has been taken in
 * @property {boolean} [isPlain] whether it is in every selection
 * @property {'end' | 'reset'} [leaving] `end` when it does not say
 */

const get = (path, fields) => request(fields, `GET ${path} HTTP/1.1`);
const post = (body, fields = `Content-Length: ${body.length}\r\n`) =>
  `${request(fields, 'POST /a HTTP/1.1')}${body}`;
const chunked = (body) => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
/** What the experiment answers itself from here on, if it is asked for. */
const known = [get('/a'), get('/a')];

/** @type {Record<string, string[]>} */
const said = {
  'one after another': [get('/a'), get('/a'), get('/a'), get('/a')],
  'hits and misses in turn': [get('/a'), get('/b'), get('/a'), get('/c'), get('/b'), get('/a')],
  'what is not kept': [...known, get('/private'), get('/a'), get('/private'), get('/a')],
  'what fails': [...known, get('/throws'), get('/a')],
  'other statuses': [get('/404'), get('/404'), get('/204'), get('/204'), get('/301'), get('/a')],
  'an answer without content': [get('/empty'), get('/empty'), get('/empty'), get('/a')],
  'fields with several lines': [get('/links'), get('/links'), get('/links')],
  variants: [
    ...['gzip', 'br', 'gzip', 'br', 'gzip ,br', 'gzip, br', 'gzip,br'].map((coding) =>
      get('/vary', `Accept-Encoding: ${coding}\r\n`),
    ),
    get('/vary'),
    get('/vary'),
  ],
  hosts: ['a', 'A', 'b', 'a:80', 'a:080', 'a.', 'a', 'A', 'b', 'a:80', 'a:080', 'a.'].map(
    (host) => `GET /a HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
  ),
  targets: ['/%61', '/a', '/a?', '/a/', '/./a', '/A', '/a;b', '/%2561', '/a%00', '/%2e%2e/a']
    .flatMap((path) => [path, path])
    .map((path) => get(path)),
  'a large one': [get('/large'), get('/large'), get('/large'), get('/a')],
  'more fields than before': [
    ...known,
    get('/a', 'Accept: x\r\n'),
    get('/a', `User-Agent: ${'x'.repeat(90)}\r\n`),
    `GET /a HTTP/1.1\r\nAccept: x\r\nHost: a\r\n\r\n`,
    get('/a'),
  ],
  'an answer later': [get('/slow'), get('/slow'), get('/a'), get('/slow')],
  'behind an answer that comes later': [...known, get('/later'), get('/a'), get('/b'), get('/a')],
  'in the same chunk as one that comes later': [...known, get('/later') + get('/a'), get('/a')],
  pipelined: [get('/a') + get('/b') + get('/a')],
  'pipelined behind a hit': [...known, get('/a') + get('/b'), get('/a')],
  'many pipelined': [...known, get('/a').repeat(40), get('/a')],
  'a hit and a half': [
    ...known,
    get('/a') + get('/b').slice(0, 20),
    get('/b').slice(20),
    get('/a'),
  ],
  'a body that is a request': [...known, post(get('/a')), get('/a')],
  'a body that comes later and is a request': [
    ...known,
    post('', `Content-Length: ${get('/a').length}\r\n`),
    get('/a'),
    get('/b'),
  ],
  'chunks that are requests': [
    ...known,
    post('', 'Transfer-Encoding: chunked\r\n'),
    chunked(get('/a')).slice(0, 4),
    get('/a'),
    chunked(get('/a')).slice(4 + get('/a').length),
    get('/a'),
  ],
  'a body of a GET that is a request': [
    ...known,
    get('/a', `Content-Length: ${get('/a').length}\r\n`),
    get('/a'),
    get('/b'),
  ],
  'two lengths': [...known, get('/a', 'Content-Length: 0\r\nContent-Length: 30\r\n'), get('/a')],
  'CL.TE': [
    ...known,
    `${post('', 'Content-Length: 6\r\nTransfer-Encoding: chunked\r\n')}0\r\n\r\n`,
    get('/a'),
  ],
  'TE.CL': [
    ...known,
    post(chunked(get('/b')), 'Content-Length: 4\r\nTransfer-Encoding: x\r\n'),
    get('/a'),
  ],
  'a trailer that is a request': [
    ...known,
    `${post('', 'Transfer-Encoding: chunked\r\n')}0\r\n`,
    get('/a'),
    get('/b'),
  ],
  'something in front of the next': [...known, 'X', get('/a')],
  'blank lines in front of the next': [...known, '\r\n', get('/a'), '\r\n\r\n', get('/a')],
  'a carriage return in front of the next': [...known, '\r', get('/a'), '\n', get('/a')],
  'half a field in front of the next': [...known, 'GET /x HTTP/1.1\r\nX: ', get('/a')],
  'half a first line in front of the next': [...known, 'GET /x', get('/a')],
  'a Host that ends in the next': [...known, 'GET /x HTTP/1.1\r\nHost: a', get('/a')],
  'waiting for 100': [
    ...known,
    post('', 'Expect: 100-continue\r\nContent-Length: 2\r\n'),
    'ab',
    get('/a'),
  ],
  'an upgrade that nobody wants': [
    ...known,
    get('/a', 'Connection: Upgrade\r\nUpgrade: x\r\n'),
    get('/a'),
  ],
  'a tunnel that nobody wants': [...known, request('', 'CONNECT a:80 HTTP/1.1'), get('/a')],
  'HEAD and OPTIONS': [
    ...known,
    request('', 'HEAD /a HTTP/1.1'),
    get('/a'),
    request('', 'OPTIONS /a HTTP/1.1'),
    get('/a'),
  ],
  'an unsafe method, which invalidates': [...known, post('x'), get('/a'), get('/a')],
  close: [...known, get('/a', 'Connection: close\r\n'), get('/a')],
  'closed by the handler': [...known, get('/closes'), get('/a')],
  'closed by the handler, which is kept': [get('/closes-kept'), get('/closes-kept'), get('/a')],
  'HTTP/1.0': [...known, request('', 'GET /a HTTP/1.0'), get('/a')],
  'HTTP/1.0 kept alive': [
    ...known,
    request('Connection: keep-alive\r\n', 'GET /a HTTP/1.0'),
    get('/a'),
  ],
  nonsense: [...known, 'nonsense\r\n\r\n', get('/a')],
  'nonsense in one chunk with a body': [
    ...known,
    `${get('/a', 'Content-Length: 5\r\n')}GET /nonsense\r\n\r\n`,
    get('/a'),
  ],
  nothing: [],
  'a hijacked connection': [...known, get('/hijacked'), get('/a'), get('/b')],
  'a torn down connection': [...known, get('/destroyed'), get('/a')],
};

const named = Object.entries(said).map(([name, chunks]) => ({ name, chunks }));

/** Cut in two everywhere: nothing may depend on how the bytes come. */
function cut({ name, chunks }) {
  const text = chunks.join('');
  return Array.from({ length: text.length - 1 }, (_, i) => ({
    name: `${name}, cut at ${i + 1}`,
    chunks: [text.slice(0, i + 1), text.slice(i + 1)],
  }));
}

/** Hits first, then a request in two parts, wherever it is cut. */
function cutBehindHits(text) {
  return Array.from({ length: text.length - 1 }, (_, i) => ({
    name: `hits, then ${JSON.stringify(text.slice(0, 40))} cut at ${i + 1}`,
    chunks: [...known, get('/a'), text.slice(0, i + 1), text.slice(i + 1), get('/a')],
  }));
}

/** @type {(Conversation & { name: string })[]} */
export const conversations = [
  ...named.map((conversation) => ({ ...conversation, isPlain: true })),
  ...named.map(({ name, chunks }) => ({ name: `${name}, then reset`, chunks, leaving: 'reset' })),
  ...named
    .map(({ name, chunks }) => ({ name: `${name}, byte by byte`, chunks: [...chunks.join('')] }))
    .filter(({ chunks }) => chunks.length < 400),
  ...attacks.flatMap((text, number) => [
    { name: `attack ${number} first`, chunks: [text, get('/a')] },
    {
      name: `attack ${number} behind a hit`,
      chunks: [...known, get('/a'), text, get('/a'), get('/b')],
    },
    {
      name: `attack ${number} in the chunk of a hit`,
      chunks: [...known, get('/a') + text, get('/a')],
    },
    {
      name: `a hit in the chunk of attack ${number}`,
      chunks: [...known, text + get('/b'), get('/a')],
    },
  ]),
  ...named
    .filter(({ name }) => ['pipelined', 'a body that is a request', 'CL.TE'].includes(name))
    .flatMap(cut),
  ...[
    ...innocents,
    post(get('/a')),
    `${request('Transfer-Encoding: chunked\r\n')}${chunked(get('/b'))}`,
  ].flatMap(cutBehindHits),
];
