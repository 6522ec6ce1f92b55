/**
 * What is asked of a client, and nothing more: six members of node-redis, or of ioredis and iovalkey. A
 * client is recognised by them, so that its next major release is no break of ours, and no client is a
 * dependency.
 */
import type { Writable } from 'node:stream';
import { InvalidOptionError } from '@locmem/core';

/** A client of node-redis 4 to 6, ioredis 5 and 6, or iovalkey; single server or cluster. */
export interface RedisClient {
  // The clients' own types say any: nothing narrower is accepted by all of them.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  on(event: string, listener: (...args: any[]) => void): unknown;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  off(event: string, listener: (...args: any[]) => void): unknown;
  /** node-redis. */
  sendCommand?(...args: never[]): unknown;
  /** ioredis, iovalkey. */
  callBuffer?(...args: never[]): unknown;
  /** A second connection to the same server, for invalidation messages. */
  duplicate?(...args: never[]): unknown;
  /** node-redis: whether commands go out at once. */
  readonly isReady?: boolean;
  /** ioredis: `'ready'` when commands go out at once. */
  readonly status?: string;
}

/** What clients tell of their connection. */
export type ClientEvent = 'ready' | 'error' | 'end' | 'close' | 'reconnecting';

/** Part of a command. */
export type Argument = string | Buffer;

/** A client, whichever it is. Bulk strings are answered as Buffers. */
export interface Connection {
  readonly isReady: boolean;
  readonly isCluster: boolean;
  /** @param key what a cluster routes the command by */
  send(command: readonly Argument[], key: string): Promise<unknown>;
  /** One sender for each server that holds keys of its own. */
  servers(): readonly ((command: readonly Argument[]) => Promise<unknown>)[];
  /** @returns what ends the listening */
  on(event: ClientEvent, listener: () => void): () => void;
  /** A connection of its own, to be subscribed; undefined where that is not to be had. */
  readonly subscriber: (() => Subscriber) | undefined;
}

/** A connection that hears messages. */
export interface Subscriber {
  readonly isReady: boolean;
  on(event: ClientEvent, listener: () => void): () => void;
  send(command: readonly Argument[]): Promise<unknown>;
  subscribe(channel: string, hear: (message: unknown) => void): Promise<unknown>;
  close(): void;
}

/** @throws {InvalidOptionError} when it is none of the clients above, or puts a prefix of its own before keys */
export function connect(place: string, client: RedisClient): Connection {
  const given = client as Partial<RedisClient> | null | undefined;
  const { callBuffer, sendCommand, on, off } = given ?? {};
  const isClient = typeof on === 'function' && typeof off === 'function';
  if (isClient && typeof callBuffer === 'function') return ioredis(place, client as IoRedis);
  if (isClient && typeof sendCommand === 'function') return nodeRedis(client as NodeRedis);
  const rule = 'must be a client of node-redis, ioredis or iovalkey';
  throw new InvalidOptionError(place, 'client', rule, client);
}

type Listen = Connection['on'];

/** Who listens to which event of a client. */
interface Audience {
  readonly members: Set<{ readonly listener: () => void }>;
  readonly tell: () => void;
}

const audiences = new WeakMap<RedisClient, Map<ClientEvent, Audience>>();

/**
 * One listener on the client for each event, however many caches it serves: of more than ten, Node warns
 * as of a leak.
 */
function listening(emitter: RedisClient): Listen {
  const ofClient = audiences.get(emitter) ?? new Map<ClientEvent, Audience>();
  audiences.set(emitter, ofClient);
  return (event, listener) => {
    let audience = ofClient.get(event);
    if (audience === undefined) {
      ofClient.set(event, (audience = newAudience()));
      emitter.on(event, audience.tell);
    }
    const { members, tell } = audience;
    const member = { listener };
    members.add(member);
    return () => {
      if (!members.delete(member) || members.size > 0) return;
      ofClient.delete(event);
      emitter.off(event, tell);
    };
  };
}

function newAudience(): Audience {
  const members: Audience['members'] = new Set();
  const tell = () => {
    for (const { listener } of [...members]) listener();
  };
  return { members, tell };
}

/** Late, so that a hundred processes do not come back in the same moment. */
export function reconnectDelayMs(attempt: number): number {
  return Math.min(2_000, 50 * 2 ** Math.min(attempt, 6)) * (0.5 + Math.random());
}

// ---- node-redis --------------------------------------------------------------------------------

interface NodeRedis extends RedisClient {
  sendCommand(...args: unknown[]): Promise<unknown>;
  duplicate(options?: object): NodeRedis;
  connect(): Promise<unknown>;
  subscribe(channel: string, hear: (message: unknown) => void, isBuffer: true): Promise<unknown>;
  destroy?(): void;
  disconnect?(): Promise<void>;
  readonly isOpen?: boolean;
  readonly isReady: boolean;
  /** Of a cluster. */
  readonly masters?: readonly { client?: NodeRedis | Promise<NodeRedis> }[];
  nodeClient?(node: unknown): NodeRedis | Promise<NodeRedis>;
  readonly options?: { readonly socket?: object };
}

