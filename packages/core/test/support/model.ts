// What a named store does, said as plainly as it can be said: a Map of entries in the order in which they
// would have to go, walked from end to end whenever something is asked. It predicts every answer; what the
// store says it evicted or buried (its events) is compared with what had to go, one for one.
import { deliver } from '../../src/events.js';
import { TestClock } from '../../src/testing/test-clock.js';
import assert from 'node:assert/strict';
import { types } from 'node:util';
import type { CacheEvent, LocMemOptions } from '@locmem/core';

export interface Handle {
  readonly keyPrefix: string;
  readonly version: number;
  readonly keyFunction?: NonNullable<LocMemOptions['keyFunction']> | undefined;
  readonly timeout: number | null;
  readonly isolation: 'copy' | 'freeze' | 'share';
  readonly maxEntries: number;
  readonly cullFrequency: number;
  readonly maxBytes?: number | undefined;
  readonly maxEntryBytes?: number | undefined;
  readonly keyCheck: 'off' | 'warn' | 'error';
}

/** A key that memcached could not hold, whatever is made of it. */
export const UNPORTABLE = 'not portable';

export interface WriteSpec {
  timeout?: number | null | undefined;
  tags?: string[] | undefined;
  stale?: number | null | undefined;
  /** How long a null lives that was loaded. */
  negativeTimeout?: number | null | undefined;
}

interface Origin {
  readonly keyPrefix: string;
  readonly version: number;
  readonly key: string;
}

export interface Entry {
  value: unknown;
  /** Handed out by reference: the very object. */
  shared: boolean;
  /** Came out of a snapshot: V8 makes such values of another realm's objects than a test's. */
  isRestored?: boolean | undefined;
  deadlineMs: number;
  leavesMs: number;
  tags: { name: string; hard: number; soft: number }[];
  origin: Origin;
}

/** A load under way. */
export interface Flight {
  overtaken: boolean;
  tags: Entry['tags'];
  readonly startedMs: number;
  /** The longest that anybody waited before giving up; undefined when nobody did. */
  givenUpAfterMs: number | undefined;
}

/** Longer strings than any key or other value here; decides what is too large. */
export const BIG = 'big '.repeat(500);
export const BIG_BYTES = 16 + 2 * BIG.length;

/** Whether a caller accepts, and a value is kept for, what has expired. */
export function takesStale(stale: number | null | undefined): stale is number | null {
  return stale === null || (stale !== undefined && stale > 0);
}

/** A copy of the kinds of values that the steps store, made of this realm's objects. */
export function clone(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (types.isDate(value)) return new Date(value);
  if (types.isMap(value)) return new Map([...value].map(([key, each]) => [key, clone(each)]));
  if (Array.isArray(value)) return Array.from(value, clone);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, clone(each)]));
}

export class Model {
  readonly clock = new TestClock();
  /** Physically held, the next victim first. */
  entries = new Map<string, Entry>();
  /** Loads under way that have not been overtaken, the newest last. */
  readonly flights = new Map<string, Flight[]>();
  /** What the listener has been told, as far as it is not yet accounted for. */
  readonly heard: CacheEvent[] = [];

  get nowMs(): number {
    return this.clock.now();
  }

  /** Events are told after the operation; the model wants to know now. */
  get events(): CacheEvent[] {
    deliver();
    return this.heard;
  }

  readonly #hard = new Map<string, number>();
  readonly #soft = new Map<string, number>();

  constructor(
    readonly policy: string,
    /** Whether it does as Django does, quirks included. */
    readonly isDjango: boolean,
  ) {}

  // ---- where -----------------------------------------------------------------------------------

  id(handle: Handle, key: string, version = handle.version): string {
    const { keyFunction, keyPrefix } = handle;
    return keyFunction ? keyFunction(key, keyPrefix, version) : `${keyPrefix}:${version}:${key}`;
  }

  origin(handle: Handle, key: string, version = handle.version): Origin {
    return { keyPrefix: handle.keyPrefix, version, key };
  }

  // ---- alive, stale, dead ----------------------------------------------------------------------

  isPurged(tags: Entry['tags'], kind: 'hard' | 'soft'): boolean {
    const counts = kind === 'hard' ? this.#hard : this.#soft;
    return tags.some((tag) => tag[kind] !== (counts.get(tag.name) ?? 0));
  }

