// Entries under the process's clock, with deadlines that are reckoned late and provisional ones, against a
// model that knows of each entry only since when it may be dead and since when it must be.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { LocMemCache } from '@locmem/core';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { ProcessTime } from './support/process-time.js';

const time = new ProcessTime();
const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);

beforeAll(() => {
  time.install();
});
afterAll(() => {
  time.uninstall();
  warned.mockRestore();
});

/** What a provisional deadline may be too late by, and a reading of the clock too old. */
const LEEWAY_MS = 0.25;
const TICK_MS = 1;
/** A store of so many entries is looked through whole. */
const SMALL_STORE = 1_000;
const SWEPT_EVERY_MS = 1_100;

interface Entry {
  value: unknown;
  readonly lifeMs: number;
  /** Not dead before. */
  readonly fromMs: number;
  /** Dead from then on; unknown until the clock has ticked. */
  untilMs: number | undefined;
}

class World {
  readonly entries = new Map<string, Entry>();
  readonly caches: readonly LocMemCache[];
  /** When the clock was last certainly new. */
  tickedMs = time.nowMs;
  static #made = 0;

  constructor(
    policy: 'adaptive' | 'lru' | 'cull',
    readonly timeouts: readonly (number | null)[],
    /** Beside all others. Of more than a thousand, not all are looked at by each sweep. */
    public immortals: number,
  ) {
    const name = `process clock ${++World.#made}`;
    const maxEntries = Infinity;
    this.caches = timeouts.map((timeout) => new LocMemCache(name, { policy, maxEntries, timeout }));
    for (let i = 0; i < immortals; i++) this.caches[0]!.set(`immortal-${i}`, i, { timeout: null });
  }

  wrote(key: string, value: unknown, seconds: number | null): void {
    const lifeMs = seconds === null ? Infinity : seconds * 1000;
    if (lifeMs <= 0) this.entries.delete(key);
    else this.entries.set(key, { value, lifeMs, fromMs: time.nowMs + lifeMs, untilMs: undefined });
  }

  /** What a call has told of an entry: whether it is there. */
  told(key: string, isThere: boolean): Entry | undefined {
    const entry = this.entries.get(key);
    if (!isThere) {
      assert(!entry || this.mayBeDead(entry), `${key} died before its time`);
      this.entries.delete(key);
      return undefined;
    }
    assert(entry, `${key} is there though nobody has written it`);
    assert(!this.mustBeDead(entry), `${key} is alive after its time`);
    return entry;
  }

  mayBeDead({ fromMs }: Entry): boolean {
    return time.nowMs >= fromMs;
  }

  mustBeDead({ untilMs = Infinity }: Entry): boolean {
    return this.tickedMs >= untilMs;
  }

  idle(ms: number): void {
    const beforeMs = time.nowMs;
    // Never at the very moment of a deadline, at which either is right.
    time.idle(ms + 0.000_1);
    if (ms < 2 * TICK_MS) return;
    for (const entry of this.entries.values())
      entry.untilMs ??= beforeMs + 2 * TICK_MS + LEEWAY_MS + entry.lifeMs;
    this.tickedMs = time.nowMs - 2 * TICK_MS;
    if (ms > 2 * SWEPT_EVERY_MS && this.size <= SMALL_STORE) this.#checkSwept();
  }

  get size(): number {
    return this.caches[0]!.size;
  }

  #checkSwept(): void {
    const isLeft = ({ untilMs }: Entry) => time.nowMs < untilMs! + SWEPT_EVERY_MS;
    const left = [...this.entries.values()].filter(isLeft);
    assert(this.size <= this.immortals + left.length, 'the dead are not swept');
  }
}

interface Step {
  readonly cache: number;
  readonly key: string;
  readonly value: number;
  readonly timeout: number | null | undefined;
  readonly ms: number;
}

/** A step's cache, and what its own timeout is. */
function of(world: World, { cache, timeout }: Step): [LocMemCache, number | null] {
  const at = cache % world.caches.length;
  return [world.caches[at]!, timeout === undefined ? world.timeouts[at]! : timeout];
}

