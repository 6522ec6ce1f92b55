// Who must go under the default policy. Hit ratios are counted, not timed: they are the same everywhere.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LocMemCache, type EvictionPolicy, type LocMemOptions } from '@locmem/core';
import { AdaptivePolicy } from '../src/policy/adaptive.js';
import { testCache } from './support/test-cache.js';

/** Reads a key and, when it is missing, puts it in. @returns whether it was there */
function use(cache: LocMemCache, key: string): boolean {
  if (cache.get(key) !== undefined) return true;
  cache.set(key, key);
  return false;
}

function hitRatio(options: LocMemOptions, keys: Iterable<string>): number {
  const { cache } = testCache({ timeout: null, ...options });
  let hits = 0;
  let requests = 0;
  for (const key of keys) {
    requests++;
    if (use(cache, key)) hits++;
  }
  return hits / requests;
}

/** A generator of numbers from 0 to 1 that starts anew for each test. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Popular keys have low numbers: `count ** u`, about Zipf 1.0. */
function popular(count: number, random: () => number): number {
  return Math.floor(count ** random());
}

describe("policy 'adaptive'", () => {
  it('is the default', () => {
    const { sibling } = testCache();
    expect(() => sibling({ policy: 'adaptive' })).not.toThrow();
    expect(() => sibling({ policy: 'lru' })).toThrow("must be 'adaptive'");
  });

  it("is not the default with compat 'django', which is 'lru'", () => {
    const { sibling } = testCache({ compat: 'django' });
    expect(() => sibling({ policy: 'adaptive' })).toThrow("must be 'lru'");
  });

  it.each([1, 2, 3, 10, 300, 5000])('never holds more than maxEntries (%d)', (maxEntries) => {
    const { cache } = testCache({ maxEntries });
    const random = randomFrom(1);
    for (let i = 0; i < 20_000; i++) {
      use(cache, `k${popular(20_000, random)}`);
      if (cache.size > maxEntries) throw new Error(`${cache.size} entries after ${i}`);
    }
    expect(cache.size).toBe(maxEntries);
  });

  it('gives up one entry at a time', () => {
    const { cache } = testCache({ maxEntries: 10 });
    for (let i = 0; i < 100; i++) cache.set(`k${i}`, i);
    expect(cache.size).toBe(10);
    expect(cache.stats().evictions.entries).toBe(90);
  });

  it.each([1, 2, 50])('never gives up the entry just stored (%d entries)', (maxEntries) => {
    const { cache } = testCache({ maxEntries });
    for (let i = 0; i < 5000; i++) {
      cache.set(`k${i}`, i);
      if (cache.get(`k${i}`) !== i) throw new Error(`k${i} is gone`);
    }
  });

  it('spares a large entry that others have to make room for by their bytes', () => {
    const { cache } = testCache({ maxEntries: Infinity, maxBytes: 10_000 });
    for (let i = 0; i < 200; i++) {
      cache.set(`k${i}`, 'x'.repeat(i * 20));
      expect(cache.has(`k${i}`)).toBe(true);
      expect(cache.bytes).toBeLessThanOrEqual(10_000);
    }
  });

  it('comes down in small steps when a cache with a lower limit writes', () => {
    const { cache, sibling } = testCache({ maxEntries: 1000 });
    for (let i = 0; i < 1000; i++) cache.set(`k${i}`, i);
    const small = sibling({ maxEntries: 100 });
    small.set('a', 1);
    expect(cache.size).toBeGreaterThan(900);
    for (let i = 0; i < 100; i++) small.set(`s${i}`, i);
    expect(cache.size).toBe(100);
  });

  it('empties a full store under cullFrequency 0, as every policy does', () => {
    const { cache } = testCache({ maxEntries: 3, cullFrequency: 0 });
    for (const key of ['a', 'b', 'c', 'd']) cache.set(key, 1);
    expect([...cache.keys()]).toEqual(['d']);
  });

  it('lists every key once, the next victim first', () => {
    const { cache } = testCache({ maxEntries: 100, timeout: null });
    const random = randomFrom(2);
    for (let i = 0; i < 5000; i++) use(cache, `k${popular(1000, random)}`);
    const listed = [...cache.keys({ all: true })];
    expect(new Set(listed).size).toBe(100);
    const half = listed.slice(50).map((key) => Number(key.slice(4)));
    expect(half.filter((key) => key < 100).length).toBeGreaterThan(25);
  });

  it('gives the same victims for the same calls', () => {
    const runs = [1, 2].map(() => {
      const { cache } = testCache({ maxEntries: 50, timeout: null });
      const random = randomFrom(3);
      for (let i = 0; i < 5000; i++) use(cache, `k${popular(500, random)}`);
      return [...cache.keys({ all: true })];
    });
    expect(runs[0]).toEqual(runs[1]);
  });
});

