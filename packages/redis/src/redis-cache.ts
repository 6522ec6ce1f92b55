/** Django's RedisCache, and the whole contract of a LocMemCache over it. */
import { InvalidOptionError } from '@locmem/core';
import {
  isWellFormed,
  RemoteCache,
  resolveRemoteOptions,
  type RemoteOptions,
  type KeyParts,
  type RemoteStats,
  type Timekeeper,
} from '@locmem/core/remote';
import type { BreakerState } from './breaker.js';
import { connect, type Connection, type RedisClient } from './client.js';
import { Guard, type Faults } from './guard.js';
import type { KeyNames } from './key-names.js';
import { RedisBackend } from './redis-backend.js';

/** Options of {@link RedisCache}; all but `client` may be left out. */
export interface RedisCacheOptions extends RemoteOptions {
  /** A client of node-redis 4 to 6, ioredis 5 or 6, or iovalkey. It stays yours: to connect and to close. */
  client: RedisClient;
  /** After so many calls in a row without an answer, calls fail at once for a while. Default 5. */
  breakAfter?: number | undefined;
  /** So many commands may be under way; further ones fail at once. Default 10,000. */
  maxPending?: number | undefined;
}

/** Counts of a {@link RedisCache}, and how the server is doing. */
export interface RedisStats extends RemoteStats {
  /** `'open'`: the server does not answer, and is left alone for a while. */
  readonly breaker: BreakerState;
  /** Commands that did not go through, by cause. */
  readonly faults: Readonly<Faults>;
  /** Commands under way. */
  readonly pending: number;
}

const PLACE = 'RedisCache';
const OWN_OPTIONS = ['client', 'breakAfter', 'maxPending'] as const;

/** What else this package needs to know of a cache: who stands in front of it hears of its keys. */
export const insideOf = new WeakMap<object, Inside>();

export interface Inside {
  readonly connection: Connection;
  readonly names: KeyNames;
  readonly time: Timekeeper;
  readonly keyPrefix: string;
  readonly atOf: (key: string, version: number | undefined) => string;
  readonly partsOf: (at: string) => KeyParts | undefined;
}

/**
 * A cache whose entries lie on a Redis (6 or later) or Valkey server, for all processes that use the same
 * name. Caches of one name share their entries, each with its own prefix, version and timeout.
 *
 * A server that fails costs hits, never a request: each call answers within the `deadline`; reads miss,
 * writes are dropped; `stats()` tells.
 */
export class RedisCache extends RemoteCache {
  readonly #guard: Guard;

  /**
   * @param name what sets its keys apart from everything else in the database; without braces
   * @throws {InvalidOptionError} when an option does not exist or breaks its rule
   */
  constructor(name: string, options: RedisCacheOptions) {
    checkName(name);
    const resolved = resolveRemoteOptions(PLACE, options, OWN_OPTIONS);
    const connection = connect(PLACE, options.client);
    const guard: Guard = new Guard(connection, {
      deadlineMs: resolved.deadlineMs,
      maxPending: positive('maxPending', options.maxPending, 10_000),
      breakAfter: positive('breakAfter', options.breakAfter, 5),
      time: resolved.time,
      onState: (state) => {
        if (state === 'closed') void backend.payDebts();
      },
    });
    const backend = new RedisBackend(name, connection, guard, resolved.time);
    super(name, resolved, backend);
    this.#guard = guard;
    insideOf.set(this, {
      ...{ connection, names: backend.names, time: resolved.time },
      keyPrefix: resolved.keyPrefix,
      atOf: (key, version) => this.storeKey(key, version),
      partsOf: (at) => this.parseKey(at),
    });
  }

  /** Counts of this cache object since it was made. */
  override stats(): RedisStats {
    const { faults, breaker, pending } = this.#guard;
    return Object.freeze({
      ...super.stats(),
      ...{ breaker: breaker.state, faults: Object.freeze({ ...faults }), pending },
    });
  }
}

function checkName(name: unknown): void {
  if (typeof name === 'string' && name !== '' && !/[{}]/.test(name) && isWellFormed(name)) return;
  const rule = 'must be a non-empty string without braces and lone surrogates';
  throw new InvalidOptionError(PLACE, 'name', rule, name);
}

function positive(option: string, value: number | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new InvalidOptionError(PLACE, option, 'must be an integer from 1', value);
}