const PLAYS: Record<string, (world: World, step: Step) => void> = {
  set: (world, step) => {
    const [cache] = of(world, step);
    cache.set(step.key, step.value);
    world.wrote(step.key, step.value, of(world, { ...step, timeout: undefined })[1]);
  },
  setFor: (world, step) => {
    const [cache, seconds] = of(world, step);
    cache.set(step.key, [step.value], { timeout: step.timeout });
    world.wrote(step.key, [step.value], seconds);
  },
  /** More than wait for one reading of the clock, so that deadlines become final without a second look. */
  setOften: (world, step) => {
    for (let value = 0; value < step.value % 300; value++) PLAYS.set!(world, { ...step, value });
    for (let value = 0; value < 256; value++) PLAYS.set!(world, { ...step, key: 'often', value });
    PLAYS.get!(world, { ...step, key: 'often' });
    PLAYS.ttl!(world, step);
  },
  setMany: (world, step) => {
    const [cache, seconds] = of(world, step);
    const keys = Array.from({ length: 1_200 }, (_, i) => `many-${i}`);
    cache.setMany(new Map(keys.map((key) => [key, step.value])), { timeout: step.timeout });
    for (const key of keys) world.wrote(key, step.value, seconds);
  },
  add: (world, step) => {
    const [cache, seconds] = of(world, step);
    const isNew = cache.add(step.key, step.value, { timeout: step.timeout });
    world.told(step.key, !isNew);
    if (isNew) world.wrote(step.key, step.value, seconds);
  },
  touch: (world, step) => {
    const [cache, seconds] = of(world, step);
    const entry = world.told(step.key, cache.touch(step.key, { timeout: step.timeout }));
    if (entry) world.wrote(step.key, entry.value, seconds);
  },
  incr: (world, step) => {
    const [cache] = of(world, step);
    const before = world.entries.get(step.key)?.value;
    if (typeof before === 'object') return;
    let sum: number | undefined;
    try {
      sum = cache.incr(step.key);
    } catch {
      // It was not there.
    }
    const entry = world.told(step.key, sum !== undefined);
    if (!entry) return;
    assert.equal(sum, (before as number) + 1);
    entry.value = sum;
  },
  getOrSet: (world, step) => {
    const [cache, seconds] = of(world, step);
    const load = jest.fn(() => step.value);
    const value = cache.getOrSet(step.key, load, { timeout: step.timeout });
    const isLoaded = load.mock.calls.length > 0;
    const entry = world.told(step.key, !isLoaded);
    if (isLoaded) world.wrote(step.key, step.value, seconds);
    assert.deepEqual(value, entry ? entry.value : step.value);
  },
  get: (world, step) => {
    const value = of(world, step)[0].get(step.key);
    assert.deepEqual(world.told(step.key, value !== undefined)?.value, value);
  },
  has: (world, step) => {
    world.told(step.key, of(world, step)[0].has(step.key));
  },
  ttl: (world, step) => {
    const left = of(world, step)[0].ttl(step.key);
    const entry = world.told(step.key, left !== undefined);
    if (!entry) return;
    if (entry.lifeMs === Infinity) return assert.equal(left, null);
    const deadlineMs = time.nowMs + left! * 1000;
    const latestMs = entry.untilMs ?? time.nowMs + LEEWAY_MS + entry.lifeMs;
    const roundingMs = 1e-6 + Math.abs(deadlineMs) * 1e-12;
    assert(deadlineMs >= entry.fromMs - roundingMs && deadlineMs <= latestMs + roundingMs);
  },
  keys: (world, step) => {
    const there = new Set(of(world, step)[0].keys());
    for (const key of new Set([...there, ...world.entries.keys()])) {
      if (!key.startsWith('immortal')) world.told(key, there.has(key));
    }
  },
  delete: (world, step) => {
    world.told(step.key, of(world, step)[0].delete(step.key));
    world.entries.delete(step.key);
  },
  clear: (world, step) => {
    of(world, step)[0].clear();
    world.entries.clear();
    world.immortals = 0;
  },
  block: (_world, { ms }) => {
    time.block(ms + 0.000_1);
  },
  idle: (world, { ms }) => {
    world.idle(ms);
  },
};

