import { describe, expect, it } from '@jest/globals';
import type { Fields } from '../src/fields.js';
import {
  ageField,
  correctedInitialAge,
  currentAge,
  isFresh,
  statedLifetime,
  ttlSeconds,
} from '../src/freshness.js';
import { cachePolicyFields } from '../src/targeted.js';
import { formatHttpDate } from '../src/http-date.js';

const NOW = Date.UTC(2026, 0, 15, 12);
const at = (seconds: number) => formatHttpDate(NOW + seconds * 1000);

function fields(values: Record<string, string | string[]>): Fields {
  return new Map(
    Object.entries(values).map(([name, value]) => [name, { name, lines: [value].flat() }]),
  );
}

function lifetime(values: Record<string, string | string[]>) {
  const all = fields(values);
  return statedLifetime(cachePolicyFields(all, ['cdn-cache-control']), all, NOW);
}

describe('the stated lifetime', () => {
  it('is s-maxage before max-age before Expires', () => {
    const expires = at(30);
    expect(lifetime({ 'cache-control': 'max-age=20, s-maxage=10', expires })).toEqual({
      kind: 'stated',
      seconds: 10,
    });
    expect(lifetime({ 'cache-control': 'max-age=20', expires })).toEqual({
      kind: 'stated',
      seconds: 20,
    });
    expect(lifetime({ expires })).toEqual({ kind: 'stated', seconds: 30 });
  });

  it('counts Expires from Date, not from now', () => {
    expect(lifetime({ expires: at(30), date: at(-10) })).toEqual({ kind: 'stated', seconds: 40 });
  });

  it('counts Expires from now when Date cannot be read', () => {
    expect(lifetime({ expires: at(30), date: 'yesterday' })).toEqual({
      kind: 'stated',
      seconds: 30,
    });
  });

  it.each([
    ['s-maxage', { 'cache-control': 's-maxage=x, max-age=60' }],
    ['max-age', { 'cache-control': 'max-age=-1', expires: at(60) }],
    ['Expires', { expires: '0' }],
    ['one of two Expires', { expires: [at(60), at(60)] }],
  ])('is invalid when %s cannot be read, and asks nothing further', (_name, values) => {
    expect(lifetime(values)).toEqual({ kind: 'invalid' });
  });

  it('is none when nothing is stated', () => {
    expect(lifetime({ 'cache-control': 'public' })).toEqual({ kind: 'none' });
  });

  it('in the past is zero, not negative', () => {
    expect(lifetime({ expires: at(-60) })).toEqual({ kind: 'stated', seconds: 0 });
  });
});

describe('the age of an answer when it comes', () => {
  const initialAge = (values: Record<string, string>, delaySeconds = 0) =>
    correctedInitialAge(fields(values), NOW - delaySeconds * 1000, NOW);

  it('is the time that the handler took', () => {
    expect(initialAge({}, 30)).toBe(30);
    expect(initialAge({ date: at(0) }, 30)).toBe(30);
    expect(initialAge({ date: at(-50) }, 30)).toBe(50);
  });

  it('is at least what Date shows', () => {
    expect(initialAge({ date: at(-15) })).toBe(15);
    expect(initialAge({ date: at(15) })).toBe(0);
  });

  it('is at least what Age states, and the delay of the answer', () => {
    expect(initialAge({ age: '20' }, 2)).toBe(22);
    expect(initialAge({ age: '20', date: at(-100) })).toBe(100);
  });

  it.each([
    ['20, 40', 20],
    ['-5', 0],
    ['1.5', 0],
    ['abc', 0],
    ['', 0],
    ['99999999999999', 2 ** 31],
  ])('reads Age: %s as %d', (age, seconds) => {
    expect(initialAge({ age })).toBe(seconds);
  });
});

describe('a stored answer', () => {
  const stored = { responseTimeMs: NOW, initialAgeSeconds: 10, lifetimeSeconds: 60 };
  const after = (seconds: number) => NOW + seconds * 1000;

  it('ages from its initial age on', () => {
    expect(currentAge(stored, after(5))).toBe(15);
  });

  it('is fresh until its age reaches its lifetime', () => {
    expect(isFresh(stored, after(49.9))).toBe(true);
    expect(isFresh(stored, after(50))).toBe(false);
  });

  it('has an Age of whole seconds, which with the ttl makes the lifetime', () => {
    expect(ageField(stored, after(5.9))).toBe(15);
    expect(ttlSeconds(stored, after(5.9))).toBe(45);
  });

  it('does not get younger when the clock is set back', () => {
    expect(ageField(stored, after(-3600))).toBe(10);
  });
});
