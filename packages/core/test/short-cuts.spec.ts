// The usual calls take short cuts: a hit at one glance, a plain write without a detour, deadlines from the
// next reading of the clock. A clock of the user's is asked at every look, so a cache that has one goes the
// long way each time: the same calls must leave both alike.
import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { LocMemCache, type EvictionPolicy, type LocMemOptions } from '@locmem/core';
import type { Timekeeper } from '../src/clock.js';
import { fromNow, isFromNow, LateDeadlines } from '../src/late-deadlines.js';

const PORTABLE = ['a', 'b', 'c', 'd'];
const VALUE = fc.oneof(
  fc.integer(),
  fc.string(),
  fc.constantFrom(null, true, 10n),
  fc.record({ tree: fc.array(fc.integer(), { maxLength: 5 }) }),
);
/** What may be counted by, and what may not. */
const DELTA = fc.constantFrom(undefined, 2, -0.5, Number.MAX_VALUE, Infinity, NaN, 3n, null);
const VERSION = fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined });

type Call = (cache: LocMemCache) => unknown;

const optionsOf = (version: number | undefined) =>
  version === undefined ? undefined : { version };

function calls(...keys: string[]): fc.Arbitrary<Call> {
  const KEY = fc.constantFrom(...keys);
  return fc.oneof(
    fc.tuple(KEY, VERSION).map(
      ([key, version]): Call =>
        (cache) =>
          cache.get(key, optionsOf(version)),
    ),
    fc.tuple(KEY, VALUE, VERSION).map(
      ([key, value, version]): Call =>
        (cache) =>
          cache.set(key, value, optionsOf(version)),
    ),
    fc.tuple(KEY, VALUE, fc.constantFrom(0, -1, 1_000, null)).map(
      ([key, value, timeout]): Call =>
        (cache) =>
          cache.set(key, value, { timeout }),
    ),
    fc.tuple(KEY, VALUE).map(
      ([key, value]): Call =>
        (cache) =>
          cache.set(key, value, { tags: ['t'] }),
    ),
    fc.tuple(KEY, fc.constantFrom('incr' as const, 'decr' as const), DELTA).map(
      ([key, way, delta]): Call =>
        (cache) =>
          cache[way](key, delta as number),
    ),
    KEY.map(
      (key): Call =>
        (cache) =>
          cache.getOrSet(key, () => 'loaded'),
    ),
    KEY.map(
      (key): Call =>
        (cache) =>
          cache.delete(key),
    ),
    KEY.map(
      (key): Call =>
        (cache) =>
          cache.touch(key, { timeout: 500 }),
    ),
    fc.constant<Call>((cache) => cache.getMany(['a', 'b', 'c'])),
    fc.constant<Call>((cache) => cache.deleteByTag('t')),
    fc.constant<Call>((cache) => cache.clear({ version: 2 })),
  );
}

/** What comes of a call, an error told by its code. */
function outcome(cache: LocMemCache, call: Call): unknown {
  try {
    return call(cache);
  } catch (error) {
    return (error as { code?: string }).code ?? error;
  }
}

function seen(cache: LocMemCache) {
  const { hits, misses, sets, deletes, evictions, expiries, entries } = cache.stats();
  return {
    counts: { hits, misses, sets, deletes, evictions, expiries, entries },
    order: [...cache.keys({ all: true })],
    values: [...cache.entries()],
    // To the second: the two clocks are read at different moments.
    left: [...cache.keys()].map((key) => Math.round((cache.ttl(key) ?? 0) / 10)),
  };
}

let stores = 0;

function pair(options: LocMemOptions): [short: LocMemCache, long: LocMemCache] {
  const warned: LocMemOptions = { onWarning: () => undefined, ...options };
  const clock = { now: () => performance.now() };
  return [
    new LocMemCache(`short cuts ${++stores}`, warned),
    new LocMemCache(`short cuts ${++stores}`, { ...warned, clock }),
  ];
}

function expectAlike([short, long]: [LocMemCache, LocMemCache], sequence: Call[]): void {
  for (const call of sequence) expect(outcome(short, call)).toEqual(outcome(long, call));
  expect(seen(short)).toEqual(seen(long));
}

