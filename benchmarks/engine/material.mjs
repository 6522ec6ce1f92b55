/** What the caches are fed: keys and values whose making is controlled, because it decides the figures. */
import { Buffer } from 'node:buffer';

/**
 * A key as it comes off a socket: one flat piece of memory, its hash not yet reckoned. (A string made
 * by `+` would be flattened in the first look-up, and that look-up would pay for it.)
 */
export function freshKey(number) {
  return Buffer.from(`user:${String(number).padStart(6, '0')}`, 'latin1').latin1Slice();
}

export function freshKeys(count, from = 0) {
  return Array.from({ length: count }, (_, i) => freshKey(from + i));
}

/** A string of 50 characters, in memory of its own. */
export function text(number) {
  return Buffer.from(`value ${number} `.padEnd(50, 'abcdefgh'), 'latin1').latin1Slice();
}

export function texts(count) {
  return Array.from({ length: count }, (_, i) => text(i));
}

/** Ten fields of plain data, one of them an object, one an array; some 230 bytes as JSON. */
export function record(number) {
  return {
    id: number,
    name: `Ada Lovelace ${number}`,
    email: `ada.${number}@example.org`,
    age: 20 + (number % 60),
    isActive: number % 2 === 0,
    score: number / 7,
    address: { street: '12 St James Square', city: 'London', postcode: 'SW1Y 4JH' },
    roles: ['admin', 'editor'],
    plan: number % 3 === 0 ? 'gold' : 'silver',
    managerId: number % 5 === 0 ? null : number - 1,
  };
}

/** A page of search results: 23 kB as JSON, objects and arrays three levels deep. */
export function page(number) {
  return {
    query: `page ${number}`,
    total: 1234,
    items: Array.from({ length: 66 }, (_, i) => ({
      ...record(number * 100 + i),
      tags: ['new', `shelf-${i % 7}`, 'fiction'],
      price: { amount: 990 + i, currency: 'EUR', discounts: [5, 10, i] },
    })),
  };
}

/** The same order at every run, and no order the memory could guess. */
export function shuffled(items, random = seeded(1)) {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
}

/** mulberry32: small, fast, the same numbers everywhere. */
export function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Numbers from 0 to `universe` of which few come often: the k-th with a weight of 1 / k^skew. */
export function zipf(count, universe, skew, random = seeded(2)) {
  const cumulative = new Float64Array(universe);
  let sum = 0;
  for (let k = 0; k < universe; k++) cumulative[k] = sum += 1 / (k + 1) ** skew;
  const ranks = shuffled(Array.from({ length: universe }, (_, i) => i));
  return Array.from({ length: count }, () => ranks[bisect(cumulative, random() * sum)]);
}

function bisect(sorted, value) {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
