// A TCP proxy between a client and a server that misbehaves when told to.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export type Misbehaviour =
  /** Everything through. */
  | 'none'
  /** Connections stand, nothing comes through either way. */
  | 'black hole'
  /** Answers come after half a second. */
  | 'slow'
  /** Answers come when they are let go. */
  | 'held'
  /** Connections are reset, those that stand and those that come. */
  | 'resets'
  /** Answers are bytes that are no protocol. */
  | 'garbage'
  /** Of each answer the first half, and nothing after it. */
  | 'half replies';

const SLOW_MS = 500;

export class Proxy {
  #mode: Misbehaviour = 'none';
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #held: (() => void)[] = [];

  private constructor(targetPort: number) {
    this.#server = createServer((near) => {
      if (this.#mode === 'resets') {
        near.resetAndDestroy();
        return;
      }
      const far = connect(targetPort, '127.0.0.1');
      let isHalf = false;
      this.#keep(near, far);
      near.on('data', (data) => {
        if (this.#mode !== 'black hole') far.write(data);
      });
      far.on('data', (data) => {
        if (this.#mode === 'none' && !isHalf) near.write(data);
        else if (this.#mode === 'slow') this.#later(() => near.write(data));
        else if (this.#mode === 'held') this.#held.push(() => near.write(data));
        else if (this.#mode === 'garbage')
          near.write(Buffer.from('\x00\xff?!garbage\r\n\r\n*-7\r\n'));
        else if (this.#mode === 'half replies' && !isHalf) {
          near.write(data.subarray(0, Math.ceil(data.length / 2)));
          isHalf = true; // what comes after half an answer would be taken for its rest
        }
      });
    });
  }

  static async before(port: number): Promise<Proxy> {
    const proxy = new Proxy(port);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  become(mode: Misbehaviour): void {
    // A connection that was in the middle of something is of no use to anybody.
    if (mode === 'none' || mode === 'resets') {
      for (const socket of this.#sockets) socket.resetAndDestroy();
    }
    this.#mode = mode;
    this.#held = [];
  }

  /** How many pieces of answers are held. */
  get held(): number {
    return this.#held.length;
  }

  /** Lets go what is held by now; what comes later is held again. */
  letGo(): void {
    for (const answer of this.#held.splice(0)) answer();
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const socket of this.#sockets) socket.destroy();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  #keep(near: Socket, far: Socket): void {
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }

  #later(run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, SLOW_MS);
    this.#timers.add(timer);
  }
}