/** What 4 and what 5 and later understand as "Buffers, please": `$` is RESP's bulk string. */
const BUFFERS = Object.freeze({
  returnBuffers: true,
  typeMapping: { ['$'.charCodeAt(0)]: Buffer },
});

function nodeRedis(client: NodeRedis): Connection {
  const isCluster = 'masters' in client;
  const on = listening(client);
  return {
    isCluster,
    get isReady() {
      return isCluster ? client.isOpen !== false : client.isReady;
    },
    send: isCluster
      ? (command, key) => client.sendCommand(key, false, command, BUFFERS)
      : (command) => client.sendCommand(command, BUFFERS),
    servers: () =>
      isCluster
        ? (client.masters ?? []).map(
            (node) => async (command) =>
              (await client.nodeClient!(node)).sendCommand(command, BUFFERS),
          )
        : [(command) => client.sendCommand(command, BUFFERS)],
    on,
    subscriber: isCluster ? undefined : () => nodeRedisSubscriber(client),
  };
}

function nodeRedisSubscriber(client: NodeRedis): Subscriber {
  const socket = { ...client.options?.socket, reconnectStrategy: false };
  // RESP 2, in which all of them hear invalidations as messages of a channel.
  const own = client.duplicate({ RESP: 2, maintNotifications: 'disabled', socket });
  const on = listening(own);
  on('error', () => undefined);
  own.connect().catch(() => undefined); // heard as an error
  return {
    get isReady() {
      return own.isReady;
    },
    on,
    send: (command) => own.sendCommand(command, BUFFERS),
    subscribe: (channel, hear) => own.subscribe(channel, hear, true),
    close: () => {
      try {
        if (own.destroy) own.destroy();
        else own.disconnect?.().catch(() => undefined);
      } catch {
        // It was closed already.
      }
    },
  };
}

// ---- ioredis, iovalkey -------------------------------------------------------------------------

interface IoRedis extends RedisClient {
  callBuffer(...args: unknown[]): Promise<unknown>;
  duplicate(...args: unknown[]): IoRedis;
  subscribe(channel: string): Promise<unknown>;
  disconnect(): void;
  readonly status: string;
  readonly isCluster?: boolean;
  nodes?(role: 'master'): IoRedis[];
  readonly options?: { readonly keyPrefix?: string };
  /** Its socket, as long as there is one. Of a single server. */
  readonly stream?: Writable | null;
}

function ioredis(place: string, client: IoRedis): Connection {
  if (client.options?.keyPrefix) {
    const rule = 'must have no keyPrefix of its own (give it to the cache)';
    throw new InvalidOptionError(place, 'client', rule, client.options.keyPrefix);
  }
  const isCluster = client.isCluster === true;
  const gather = gathering(client);
  return {
    isCluster,
    get isReady() {
      return client.status === 'ready';
    },
    send: (command) => {
      gather();
      return call(client, command);
    },
    servers: () => {
      const nodes = isCluster ? client.nodes!('master') : [client];
      return nodes.map((node) => (command) => call(node, command));
    },
    on: listening(client),
    subscriber: () => ioredisSubscriber(client, isCluster),
  };
}

/**
 * Commands of one turn go out together. This client writes each by itself, and most of what a command
 * costs is that write; node-redis gathers them, too.
 *
 * @returns what is called before a command is sent
 */
function gathering(client: IoRedis): () => void {
  let gathered: Writable | null | undefined;
  const release = () => {
    gathered?.uncork();
    gathered = undefined;
  };
  return () => {
    if (gathered || !client.stream) return;
    gathered = client.stream;
    gathered.cork();
    process.nextTick(release);
  };
}

/** As the client spells them: it looks up each name some six times, lower-cased, and a constant is found fastest. */
const names = new Map<Argument, string>();

function call(client: IoRedis, [command, ...args]: readonly Argument[]): Promise<unknown> {
  let name = names.get(command!);
  if (name === undefined) names.set(command!, (name = String(command).toLowerCase()));
  return client.callBuffer(name, ...args);
}

function ioredisSubscriber(client: IoRedis, isCluster: boolean): Subscriber {
  const source = isCluster ? client.nodes!('master')[0] : client;
  if (!source) throw new Error('no server of the cluster is known yet');
  const own = source.duplicate({
    ...{ protocol: 2, lazyConnect: false, retryStrategy: null, autoResubscribe: false },
  });
  const on = listening(own);
  on('error', () => undefined);
  const hearers = new Map<string, (message: unknown) => void>();
  own.on('messageBuffer', (channel: Buffer, message: unknown) => {
    hearers.get(channel.toString())?.(message);
  });
  return {
    get isReady() {
      return own.status === 'ready';
    },
    on,
    send: (command) => call(own, command),
    subscribe: (channel, hear) => {
      hearers.set(channel, hear);
      return own.subscribe(channel);
    },
    close: () => {
      own.disconnect();
    },
  };
}
