/** Values of several shapes, and the ways to isolate them. */
import { Buffer } from 'node:buffer';
import { deserialize, serialize } from 'node:v8';
import { LocMemCache } from '@locmem/core';
import { page, record, text } from './material.mjs';

class Point {
  constructor(x, y) {
    this.x = x;
    this.y = y;
  }
}

/** @type {Record<string, { name: string, make: (i: number) => unknown }>} */
export const SHAPES = {
  string: { name: 'string of 50 characters', make: text },
  flat: {
    name: 'flat object, three fields',
    make: (i) => ({ id: i, name: `n${i}`, isActive: true }),
  },
  tenFields: { name: 'ten fields, two of them nested', make: record },
  nested: { name: '23 kB, nested three deep', make: page },
  array: {
    name: 'array of 100 objects',
    make: (i) =>
      Array.from({ length: 100 }, (_, j) => ({ id: i + j, name: `n${j}`, price: j / 4 })),
  },
  map: {
    name: 'Map of 10 strings',
    make: (i) => new Map(Array.from({ length: 10 }, (_, j) => [`k${j}`, `v${i}`])),
  },
  date: { name: 'Date', make: (i) => new Date(1_700_000_000_000 + i) },
  buffer: { name: 'Buffer of 1 kB', make: (i) => Buffer.alloc(1_024, i) },
  instance: { name: 'class instance, two fields', make: (i) => new Point(i, -i) },
};

const OUT_OF_JSON = new Set(['map', 'date', 'buffer', 'instance']);
const OUT_OF_CLONES = new Set(['buffer', 'instance']);

let stores = 0;

function cacheOf(isolation) {
  return () => {
    const cache = new LocMemCache(`isolation ${++stores}`, { maxEntries: 2_000, isolation });
    return {
      write: (key, value) => cache.set(key, value),
      read: (key) => cache.get(key),
    };
  };
}

/** No cache: what the copy alone takes. The written forms lie in a Map, outside the time taken. */
function formOf(write, read) {
  return () => {
    const forms = new Map();
    return {
      write(key, value) {
        const form = write(value);
        forms.set(key, form);
        return form;
      },
      read: (key) => read(forms.get(key)),
    };
  };
}

/** @type {Record<string, { name: string, open: () => object, keeps?: (shape: string) => boolean }>} */
export const WAYS = {
  copy: { name: "LocMem 'copy'", open: cacheOf('copy') },
  freeze: { name: "LocMem 'freeze'", open: cacheOf('freeze') },
  share: { name: "LocMem 'share'", open: cacheOf('share') },
  structuredClone: {
    name: 'structuredClone',
    open: formOf(globalThis.structuredClone, globalThis.structuredClone),
    keeps: (shape) => !OUT_OF_CLONES.has(shape),
  },
  v8: {
    name: 'v8.serialize',
    open: formOf(serialize, deserialize),
    keeps: (shape) => shape !== 'instance',
  },
  json: {
    name: 'JSON',
    open: formOf(JSON.stringify, JSON.parse),
    keeps: (shape) => !OUT_OF_JSON.has(shape),
  },
};
