/**
 * What happened, for whoever operates the cache: counters and events. Nothing here can fail into a
 * request.
 */
import { channel } from 'node:diagnostics_channel';
import type { BypassReason, MissDetail, MissReason, Refusal } from './reasons.js';

/** What an event is about. */
export interface EventSubject {
  /** Method of the request, e.g. `GET`. */
  readonly method: string;
  /** Path and query as the client sent them. */
  readonly url: string;
}

/**
 * Something that happened to a request or in the store; told apart by `type`.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { once } from 'node:events';
 * import { createServer } from 'node:http';
 * import type { AddressInfo } from 'node:net';
 * import { createResponseCache } from '@locmem/http';
 *
 * const story: string[] = [];
 * const cache = createResponseCache({
 *   timeout: 60,
 *   onEvent: (event) => story.push('reason' in event ? event.reason : event.type),
 * });
 * const server = createServer((req, res) => {
 *   cache.handle(req, res, () => {
 *     if (req.method === 'POST') res.setHeader('Cache-Control', 'no-store');
 *     res.end();
 *   });
 * }).listen(0, '127.0.0.1');
 * await once(server, 'listening');
 * const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
 *
 * await fetch(url);
 * await fetch(url);
 * await fetch(url, { method: 'POST' });
 * assert.deepEqual(story, ['uri-miss', 'stored', 'hit', 'invalidated']);
 * server.close();
 * server.closeAllConnections();
 * ```
 */
export type ResponseCacheEvent =
  | ({
      readonly type: 'hit';
      readonly ageSeconds: number;
      readonly ttlSeconds: number;
    } & EventSubject)
  | ({
      readonly type: 'stale';
      readonly why: StaleReason;
      /** Below zero: for so many seconds it has been stale. */
      readonly ttlSeconds: number;
    } & EventSubject)
  | ({ readonly type: 'validated' } & EventSubject)
  | ({
      readonly type: 'miss';
      readonly reason: MissReason;
      /** What exactly stood against what is stored, where something did. */
      readonly detail?: MissDetail;
    } & EventSubject)
  | ({ readonly type: 'bypass'; readonly reason: BypassReason } & EventSubject)
  | ({
      readonly type: 'stored';
      readonly bytes: number;
      readonly ttlSeconds: number;
    } & EventSubject)
  | ({ readonly type: 'refused'; readonly reason: Refusal } & EventSubject)
  | { readonly type: 'invalidated'; readonly tags: readonly string[] }
  | { readonly type: 'error'; readonly operation: FailingOperation; readonly error: unknown };

/** Where something failed that was contained: in the store, in a function among the options, … */
export type FailingOperation =
  | 'get'
  | 'set'
  | 'delete'
  | 'invalidate'
  | 'option'
  /** The cache itself, while it watched an answer. */
  | 'capture'
  /** The handler, while a stale answer stood in for its own. */
  | 'handler'
  /** The handler, while nobody waited for it. */
  | 'refresh';

/** Why a stale answer was given. */
export type StaleReason = 'while-revalidate' | 'if-error' | 'max-stale';

/**
 * Counts since the cache was created.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { once } from 'node:events';
 * import { createServer } from 'node:http';
 * import type { AddressInfo } from 'node:net';
 * import { createResponseCache } from '@locmem/http';
 *
 * const cache = createResponseCache({ timeout: 60 });
 * const server = createServer((req, res) => {
 *   cache.handle(req, res, () => res.writeHead(200, { 'Cache-Control': 'private' }).end());
 * }).listen(0, '127.0.0.1');
 * await once(server, 'listening');
 * const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
 *
 * await fetch(url);
 * await fetch(url, { headers: { range: 'bytes=0-9,20-29' } });
 * const { misses, stored, refusals, bypasses } = cache.stats();
 * assert.deepEqual({ misses, stored }, { misses: 1, stored: 0 });
 * assert.deepEqual(refusals, { 'response-private': 1 });
 * assert.deepEqual(bypasses, { range: 1 });
 * server.close();
 * server.closeAllConnections();
 * ```
 */
export interface ResponseCacheStats {
  /** Requests answered from the store. */
  readonly hits: number;
  /** Requests that could have been answered from the store, and were not. */
  readonly misses: number;
  /** Of the hits, those that waited for another request's answer. */
  readonly collapsed: number;
  /** Of the misses, those that the handler answered with: what is stored still holds. */
  readonly validated: number;
  /** Stale answers given, by reason. */
  readonly stale: Readonly<Partial<Record<StaleReason, number>>>;
  /** Misses by reason. */
  readonly missReasons: Readonly<Partial<Record<MissReason, number>>>;
  /** Of the misses, those with something particular against what is stored, by what it was. */
  readonly missDetails: Readonly<Partial<Record<MissDetail, number>>>;
  /** Answers stored. */
  readonly stored: number;
  /** Invalidations, by an unsafe request or by `invalidate`. */
  readonly invalidations: number;
  /** Failures of the store and of functions among the options; every one of them was contained. */
  readonly errors: number;
  /** Requests that went past the cache, by reason. */
  readonly bypasses: Readonly<Partial<Record<BypassReason, number>>>;
  /** Answers that were not stored, by reason. */
  readonly refusals: Readonly<Partial<Record<Refusal, number>>>;
}

