/** What is compared. Each scenario prepares a task, or observes figures; a remote one is also timed on the wall. */

/** As many calls are under way at the same time: a busy server's, not one caller's round trips. */
const AT_ONCE = 64;
const KEYS = 1_000;

const keys = Array.from({ length: KEYS }, (_, i) => `user:${i}`);

/** A record of ten fields, some 230 bytes as JSON. */
const record = (i) => ({
  ...{ id: i, name: `Name of ${i}`, email: `user${i}@example.test`, active: i % 2 === 0 },
  ...{ score: i / 7, tags: ['a', 'b', 'c'], address: { street: 'Street 1', city: 'City' } },
  ...{ created: '2026-11-22T00:00:00Z', parent: null, views: i * 3 },
});

async function fill(cache) {
  for (let i = 0; i < KEYS; i++) await cache.set(keys[i], record(i));
  for (let i = 0; i < KEYS; i++) await cache.get(keys[i]); // into the front, where there is one
}

/** Tasks go through the keys in their order, so that no subject is asked the same key twice in a row. */
function inTurn(count, call) {
  let next = 0;
  return {
    ops: count,
    isAsync: true,
    run: () => Promise.all(Array.from({ length: count }, () => call(next++ % KEYS))),
  };
}

const remote = [
  ...['bareIoredis', 'redisCacheIoredis', 'bareNodeRedis', 'redisCacheNodeRedis'],
  ...['bentoRemote', 'cacheableRemote', 'cacheManagerRemote'],
];
const tiered = ['locMem', 'tieredCache', 'bentoTiered', 'cacheableTiered', 'cacheManagerTiered'];

export const scenarios = [
  {
    id: 'get',
    isRemote: true,
    title: 'get, from the server',
    about: `A record of ten fields, ${AT_ONCE} calls at once.`,
    subjects: remote,
    baseline: 'bareIoredis',
    async prepare(cache) {
      await fill(cache);
      return inTurn(AT_ONCE, (i) => cache.get(keys[i]));
    },
  },
  {
    id: 'set',
    isRemote: true,
    title: 'set, to the server',
    about: `The same record, ${AT_ONCE} calls at once, kept for five minutes.`,
    subjects: remote,
    baseline: 'bareIoredis',
    async prepare(cache) {
      const records = keys.map((_, i) => record(i));
      return inTurn(AT_ONCE, (i) => cache.set(keys[i], records[i]));
    },
  },
  {
    id: 'getMany',
    isRemote: true,
    title: 'getMany(100), from the server',
    about: 'A hundred of them in one call. (bentocache has no such call.)',
    subjects: remote.filter((subject) => subject !== 'bentoRemote'),
    baseline: 'bareIoredis',
    async prepare(cache) {
      await fill(cache);
      const hundred = keys.slice(0, 100);
      return { ops: 1, isAsync: true, run: () => cache.getMany(hundred) };
    },
  },
  {
    id: 'tieredGet',
    title: 'get, from the front',
    about: 'The record lies in the process; every call is awaited, that of LocMem alone, too.',
    subjects: tiered,
    baseline: 'locMem',
    async prepare(cache) {
      await fill(cache);
      const run = async () => {
        for (let i = 0; i < KEYS; i++) await cache.get(keys[i]);
      };
      return { ops: KEYS, isAsync: true, run };
    },
  },
  {
    id: 'tieredLoad',
    title: 'getOrSet, from the front',
    about: 'The same, asked with a loader that is not needed.',
    subjects: tiered,
    baseline: 'locMem',
    async prepare(cache) {
      await fill(cache);
      const loader = () => record(0);
      const run = async () => {
        for (let i = 0; i < KEYS; i++) await cache.load(keys[i], loader);
      };
      return { ops: KEYS, isAsync: true, run };
    },
  },
  {
    id: 'herd',
    title: 'a herd over ten processes',
    about:
      'Ten caches, each with a connection of its own as ten processes have, asked at once for what is not there; the loader takes 100 ms.',
    subjects: [
      'redisCacheIoredis',
      'tieredCache',
      'bentoTiered',
      'cacheableTiered',
      'cacheManagerTiered',
    ],
    async observe(make) {
      const caches = [];
      const name = `herd-${process.pid}`;
      for (let i = 0; i < 10; i++) caches.push(await make(name));
      let runs = 0;
      const loader = async () => {
        runs++;
        await new Promise((resolve) => setTimeout(resolve, 100));
        return record(1);
      };
      await Promise.all(caches.map((cache) => cache.load('key', loader)));
      return { runs };
    },
  },
];

/** That a subject does what is timed. @throws {Error} when it does not */
export async function selfCheck(cache) {
  await cache.set('check', record(7));
  const read = await cache.get('check');
  if (JSON.stringify(read) !== JSON.stringify(record(7)))
    throw new Error('get is not what was set');
  if (cache.getMany) {
    const [one] = await cache.getMany(['check']);
    if (one?.id !== 7) throw new Error('getMany does not find what was set');
  }
}
