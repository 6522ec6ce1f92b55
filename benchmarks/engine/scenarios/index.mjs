/**
 * What is measured. A scenario is timed (operations in a loop, CPU time, rounds) or observed (figures
 * of one course of events, each time in a new process).
 *
 * @typedef {object} Scenario
 * @property {string} title
 * @property {string} group the heading it stands under
 * @property {string} [baseline] id of the subject that ratios refer to; none: no ratios
 * @property {(subject: Subject) => boolean} [admits] who takes part; all by default
 * @property {number} capacity entries that the cache may hold
 * @property {number} [ttlMs] how long they live; longer than the run by default
 * @property {string} [note] what a reader of the table should know
 *
 * A timed one has `prepare({ open, subject, scale })` and returns a task (harness/timing.mjs); `open`
 * makes a cache, a `scale` below 1 asks for less work. An observed one has `observe`, of the same
 * arguments, which returns figures by name; `columns`, name by name their headings; `best`, which of
 * several runs counts; `key`, the column that rows are sorted by and ratios made of (`isMoreBetter`: the
 * largest first).
 */
import { loadHit, stampede } from './loading.mjs';
import { perEntry } from './memory.mjs';
import {
  nestedHitIsolated,
  objectHitIsolated,
  objectHitShared,
  objectSetIsolated,
  objectSetShared,
} from './objects.mjs';
import { massExpiry, worstSet } from './stalls.mjs';
import { freshHit, miss, mixedTtl, versioned, warmHit, zipfMix } from './strings.mjs';
import { getMany, incr, insertEvict, overwrite } from './writes.mjs';

/** In the order of the report. */
export const scenarios = new Map(
  [
    ...[warmHit, freshHit, miss, versioned, mixedTtl, zipfMix],
    ...[objectHitShared, objectSetShared],
    ...[objectHitIsolated, objectSetIsolated, nestedHitIsolated],
    ...[incr, getMany, overwrite, insertEvict],
    ...[loadHit, stampede],
    ...[perEntry, worstSet, massExpiry],
  ].map((scenario) => [scenario.id, scenario]),
);

export function takesPart(scenario, subject) {
  if (subject.only && !subject.only.includes(scenario.id)) return false;
  return scenario.admits?.(subject) ?? true;
}
