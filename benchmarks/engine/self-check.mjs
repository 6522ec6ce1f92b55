/**
 * Before a cache is timed it must do what its figures will claim: a cache that misses, or that hands
 * out the object it holds, is easily fast.
 */
import { isDeepStrictEqual } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { freshKey, record, text } from './material.mjs';

const LONG_MS = 300_000;
const SHORT_MS = 40;

/**
 * @returns what the check found out besides: whether a Date comes back as one
 * @throws {Error} saying which claim does not hold
 */
export async function selfCheck(subject) {
  const claim = (what, holds) => {
    if (!holds) throw new Error(`${subject.name}: ${what} does not hold`);
  };
  const handle = subject.make({ capacity: 100, ttlMs: LONG_MS, keyPrefix: 'p' });

  await handle.set(freshKey(1), text(1));
  claim(
    'a hit with another string of the same characters',
    (await handle.get(freshKey(1))) === text(1),
  );
  claim('a miss', isMiss(await handle.get(freshKey(2))));
  await handle.set(freshKey(1), text(2));
  claim('overwriting', (await handle.get(freshKey(1))) === text(2));
  if (handle.delete) {
    await handle.delete(freshKey(1));
    claim('deleting', isMiss(await handle.get(freshKey(1))));
  }
  await checkExtras(handle, claim);
  await checkIsolation(subject, handle, claim);
  if (subject.expires) await checkExpiry(subject, claim);
  return { keepsDates: await keepsDates(handle) };
}

async function checkExtras(handle, claim) {
  await handle.set('count', 1);
  if (handle.incr) claim('incr', (await handle.incr('count')) === 2);
  if (handle.getMany) {
    await handle.set('a', 'A');
    const found = await handle.getMany(['a']);
    claim('getMany', JSON.stringify([...valuesOf(found)]) === '["A"]');
  }
  if (handle.getVersioned) {
    await handle.setVersioned('k', 1, 'one');
    await handle.setVersioned('k', 2, 'two');
    claim('versions', (await handle.getVersioned('k', 1)) === 'one');
    claim('versions', isMiss(await handle.getVersioned('k', 3)));
  }
  if (handle.load) {
    claim('load of what is missing', (await handle.load('loaded', async () => 'L')) === 'L');
    const again = await handle.load('loaded', async () => 'not asked for');
    claim('load of what is there', again === 'L');
  }
}

async function checkIsolation(subject, handle, claim) {
  const written = { ...record(1), nested: { list: [1] } };
  const pristine = plain(written);
  await handle.set('object', written);
  if (subject.isolates === false) {
    claim('sharing by reference', (await handle.get('object')) === written);
    return;
  }
  if (subject.isolates === true) tamper(written);
  const read = await handle.get('object');
  claim('isolation from who wrote', isDeepStrictEqual(plain(read), pristine));
  tamper(read);
  claim('isolation from who read', isDeepStrictEqual(plain(await handle.get('object')), pristine));
}

/** A frozen object may refuse. */
function tamper(object) {
  for (const change of [() => (object.name = 'Eve'), () => object.nested.list.push(2)]) {
    try {
      change();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }
}

async function checkExpiry(subject, claim) {
  const handle = subject.make({ capacity: 100, ttlMs: SHORT_MS, keyPrefix: 'p' });
  await handle.set('short', 'lived');
  claim('living until the deadline', (await handle.get('short')) === 'lived');
  await sleep(SHORT_MS * 2);
  claim('dying after the deadline', isMiss(await handle.get('short')));
}

async function keepsDates(handle) {
  await handle.set('dated', { at: new Date(0) });
  return (await handle.get('dated')).at instanceof Date;
}

function isMiss(value) {
  return value === undefined || value === null;
}

function valuesOf(found) {
  if (found instanceof Map) return found.values();
  return Array.isArray(found) ? found : Object.values(found);
}

function plain(object) {
  return JSON.parse(JSON.stringify(object));
}
