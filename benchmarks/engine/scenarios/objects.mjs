/**
 * Objects: here it matters whether a cache hands out what it holds or a copy of it. Those that share and
 * those that isolate do different work and stand in different tables.
 */
import { freshKeys, page, record, shuffled } from '../material.mjs';
import { fill, getAll, setAll } from '../loops.mjs';

const BY_REFERENCE = 'Objects, by reference';
const ISOLATED = 'Objects, isolated';
const baseline = 'map/map';

const shares = ({ isolates }) => isolates === false;
/** Map stands in the table of the others, too, as the limit. */
const isolates = (subject) => subject.isolates !== false || subject.id === baseline;

const LIMIT = 'Map shares; it stands here as the limit.';

async function hits({ open, subject }, make, count) {
  const handle = open();
  const keys = freshKeys(count);
  await fill(
    handle,
    keys,
    keys.map((_, i) => make(i)),
  );
  return {
    ops: count,
    run: getAll(handle, shuffled(keys), subject.isAsync),
    isAsync: subject.isAsync,
  };
}

async function sets({ open, subject }) {
  const handle = open();
  const keys = freshKeys(1_000);
  const values = keys.map((_, i) => record(i));
  return {
    ops: keys.length,
    run: setAll(handle, keys, values, subject.isAsync),
    isAsync: subject.isAsync,
  };
}

const objectHit = {
  title: 'hit, ten fields, 1,000 keys',
  baseline,
  capacity: 2_000,
  prepare: (given) => hits(given, record, 1_000),
};
const objectSet = {
  title: 'set, ten fields, 1,000 keys',
  baseline,
  capacity: 2_000,
  prepare: sets,
};

export const objectHitShared = {
  ...objectHit,
  id: 'object-hit-shared',
  group: BY_REFERENCE,
  admits: shares,
};
export const objectSetShared = {
  ...objectSet,
  id: 'object-set-shared',
  group: BY_REFERENCE,
  admits: shares,
};
export const objectHitIsolated = {
  ...objectHit,
  id: 'object-hit-isolated',
  group: ISOLATED,
  admits: isolates,
  note: `${LIMIT} Every object that is read is kept for a while, so that none of the copies can be optimised away.`,
};
export const objectSetIsolated = {
  ...objectSet,
  id: 'object-set-isolated',
  group: ISOLATED,
  admits: isolates,
  note: LIMIT,
};
export const nestedHitIsolated = {
  id: 'nested-hit-isolated',
  title: 'hit, 23 kB nested three deep, 50 keys',
  group: ISOLATED,
  baseline,
  capacity: 100,
  admits: isolates,
  note: LIMIT,
  prepare: (given) => hits(given, page, 50),
};
