/**
 * How a cache in front hears what changes behind it.
 *
 * The server itself tells, of every key of the store, whoever changed it: CLIENT TRACKING in broadcast mode,
 * on a connection of its own, which redirects the messages to itself and so hears them in RESP 2, as any
 * client does. Where the server or a proxy does not allow that, the caches tell each other by PUBLISH; then
 * only what goes through them is heard.
 *
 * A heartbeat goes the whole way: a key that only this connection follows is set through the ordinary
 * connection, and its message must come back before the next; where nothing can be set, one is published
 * instead. Silence is as good as a lost connection.
 */
import { randomUUID } from 'node:crypto';
import type { Timekeeper } from '@locmem/core/remote';
import { reconnectDelayMs, type Connection, type Subscriber } from './client.js';
import type { KeyNames } from './key-names.js';

/** Who listens. */
export interface BusListener {
  entryChanged(at: string): void;
  tagChanged(tag: string): void;
  /** Whatever is held may be out of date: the bus was deaf, or everything has changed. */
  anythingChanged(): void;
}

/** What has changed through this process. */
export interface Change {
  readonly entries?: readonly string[];
  readonly tags?: readonly string[];
  readonly everything?: boolean;
}

/**
 * `'tracking'`: the server tells of every change. `'pubsub'`: the caches tell each other. `'deaf'`: nothing is
 * heard.
 */
export type BusState = 'tracking' | 'pubsub' | 'deaf';

export interface BusOptions {
  readonly connection: Connection;
  /** Opens a connection to listen by. */
  readonly subscriber: () => Subscriber;
  readonly names: KeyNames;
  /** What the messages of all caches of the store go by. */
  readonly channel: string;
  readonly time: Timekeeper;
  readonly heartbeatMs: number;
  readonly tracks: boolean;
  readonly listener: BusListener;
}

/** The server's own channel. */
const INVALIDATIONS = '__redis__:invalidate';

/** How long a connection may take from its opening until it listens. */
const LONGEST_OPENING_MS = 5_000;

export class Bus {
  readonly #options: BusOptions;
  readonly #id = randomUUID();
  #subscriber: Subscriber | undefined;
  #stopListening: readonly (() => void)[] = [];
  #state: BusState = 'deaf';
  #openedAtMs = 0;
  #callOffBeat: (() => void) | undefined;
  #beat = 0;
  #lastHeard = 0;
  #beatAtMs = 0;
  #lagMs: number | undefined;
  /** Openings in a row that came to nothing. */
  #failures = 0;
  #isClosed = false;

  constructor(options: BusOptions) {
    this.#options = options;
    this.#open();
    this.#armBeat();
  }

  get state(): BusState {
    return this.#state;
  }

  /** How long the last heartbeat was under way, milliseconds. */
  get lagMs(): number | undefined {
    return this.#lagMs;
  }

  /** Tells the others, when the server does not. */
  tell(change: Change): void {
    if (this.#state === 'tracking') return;
    this.#publish(change);
  }

  close(): void {
    this.#isClosed = true;
    this.#callOffBeat?.();
    this.#leave();
  }

  // ---- the connection ----------------------------------------------------------------------------

  #open(): void {
    if (this.#isClosed) return;
    const subscriber = this.#subscriberNow();
    if (!subscriber) {
      this.#openLater();
      return;
    }
    this.#openedAtMs = this.#options.time.exact();
    const lost = () => {
      if (subscriber === this.#subscriber) this.#openAnew();
    };
    this.#subscriber = subscriber;
    this.#stopListening = [
      subscriber.on('ready', () => {
        this.#listen(subscriber).catch(lost);
      }),
      ...(['error', 'end', 'close', 'reconnecting'] as const).map((event) =>
        subscriber.on(event, lost),
      ),
    ];
  }

  /** A cluster client that is not connected yet knows of no server to listen to. */
  #subscriberNow(): Subscriber | undefined {
    try {
      return this.#options.subscriber();
    } catch {
      return undefined;
    }
  }

  #leave(): void {
    for (const stop of this.#stopListening) stop();
    this.#stopListening = [];
    this.#subscriber?.close();
    this.#subscriber = undefined;
  }

