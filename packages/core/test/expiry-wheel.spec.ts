import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ExpiryWheel } from '../src/expiry-wheel.js';

const TICK_MS = 256;

/** Collects everything due, and notes which slots were shown. */
function collectAll(wheel: ExpiryWheel, nowMs: number, dueAgain = new Map<number, number>()) {
  const shown: number[] = [];
  while (
    wheel.collect(nowMs, 1000, (slot) => {
      shown.push(slot);
      return dueAgain.get(slot);
    })
  );
  return shown;
}

describe('the expiry wheel', () => {
  it('shows a slot once its time has come, at most two ticks late', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 2e12, noNaN: true }),
        fc.array(
          fc.oneof(
            fc.nat(100),
            fc.nat(100_000),
            fc.nat(2 ** 31 - 1),
            fc.double({ min: 0, max: 5e11, noNaN: true }),
          ),
          {
            minLength: 1,
            maxLength: 30,
          },
        ),
        fc.array(
          fc.oneof(fc.nat(1000), fc.nat(10_000_000), fc.double({ min: 0, max: 1e11, noNaN: true })),
          { maxLength: 30 },
        ),
        (originMs, delays, steps) => {
          const wheel = new ExpiryWheel(originMs);
          const due = new Map(delays.map((delay, i) => [i + 1, originMs + delay]));
          for (const [slot, dueMs] of due) wheel.file(slot, dueMs);
          let nowMs = originMs;
          for (const step of steps) {
            nowMs += step;
            // Who is shown early (a wheel far out comes round) and not yet due goes back.
            wheel.collect(nowMs, Infinity, (slot) => {
              if (due.get(slot)! > nowMs) return due.get(slot);
              due.delete(slot);
              return undefined;
            });
            for (const dueMs of due.values()) expect(dueMs).toBeGreaterThan(nowMs - 2 * TICK_MS);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('shows it when its time has come that was filed last, sooner or later than before', () => {
    const delay = fc.oneof(fc.nat(100), fc.nat(100_000), fc.nat(2 ** 31 - 1));
    const slot = fc.integer({ min: 1, max: 5_000 });
    const filings = fc.array(fc.record({ slot, delay }), { maxLength: 60 });
    const steps = fc.array(fc.record({ stepMs: delay, filings }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 50 }), (all, stepsAtOnce) => {
        const wheel = new ExpiryWheel(0);
        const due = new Map<number, number>();
        let nowMs = 0;
        for (const { stepMs, filings: now } of all) {
          for (const { slot: filed, delay: delayMs } of now) {
            due.set(filed, nowMs + delayMs);
            wheel.file(filed, nowMs + delayMs);
            // Some of what is due is left, and filed again meanwhile.
            wheel.collect(nowMs, stepsAtOnce, judge);
          }
          nowMs += stepMs;
          wheel.collect(nowMs, Infinity, judge);
          for (const dueMs of due.values()) expect(dueMs).toBeGreaterThan(nowMs - 2 * TICK_MS);
        }
        expect(wheel.isEmpty).toBe(due.size === 0);

        function judge(shown: number): number | undefined {
          const dueMs = due.get(shown)!;
          if (dueMs > nowMs) return dueMs;
          due.delete(shown);
          return undefined;
        }
      }),
      { numRuns: 500 },
    );
  });

  it('forgets nobody, however long it takes', () => {
    const wheel = new ExpiryWheel(0);
    const hour = 3_600_000;
    const slots = [1, 2, 3, 4, 5];
    slots.forEach((slot) => {
      wheel.file(slot, slot ** 6 * hour);
    });
    expect(collectAll(wheel, 6 ** 6 * hour).sort()).toEqual(slots);
    expect(wheel.isEmpty).toBe(true);
  });

  it('does no more than so many steps at once, and says whether more is due', () => {
    const wheel = new ExpiryWheel(0);
    for (let slot = 1; slot <= 100; slot++) wheel.file(slot, 1000);
    let shown = 0;
    const isMore = wheel.collect(2000, 40, () => {
      shown++;
      return undefined;
    });
    expect(isMore).toBe(true);
    expect(shown).toBeLessThanOrEqual(40);
    expect(shown).toBeGreaterThan(30);
    expect(
      wheel.collect(2000, 1000, () => {
        shown++;
        return undefined;
      }),
    ).toBe(false);
    expect(shown).toBe(100);
  });

  it('passes over ten idle years in few steps', () => {
    const wheel = new ExpiryWheel(0);
    const tenYears = 3.2e11;
    wheel.file(1, tenYears);
    let shown = false;
    wheel.collect(tenYears + 10_000, 2000, () => void (shown = true));
    expect(shown).toBe(true);
  });

  it('files a slot again when it is still good', () => {
    const wheel = new ExpiryWheel(0);
    wheel.file(1, 1000);
    expect(collectAll(wheel, 1500, new Map([[1, 60_000]]))).toEqual([1]);
    collectAll(wheel, 59_000, new Map([[1, 60_000]])); // may be shown on the way down, and goes back
    expect(collectAll(wheel, 61_000)).toEqual([1]);
  });

  it('holds a slot once when whoever judges it has filed it again', () => {
    const wheel = new ExpiryWheel(0);
    for (const slot of [1, 2, 3]) wheel.file(slot, 1000);
    wheel.collect(1500, 1000, (slot) => {
      wheel.file(slot, 60_000);
      return 60_000;
    });
    const shown: number[] = [];
    // A slot that is its own successor would be shown without end.
    const isMore = wheel.collect(61_000, 1000, (slot) => void shown.push(slot));
    expect([isMore, shown.sort(), wheel.isEmpty]).toEqual([false, [1, 2, 3], true]);
  });

  it('bears a clock that goes back', () => {
    const wheel = new ExpiryWheel(1e9);
    collectAll(wheel, 2e9);
    wheel.file(1, 1.5e9);
    expect(collectAll(wheel, 1.6e9)).toEqual([]);
    expect(collectAll(wheel, 2e9 + 1000)).toEqual([1]);
  });
});
