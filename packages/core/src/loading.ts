/**
 * `getOrSet`: read, or load once for everybody who asks, and keep what comes. The way of a call:
 * live? serve (and refresh ahead) : stale? serve and refresh : join the load under way, or begin one.
 *
 * What a load brings is not kept when it was overtaken: the key written or deleted, the cache cleared,
 * a tag purged since it began. It may be older than that.
 */
import { types } from 'node:util';
import { signalOf, tagsOf, versionOf } from './call-options.js';
import type { LoadOptions } from './contract.js';
import type { Address, Engine } from './engine.js';
import { DeadlineError } from './errors.js';
import { isolate, reveal, type Stored } from './isolation/stored.js';
import { takeOff, type Flight, type Landing } from './single-flight.js';
import type { TagMark } from './tags.js';
import { parseTimeout, type Timeout } from './timeout.js';
import { isThenable, withPatience } from './waiting.js';

type Loader = () => unknown;

/** The options of a call with their final meaning. */
interface Plan {
  readonly timeout: Timeout | undefined;
  readonly negativeTimeout: Timeout | undefined;
  readonly tagNames: readonly string[] | undefined;
  readonly staleSeconds: number | null;
  readonly refreshAheadMs: number;
  readonly deadlineSeconds: number | null;
  readonly signal: AbortSignal | undefined;
}

const NO_OPTIONS: LoadOptions = Object.freeze({});

export function getOrSet(
  engine: Engine,
  key: string,
  valueOrLoader: unknown,
  options: LoadOptions = NO_OPTIONS,
): unknown {
  const version = options === NO_OPTIONS ? undefined : versionOf('getOrSet', options);
  const { store, addressing } = engine;
  const spaceKey = addressing.keyInSpace(key, version);
  const space = addressing.space(version);
  const slot = space.slots.get(spaceKey);
  if (slot !== undefined) {
    const value = store.read(slot);
    if (value !== undefined) {
      if (options.refreshAhead !== undefined && typeof valueOrLoader === 'function') {
        const address = { key, version, space, spaceKey };
        const leftMs = store.deadline(slot) - store.time.now();
        refreshAhead(engine, address, leftMs, valueOrLoader as Loader, planOf(engine, options));
      }
      return value;
    }
  }
  return loadOrKeep(engine, { key, version, space, spaceKey }, valueOrLoader, options);
}

function loadOrKeep(
  engine: Engine,
  address: Address,
  valueOrLoader: unknown,
  options: LoadOptions,
): unknown {
  const { key, version, space, spaceKey } = address;
  engine.live(space, spaceKey); // removes what is dead
  engine.addressing.check(key, version);
  const plan = planOf(engine, options);
  if (typeof valueOrLoader === 'function') {
    return load(engine, address, valueOrLoader as Loader, plan);
  }
  // Other thenables are not asked: what is no promise may be anything, a Proxy above all.
  if (types.isPromise(valueOrLoader)) return load(engine, address, () => valueOrLoader, plan);
  engine.store.noteMiss(space, spaceKey);
  return keepThenGet(engine, address, valueOrLoader, plan);
}

/** Read once: wrong options are told before the loader has run, and no later change is of consequence. */
function planOf(engine: Engine, options: LoadOptions): Plan {
  const { timeout, stale, refreshAhead, negativeTimeout, deadline } = options;
  engine.deadline(timeout);
  if (negativeTimeout !== undefined) engine.deadline(negativeTimeout, 'negativeTimeout');
  const ahead = refreshAhead === undefined ? 0 : parseTimeout(refreshAhead, 'refreshAhead');
  return {
    timeout,
    negativeTimeout,
    tagNames: tagsOf('getOrSet', options),
    staleSeconds: staleSecondsOf(stale),
    refreshAheadMs: ahead === null ? Infinity : ahead * 1000,
    deadlineSeconds: deadline === undefined ? null : parseTimeout(deadline, 'deadline'),
    signal: signalOf('getOrSet', options.signal),
  };
}

