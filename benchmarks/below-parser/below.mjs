/**
 * Answers between a connection and Node's HTTP parser. Node sets the connection up as ever: its timers,
 * its lists of connections and what it does about errors stay its own. Only its listener for data is
 * taken out and called by hand, with every chunk that is not answered here.
 *
 * A connection is **free** while nothing is under way on it and the parser holds no bytes. Only then, and
 * only a chunk that is one complete GET and nothing else, may be answered here. A GET that is recognised
 * but not answered is **lent** to Node: one request, of which the parser keeps nothing, so that the
 * connection is free again once the answer is finished. Whatever is not recognised, or comes while
 * something is under way, makes the connection Node's **for good**: nobody here has to know how far a
 * body reaches.
 *
 * The first request of each connection is always lent: it is what makes Node count a connection as idle,
 * with the timer and the place in its lists that this means.
 *
 * What it relies on, of which only the first two are documented: `connection` events, listeners as
 * `listeners('data')` tells them, that Node feeds its parser by one of them, and that it stops reading
 * the handle by itself (`parser.consume(socket._handle)`) as soon as somebody else listens for data.
 */
import { channel } from 'node:diagnostics_channel';
import { maxHeaderSize, Server } from 'node:http';
import { LONGEST_BYTES, Recogniser } from './recogniser.mjs';

/** Whoever hears of requests this way would not hear of ours. */
const CHANNELS = [
  ...['http.server.request.start', 'http.server.response.created', 'http.server.response.finish'],
].map((name) => channel(name));

/** More fields than are ever recognised. */
const MOST_FIELDS = 32;

/**
 * @param {Server} server with one listener for requests, which would answer the same bytes
 * @param {{ find(target: string, fields: object): readonly Uint8Array[] | undefined }} hits
 * @returns {{ answered: number }} how many requests were answered here
 */
export function answerBelow(server, hits) {
  if (!(server instanceof Server)) throw new TypeError('not a server of node:http');
  const connections = new WeakMap();
  const told = { answered: 0 };
  server.prependListener('request', ({ socket }, res) => connections.get(socket)?.lentFor(res));
  const listeners = server.listenerCount('request');
  const mayAnswer = () =>
    // Node counts its own, and says `Connection: close` with the last.
    !server.maxRequestsPerSocket &&
    // Beyond these Node leaves fields out, or refuses the request.
    (server.maxHeadersCount ?? MOST_FIELDS) >= MOST_FIELDS &&
    (server.maxHeaderSize ?? maxHeaderSize) >= LONGEST_BYTES &&
    server.listenerCount('request') === listeners &&
    !CHANNELS.some(({ hasSubscribers }) => hasSubscribers);
  server.on('connection', (socket) => {
    const [nodes, ...others] = socket.listeners('data');
    if (nodes === undefined || others.length > 0) return;
    connections.set(socket, new Below(server, socket, nodes, hits, mayAnswer, told));
  });
  return told;
}

class Below {
  #server;
  #socket;
  #nodes;
  #hits;
  #mayAnswer;
  #told;
  #recogniser = new Recogniser();
  #isFree = true;
  #isFirst = true;
  #isNodes = false;

  constructor(server, socket, nodes, hits, mayAnswer, told) {
    this.#server = server;
    this.#socket = socket;
    this.#nodes = nodes;
    this.#hits = hits;
    this.#mayAnswer = mayAnswer;
    this.#told = told;
    socket.on('data', this.#take);
    socket.removeListener('data', nodes);
  }

  #take = (chunk) => {
    const target = this.#isFree ? this.#recogniser.targetOf(chunk) : undefined;
    if (target === undefined) {
      this.#handOver(chunk);
      return;
    }
    const answer = this.#canWrite() ? this.#hits.find(target, this.#recogniser.fields) : undefined;
    if (answer === undefined) this.#lend(chunk);
    else this.#write(answer);
  };

  /** While an answer of ours has not left yet, the next is Node's, which knows when to stop reading. */
  #canWrite() {
    const socket = this.#socket;
    return !this.#isFirst && socket.writable && socket.writableLength === 0 && this.#mayAnswer();
  }

  #write(parts) {
    const socket = this.#socket;
    this.#told.answered++;
    if (parts.length === 1) socket.write(parts[0]);
    else {
      socket.cork();
      for (const part of parts) socket.write(part);
      socket.uncork();
    }
    if (socket.writableLength > 0) this.#waitForReader();
  }

  /** As long as an answer is on its way, Node does not count the connection as idle. */
  #waitForReader() {
    const socket = this.#socket;
    const idleMs = socket.timeout;
    socket.setTimeout(this.#server.timeout);
    socket.write('', () => {
      // Otherwise Node sets the timer when it has answered.
      if (this.#isFree && !socket.destroyed) socket.setTimeout(idleMs);
    });
  }

  #lend(chunk) {
    this.#isFree = false;
    this.#isFirst = false;
    this.#nodes(chunk);
  }

  /** Node has made a request of what it was lent. */
  lentFor(res) {
    if (!this.#isNodes) res.once('finish', this.#beFree);
  }

  #beFree = () => {
    this.#isFree = true;
  };

  #handOver(chunk) {
    const socket = this.#socket;
    this.#isFree = false;
    this.#isNodes = true;
    socket.on('data', this.#nodes);
    socket.removeListener('data', this.#take);
    this.#nodes(chunk);
  }
}