/** Some more often than others. */
const names = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('set', 'set', 'get', 'block', 'idle') },
  { weight: 6, arbitrary: fc.constantFrom('setFor', 'add', 'touch', 'incr', 'getOrSet', 'ttl') },
  { weight: 3, arbitrary: fc.constantFrom('has', 'delete', 'keys', 'setOften', 'setOften') },
  { weight: 1, arbitrary: fc.constantFrom('setMany', 'clear') },
);

const step: fc.Arbitrary<Step> = fc.record({
  cache: fc.nat(1),
  key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  value: fc.nat(999),
  timeout: fc.constantFrom(undefined, undefined, null, 0, -1, 0.001, 0.3, 5, 60),
  ms: fc.constantFrom(0, 0.1, 0.24, 0.3, 1, 2, 5, 290, 300, 310, 1_000, 5_000, 61_000),
});

describe('under the clock of the process', () => {
  it('an entry dies in its time, and its memory comes back, whatever writes it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('adaptive', 'lru', 'cull'),
        fc.array(fc.constantFrom(0.3, 1, 5, 60, null), { minLength: 1, maxLength: 2 }),
        fc.constantFrom(0, 0, 1_100),
        fc.array(fc.tuple(names, step), { maxLength: 100, size: 'max' }),
        (policy, timeouts, immortals, steps) => {
          const world = new World(policy, timeouts, immortals);
          for (const [name, each] of steps) PLAYS[name]!(world, each);
          const [cache] = world.caches as [LocMemCache];
          // Longer than any of them lives.
          for (let seconds = 0; seconds < 125; seconds++) time.idle(1_000);
          const written = [...world.entries.values()].filter(({ lifeMs }) => lifeMs === Infinity);
          expect(world.size).toBe(world.immortals + written.length);
          expect(cache.stats().evictions).toEqual({ entries: 0, bytes: 0 });
          expect(warned).not.toHaveBeenCalled();
          cache.clear();
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('at the very millisecond of its deadline', () => {
  const CALLS: [string, (cache: LocMemCache) => unknown, answer: unknown][] = [
    ['get', (cache) => cache.get('k'), undefined],
    ['get with options', (cache) => cache.get('k', { version: 1 }), undefined],
    ['getMany', (cache) => cache.getMany(['k']).size, 0],
    ['has', (cache) => cache.has('k'), false],
    ['ttl', (cache) => cache.ttl('k'), undefined],
    ['touch', (cache) => cache.touch('k'), false],
    ['delete', (cache) => cache.delete('k'), false],
    ['add', (cache) => cache.add('k', 'new'), true],
    ['getOrSet', (cache) => cache.getOrSet('k', () => 'new'), 'new'],
    ['incr', (cache) => codeOf(() => cache.incr('k')), 'ERR_LOCMEM_KEY_NOT_FOUND'],
    ['incrVersion', (cache) => codeOf(() => cache.incrVersion('k')), 'ERR_LOCMEM_KEY_NOT_FOUND'],
    ['keys', (cache) => [...cache.keys()], ['fresh']],
    ['entries', (cache) => [...cache.entries()], [['fresh', 2]]],
    ['deleteMany', (cache) => cache.deleteMany(['k', 'fresh']), 1],
  ];
  const CLOCKS = { process: undefined, user: { now: () => time.nowMs } };

  function codeOf(call: () => unknown): unknown {
    try {
      return call();
    } catch (error) {
      return (error as { code: unknown }).code;
    }
  }

  it.each(
    CALLS.flatMap(
      (each) =>
        [
          ['process', ...each],
          ['user', ...each],
        ] as const,
    ),
  )(
    // prettier-ignore
    'an entry is over, by the clock of the %s, to %s()',
    (clock, call, ask, answer) => {
      const cache = new LocMemCache(`deadline ${clock} ${call}`, { clock: CLOCKS[clock] });
      cache.set('k', 1, { timeout: 5 });
      cache.set('fresh', 2, { timeout: 50 });
      expect(cache.ttl('k')).toBe(5); // its deadline is reckoned now
      time.block(4_999);
      time.idle(0);
      expect(cache.get('k')).toBe(1);
      time.idle(1);
      expect(cache.has('fresh')).toBe(true); // the clock is read
      expect(ask(cache)).toEqual(answer);
    },
  );
});
