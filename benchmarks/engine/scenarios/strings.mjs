/** Strings: nothing to copy, so isolation costs nobody anything and all caches stand in one table. */
import { freshKey, freshKeys, seeded, shuffled, texts, zipf } from '../material.mjs';
import { fill, getAll, repeat } from '../loops.mjs';

const group = 'Strings';

export const warmHit = {
  id: 'warm-hit',
  title: 'hit, 1,000 warm keys',
  group,
  baseline: 'map/map',
  capacity: 2_000,
  note: 'The keys are the very strings that were written, their hashes known: what a constant in a program is.',
  async prepare({ open, subject }) {
    const handle = open();
    const keys = freshKeys(1_000);
    await fill(handle, keys, texts(keys.length));
    return {
      ops: keys.length,
      run: getAll(handle, shuffled(keys), subject.isAsync),
      isAsync: subject.isAsync,
    };
  },
};

/** Other strings of the same characters, made anew before each pass, in an order of their own. */
function remade(count, from = 0) {
  const order = shuffled(Array.from({ length: count }, (_, i) => from + i));
  const keys = new Array(count);
  return {
    keys,
    remake() {
      for (let i = 0; i < count; i++) keys[i] = freshKey(order[i]);
      // Out of the nursery, so that moving them is not charged to who looks them up.
      globalThis.gc({ type: 'minor' });
      globalThis.gc({ type: 'minor' });
    },
  };
}

export const freshHit = {
  id: 'fresh-hit',
  title: 'hit, 30,000 fresh key strings',
  group,
  baseline: 'map/map',
  capacity: 60_000,
  note: 'Each key is a new string, as one that was cut out of a request: it must be hashed and compared.',
  async prepare({ open, subject, scale }) {
    const handle = open();
    const count = 30_000 * scale;
    await fill(handle, freshKeys(count), texts(count));
    const { keys, remake } = remade(count);
    return {
      ops: count,
      before: remake,
      run: getAll(handle, keys, subject.isAsync),
      isAsync: subject.isAsync,
    };
  },
};

export const miss = {
  id: 'miss',
  title: 'miss, 30,000 fresh key strings',
  group,
  baseline: 'map/map',
  capacity: 60_000,
  async prepare({ open, subject, scale }) {
    const handle = open();
    const count = 30_000 * scale;
    await fill(handle, freshKeys(count), texts(count));
    const { keys, remake } = remade(count, count);
    return {
      ops: count,
      before: remake,
      run: getAll(handle, keys, subject.isAsync),
      isAsync: subject.isAsync,
    };
  },
};

export const versioned = {
  id: 'versioned',
  title: 'prefix and version, 90 % get and 10 % set, 30,000 fresh key strings',
  group,
  baseline: 'map/concatenated',
  capacity: 60_000,
  admits: ({ isFloor, only }) => !isFloor || only !== undefined,
  note: 'Three versions of 10,000 keys each. A cache without versions gets one string put together from prefix, version and key.',
  async prepare({ open, subject, scale }) {
    const given = open();
    const handle = given.getVersioned ? given : withConcatenation(given);
    const count = 30_000 * scale;
    const values = texts(count);
    const versionOf = (i) => 1 + (i % 3);
    for (let i = 0; i < count; i++) await handle.setVersioned(freshKey(i), versionOf(i), values[i]);

    const order = shuffled(Array.from({ length: count }, (_, i) => i));
    const versions = order.map(versionOf);
    const keys = new Array(count);
    const act = (i) =>
      i % 10 === 9
        ? handle.setVersioned(keys[i], versions[i], values[i])
        : handle.getVersioned(keys[i], versions[i]);
    return {
      ops: count,
      before() {
        for (let i = 0; i < count; i++) keys[i] = freshKey(order[i]);
        globalThis.gc({ type: 'minor' });
        globalThis.gc({ type: 'minor' });
      },
      run: repeat(count, act, subject.isAsync),
      isAsync: subject.isAsync,
    };
  },
};

const PREFIX = 'p';

function withConcatenation({ get, set }) {
  return {
    getVersioned: (key, version) => get(`${PREFIX}:${version}:${key}`),
    setVersioned: (key, version, value) => set(`${PREFIX}:${version}:${key}`, value),
  };
}

export const mixedTtl = {
  id: 'mixed-ttl',
  title: '90 % get and 10 % set, entries expire, 10,000 keys',
  group,
  baseline: 'map/withDeadline',
  capacity: 20_000,
  admits: ({ expires }) => expires,
  async prepare({ open, subject }) {
    const handle = open();
    const keys = freshKeys(10_000);
    const values = texts(keys.length);
    await fill(handle, keys, values);
    const random = seeded(3);
    const picks = Uint32Array.from({ length: 20_000 }, () => Math.floor(random() * keys.length));
    const act = (i) => {
      const pick = picks[i];
      return i % 10 === 9 ? handle.set(keys[pick], values[pick]) : handle.get(keys[pick]);
    };
    return {
      ops: picks.length,
      run: repeat(picks.length, act, subject.isAsync),
      isAsync: subject.isAsync,
    };
  },
};

export const zipfMix = {
  id: 'zipf-mix',
  title: 'a cache too small: get, and set on a miss; 50,000 keys by Zipf, room for 5,000',
  group,
  baseline: 'lru-cache/lruCache',
  capacity: 5_000,
  admits: ({ isBounded }) => isBounded === true,
  note: 'Cost alone: what it buys is measured in benchmarks/hit-ratio. Evictions are part of it. quick-lru holds up to twice as many entries.',
  async prepare({ open, subject }) {
    const handle = open();
    const keys = freshKeys(50_000);
    const values = texts(keys.length);
    const picks = Uint32Array.from(zipf(200_000, keys.length, 0.9));
    const isMiss = (value) => value === undefined || value === null;
    const lookUp = (i) => {
      const pick = picks[i];
      const value = handle.get(keys[pick]);
      return isMiss(value) ? handle.set(keys[pick], values[pick]) : value;
    };
    const lookUpAsync = async (i) => {
      const pick = picks[i];
      const value = await handle.get(keys[pick]);
      return isMiss(value) ? handle.set(keys[pick], values[pick]) : value;
    };
    const act = subject.isAsync ? lookUpAsync : lookUp;
    return {
      ops: picks.length,
      run: repeat(picks.length, act, subject.isAsync),
      isAsync: subject.isAsync,
    };
  },
};
