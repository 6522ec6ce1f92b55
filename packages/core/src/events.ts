/**
 * What observers may see: one event for each thing that happens to an entry. Listeners are added with
 * `cache.on(type, listener)`, or for all stores of the process by Node's diagnostics channels
 * `locmem:<type>`. While nobody listens an event is not even made: asking costs two field reads.
 */
import { channel, type Channel } from 'node:diagnostics_channel';
import type { EvictionReason, ExpiryReason } from './counts.js';
import { showThrown } from './show.js';

/** What can happen. */
export type CacheEventType =
  'hit' | 'stale' | 'miss' | 'set' | 'refuse' | 'delete' | 'evict' | 'expire' | 'load';

/** One thing that happened. */
export interface CacheEvent {
  readonly type: CacheEventType;
  /** Name of the store. */
  readonly store: string;
  /** `prefix:version:key`, or what a key function made of it. */
  readonly fullKey: string;
  /** Why, of an eviction or expiry. */
  readonly reason?: EvictionReason | ExpiryReason;
  /** Of a load: how long it took, milliseconds. */
  readonly durationMs?: number;
  /** Of a load: whether it failed. */
  readonly failed?: boolean;
}

/** What is known of an event of each type. */
export interface CacheEvents {
  hit: CacheEvent & { readonly type: 'hit' };
  stale: CacheEvent & { readonly type: 'stale' };
  miss: CacheEvent & { readonly type: 'miss' };
  set: CacheEvent & { readonly type: 'set' };
  refuse: CacheEvent & { readonly type: 'refuse' };
  delete: CacheEvent & { readonly type: 'delete' };
  evict: CacheEvent & { readonly type: 'evict'; readonly reason: EvictionReason };
  expire: CacheEvent & { readonly type: 'expire'; readonly reason: ExpiryReason };
  load: CacheEvent & {
    readonly type: 'load';
    readonly durationMs: number;
    readonly failed: boolean;
  };
}

/** Hears events. What it throws is reported as a process warning and goes no further. */
export type CacheListener<Event extends CacheEvent = CacheEvent> = (event: Event) => void;

const TYPES: readonly CacheEventType[] = [
  ...(['hit', 'stale', 'miss', 'set', 'refuse', 'delete', 'evict', 'expire', 'load'] as const),
];

/** Asked on every hit and set. */
export const HIT_CHANNEL = channel('locmem:hit');
export const SET_CHANNEL = channel('locmem:set');
const CHANNELS = {
  hit: HIT_CHANNEL,
  set: SET_CHANNEL,
  stale: channel('locmem:stale'),
  miss: channel('locmem:miss'),
  refuse: channel('locmem:refuse'),
  delete: channel('locmem:delete'),
  evict: channel('locmem:evict'),
  expire: channel('locmem:expire'),
  load: channel('locmem:load'),
} satisfies Record<CacheEventType, Channel>;

/** By name in so many words: a look-up by a name that differs from call to call is a slow one. */
function channelOf(type: CacheEventType): Channel {
  switch (type) {
    case 'miss':
      return CHANNELS.miss;
    case 'set':
      return SET_CHANNEL;
    case 'evict':
      return CHANNELS.evict;
    case 'delete':
      return CHANNELS.delete;
    default:
      return CHANNELS[type];
  }
}

export function isEventType(type: unknown): type is CacheEventType {
  return TYPES.includes(type as CacheEventType);
}

/** The listeners of one store. */
export class Events {
  #listeners: Map<CacheEventType, Set<CacheListener>> | undefined;
  /** Whether nobody listens to this very store. */
  get isSilent(): boolean {
    return this.#listeners === undefined;
  }

  get areHitsHeard(): boolean {
    return this.#listeners?.has('hit') === true;
  }

  /** Whether an event of this type is worth making. */
  isHeard(type: CacheEventType): boolean {
    if (channelOf(type).hasSubscribers) return true;
    return this.#listeners !== undefined && this.#listeners.has(type);
  }

  add(type: CacheEventType, listener: CacheListener): void {
    this.#listeners ??= new Map();
    const ofType = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, ofType.add(listener));
  }

  remove(type: CacheEventType, listener: CacheListener): void {
    const ofType = this.#listeners?.get(type);
    ofType?.delete(listener);
    if (ofType?.size === 0) this.#listeners?.delete(type);
    if (this.#listeners?.size === 0) this.#listeners = undefined;
  }

  /** Told once the operation under way is over: a listener may do with the cache whatever it likes. */
  publish(event: CacheEvent): void {
    outbox.push({ events: this, event });
    if (isDelivering) return;
    isDelivering = true;
    queueMicrotask(deliver);
  }

  tell(event: CacheEvent): void {
    CHANNELS[event.type].publish(event);
    // As they are now: who leaves and comes back is not told of this one again.
    for (const listener of [...(this.#listeners?.get(event.type) ?? [])]) {
      try {
        listener(event);
      } catch (error) {
        process.emitWarning(
          `A listener to '${event.type}' of a cache threw: ${showThrown(error)}`,
          {
            type: 'LocMemWarning',
            code: 'LOCMEM_LISTENER_THREW',
          },
        );
      }
    }
  }
}

const outbox: { readonly events: Events; readonly event: CacheEvent }[] = [];
let isDelivering = false;

/**
 * What listeners cause in turn is told in the next round of the event loop: who evicts on every
 * eviction must not keep the process from everything else.
 */
export function deliver(): void {
  for (const { events, event } of outbox.splice(0)) events.tell(event);
  if (outbox.length > 0) setImmediate(deliver);
  else isDelivering = false;
}