describe('short cuts', () => {
  const variants: LocMemOptions[] = [
    {},
    { maxEntries: 3 },
    { maxEntries: 3, policy: 'lru' },
    { maxEntries: 3, policy: 'cull' },
    { maxBytes: 1_500 },
    { timeout: null, isolation: 'freeze' },
    { keyFunction: (key, prefix, version) => `${prefix}/${version}/${key}` },
    { compat: 'django', maxEntries: 3 },
  ];

  it.each(variants)('lead where the long way does: %j', (options) => {
    fc.assert(
      // By default fast-check makes ten of them, and few of those meet.
      fc.property(fc.array(calls(...PORTABLE), { maxLength: 120, size: 'max' }), (sequence) => {
        expectAlike(pair(options), sequence);
      }),
      { numRuns: 150 },
    );
  });

  it.each([{}, { keyCheck: 'error' } as const])(
    'lead there with keys that not every cache could hold, and when bytes are looked at: %j',
    (options) => {
      const look: Call = (cache) => cache.bytes; // from here on they are kept up
      const some = fc.oneof(calls(...PORTABLE, 'not portable', ''), fc.constant(look));
      fc.assert(
        fc.property(fc.array(some, { maxLength: 60, size: 'max' }), (sequence) => {
          expectAlike(pair(options), sequence);
        }),
      );
    },
  );

  it('warn of a key that is not portable at each write, also over what is there', () => {
    const warnings: string[] = [];
    const cache = new LocMemCache(`short cuts ${++stores}`, {
      onWarning: ({ code }) => warnings.push(code),
    });
    for (let i = 0; i < 3; i++) cache.set('not portable', i);
    expect(warnings).toHaveLength(3);
  });

  it('publish hits and sets from the moment somebody listens', async () => {
    const cache = new LocMemCache(`short cuts ${++stores}`);
    const heard: string[] = [];
    cache.set('k', 1);
    cache.get('k');
    const hear = ({ type }: { type: string }) => heard.push(type);
    cache.on('hit', hear).on('set', hear);
    cache.get('k');
    cache.set('k', 2);
    await Promise.resolve();
    expect(heard).toEqual(['hit', 'set']);
    cache.off('hit', hear).off('set', hear);
    cache.get('k');
    cache.set('k', 3);
    await Promise.resolve();
    expect(heard).toHaveLength(2);
  });
});

describe('late deadlines', () => {
  /** A clock that ticks when it is told to. */
  function ticking() {
    let nowMs = 1_000;
    let waiting: { ticked(): void }[] = [];
    const time = {
      exact: () => nowMs,
      atTick: (who: { ticked(): void }) => waiting.push(who),
    } as unknown as Timekeeper;
    const reckoned: [slot: number, nowMs: number][] = [];
    const late = new LateDeadlines(time, (slots, count, atMs) => {
      for (let i = 0; i < count; i++) reckoned.push([slots[i]!, atMs]);
    });
    const tick = (afterMs: number) => {
      nowMs += afterMs;
      const due = waiting;
      waiting = [];
      for (const who of due) who.ticked();
    };
    return { late, tick, reckoned, waitingFor: () => waiting.length };
  }

  it('are reckoned from the reading at the tick after the write, never from one before it', () => {
    const { late, tick, reckoned } = ticking();
    late.add(1, 60_000);
    late.add(2, 60_000);
    expect(reckoned).toEqual([]);
    tick(7);
    expect(reckoned).toEqual([[1, 1_007], [2, 1_007]]); // prettier-ignore
    tick(1);
    expect(reckoned).toHaveLength(2);
  });

  it('are reckoned sooner when many wait or somebody asks, and expect one tick only', () => {
    const { late, reckoned, waitingFor } = ticking();
    for (let slot = 1; slot <= 1_000; slot++) late.add(slot, 60_000);
    expect(reckoned).toHaveLength(768);
    expect(waitingFor()).toBe(1);
    late.settle();
    expect(reckoned).toHaveLength(1_000);
  });

  /** Deadlines as a store keeps them: those who wait have them set, and so do those whose turn it is. */
  function keeping() {
    let nowMs = 1_000;
    const deadlines = new Map<number, number>();
    const time = { exact: () => nowMs, atTick: () => undefined } as unknown as Timekeeper;
    let looks = 0;
    const late = new LateDeadlines(time, (slots, count, atMs, provisionalMs, insteadMs) => {
      looks += count;
      for (const slot of slots.subarray(0, count)) {
        const deadline = deadlines.get(slot)!;
        if (isFromNow(deadline)) deadlines.set(slot, atMs - deadline);
        else if (deadline === provisionalMs) deadlines.set(slot, insteadMs);
      }
    });
    const write = (slot: number) => {
      deadlines.set(slot, fromNow(60_000));
      late.add(slot, 60_000);
    };
    const writeAgain = (slot: number) => {
      deadlines.set(slot, late.provisionalMs);
      late.addProvisional(slot);
    };
    const pass = (ms: number) => (nowMs += ms);
    return { late, write, writeAgain, pass, deadlines, looks: () => looks };
  }

  it('of who is written again and again are a little late, and final without a second look', () => {
    const { late, write, writeAgain, pass, deadlines, looks } = keeping();
    write(1);
    late.settle();
    for (let i = 0; i < 256; i++) writeAgain(1);
    expect(looks()).toBe(1);
    expect(deadlines.get(1)).toBeGreaterThanOrEqual(61_000);
    expect(deadlines.get(1)).toBeLessThan(61_001);
    pass(0.2);
    for (let i = 0; i < 256; i++) writeAgain(2);
    expect(looks()).toBe(1);
    expect(deadlines.get(2)).toBeGreaterThanOrEqual(61_000.2);
  });

  it('of who is written again are put right by a reading that comes too late for them', () => {
    const { late, write, writeAgain, pass, deadlines } = keeping();
    write(1);
    late.settle();
    pass(5_000); // written at the end of it
    for (let slot = 1; slot <= 256; slot++) writeAgain(slot);
    expect(new Set(deadlines.values())).toEqual(new Set([66_000]));
  });

  it('of who is written again are exact once somebody asks', () => {
    const { late, write, writeAgain, deadlines } = keeping();
    write(1);
    late.settle();
    writeAgain(1);
    expect(late.isLate(deadlines.get(1)!)).toBe(true);
    late.settle();
    expect(deadlines.get(1)).toBe(61_000);
    expect(late.isLate(61_000)).toBe(false);
  });

  it('that are provisional are for one life only, and for those after the next reading', () => {
    const { late } = keeping();
    expect(late.provisionalMs).toBeNaN();
    late.add(1, 60_000);
    expect(late.provisionalMs).toBeNaN();
    late.settle();
    expect(late.lifeMs).toBe(60_000);
    late.add(2, 5_000);
    expect(late.lifeMs).toBe(60_000);
    late.settle();
    expect(late.lifeMs).toBe(5_000);
  });

  it('are told from others by their sign', () => {
    expect([fromNow(300_000), fromNow(0.25)].map(isFromNow)).toEqual([true, true]);
    expect([0, 1, Infinity, -Infinity, NaN].some(isFromNow)).toBe(false);
  });
});