  isLive(entry: Entry): boolean {
    if (entry.deadlineMs <= this.nowMs) return false;
    return !this.isPurged(entry.tags, 'hard') && !this.isPurged(entry.tags, 'soft');
  }

  isStale(entry: Entry): boolean {
    return entry.leavesMs > this.nowMs && !this.isPurged(entry.tags, 'hard');
  }

  /** Without meeting it: nothing is buried. */
  peek(id: string): Entry | undefined {
    const entry = this.entries.get(id);
    return entry && this.isLive(entry) ? entry : undefined;
  }

  /** Whether deleting it is deleting something. Django does not look whether it is dead. */
  isDeletable(id: string): boolean {
    return this.isDjango ? this.entries.has(id) : this.peek(id) !== undefined;
  }

  /** A dead entry that is met is buried. */
  live(id: string): Entry | undefined {
    const entry = this.entries.get(id);
    if (!entry || this.isLive(entry)) return entry;
    if (!this.isStale(entry)) this.#bury(id, entry);
    return undefined;
  }

  read(id: string): Entry | undefined {
    const entry = this.live(id);
    if (entry) this.used(id, entry);
    return entry;
  }

  used(id: string, entry: Entry): void {
    if (this.policy !== 'cull') {
      this.entries.delete(id);
      this.entries.set(id, entry);
    }
  }

  // ---- writing ---------------------------------------------------------------------------------

