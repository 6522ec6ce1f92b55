// Every method of the cache as one step: it is done to the store, then to the model, and what both say
// must be the same.
import assert from 'node:assert/strict';
import { LocMemCache, type CacheEvent, type PolicyName } from '@locmem/core';
import {
  BIG,
  clone,
  Model,
  takesStale,
  UNPORTABLE,
  type Entry,
  type Flight,
  type Handle,
  type WriteSpec,
} from './model.js';

/** Who waits for a load, and may leave before it has ended. */
interface Caller {
  readonly promise: Promise<unknown>;
  /** Undefined = does not leave when asked to. */
  readonly patience: AbortController | undefined;
  /** Undefined = waits for as long as it takes. */
  readonly deadlineMs: number | undefined;
  readonly sinceMs: number;
  hasLeft: boolean;
}

/** What a snapshot should bring back. */
interface Saved {
  readonly data: Buffer;
  readonly savedAtMs: number;
  readonly entries: readonly (readonly [id: string, entry: Entry])[];
}

/** A load that a step has begun and another one ends. */
interface Load {
  readonly handle: Handle;
  readonly id: string;
  readonly origin: Entry['origin'];
  readonly flight: Flight;
  readonly options: WriteSpec;
  readonly callers: Caller[];
  readonly settle: (outcome: { value: unknown } | { error: Error }) => void;
}

export interface World {
  readonly model: Model;
  readonly handles: readonly {
    readonly cache: LocMemCache;
    readonly handle: Handle;
    readonly warned: string[];
  }[];
  readonly loads: Load[];
  saved: Saved | undefined;
  operations: number;
}

let worlds = 0;

export function makeWorld(
  policy: PolicyName,
  isDjango: boolean,
  handles: readonly Handle[],
): World {
  const model = new Model(policy, isDjango);
  const name = `model ${++worlds}`;
  const { clock } = model;
  const compat = isDjango ? 'django' : undefined;
  const made = handles.map((handle) => {
    const warned: string[] = [];
    const onWarning = ({ code }: { code: string }) => void warned.push(code);
    const cache = new LocMemCache(name, { ...handle, clock, onWarning, policy, compat });
    return { handle, warned, cache };
  });
  const note = (event: CacheEvent) => model.heard.push(event);
  made[0]!.cache.on('evict', note).on('expire', note);
  return { model, handles: made, loads: [], saved: undefined, operations: 0 };
}

export interface Step {
  readonly handle: number;
  readonly key: string;
  readonly keys: readonly string[];
  readonly version: number | undefined;
  readonly value: unknown;
  readonly timeout: number | null | undefined;
  readonly tags: string[] | undefined;
  readonly stale: number | null | undefined;
  readonly ahead: number | null | undefined;
  readonly negativeTimeout: number | null | undefined;
  readonly deadline: number | null | undefined;
  /** Whether the caller has left already. */
  readonly isGone: boolean;
  readonly number: number;
  readonly flag: boolean;
}

interface Scene extends Step {
  readonly world: World;
  readonly model: Model;
  readonly cache: LocMemCache;
  readonly spec: Handle;
  readonly id: string;
  readonly origin: Entry['origin'];
}

type Play = (scene: Scene) => void | Promise<void>;

/** A value as a caller may have it: equal, and its own unless it is shared. */
function sameValue(actual: unknown, entry: Entry | undefined): void {
  if (!entry) assert.equal(actual, undefined);
  else if (entry.shared) assert.equal(actual, entry.value);
  else {
    assert.deepEqual(local(actual, entry), entry.value);
    vandalise(actual);
  }
}

function local(actual: unknown, entry: Entry | undefined): unknown {
  return entry?.isRestored ? clone(actual) : actual;
}

/** What a caller does with its own object must reach nobody. */
function vandalise(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  if (Array.isArray(value)) value.push('vandalised');
  else if (value instanceof Map) value.set('vandalised', true);
  else if (value instanceof Date) value.setTime(0);
  else (value as Record<string, unknown>).vandalised = true;
}

/** The step's value, its own object each time. */
function own({ value, spec }: Scene): unknown {
  return spec.isolation === 'share' ? value : clone(value);
}

