import { describe, expect, it } from '@jest/globals';
import { KeyIndex } from '../src/key-index.js';

const keyOf = (i: number) => `user:${i}:profile`;

describe('the key index', () => {
  it('finds what was added and not deleted, while it grows and its keys move', () => {
    const index = new KeyIndex();
    const model = new Map<string, number>();
    for (let i = 1; i <= 90_000; i++) {
      index.add(keyOf(i), i);
      model.set(keyOf(i), i);
      if (i % 3 === 0) {
        const gone = keyOf(i - (i % 997));
        if (model.delete(gone)) index.delete(gone);
      }
      if (i % 1000 === 0) {
        expect(index.size).toBe(model.size);
        for (const probe of [1, i >> 1, i - 5, i, i + 1]) {
          expect(index.get(keyOf(probe))).toBe(model.get(keyOf(probe)));
        }
      }
    }
    expect([...model].filter(([key, slot]) => index.get(key) !== slot)).toEqual([]);
    const yielded = new Map(index);
    expect(yielded.size).toBe(model.size);
    expect([...model].filter(([key, slot]) => yielded.get(key) !== slot)).toEqual([]);
  });

  it('yields each key once while keys are still moving', () => {
    const index = new KeyIndex();
    for (let i = 0; i < 66_000; i++) index.add(keyOf(i), i + 1);
    const keys = [...index].map(([key]) => key);
    expect(keys).toHaveLength(66_000);
    expect(new Set(keys).size).toBe(66_000);
  });

  it('takes empty and very short keys', () => {
    const index = new KeyIndex();
    for (let i = 0; i < 66_000; i++) index.add(keyOf(i), i + 1);
    for (const key of ['', 'a', 'ab', 'abc']) index.add(key, 7);
    for (const key of ['', 'a', 'ab', 'abc']) {
      expect(index.get(key)).toBe(7);
      index.delete(key);
      expect(index.get(key)).toBeUndefined();
    }
  });
});