/** How long a dead entry may serve on; null = for ever. Below zero is as good as not at all. */
function staleSecondsOf(stale: LoadOptions['stale']): number | null {
  const seconds = stale === undefined ? 0 : parseTimeout(stale, 'stale');
  return seconds === null ? null : Math.max(0, seconds);
}

// ---- the ways of a call ------------------------------------------------------------------------

function refreshAhead(
  engine: Engine,
  address: Address,
  leftMs: number,
  loader: Loader,
  plan: Plan,
): void {
  if (leftMs >= plan.refreshAheadMs || joinable(engine, address)) return;
  refresh(engine, address, loader, plan);
}

function load(engine: Engine, address: Address, loader: Loader, plan: Plan): unknown {
  const { space, spaceKey } = address;
  const waiting = joinable(engine, address);
  const stale = staleValue(engine, address, plan);
  if (stale !== undefined) {
    engine.store.counts.staleHits++;
    if (engine.store.events.isHeard('stale'))
      engine.store.publish('stale', space.fullKey(spaceKey));
    if (waiting) return reveal(stale);
    const fresh = refresh(engine, address, loader, plan);
    return fresh === undefined ? reveal(stale) : fresh; // a null is a value
  }
  engine.store.noteMiss(space, spaceKey);
  if (waiting) return join(engine, address, waiting, plan);
  if (plan.signal?.aborted) return Promise.reject(plan.signal.reason as Error);

  const loaded = run(engine, loader);
  if (!isThenable(loaded)) return keepThenGet(engine, address, loaded, plan);
  const current = engine.current(address);
  return join(engine, current, begin(engine, current, loaded, plan), plan);
}

/** The load under way, unless it has been given up on for long enough to try again beside it. */
function joinable({ store }: Engine, { space, spaceKey }: Address): Flight | undefined {
  const flight = space.flights.get(spaceKey);
  return flight?.isGivenUp(store.time.exact()) ? undefined : flight;
}

/** What may be served though it has expired; undefined when there is nothing, or nobody asked. */
function staleValue(engine: Engine, { space, spaceKey }: Address, plan: Plan): Stored {
  if (plan.staleSeconds === 0) return undefined;
  const slot = space.slots.get(spaceKey);
  return slot !== undefined && engine.store.isStale(slot) ? engine.store.value(slot) : undefined;
}

/**
 * Loads beside: whoever started it does not wait, and an error is theirs no more.
 *
 * @returns the new value when the loader gave it at once
 */
function refresh(engine: Engine, address: Address, loader: Loader, plan: Plan): unknown {
  let loaded: unknown;
  try {
    loaded = run(engine, loader);
  } catch {
    return undefined; // counted as a failed load; the old value serves on
  }
  if (!isThenable(loaded)) return replace(engine, address, loaded, plan);
  const current = engine.current(address);
  const flight = begin(engine, current, loaded, plan);
  flight.landed.catch(() => undefined);
  // Nobody waits here who could give it up later.
  const { deadlineSeconds } = plan;
  if (deadlineSeconds !== null && deadlineSeconds > 0) flight.giveUp(deadlineSeconds * 1000);
  return undefined;
}

/** Waits for a load as long as this caller is willing to. */
function join(engine: Engine, { key }: Address, flight: Flight, plan: Plan): Promise<unknown> {
  const { deadlineSeconds, signal } = plan;
  if (deadlineSeconds === null && !signal) return flight.landed.then(reveal);
  const deadline = deadlineSeconds !== null && {
    afterMs: deadlineSeconds * 1000,
    time: engine.store.time,
    tooLate: () => {
      flight.giveUp(deadlineSeconds * 1000);
      return new DeadlineError(engine.name, key, deadlineSeconds);
    },
  };
  return withPatience(flight.landed, { signal, deadline: deadline || undefined }).then(reveal);
}