function thrownBy(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

/** Lets promises run their course; timers do not come into it. */
async function settle(): Promise<void> {
  for (let i = 0; i < 12; i++) await Promise.resolve();
}

function options(scene: Scene): WriteSpec & { version: number | undefined } {
  const { timeout, tags, version } = scene;
  return { timeout, tags, version };
}

export const PLAYS: Record<string, Play> = {
  get: ({ cache, key, version, model, id }) => {
    sameValue(cache.get(key, { version }), model.read(id));
  },

  getWithDefault: ({ cache, key, version, model, id }) => {
    const nothing = {};
    const actual = cache.get<unknown>(key, { version, default: nothing });
    const entry = model.read(id);
    if (entry) sameValue(actual, entry);
    else assert.equal(actual, nothing);
  },

  getMany: ({ cache, keys, version, model, spec }) => {
    const actual = cache.getMany(keys, { version });
    const expected = new Map<string, Entry>();
    for (const key of keys) {
      const entry = model.read(model.id(spec, key, version));
      if (entry) expected.set(key, entry);
    }
    assert.deepEqual([...actual.keys()], [...expected.keys()]);
    for (const [key, value] of actual) {
      const entry = expected.get(key)!;
      if (entry.shared) assert.equal(value, entry.value);
      else assert.deepEqual(local(value, entry), entry.value);
    }
  },

  has: ({ cache, key, version, model, id }) => {
    assert.equal(cache.has(key, { version }), model.live(id) !== undefined);
  },

  ttl: ({ cache, key, version, model, id }) => {
    const actual = cache.ttl(key, { version });
    const entry = model.live(id);
    if (entry?.deadlineMs === Infinity) assert.equal(actual, null);
    else assert.equal(actual, entry && (entry.deadlineMs - model.nowMs) / 1000);
  },

  set: (scene) => {
    const { cache, key, model, spec, id, origin } = scene;
    const value = own(scene);
    cache.set(key, value, options(scene));
    model.put(spec, id, model.entry(spec, value, written(scene), origin));
    if (spec.isolation !== 'share') vandalise(value);
  },

  add: (scene) => {
    const { cache, key, model, spec, id, origin } = scene;
    const value = own(scene);
    const actual = cache.add(key, value, options(scene));
    const isFree = model.peek(id) === undefined;
    const entry = model.entry(spec, value, written(scene), origin);
    assert.equal(actual, isFree && model.put(spec, id, entry));
  },

  setMany: (scene) => {
    const { cache, keys, version, model, spec } = scene;
    const pairs = keys.map((key, i) => [key, i === 0 ? own(scene) : i] as const);
    const actual = cache.setMany(scene.flag ? pairs : new Map(pairs), options(scene));
    const unique = scene.flag ? pairs : [...new Map(pairs)];
    const failed = unique.filter(([key, value]) => {
      const entry = model.entry(spec, value, written(scene), model.origin(spec, key, version));
      return !model.put(spec, model.id(spec, key, version), entry);
    });
    assert.deepEqual(
      actual,
      failed.map(([key]) => key),
    );
  },

  setWhatCannotBe: ({ cache, key, version, spec }) => {
    if (spec.isolation === 'share') return;
    const value = { list: [1, { inner: () => 1 }] };
    const refuses = (run: () => unknown) => {
      assert.equal(thrownBy(run), 'ERR_LOCMEM_NOT_SERIALIZABLE');
    };
    refuses(() => cache.set(key, value, { version }));
    refuses(() => cache.add(key, value, { version }));
    refuses(() => cache.setMany({ [key]: 1, other: value }, { version }));
  },

  touch: ({ cache, key, version, timeout, model, spec, id }) => {
    const actual = cache.touch(key, { version, timeout });
    const entry = model.peek(id);
    assert.equal(actual, entry !== undefined);
    if (!entry) return;
    entry.deadlineMs = entry.leavesMs = model.deadline(spec, timeout);
    if (entry.deadlineMs === -Infinity && !model.isDjango) model.entries.delete(id);
  },

  count: ({ cache, key, version, number, flag, model, spec, id }) => {
    let actual: unknown;
    const error = thrownBy(() => {
      actual = cache[flag ? 'incr' : 'decr'](key, number, { version });
    });
    const entry = model.live(id);
    const isMissed = entry?.value === null && model.isDjango && model.policy === 'cull';
    if (!entry || isMissed) return assert.equal(error, 'ERR_LOCMEM_KEY_NOT_FOUND');
    if (typeof entry.value !== 'number') return assert.equal(error, 'ERR_LOCMEM_NOT_NUMERIC');
    assert.equal(error, undefined);
    model.replace(spec, id, entry, entry.value + (flag ? number : -number));
    assert.equal(actual, entry.value);
  },

  delete: ({ cache, key, version, model, id }) => {
    assert.equal(cache.delete(key, { version }), model.isDeletable(id));
    model.remove(id);
  },

  deleteMany: ({ cache, keys, version, model, spec }) => {
    let expected = 0;
    const actual = cache.deleteMany(keys, { version });
    for (const key of keys) {
      const id = model.id(spec, key, version);
      if (model.isDeletable(id)) expected++;
      model.remove(id);
    }
    assert.equal(actual, expected);
  },

  deleteByTag: ({ cache, tags = ['red'], flag, model }) => {
    if (flag) cache.deleteByTag(...tags, { soft: true });
    else cache.deleteByTag(...tags);
    model.purge(tags, flag ? 'soft' : 'hard');
  },

  moveVersion: ({ cache, key, version, number, flag, model, spec, id }) => {
    const found = model.entries.get(id);
    // Django reads and sets: what was a copy before is then shared, and which one is not known.
    if (model.isDjango && spec.isolation === 'share' && found && !found.shared) return;
    let actual: unknown;
    const delta = Math.trunc(number);
    const error = thrownBy(() => {
      actual = cache[flag ? 'incrVersion' : 'decrVersion'](key, delta, { version });
    });
    const entry = model.isDjango ? model.read(id) : model.live(id);
    if (!entry) return assert.equal(error, 'ERR_LOCMEM_KEY_NOT_FOUND');
    assert.equal(error, undefined);
    const from = version ?? spec.version;
    const to = flag ? from + delta : from - delta;
    assert.equal(actual, to);
    const target = model.id(spec, key, to);
    if (model.isDjango) {
      const { isRestored } = entry;
      const moved = model.entry(spec, entry.value, {}, model.origin(spec, key, to));
      model.put(spec, target, { ...moved, isRestored });
      model.remove(id);
      return;
    }
    if (to === from) return;
    model.remove(id);
    const moved = { ...entry, origin: model.origin(spec, key, to) };
    if (model.put(spec, target, moved)) return;
    // Too large for this cache, but not for who wrote it: moving does not lose it.
    model.entries.set(target, moved);
    model.used(target, moved);
  },

  clear: ({ cache, version, flag, number, model, spec }) => {
    if (number > 0) {
      cache.clear();
      model.clear(() => true);
      for (const id of [...model.flights.keys()]) model.overtake(id);
      return;
    }
    const keyPrefix = flag ? spec.keyPrefix : undefined;
    cache.clear({ version, keyPrefix });
    if (version === undefined && keyPrefix === undefined) model.entries.clear();
    model.clear(
      (origin) =>
        (version === undefined || origin.version === version) &&
        (keyPrefix === undefined || origin.keyPrefix === keyPrefix),
    );
    for (const id of [...model.flights.keys()]) {
      const isMade = model.isDjango || !/^\w*:/.test(id); // loads under a key function all count as cleared
      const [prefix, of] = id.split(':');
      const isHit =
        (keyPrefix === undefined || prefix === keyPrefix) &&
        (version === undefined || of === String(version));
      if (isMade || isHit) model.overtake(id);
    }
  },

  keys: ({ cache, model, spec }) => {
    const isOwn = (id: string, { origin }: Entry) =>
      origin.keyPrefix === spec.keyPrefix &&
      origin.version === spec.version &&
      model.id(spec, origin.key) === id;
    const own = [...model.entries].filter(([id, entry]) => model.isLive(entry) && isOwn(id, entry));
    const expected = own.map(([, entry]) => entry);
    const names = expected.map(({ origin }) => origin.key).sort();
    assert.deepEqual([...cache.keys()].sort(), names);
    assert.deepEqual([...cache.entries()].map(([key]) => key).sort(), names);
    for (const [key, value] of cache.entries()) {
      const entry = expected.find(({ origin }) => origin.key === key);
      assert.deepEqual(local(value, entry), entry!.value);
    }
  },

  keysOfAll: ({ cache, model }) => {
    const actual = [...cache.keys({ all: true })];
    const expected = [...model.entries].filter(([, entry]) => model.isLive(entry));
    const ids = expected.map(([id]) => id);
    if (model.policy === 'adaptive') assert.deepEqual(actual.sort(), ids.sort());
    else assert.deepEqual(actual, ids);
  },

  advance: async ({ model, world, number }) => {
    const seconds = Math.abs(number);
    const endMs = model.nowMs + seconds * 1000;
    const late = world.loads.flatMap(({ flight, callers }) =>
      callers.filter((caller) => leavesMs(caller) <= endMs).map((caller) => ({ flight, caller })),
    );
    const outcomes = Promise.allSettled(late.map(({ caller }) => caller.promise));
    model.clock.advance(seconds);
    for (const { flight, caller } of late) {
      caller.hasLeft = true;
      model.giveUp(flight, caller.deadlineMs!);
    }
    for (const outcome of await outcomes) {
      assert.equal(outcome.status, 'rejected');
      assert.equal((outcome.reason as { code?: string }).code, 'ERR_LOCMEM_DEADLINE');
    }
  },

  getOrSet: (scene) => {
    const { cache, key, flag, model, spec, id, origin } = scene;
    const value = own(scene);
    const isAhead = flag && endsSoon(scene);
    const actual = cache.getOrSet(key, flag ? () => value : value, loading(scene));
    const fresh = () => model.entry(spec, value, { ...written(scene), ...kept(scene) }, origin);
    const entry = model.read(id);
    if (entry) {
      sameValue(actual, entry);
      if (isAhead) model.put(spec, id, fresh());
      return;
    }
    // A caller who would wait for a load under way gets a promise of it.
    if (flag && joins(scene)) return joined(scene, actual);
    if (flag && hasOld(scene)) {
      model.put(spec, id, fresh()); // and given out without a second look
      return assert.deepEqual(actual, value);
    }
    if (!model.live(id)) {
      model.put(spec, id, fresh());
    }
    const found = model.live(id);
    if (found) model.used(id, found);
    assert.deepEqual(local(actual, found), found ? found.value : value);
  },

  failingLoader: (scene) => {
    const { cache, key, stale, model, id } = scene;
    let actual: unknown;
    const error = thrownBy(() => {
      const load = () => {
        throw Object.assign(new Error('no database'), { code: 'DOWN' });
      };
      actual = cache.getOrSet<unknown>(key, load, loading(scene));
    });
    const entry = model.read(id);
    if (entry) return sameValue(actual, entry);
    const old = model.entries.get(id);
    if (takesStale(stale) && old && model.isStale(old)) sameValue(actual, old);
    else if (joins(scene)) joined(scene, actual);
    else assert.equal(error, 'DOWN');
  },

  beginLoad: async (scene) => {
    const { cache, key, tags, isGone, model, spec, id, origin, world } = scene;
    const isAhead = endsSoon(scene);
    const isOld = hasOld(scene);
    let outcome!: Load['settle'];
    let runs = 0;
    const load = () => {
      runs++;
      return new Promise<unknown>((resolve, reject) => {
        outcome = (end) => {
          if ('error' in end) reject(end.error);
          else resolve(end.value);
        };
      });
    };
    const patience = new AbortController();
    if (isGone) patience.abort(new Error('left'));
    const { signal } = patience;
    const actual = cache.getOrSet<unknown>(key, load, { ...loading(scene), signal });
    const entry = model.read(id);
    if (entry) sameValue(actual, entry);
    if (entry && !isAhead) return assert.equal(runs, 0);
    if (!entry && isGone && !isOld) {
      assert.equal(runs, 0);
      return assert.rejects(actual as Promise<unknown>, /left/);
    }
    const isUnderWay = joins(scene);
    assert.equal(runs, isUnderWay ? 0 : 1, 'one load for each key until it is given up');
    if (!isUnderWay) {
      const flight = model.takeOff(id, tags);
      // Nobody waits who could give it up later.
      const { deadline } = scene;
      if ((isAhead || isOld) && deadline != null && deadline > 0)
        model.giveUp(flight, deadline * 1000);
      const write = { ...written(scene), ...kept(scene) };
      world.loads.push({
        handle: spec,
        id,
        origin,
        flight,
        options: write,
        callers: [],
        settle: outcome,
      });
    }
    if (entry) return;
    if (isOld) assert(!(actual instanceof Promise), 'stale is served at once');
    return joined(scene, actual, patience);
  },

  /** Who waits for the first load leaves, some of them or all. */
  leave: async ({ world, flag }) => {
    const callers = (world.loads[0]?.callers ?? []).filter(
      ({ patience, hasLeft }) => patience && !hasLeft,
    );
    for (const caller of flag ? callers : callers.slice(0, 1)) {
      caller.patience!.abort(new Error('left'));
      await assert.rejects(caller.promise, /left/);
      caller.hasLeft = true;
    }
  },

  snapshot: ({ cache, model, world }) => {
    const entries = [...cache.keys({ all: true })]
      .map((id) => [id, model.entries.get(id)!] as const)
      // Another realm's object is no plain one, and not saved a second time.
      .filter(([, { isRestored, value }]) => !isRestored || clone(value) === value)
      .map(([id, entry]) => [id, { ...entry, value: clone(entry.value) }] as const);
    const data = atWallClock(model.nowMs, () => cache.snapshot());
    world.saved = { data, savedAtMs: model.nowMs, entries };
  },

  restore: ({ cache, spec, model, world }) => {
    const { saved } = world;
    // Of a value that is shared then, nobody would have the original.
    if (!saved || spec.isolation === 'share') return;
    const actual = atWallClock(model.nowMs, () => cache.restore(saved.data));
    const { nowMs } = model;
    const fresh = { shared: false, isRestored: true };
    const taken = saved.entries.filter(([id, entry]) => {
      if (entry.deadlineMs <= nowMs) return false;
      const tags = model.mark(entry.tags.map(({ name }) => name));
      return model.put(spec, id, { ...entry, value: clone(entry.value), ...fresh, tags });
    });
    assert.equal(actual, taken.filter(([id]) => model.entries.has(id)).length);
  },

  endLoad: async ({ world, model, value, flag, number }) => {
    const load = number < 0 ? world.loads.pop() : world.loads.shift();
    if (!load) return;
    const { handle, id, origin, flight, callers } = load;
    const staying = callers.filter(({ hasLeft }) => !hasLeft);
    const outcomes = Promise.allSettled(staying.map(({ promise }) => promise));
    if (!flag) {
      load.settle({ error: new Error('no database') });
      for (const { status } of await outcomes) assert.equal(status, 'rejected');
      await settle();
      if (!flight.overtaken) model.land(id, flight);
      return;
    }
    load.settle({ value });
    const settled = await outcomes;
    await settle();
    const isOutdated = model.isPurged(flight.tags, 'hard') || model.isPurged(flight.tags, 'soft');
    let winner: Entry | undefined;
    if (flight.overtaken || isOutdated) {
      winner = model.live(id);
      if (!flight.overtaken) model.land(id, flight);
    } else {
      const entry = { ...model.entry(handle, value, load.options, origin), tags: flight.tags };
      model.put(handle, id, entry);
    }
    for (const outcome of settled) {
      assert.equal(outcome.status, 'fulfilled');
      assert.deepEqual(local(outcome.value, winner), winner ? winner.value : value);
    }
  },

  update: async (scene) => {
    const { cache, key, flag, timeout, tags, model, spec, id, origin } = scene;
    const value = own(scene);
    let old: unknown;
    const actual = await cache.update<unknown>(
      key,
      (current) => {
        old = current;
        return flag ? Promise.resolve(value) : value;
      },
      options(scene),
    );
    sameValue(old, model.read(id));
    const entry = model.live(id);
    if (entry && timeout === undefined && tags === undefined) {
      model.put(spec, id, { ...model.entry(spec, value, {}, origin), ...model.times(entry) });
    } else {
      model.put(spec, id, model.entry(spec, value, written(scene), origin));
    }
    assert.deepEqual(actual, value);
  },

  failingUpdate: async ({ cache, key, version, model, id }) => {
    const work = cache.update(key, () => Promise.reject(new Error('no')), { version });
    await assert.rejects(work, /no/);
    model.read(id);
  },
};

/** What a caller got while a load of the key was under way. */
function joined(
  { model, id, world, deadline }: Scene,
  actual: unknown,
  patience?: AbortController,
): void {
  const load = world.loads.find(({ flight }) => flight === model.flights.get(id)?.at(-1))!;
  if (actual instanceof Promise) {
    const deadlineMs = deadline == null ? undefined : deadline * 1000;
    const { nowMs: sinceMs } = model;
    load.callers.push({ promise: actual, patience, deadlineMs, sinceMs, hasLeft: false });
  } else sameValue(actual, model.entries.get(id));
}

/** When a caller's own patience ends: no timer fires in the millisecond in which it is set. */
function leavesMs({ hasLeft, sinceMs, deadlineMs = Infinity }: Caller): number {
  return hasLeft ? Infinity : sinceMs + Math.max(1, deadlineMs);
}

function written({ timeout, tags }: Scene): WriteSpec {
  return { timeout, tags };
}

/** How long what is loaded is kept, beside its timeout. */
function kept({ stale, negativeTimeout }: Scene): WriteSpec {
  return { stale, negativeTimeout };
}

/** The options of a load. */
function loading(scene: Scene) {
  const { ahead: refreshAhead, deadline } = scene;
  return { ...options(scene), ...kept(scene), refreshAhead, deadline };
}

/** Whether a hit is to be loaded anew ahead of its time, by who asks first. */
function endsSoon({ model, id, ahead }: Scene): boolean {
  const entry = model.peek(id);
  if (ahead === undefined || !entry || model.joinable(id)) return false;
  const aheadMs = ahead === null ? Infinity : ahead * 1000;
  return entry.deadlineMs - model.nowMs < aheadMs;
}

/** What the time of the wall is for as long as something runs. */
function atWallClock<T>(nowMs: number, run: () => T): T {
  const now = Date.now;
  Date.now = () => nowMs;
  try {
    return run();
  } finally {
    Date.now = now;
  }
}

/** Whether there is something that has expired, for who takes it. */
function hasOld({ model, id, stale }: Scene): boolean {
  const entry = model.entries.get(id);
  return takesStale(stale) && entry !== undefined && model.isStale(entry);
}

function joins({ model, id }: Scene): boolean {
  return model.joinable(id) !== undefined;
}

/** What a cache that refuses such keys does: it changes nothing. */
function refuse({ cache, key, version, spec, model, id }: Scene): void {
  const refuses = (run: () => unknown) => {
    assert.equal(thrownBy(run), 'ERR_LOCMEM_INVALID_KEY');
  };
  refuses(() => {
    cache.set(key, 1, { version });
  });
  refuses(() => cache.add(key, 1, { version }));
  refuses(() => cache.setMany({ a: 1, [key]: 1 }, { version }));
  refuses(() => cache.update(key, () => 1, { version }));
  // What others have put there is found without a second look, where keys are looked up as they are.
  if (model.entries.has(id) && !model.isDjango && !spec.keyFunction) return;
  refuses(() => cache.get(key, { version }));
  refuses(() => cache.has(key, { version }));
  refuses(() => cache.ttl(key, { version }));
  refuses(() => cache.touch(key, { version }));
  refuses(() => cache.incr(key, 1, { version }));
  refuses(() => cache.delete(key, { version }));
  refuses(() => cache.getOrSet(key, () => 1, { version }));
}

/** One step, and what must be true after every step. */
export async function play(name: string, step: Step, world: World): Promise<void> {
  const { cache, handle: spec, warned } = world.handles[step.handle % world.handles.length]!;
  const { model } = world;
  const id = model.id(spec, step.key, step.version);
  const origin = model.origin(spec, step.key, step.version);
  const scene = { ...step, world, model, cache, spec, id, origin };
  world.operations++;
  warned.length = 0;
  if (spec.keyCheck !== 'error') await PLAYS[name]!(scene);
  else if (step.key === UNPORTABLE) refuse(scene);
  else await PLAYS[name]!({ ...scene, keys: step.keys.filter((key) => key !== UNPORTABLE) });
  if (name === 'set' && step.key === UNPORTABLE) {
    const isWarned = warned.includes('LOCMEM_KEY_NOT_PORTABLE');
    assert.equal(isWarned, spec.keyCheck === 'warn');
  }
  assert.deepEqual(model.events, [], 'nothing else went');
  assert.equal(cache.size, model.entries.size);
  if (world.handles.length === 1) {
    assert(model.isDjango || cache.size <= spec.maxEntries);
    assert(cache.bytes <= (spec.maxBytes ?? Infinity));
  }
}

/** At the end nothing may be left over. */
export async function finish(world: World): Promise<void> {
  const { cache } = world.handles[0]!;
  const step = { handle: 0, key: 'k', keys: [], version: undefined, value: BIG } as const;
  const rest = {
    ...{ timeout: undefined, tags: undefined, stale: undefined, number: 1, flag: true },
    ...{ ahead: undefined, negativeTimeout: undefined, deadline: undefined, isGone: false },
  };
  while (world.loads.length > 0) await play('endLoad', { ...step, ...rest }, world);
  cache.clear();
  assert.equal(cache.size, 0);
  assert.equal(cache.bytes, 0);
}
