/** Loading what is missing, once for all who ask. */
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMicros } from '../../harness/cpu.mjs';
import { freshKeys, shuffled, text, texts } from '../material.mjs';
import { fill, repeat } from '../loops.mjs';

const group = 'Loading';
const CAN_LOAD = new Set([
  'lru-cache/lruCache',
  'lru-cache/withTtl',
  'cache-manager/cacheManager',
  'cacheable/cacheable',
  'bentocache/bentocache',
  'locmem/copying',
]);
const admits = ({ id }) => CAN_LOAD.has(id);

export const loadHit = {
  id: 'load-hit',
  title: 'read or load, when it is there, 1,000 warm keys',
  group,
  baseline: 'lru-cache/lruCache',
  capacity: 2_000,
  admits,
  note: 'Every answer is awaited, also one that is no promise, as callers that cannot know would do.',
  async prepare({ open }) {
    const handle = open();
    const keys = freshKeys(1_000);
    await fill(handle, keys, texts(keys.length));
    const order = shuffled(keys);
    const loader = async () => text(0);
    return {
      ops: order.length,
      run: repeat(order.length, (i) => handle.load(order[i], loader), true),
      isAsync: true,
    };
  },
};

export const stampede = {
  id: 'stampede',
  title: '1,000 concurrent callers of a missing key',
  group,
  baseline: 'lru-cache/lruCache',
  capacity: 2_000,
  admits,
  columns: { loads: 'loader runs', cpuUs: 'CPU µs a caller' },
  best: { loads: 'max', cpuUs: 'min' },
  key: 'cpuUs',
  async observe({ open }) {
    const handle = open();
    let loads = 0;
    const loader = async () => {
      loads++;
      await sleep(20);
      return text(1);
    };
    const startUs = cpuMicros();
    const callers = Array.from({ length: 1_000 }, () => handle.load('missing', loader));
    const answers = await Promise.all(callers);
    const cpuUs = (cpuMicros() - startUs) / callers.length;
    if (answers.some((answer) => answer !== text(1)))
      throw new Error('a caller got something else');
    return { loads, cpuUs };
  },
};