// ---- loads -------------------------------------------------------------------------------------

function run(engine: Engine, loader: Loader): unknown {
  const { counts } = engine.store;
  counts.loads++;
  try {
    return loader();
  } catch (error) {
    counts.loadFailures++;
    throw error;
  }
}

/** A load that others can join. */
function begin(
  engine: Engine,
  address: Address,
  loading: PromiseLike<unknown>,
  plan: Plan,
): Flight {
  const { store } = engine;
  const startedMs = store.time.exact();
  // Noted before the load: a tag purged while it runs must find its result, too.
  const tags = mark(engine, plan);
  const landing: Landing = {
    keep: (loaded, wasOvertaken) => {
      if (loaded === undefined) return undefined;
      const value = isolate(loaded, engine.options.isolation);
      if (wasOvertaken || (tags && isOutdated(engine, tags))) {
        // Django get_or_set: read again, another caller may have won.
        const winner = engine.live(engine.current(address).space, address.spaceKey);
        return winner === undefined ? value : store.value(winner);
      }
      if (tags) store.tags.retain(tags);
      keep(engine, address, value, plan, tags);
      return value;
    },
    settled: (hasFailed) => {
      const durationMs = store.time.exact() - startedMs;
      store.counts.loadMs += durationMs;
      if (hasFailed) store.counts.loadFailures++;
      if (store.events.isHeard('load')) {
        const fullKey = address.space.fullKey(address.spaceKey);
        store.publish('load', fullKey, { durationMs, failed: hasFailed });
      }
      if (tags) store.tags.release(tags);
    },
  };
  return takeOff(address.space, address.spaceKey, loading, landing, startedMs);
}

function mark({ store }: Engine, { tagNames }: Plan): TagMark | undefined {
  return tagNames && store.tags.mark(tagNames);
}

function isOutdated({ store }: Engine, tags: TagMark): boolean {
  return !store.tags.isCurrent(tags);
}

function keep(
  engine: Engine,
  address: Address,
  value: Stored,
  plan: Plan,
  tags: TagMark | undefined,
) {
  const { timeout, negativeTimeout } = plan;
  const isNegative = value === null && negativeTimeout !== undefined;
  const deadlineMs = engine.store.reckoned(engine.deadline(isNegative ? negativeTimeout : timeout));
  const staleUntilMs = staleUntil(deadlineMs, plan);
  engine.put(address, { value, deadlineMs, staleUntilMs, tags });
}

function staleUntil(deadlineMs: number, { staleSeconds }: Plan): number | undefined {
  if (staleSeconds === 0 || !Number.isFinite(deadlineMs)) return undefined;
  return staleSeconds === null ? Infinity : deadlineMs + staleSeconds * 1000;
}

/** Django get_or_set: add, then read again; the loader itself may have stored the key. */
function keepThenGet(engine: Engine, address: Address, value: unknown, plan: Plan): unknown {
  if (value === undefined) return undefined;
  const stored = isolate(value, engine.options.isolation);
  const { space, spaceKey } = engine.current(address);
  // A stale entry gives way: it was asked to be refreshed.
  if (engine.live(space, spaceKey) === undefined) put(engine, address, stored, plan);
  const slot = engine.live(space, spaceKey);
  if (slot === undefined) return reveal(stored);
  const found = engine.store.value(slot);
  engine.store.noteUse(slot);
  return reveal(found);
}

/** A refresh that came at once takes the place of what is there. */
function replace(engine: Engine, address: Address, value: unknown, plan: Plan): unknown {
  if (value === undefined) return undefined;
  const stored = isolate(value, engine.options.isolation);
  put(engine, address, stored, plan);
  return reveal(stored);
}

function put(engine: Engine, address: Address, stored: Stored, plan: Plan): void {
  keep(engine, engine.current(address), stored, plan, mark(engine, plan));
}