describe('an entry that is written again', () => {
  it('never dies before its time, whatever its callback was doing before', () => {
    let movedMs = 0;
    const now = performance.now.bind(performance);
    const spy = jest.spyOn(performance, 'now').mockImplementation(() => now() + movedMs);
    try {
      const cache = new LocMemCache('again after a long callback', { timeout: 10 });
      for (let i = 0; i < 300; i++) cache.set('k', i);
      movedMs += 9_000; // the event loop stands still, and so does the last reading
      cache.set('k', 'again');
      movedMs += 9_000;
      for (let i = 0; i < 300; i++) expect(cache.get('k')).toBe('again');
      movedMs += 10_001; // reckoned from the reading after the write, so it may live longer by that
      for (let i = 0; i < 300; i++) cache.get('k');
      expect(cache.get('k')).toBeUndefined();
    } finally {
      spy.mockRestore();
    }
  });

  it('has another life when another cache of the store writes it', () => {
    const long = new LocMemCache('two lives', { timeout: 60 });
    const short = new LocMemCache('two lives', { timeout: 1 });
    for (let i = 0; i < 600; i++) long.set('k', i);
    short.set('k', 'short');
    expect(short.ttl('k')).toBeLessThanOrEqual(1);
    for (let i = 0; i < 600; i++) short.set('k', i);
    long.set('k', 'long');
    expect(long.ttl('k')).toBeGreaterThan(59);
    expect(long.ttl('k')).toBeLessThanOrEqual(60);
  });
});

describe('a key that was just missed', () => {
  const open = (name: string) =>
    [1, 2].map(() => new LocMemCache(name, { maxEntries: 2, timeout: 60 })) as [
      LocMemCache,
      LocMemCache,
    ];

  it('is looked for again when somebody else has written it meanwhile', () => {
    const [cache, sibling] = open('missed, then written by another');
    expect(cache.get('k')).toBeUndefined();
    sibling.set('k', { by: 'the sibling' });
    cache.set('k', 'mine');
    expect(cache.size).toBe(1);
    expect(sibling.get('k')).toBe('mine');
  });

  it('is not taken for another one', () => {
    const [cache] = open('missed, then another written');
    cache.set('there', 1);
    expect(cache.get('k')).toBeUndefined();
    cache.set('there', 2);
    expect(cache.size).toBe(1);
    expect(cache.get('there')).toBe(2);
  });

  it('takes the place of a victim, which is then not there, and counted', () => {
    const [cache] = open('missed, then written into a full store');
    for (const key of ['a', 'b', 'c', 'd']) if (cache.get(key) === undefined) cache.set(key, key);
    expect(cache.size).toBe(2);
    expect([...cache.keys()]).toHaveLength(2);
    expect(cache.get('d')).toBe('d');
    expect(cache.stats()).toMatchObject({ sets: 4, misses: 4, evictions: { entries: 2 } });
  });

  it('tells the policy that entries have to go, where a cache with a larger limit has filled the store', () => {
    let told = 0;
    class Fifo implements EvictionPolicy {
      readonly #slots = new Set<number>();
      expectEvictions = () => {
        told++;
      };
      inserted = (slot: number) => void this.#slots.add(slot);
      removed = (slot: number) => void this.#slots.delete(slot);
      hit = () => undefined;
      overwritten = () => undefined;
      victims = () => this.#slots;
      victim = (spared?: number) => [...this.#slots].find((slot) => slot !== spared);
    }
    const policy = () => new Fifo();
    const onWarning = () => undefined; // that the limits differ
    const [large, small] = [100, 4].map(
      (maxEntries) => new LocMemCache('filled by another', { policy, maxEntries, onWarning }),
    ) as [LocMemCache, LocMemCache];
    for (const key of ['a', 'b', 'c', 'd']) large.set(key, key);
    expect(told).toBe(0);
    small.set('e', 'e');
    expect([...small.keys()]).toEqual(['b', 'c', 'd', 'e']);
    expect(told).toBe(1);
  });
});
