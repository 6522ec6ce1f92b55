/**
 * Requests as many as a server answers, over connections that stay open: one under way on each, no
 * pipelining. Raw sockets and prepared bytes, because a client costs several times what a good server
 * does.
 */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { connect } from 'node:net';

const END_OF_HEAD = '\r\n\r\n';
const LAST_CHUNK = '0\r\n\r\n';

/** The bytes of a GET. */
export function requestBytes(path, headers = {}) {
  const fields = { Host: 'localhost', ...headers };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from([`GET ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n'), 'latin1');
}

/** @typedef {{ status: number, head: string, bytes: number }} Answer `bytes` of the body as sent */

export class Connection {
  #socket;
  /** What has come of a head that is not complete. */
  #partOfHead;
  /** @type {Answer | undefined} whose body is not complete */
  #answer;
  #left = 0;
  #isChunked = false;
  #tail = '';
  #resolve;
  #reject;

  static async open(port) {
    const socket = connect(port, '127.0.0.1').setNoDelay(true);
    await once(socket, 'connect');
    return new Connection(socket);
  }

  constructor(socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#take(chunk));
    const fail = (error) => this.#reject?.(error ?? new Error('the server closed the connection'));
    socket.on('error', fail);
    socket.on('close', () => fail());
  }

  /** @returns {Promise<Answer>} */
  ask(bytes) {
    return new Promise((resolve, reject) => {
      this.askThen(bytes, resolve, reject);
    });
  }

  /** Without a promise, for who counts microseconds. */
  askThen(bytes, resolve, reject) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#socket.write(bytes);
  }

  close() {
    this.#reject = undefined;
    this.#socket.destroy();
  }

  #take(chunk) {
    if (this.#answer) {
      this.#takeBody(chunk, 0);
      return;
    }
    const data = this.#partOfHead ? Buffer.concat([this.#partOfHead, chunk]) : chunk;
    const end = data.indexOf(END_OF_HEAD);
    if (end === -1) {
      this.#partOfHead = data;
      return;
    }
    this.#partOfHead = undefined;
    const head = data.latin1Slice(0, end);
    const status = Number(head.slice(9, 12));
    this.#answer = { status, head, bytes: 0 };
    this.#isChunked = false;
    this.#left = 0;
    if (status !== 304 && status !== 204) {
      const length = /\r\ncontent-length: (\d+)/i.exec(head);
      if (length) this.#left = Number(length[1]);
      else this.#isChunked = /\r\ntransfer-encoding: chunked/i.test(head);
    }
    this.#tail = '';
    this.#takeBody(data, end + END_OF_HEAD.length);
  }

  #takeBody(data, from) {
    const length = data.length - from;
    this.#answer.bytes += length;
    if (this.#isChunked) {
      const last = data.latin1Slice(Math.max(from, data.length - LAST_CHUNK.length));
      this.#tail = (this.#tail + last).slice(-LAST_CHUNK.length);
      if (this.#tail !== LAST_CHUNK) return;
    } else {
      this.#left -= length;
      if (this.#left > 0) return;
    }
    const answer = this.#answer;
    this.#answer = undefined;
    if (this.#left < 0) this.#reject(new Error('more bytes than were announced'));
    else this.#resolve(answer);
  }
}

/** Several connections at work at once. */
export class Crowd {
  #connections;

  static async open(port, size) {
    return new Crowd(await Promise.all(Array.from({ length: size }, () => Connection.open(port))));
  }

  constructor(connections) {
    this.#connections = connections;
  }

  /**
   * Keeps all connections busy for so long.
   *
   * @param {() => Buffer} next the request to send now
   * @param {number} status that every answer must have
   * @returns {Promise<number>} how many were answered
   */
  async keepBusy(next, status, milliseconds) {
    const deadline = performance.now() + milliseconds;
    return this.#each(next, status, () => performance.now() >= deadline);
  }

  /** Sends so many requests, each when a connection is free. */
  async send(next, status, count) {
    let left = count;
    return this.#each(next, status, () => left-- <= 0);
  }

  async #each(next, status, isOver) {
    let answered = 0;
    await Promise.all(
      this.#connections.map(
        (connection) =>
          new Promise((resolve, reject) => {
            const take = (answer) => {
              answered++;
              if (answer.status === status) go();
              else reject(new Error(`answered with ${answer.status} instead of ${status}`));
            };
            const go = () => {
              if (isOver()) resolve();
              else connection.askThen(next(), take, reject);
            };
            go();
          }),
      ),
    );
    return answered;
  }

  /** All at the same moment. @returns how long each waited, in milliseconds */
  async stampede(bytes) {
    return Promise.all(
      this.#connections.map(async (connection) => {
        const startMs = performance.now();
        const { status } = await connection.ask(bytes);
        return { status, ms: performance.now() - startMs };
      }),
    );
  }

  close() {
    for (const connection of this.#connections) connection.close();
  }
}
