import { describe, expect, it } from '@jest/globals';
import { timekeeper } from '../src/clock.js';
import { inTime, LateError } from '../src/remote/budget.js';

const NEVER = new Promise<never>(() => undefined);

/** Time of which one look after the other is given, and timers that fire at once. */
function looks(...nowMs: number[]) {
  const delays: number[] = [];
  nowMs.unshift(nowMs[0]!); // the keeper takes a look of its own
  const time = timekeeper({
    now: () => (nowMs.length > 1 ? nowMs.shift()! : nowMs[0]!),
    setTimeout: (run, delayMs) => {
      delays.push(delayMs);
      if (delays.length < 10) setImmediate(run);
    },
  });
  return { time, delays };
}

describe('what must be done in time', () => {
  it('has all of it, where a timer fires early', async () => {
    const { time, delays } = looks(100, 125, 130);
    await expect(inTime(time, 30, NEVER)).rejects.toThrow(LateError);
    expect(delays).toEqual([30, 5]);
  });

  it('is late at last by a clock that stands still', async () => {
    const { time, delays } = looks(100);
    await expect(inTime(time, 30, NEVER)).rejects.toThrow(LateError);
    expect(delays).toEqual([30]);
  });
});