  /** A new connection rather than the old one connected anew, which may have subscribed before it tracks. */
  #openAnew(): void {
    this.#leave();
    this.#becomeDeaf();
    this.#openLater();
  }

  #openLater(): void {
    const open = () => {
      this.#open();
    };
    this.#options.time.after(reconnectDelayMs(this.#failures++), open, true);
  }

  async #listen(subscriber: Subscriber): Promise<void> {
    const { channel, tracks } = this.#options;
    const isTracking = tracks && (await this.#track(subscriber));
    await subscriber.subscribe(INVALIDATIONS, (keys) => {
      this.#hearKeys(keys);
    });
    await subscriber.subscribe(channel, (message) => {
      this.#hearMessage(message);
    });
    if (subscriber !== this.#subscriber || this.#isClosed) return;
    this.#failures = 0;
    this.#lastHeard = this.#beat;
    this.#state = isTracking ? 'tracking' : 'pubsub';
    // What changed between the loss and now was not heard.
    this.#options.listener.anythingChanged();
  }

  /** @returns false when the server does not allow it */
  async #track(subscriber: Subscriber): Promise<boolean> {
    const prefixes = [...this.#options.names.starts, this.#beatKey].flatMap((start) => [
      'PREFIX',
      start,
    ]);
    try {
      const id = String(await subscriber.send(['CLIENT', 'ID']));
      const tracking = ['CLIENT', 'TRACKING', 'ON', 'REDIRECT', id, 'BCAST', ...prefixes];
      await subscriber.send(tracking);
      return true;
    } catch {
      return false;
    }
  }

  #becomeDeaf(): void {
    if (this.#state === 'deaf') return;
    this.#state = 'deaf';
    this.#lagMs = undefined;
    this.#options.listener.anythingChanged();
  }

  // ---- what is heard -----------------------------------------------------------------------------

  #hearKeys(keys: unknown): void {
    // No list of keys: the whole database was flushed.
    if (!Array.isArray(keys)) {
      this.#options.listener.anythingChanged();
      return;
    }
    for (const key of keys) {
      const name = String(key);
      if (name === this.#beatKey) this.#hearBeat();
      else this.#hearName(name);
    }
  }

  #hearName(name: string): void {
    const { entry, tag } = this.#options.names.told(name);
    if (entry !== undefined) this.#options.listener.entryChanged(entry);
    else if (tag !== undefined) this.#options.listener.tagChanged(tag);
  }

  #hearMessage(message: unknown): void {
    const { listener } = this.#options;
    try {
      const { from, beat, entries, tags, everything } = JSON.parse(String(message)) as Message;
      if (from === this.#id) {
        if (beat) this.#hearBeat();
        return;
      }
      for (const entry of entries ?? []) listener.entryChanged(entry);
      for (const tag of tags ?? []) listener.tagChanged(tag);
      if (everything) listener.anythingChanged();
    } catch {
      // Somebody else's words on our channel: safest is to believe nothing that is held.
      listener.anythingChanged();
    }
  }

  // ---- the heartbeat -----------------------------------------------------------------------------

  get #beatKey(): string {
    return `locmem-beat:${this.#id}`;
  }

  #armBeat(): void {
    const { time, heartbeatMs } = this.#options;
    const beat = () => {
      this.#checkBeat();
      this.#sendBeat();
      this.#armBeat();
    };
    this.#callOffBeat = time.after(heartbeatMs, beat, true);
  }

  /** The last one must have come back by now. */
  #checkBeat(): void {
    const isOpening = this.#state === 'deaf';
    if (isOpening && !(this.#subscriber && this.#hasOpenedTooLong)) return;
    if (!isOpening && this.#lastHeard === this.#beat) return;
    // A connection that is silent may be so for hours before TCP notices.
    this.#openAnew();
  }

  get #hasOpenedTooLong(): boolean {
    return this.#options.time.exact() - this.#openedAtMs > LONGEST_OPENING_MS;
  }

  #sendBeat(): void {
    if (this.#state === 'deaf') return;
    const { heartbeatMs, time } = this.#options;
    const beat = ++this.#beat;
    this.#beatAtMs = time.exact();
    if (this.#state !== 'tracking') {
      this.#publish({ beat });
      return;
    }
    const lifetime = String(Math.ceil(heartbeatMs * 10));
    // A server that is full or read-only refuses to set anything, and still tells of changes and publishes.
    this.#send(['SET', this.#beatKey, String(beat), 'PX', lifetime], this.#beatKey, () => {
      if (beat === this.#beat) this.#publish({ beat });
    });
  }

  #hearBeat(): void {
    this.#lastHeard = this.#beat;
    this.#lagMs = this.#options.time.exact() - this.#beatAtMs;
  }

  #publish(message: Message): void {
    const { channel } = this.#options;
    this.#send(['PUBLISH', channel, JSON.stringify({ from: this.#id, ...message })], channel);
  }

  /** What is not sent is not heard, which the next heartbeat notices. */
  #send(command: readonly string[], key: string, ifRefused: () => void = () => undefined): void {
    const { connection } = this.#options;
    if (!connection.isReady) return; // it would only queue
    connection.send(command, key).catch(ifRefused);
  }
}

interface Message extends Change {
  readonly from?: string;
  readonly beat?: number;
}
