/**
 * Who is measured.
 *
 * @typedef {object} Subject
 * @property {string} id
 * @property {string} name
 * @property {string} [package] whose version is reported
 * @property {boolean} caches whether the handler is to run only once
 * @property {string} [uncached] the same application without the cache
 * @property {boolean} [isExperiment] takes part only with `--experiments`; not in the results
 * @property {string[]} [scenarios] where it takes part; everywhere when it does not say
 * @property {(answer: (req) => Answer, scenario: Scenario) => Promise<Server>} start
 *   answers `answer(req)` to every GET below `/page`
 *
 * @typedef {object} Server
 * @property {number} port
 * @property {() => number} [cpuMicros] where it is not this process that answers
 * @property {() => Promise<void>} [close] where there is more to end than this process
 */
import * as belowParser from '../../below-parser/subject.mjs';
import * as express from './express.mjs';
import * as koa from './koa.mjs';
import * as locmem from './locmem.mjs';
import * as nginx from './nginx.mjs';
import * as node from './node.mjs';

/** @type {Map<string, Subject>} */
export const subjects = new Map(
  [node, express, koa, locmem, nginx, belowParser]
    .flatMap((module) => module.subjects)
    .map((subject) => [subject.id, subject]),
);

/** Whether a subject has a place in a scenario. */
export function takesPart({ id, admits }, subject) {
  const isAtHome = subject.scenarios?.includes(id) ?? true;
  return isAtHome && (admits?.(subject) ?? true);
}

/** What the application of a subject is written with, by its id; `node` for none. */
export function frameworkOf({ id }) {
  return /(?:express|koa)\d/.exec(id)?.[0] ?? 'node';
}
