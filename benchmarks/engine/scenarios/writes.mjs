/** Changing what is there, and reading several entries at once. */
import { freshKeys, shuffled, texts } from '../material.mjs';
import { fill, repeat, setAll } from '../loops.mjs';

const group = 'Counting, several at once, overwriting';
const baseline = 'map/map';

export const incr = {
  id: 'incr',
  title: 'incr, 1,000 warm keys',
  group,
  baseline,
  capacity: 2_000,
  note: 'Where a cache cannot count, it reads and writes.',
  async prepare({ open, subject }) {
    const handle = open();
    const keys = shuffled(freshKeys(1_000));
    await fill(
      handle,
      keys,
      keys.map(() => 1),
    );
    const byHand = subject.isAsync
      ? async (key) => handle.set(key, (await handle.get(key)) + 1)
      : (key) => handle.set(key, handle.get(key) + 1);
    const count = handle.incr ?? byHand;
    return {
      ops: keys.length,
      run: repeat(keys.length, (i) => count(keys[i]), subject.isAsync),
      isAsync: subject.isAsync,
    };
  },
};

export const getMany = {
  id: 'get-many',
  title: 'getMany of 100, 1,000 warm keys',
  group,
  baseline,
  capacity: 2_000,
  admits: ({ id }) => HAVE_GET_MANY.has(id.split('/')[0]),
  note: 'A call of a hundred keys; Map by hand gathers them in a new Map, as LocMem does.',
  async prepare({ open, subject }) {
    const handle = open();
    const keys = freshKeys(1_000);
    await fill(handle, keys, texts(keys.length));
    const order = shuffled(keys);
    const batches = Array.from({ length: 10 }, (_, i) => order.slice(i * 100, (i + 1) * 100));
    return {
      ops: batches.length,
      run: repeat(batches.length, (i) => handle.getMany(batches[i]), subject.isAsync),
      isAsync: subject.isAsync,
    };
  },
};

const HAVE_GET_MANY = new Set([
  'map',
  'node-cache',
  'keyv',
  'cache-manager',
  'cacheable',
  'locmem',
]);

export const overwrite = {
  id: 'overwrite',
  title: 'set of a key that is there, 1,000 warm keys',
  group,
  baseline,
  capacity: 2_000,
  async prepare({ open, subject }) {
    const handle = open();
    const keys = shuffled(freshKeys(1_000));
    const values = texts(keys.length);
    await fill(handle, keys, values);
    return {
      ops: keys.length,
      run: setAll(handle, keys, values, subject.isAsync),
      isAsync: subject.isAsync,
    };
  },
};

export const insertEvict = {
  id: 'insert-evict',
  title: 'set of a new key into a full cache of 10,000',
  group,
  baseline: 'lru-cache/lruCache',
  capacity: 10_000,
  admits: ({ isBounded }) => isBounded === true,
  async prepare({ open, subject }) {
    const handle = open();
    // Three times what it holds: each key has gone again when its turn comes.
    const keys = freshKeys(30_000);
    const values = texts(keys.length);
    await fill(handle, keys, values);
    return {
      ops: keys.length,
      run: setAll(handle, keys, values, subject.isAsync),
      isAsync: subject.isAsync,
    };
  },
};