describe("what policy 'adaptive' keeps", () => {
  it('favourites, through a scan of ten times its size', () => {
    const { cache } = testCache({ maxEntries: 300, timeout: null });
    const random = randomFrom(4);
    const favourite = () => `hot${Math.floor(random() * 200)}`;
    for (let i = 0; i < 10_000; i++) use(cache, random() < 0.8 ? favourite() : `once${i}`);
    for (let i = 0; i < 3000; i++) use(cache, `scan${i}`);
    let kept = 0;
    for (let i = 0; i < 200; i++) if (cache.has(`hot${i}`)) kept++;
    expect(kept).toBeGreaterThan(180);
  });

  it('part of a loop that is too long for it, of which LRU keeps nothing', () => {
    const loop = Array.from({ length: 50_000 }, (_, i) => `k${i % 1000}`);
    expect(hitRatio({ maxEntries: 500 }, loop)).toBeGreaterThan(0.45);
    expect(hitRatio({ maxEntries: 500, policy: 'lru', cullFrequency: 500 }, loop)).toBe(0);
  });

  it('what is popular now, soon after all of it has changed', () => {
    const { cache } = testCache({ maxEntries: 300, timeout: null });
    const random = randomFrom(5);
    const ask = (era: string, requests: number) => {
      let hits = 0;
      for (let i = 0; i < requests; i++) if (use(cache, `${era}${popular(3000, random)}`)) hits++;
      return hits / requests;
    };
    ask('before', 30_000);
    const settled = ask('before', 10_000);
    ask('after', 5000);
    expect(ask('after', 10_000)).toBeGreaterThan(settled - 0.03);
  });

  it('the young, where age alone decides and counting uses would mislead', () => {
    const random = randomFrom(6);
    const keys = Array.from(
      { length: 100_000 },
      (_, i) => `k${Math.floor(i / 50) + Math.floor(random() * random() * 600)}`,
    );
    const lru = hitRatio({ maxEntries: 200, policy: 'lru', cullFrequency: 200 }, keys);
    expect(hitRatio({ maxEntries: 200 }, keys)).toBeGreaterThan(lru);
  });

  // OPT, the limit of any policy, hits 65 % of this.
  it('more than LRU of a Zipf distribution, at the size that is the default', () => {
    const random = randomFrom(7);
    const keys = Array.from({ length: 100_000 }, () => `k${popular(20_000, random)}`);
    const lru = hitRatio({ policy: 'lru', cullFrequency: 300 }, keys);
    const adaptive = hitRatio({}, keys);
    expect(lru).toBeLessThan(0.5);
    expect(adaptive).toBeGreaterThan(lru + 0.09);
  });
});