/** One channel of node's diagnostics_channel for each type of event, e.g. `locmem:http:hit`. */
const CHANNELS = Object.freeze({
  hit: channel('locmem:http:hit'),
  stale: channel('locmem:http:stale'),
  validated: channel('locmem:http:validated'),
  miss: channel('locmem:http:miss'),
  bypass: channel('locmem:http:bypass'),
  stored: channel('locmem:http:stored'),
  refused: channel('locmem:http:refused'),
  invalidated: channel('locmem:http:invalidated'),
  error: channel('locmem:http:error'),
}) satisfies Record<ResponseCacheEvent['type'], unknown>;

export class Trace {
  readonly #onEvent: ((event: ResponseCacheEvent) => void) | undefined;
  readonly #counts = {
    ...{ hits: 0, misses: 0, collapsed: 0, validated: 0 },
    ...{ stored: 0, invalidations: 0, errors: 0 },
  };
  readonly #stale: Partial<Record<StaleReason, number>> = {};
  readonly #missReasons: Partial<Record<MissReason, number>> = {};
  readonly #missDetails: Partial<Record<MissDetail, number>> = {};
  readonly #bypasses: Partial<Record<BypassReason, number>> = {};
  readonly #refusals: Partial<Record<Refusal, number>> = {};

  constructor(onEvent: ((event: ResponseCacheEvent) => void) | undefined) {
    this.#onEvent = onEvent;
  }

  hit(subject: EventSubject, ageSeconds: number, ttlSeconds: number): void {
    this.#counts.hits++;
    if (this.isHeard('hit')) this.#tell({ type: 'hit', ageSeconds, ttlSeconds, ...subject });
  }

  /** A hit of which nobody wants to hear. */
  countHit(): void {
    this.#counts.hits++;
  }

  /** Whether anybody listens to events of a type. */
  isHeard(type: ResponseCacheEvent['type']): boolean {
    return this.#onEvent !== undefined || CHANNELS[type].hasSubscribers;
  }

  miss(subject: EventSubject, reason: MissReason, detail: MissDetail | undefined): void {
    this.#counts.misses++;
    count(this.#missReasons, reason);
    if (detail !== undefined) count(this.#missDetails, detail);
    if (this.isHeard('miss'))
      this.#tell({ type: 'miss', reason, ...(detail && { detail }), ...subject });
  }

  stale(subject: EventSubject, why: StaleReason, ttlSeconds: number): void {
    count(this.#stale, why);
    if (this.isHeard('stale')) this.#tell({ type: 'stale', why, ttlSeconds, ...subject });
  }

  validated(subject: EventSubject): void {
    this.#counts.validated++;
    if (this.isHeard('validated')) this.#tell({ type: 'validated', ...subject });
  }

  /** Told as the hit that it is, too. */
  collapsed(): void {
    this.#counts.collapsed++;
  }

  bypass(subject: EventSubject, reason: BypassReason): void {
    count(this.#bypasses, reason);
    if (this.isHeard('bypass')) this.#tell({ type: 'bypass', reason, ...subject });
  }

  stored(subject: EventSubject, bytes: number, ttlSeconds: number): void {
    this.#counts.stored++;
    if (this.isHeard('stored')) this.#tell({ type: 'stored', bytes, ttlSeconds, ...subject });
  }

  refused(subject: EventSubject, reason: Refusal): void {
    count(this.#refusals, reason);
    if (this.isHeard('refused')) this.#tell({ type: 'refused', reason, ...subject });
  }

  invalidated(tags: readonly string[]): void {
    this.#counts.invalidations++;
    if (this.isHeard('invalidated')) this.#tell({ type: 'invalidated', tags });
  }

  error(operation: FailingOperation, error: unknown): void {
    this.#counts.errors++;
    if (this.isHeard('error')) this.#tell({ type: 'error', operation, error });
  }

  stats(): ResponseCacheStats {
    return Object.freeze({
      ...this.#counts,
      stale: Object.freeze({ ...this.#stale }),
      missReasons: Object.freeze({ ...this.#missReasons }),
      missDetails: Object.freeze({ ...this.#missDetails }),
      bypasses: Object.freeze({ ...this.#bypasses }),
      refusals: Object.freeze({ ...this.#refusals }),
    });
  }

  /** An event is only made when it is heard; an observer that throws must not break a request. */
  #tell(event: ResponseCacheEvent): void {
    const audience = CHANNELS[event.type];
    // What a subscriber throws, node reports as an uncaught exception of its own.
    if (audience.hasSubscribers) audience.publish(event);
    try {
      this.#onEvent?.(event);
    } catch {
      // Counted, not told: telling the observer that just threw would throw again.
      this.#counts.errors++;
    }
  }
}

function count<Name extends string>(counts: Partial<Record<Name, number>>, name: Name): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
