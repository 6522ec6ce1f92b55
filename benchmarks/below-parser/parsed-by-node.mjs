/** What Node's own server makes of some bytes. */
import { createServer } from 'node:http';
import { Duplex } from 'node:stream';
import { turn } from './sides.mjs';

const parsing = createServer((req, res) => {
  const { method, url, rawHeaders, httpVersion } = req;
  const one = { method, url, rawHeaders, httpVersion, bodyBytes: 0, hasEnded: false };
  req.socket.requests.push(one);
  req.on('data', ({ length }) => (one.bodyBytes += length));
  req.on('end', () => (one.hasEnded = true));
  one.keepsAlive = res.shouldKeepAlive;
  res.end();
});
parsing.on('clientError', (error, socket) => socket.requests.push(error));
for (const event of ['upgrade', 'connect']) {
  parsing.on(event, (_req, socket) => socket.requests.push(event));
}

/** What comes behind: the parser must be at the beginning of a message. */
export const NEXT = 'GET /next HTTP/1.1\r\nHost: next\r\n\r\n';

/** @param {Buffer} bytes given to Node on a connection that is none, {@link NEXT} behind them */
export async function parsedByNode(bytes) {
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const requests = [];
  Object.assign(socket, { requests, setTimeout: () => socket, destroySoon: () => {} });
  parsing.emit('connection', socket);
  for (const chunk of [bytes, NEXT]) {
    socket.push(chunk);
    await turn();
    await turn();
  }
  socket.destroy();
  return requests;
}
