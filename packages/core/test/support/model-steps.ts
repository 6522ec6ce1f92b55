// Every method of the cache as one step: it is done to the store, then to the model, and what both say
// must be the same.
import assert from 'node:assert/strict';
import { LocMemCache, type CacheEvent } from '@locmem/core';
import {
  BIG,
  clone,
  Model,
  takesStale,
  type Entry,
  type Flight,
  type Handle,
  type WriteSpec,
} from './model.js';

/** A load that a step has begun and another one ends. */
interface Load {
  readonly handle: Handle;
  readonly id: string;
  readonly origin: Entry['origin'];
  readonly flight: Flight;
  readonly options: WriteSpec;
  readonly callers: Promise<unknown>[];
  readonly settle: (outcome: { value: unknown } | { error: Error }) => void;
}

export interface World {
  readonly model: Model;
  readonly handles: readonly { readonly cache: LocMemCache; readonly handle: Handle }[];
  readonly loads: Load[];
  operations: number;
}

let worlds = 0;

export function makeWorld(policy: string, handles: readonly Handle[]): World {
  const model = new Model(policy);
  const name = `model ${++worlds}`;
  const clock = { now: () => model.nowMs };
  const onWarning = () => undefined;
  const made = handles.map((handle) => ({
    handle,
    cache: new LocMemCache(name, {
      ...{ ...handle, clock, onWarning, keyCheck: 'off', policy: policy as 'lru' },
    }),
  }));
  const note = (event: CacheEvent) => model.heard.push(event);
  made[0]!.cache.on('evict', note).on('expire', note);
  return { model, handles: made, loads: [], operations: 0 };
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
    assert.deepEqual(actual, entry.value);
    vandalise(actual);
  }
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
      if (!expected.get(key)!.shared) assert.deepEqual(value, expected.get(key)!.value);
      else assert.equal(value, expected.get(key)!.value);
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
    if (entry.deadlineMs === -Infinity) model.entries.delete(id);
  },

  count: ({ cache, key, version, number, flag, model, spec, id }) => {
    let actual: unknown;
    const error = thrownBy(() => {
      actual = cache[flag ? 'incr' : 'decr'](key, number, { version });
    });
    const entry = model.live(id);
    if (!entry) return assert.equal(error, 'ERR_LOCMEM_KEY_NOT_FOUND');
    if (typeof entry.value !== 'number') return assert.equal(error, 'ERR_LOCMEM_NOT_NUMERIC');
    assert.equal(error, undefined);
    model.replace(spec, id, entry, entry.value + (flag ? number : -number));
    assert.equal(actual, entry.value);
  },

  delete: ({ cache, key, version, model, id }) => {
    assert.equal(cache.delete(key, { version }), model.peek(id) !== undefined);
    model.remove(id);
  },

  deleteMany: ({ cache, keys, version, model, spec }) => {
    let expected = 0;
    const actual = cache.deleteMany(keys, { version });
    for (const key of keys) {
      const id = model.id(spec, key, version);
      if (model.peek(id)) expected++;
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
    let actual: unknown;
    const delta = Math.trunc(number);
    const error = thrownBy(() => {
      actual = cache[flag ? 'incrVersion' : 'decrVersion'](key, delta, { version });
    });
    const entry = model.live(id);
    if (!entry) return assert.equal(error, 'ERR_LOCMEM_KEY_NOT_FOUND');
    assert.equal(error, undefined);
    const from = version ?? spec.version;
    const to = flag ? from + delta : from - delta;
    assert.equal(actual, to);
    if (to === from) return;
    model.entries.delete(id);
    const target = model.id(spec, key, to);
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
      const isMade = !/^\w*:/.test(id); // loads under a key function all count as cleared
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
      assert.deepEqual(value, entry!.value);
    }
  },

  keysOfAll: ({ cache, model }) => {
    const actual = [...cache.keys({ all: true })];
    const expected = [...model.entries].filter(([, entry]) => model.isLive(entry));
    const ids = expected.map(([id]) => id);
    if (model.policy === 'adaptive') assert.deepEqual(actual.sort(), ids.sort());
    else assert.deepEqual(actual, ids);
  },

  advance: ({ model, number }) => {
    model.nowMs += Math.abs(number) * 1000;
  },

  getOrSet: (scene) => {
    const { cache, key, flag, stale, model, spec, id, origin } = scene;
    const value = own(scene);
    const actual = cache.getOrSet(key, flag ? () => value : value, { ...options(scene), stale });
    const entry = model.read(id);
    if (entry) return sameValue(actual, entry);
    // A caller who would wait for a load under way gets a promise of it.
    if (flag && (joins(scene) || servesOld(scene))) {
      return joined(scene, actual);
    }
    if (!model.live(id)) {
      model.put(spec, id, model.entry(spec, value, { ...written(scene), stale }, origin));
    }
    const kept = model.live(id);
    if (kept) model.used(id, kept);
    assert.deepEqual(actual, kept ? kept.value : value);
  },

  failingLoader: (scene) => {
    const { cache, key, stale, model, id } = scene;
    let actual: unknown;
    const error = thrownBy(() => {
      const load = () => {
        throw Object.assign(new Error('no database'), { code: 'DOWN' });
      };
      actual = cache.getOrSet<unknown>(key, load, { ...options(scene), stale });
    });
    const entry = model.read(id);
    if (entry) return sameValue(actual, entry);
    const old = model.entries.get(id);
    if (takesStale(stale) && old && model.isStale(old)) sameValue(actual, old);
    else if (joins(scene)) joined(scene, actual);
    else assert.equal(error, 'DOWN');
  },

  beginLoad: (scene) => {
    const { cache, key, stale, tags, timeout, model, spec, id, origin, world } = scene;
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
    const actual = cache.getOrSet<unknown>(key, load, { ...options(scene), stale });
    const entry = model.read(id);
    if (entry) {
      assert.equal(runs, 0);
      return sameValue(actual, entry);
    }
    const isUnderWay = model.flights.has(id);
    assert.equal(runs, isUnderWay ? 0 : 1, 'one load for each key at a time');
    if (!isUnderWay) {
      const flight = { overtaken: false, tags: model.mark(tags) };
      model.flights.set(id, flight);
      const write = { timeout, tags, stale };
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
    if (servesOld(scene)) assert(!(actual instanceof Promise), 'stale is served at once');
    return joined(scene, actual);
  },

  endLoad: async ({ world, model, value, flag }) => {
    const load = world.loads.shift();
    if (!load) return;
    const { handle, id, origin, flight, callers } = load;
    const outcomes = Promise.allSettled(callers);
    if (!flag) {
      load.settle({ error: new Error('no database') });
      for (const { status } of await outcomes) assert.equal(status, 'rejected');
      await settle();
      if (!flight.overtaken) model.flights.delete(id);
      return;
    }
    load.settle({ value });
    const settled = await outcomes;
    await settle();
    const isOutdated = model.isPurged(flight.tags, 'hard') || model.isPurged(flight.tags, 'soft');
    let expected = value;
    if (flight.overtaken || isOutdated) {
      const winner = model.live(id);
      if (winner) expected = winner.value;
      if (!flight.overtaken) model.flights.delete(id);
    } else {
      const entry = { ...model.entry(handle, value, load.options, origin), tags: flight.tags };
      model.put(handle, id, entry);
    }
    for (const outcome of settled) {
      assert.equal(outcome.status, 'fulfilled');
      assert.deepEqual(outcome.value, expected);
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
function joined({ model, id, world }: Scene, actual: unknown): void {
  const load = world.loads.find(({ flight }) => flight === model.flights.get(id))!;
  if (actual instanceof Promise) load.callers.push(actual);
  else sameValue(actual, model.entries.get(id));
}

function written({ timeout, tags }: Scene): WriteSpec {
  return { timeout, tags };
}

function joins({ model, id }: Scene): boolean {
  return model.flights.has(id);
}

/** Whether a load under way leaves this caller with the old value. */
function servesOld({ model, id, stale }: Scene): boolean {
  const entry = model.entries.get(id);
  return takesStale(stale) && entry !== undefined && model.isStale(entry) && model.flights.has(id);
}

/** One step, and what must be true after every step. */
export async function play(name: string, step: Step, world: World): Promise<void> {
  const { cache, handle: spec } = world.handles[step.handle % world.handles.length]!;
  const { model } = world;
  const id = model.id(spec, step.key, step.version);
  const origin = model.origin(spec, step.key, step.version);
  world.operations++;
  await PLAYS[name]!({ ...step, world, model, cache, spec, id, origin });
  assert.deepEqual(model.events, [], 'nothing else went');
  assert.equal(cache.size, model.entries.size);
  if (world.handles.length === 1) {
    assert(cache.size <= spec.maxEntries);
    assert(cache.bytes <= (spec.maxBytes ?? Infinity));
  }
}

/** At the end nothing may be left over. */
export async function finish(world: World): Promise<void> {
  const { cache } = world.handles[0]!;
  const step = { handle: 0, key: 'k', keys: [], version: undefined, value: BIG } as const;
  const rest = { timeout: undefined, tags: undefined, stale: undefined, number: 1, flag: true };
  while (world.loads.length > 0) await play('endLoad', { ...step, ...rest }, world);
  cache.clear();
  assert.equal(cache.size, 0);
  assert.equal(cache.bytes, 0);
}