describe('a policy of your own', () => {
  class MostRecent implements EvictionPolicy {
    readonly #slots: number[] = [];
    inserted(slot: number): void {
      this.#slots.unshift(slot);
    }
    removed(slot: number): void {
      this.#slots.splice(this.#slots.indexOf(slot), 1);
    }
    hit(): void {}
    overwritten(): void {}
    victim(spared?: number): number | undefined {
      return this.#slots.find((slot) => slot !== spared);
    }
    victims(): Iterable<number> {
      return [...this.#slots];
    }
  }

  it('is made once for a store, by the function that is the option', () => {
    const make = () => new MostRecent();
    const { cache, sibling } = testCache({ policy: make, maxEntries: 3 });
    for (const key of ['a', 'b', 'c', 'd', 'e']) cache.set(key, 1);
    expect([...cache.keys()].sort()).toEqual(['a', 'b', 'e']);
    expect(() => sibling({ policy: make })).not.toThrow();
    expect(() => sibling({ policy: () => new MostRecent() })).toThrow(/policy/);
  });

  it('can ask for a hash that is the same whenever a key comes back', () => {
    const seen: number[] = [];
    class Curious extends MostRecent {
      constructor(readonly hashOf: (slot: number) => number) {
        super();
      }
      override inserted(slot: number): void {
        super.inserted(slot);
        seen.push(this.hashOf(slot));
      }
    }
    const { cache } = testCache({ policy: (hashOf) => new Curious(hashOf), maxEntries: 3 });
    for (const key of ['a', 'b', 'a']) {
      cache.set(key, 1);
      cache.delete(key);
    }
    expect(seen[0]).toBe(seen[2]);
    expect(seen[0]).not.toBe(seen[1]);
  });
});

describe('AdaptivePolicy', () => {
  /** Room for some 20,000 slots, as a store would have made it. */
  const room = () => ({
    chunks: Array.from({ length: 5 }, () => ({ words: new Int32Array(4 << 12), used: 1 })),
    uses: 0,
  });

  /** Slots as a store hands them out: the last one freed first. */
  it('names a slot in use, and not the spared one, whatever has happened to it', () => {
    const step = fc.record({
      call: fc.constantFrom(
        'insert',
        'insert',
        'hit',
        'overwrite',
        'remove',
        'evict',
        'evictSparing',
      ),
      pick: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const used: number[] = [];
        const free: number[] = [];
        let end = 1;
        const policy = new AdaptivePolicy((slot) => Math.imul(slot, 0x9e3779b9), room());
        const remove = (slot: number) => {
          policy.removed(slot);
          used.splice(used.indexOf(slot), 1);
          free.push(slot);
        };
        for (const { call, pick } of steps) {
          const slot = used[pick % used.length];
          if (call === 'insert') {
            const fresh = free.pop() ?? end++;
            used.push(fresh);
            policy.inserted(fresh);
          } else if (slot === undefined) {
            expect(policy.victim()).toBeUndefined();
          } else if (call === 'hit') policy.hit(slot);
          else if (call === 'overwrite') policy.overwritten(slot);
          else if (call === 'remove') remove(slot);
          else {
            const spared = call === 'evictSparing' ? slot : undefined;
            const victim = policy.victim(spared);
            if (victim === undefined) expect(used).toEqual([spared]);
            else {
              expect(used).toContain(victim);
              expect(victim).not.toBe(spared);
              remove(victim);
            }
          }
        }
        expect([...policy.victims()].sort()).toEqual([...used].sort());
      }),
    );
  });

  it('works when slots are few and far between', () => {
    const policy = new AdaptivePolicy((slot) => slot, room());
    for (let slot = 1; slot <= 20_000; slot++) policy.inserted(slot);
    for (let slot = 1; slot <= 20_000; slot++) if (slot !== 7777) policy.removed(slot);
    expect(policy.victim()).toBe(7777);
    expect(policy.victim(7777)).toBeUndefined();
  });

  // Chunks hold 4,096 slots: full ones, odd and even, have to be left at their ends.
  it.each([4095, 8191, 12_287, 16_383])('looks at %d entries round after round', (entries) => {
    const places = room();
    const policy = new AdaptivePolicy((slot) => slot, places);
    for (let slot = 1; slot <= entries; slot++) {
      places.uses++;
      policy.inserted(slot);
    }
    const chunksOfVictims = new Set<number>();
    for (let i = 0; i < entries * 4; i++) {
      const victim = policy.victim()!;
      if (i > entries * 2) chunksOfVictims.add(victim >>> 12);
      policy.removed(victim);
      places.uses++;
      policy.inserted(victim);
      places.uses++;
      policy.hit(victim);
    }
    expect(chunksOfVictims.size).toBe(Math.ceil(entries / 4096));
  });

  it('survives hashes that all collide', () => {
    const policy = new AdaptivePolicy(() => 0, room());
    for (let slot = 1; slot <= 100; slot++) policy.inserted(slot);
    for (let i = 0; i < 10_000; i++) {
      const victim = policy.victim()!;
      policy.removed(victim);
      policy.inserted(victim);
    }
    expect([...policy.victims()]).toHaveLength(100);
  });
});