  entry(
    handle: Handle,
    value: unknown,
    { timeout, tags, stale, negativeTimeout }: WriteSpec,
    origin: Origin,
  ): Entry {
    const isNegative = value === null && negativeTimeout !== undefined;
    const deadlineMs = this.deadline(handle, isNegative ? negativeTimeout : timeout);
    let leavesMs = deadlineMs;
    if (takesStale(stale) && Number.isFinite(deadlineMs)) {
      leavesMs = stale === null ? Infinity : deadlineMs + stale * 1000;
    }
    return { ...this.#kept(handle, value), deadlineMs, leavesMs, tags: this.mark(tags), origin };
  }

  deadline(handle: Handle, timeout: number | null | undefined): number {
    const seconds = timeout === undefined ? handle.timeout : timeout;
    if (seconds === null) return Infinity;
    return seconds > 0 ? this.nowMs + seconds * 1000 : -Infinity;
  }

  mark(names: string[] = []): Entry['tags'] {
    return [...new Set(names)].map((name) => ({
      name,
      hard: this.#hard.get(name) ?? 0,
      soft: this.#soft.get(name) ?? 0,
    }));
  }

  /** @returns whether it was small enough */
  put(handle: Handle, id: string, entry: Entry): boolean {
    this.overtake(id);
    const { maxBytes = Infinity, maxEntryBytes = maxBytes } = handle;
    if (entry.value === BIG && BIG_BYTES > maxEntryBytes) {
      this.entries.delete(id);
      return false;
    }
    if (entry.deadlineMs === -Infinity && !this.isDjango) {
      this.entries.delete(id);
      return true;
    }
    const isFull = this.entries.size >= handle.maxEntries;
    if (isFull && (this.isDjango || !this.entries.has(id))) this.#makeRoom(handle);
    this.entries.set(id, entry);
    this.used(id, entry);
    this.#shrink(id);
    return true;
  }

  /** A new value that leaves expiry and tags as they are. */
  replace(handle: Handle, id: string, entry: Entry, value: unknown): void {
    this.overtake(id);
    Object.assign(entry, this.#kept(handle, value));
    this.used(id, entry);
    this.#shrink(id);
  }

  /** What an entry keeps when only its value changes. */
  times({ deadlineMs, leavesMs, tags }: Entry): Pick<Entry, 'deadlineMs' | 'leavesMs' | 'tags'> {
    return { deadlineMs, leavesMs, tags };
  }

  remove(id: string): void {
    this.overtake(id);
    this.entries.delete(id);
  }

  // ---- loading ---------------------------------------------------------------------------------

  takeOff(id: string, tags: string[] | undefined): Flight {
    const { nowMs: startedMs } = this;
    const flight = {
      overtaken: false,
      tags: this.mark(tags),
      startedMs,
      givenUpAfterMs: undefined,
    };
    this.flights.set(id, [...(this.flights.get(id) ?? []), flight]);
    return flight;
  }

  /** Its end; what has been overtaken is under way no more. */
  land(id: string, flight: Flight): void {
    const others = (this.flights.get(id) ?? []).filter((other) => other !== flight);
    if (others.length > 0) this.flights.set(id, others);
    else this.flights.delete(id);
  }

  /** The newest load; unless somebody gave it up so long ago that it is time for another beside it. */
  joinable(id: string): Flight | undefined {
    const flights = this.flights.get(id) ?? [];
    const newest = flights.at(-1);
    if (newest?.givenUpAfterMs === undefined) return newest;
    const patienceMs = newest.givenUpAfterMs * 2 ** (flights.length - 1);
    return this.nowMs - newest.startedMs < patienceMs ? newest : undefined;
  }

  giveUp(flight: Flight, afterMs: number): void {
    flight.givenUpAfterMs = Math.max(0, flight.givenUpAfterMs ?? 0, afterMs);
  }

  overtake(id: string): void {
    for (const flight of this.flights.get(id) ?? []) flight.overtaken = true;
    this.flights.delete(id);
  }

  // ---- purging ---------------------------------------------------------------------------------

  purge(names: string[], kind: 'hard' | 'soft'): void {
    const counts = kind === 'hard' ? this.#hard : this.#soft;
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  }

  clear(matches: (origin: Origin) => boolean): void {
    for (const [id, entry] of this.entries) if (matches(entry.origin)) this.entries.delete(id);
  }

  #kept(handle: Handle, value: unknown): Pick<Entry, 'value' | 'shared' | 'isRestored'> {
    if (handle.isolation === 'share') return { value, shared: true, isRestored: false };
    return { value: clone(value), shared: false, isRestored: false };
  }

  // ---- who must go -----------------------------------------------------------------------------

  #makeRoom({ maxEntries, cullFrequency }: Handle): void {
    if (!this.isDjango) {
      for (const [id, entry] of this.entries) {
        if (!this.isLive(entry) && !this.isStale(entry)) this.#bury(id, entry);
      }
      if (this.entries.size < maxEntries) return;
    }
    const ids = [...this.entries.keys()];
    const frequency = this.isDjango ? cullFrequency : Math.min(cullFrequency, ids.length);
    if (cullFrequency === 0) {
      ids.forEach((id) => this.#evict('entries', this.policy === 'adaptive' ? undefined : id));
    } else if (this.policy === 'lru') {
      const count = Math.floor(ids.length / frequency);
      ids.slice(0, count).forEach((id) => this.#evict('entries', id));
    } else if (this.policy === 'cull') {
      ids.filter((_, i) => i % frequency === 0).forEach((id) => this.#evict('entries', id));
    } else {
      assert(this.#next('evict', 'entries'), 'a full store gives up an entry');
      while (this.entries.size >= maxEntries && this.#next('evict', 'entries')) {
        this.#evict('entries');
      }
    }
  }

  /** Bytes are not reckoned here: that the store keeps to its bound is checked from outside. */
  #shrink(sparedId: string): void {
    while (this.#next('evict', 'bytes')) {
      const victim = [...this.entries.keys()].find((id) => id !== sparedId);
      this.#evict('bytes', this.policy === 'adaptive' ? undefined : victim);
    }
  }

  #next(type: string, reason: string): boolean {
    return this.events[0]?.type === type && this.events[0].reason === reason;
  }

  #evict(reason: string, id = this.events[0]?.fullKey): void {
    const { type, fullKey, reason: told } = this.events.shift() ?? {};
    assert.deepEqual({ type, fullKey, reason: told }, { type: 'evict', fullKey: id, reason });
    assert(this.entries.delete(id!), `${id!} was evicted, and was not there`);
  }

  #bury(id: string, entry: Entry): void {
    const reason = this.isPurged(entry.tags, 'hard') ? 'tag' : 'timeout';
    const at = this.events.findIndex((event) => event.type === 'expire' && event.fullKey === id);
    assert.equal(this.events[at]?.reason, reason, `${id} is dead and should have been buried`);
    this.events.splice(at, 1);
    this.entries.delete(id);
  }
}
