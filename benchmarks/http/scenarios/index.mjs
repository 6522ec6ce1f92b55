/**
 * What is asked of the servers.
 *
 * @typedef {object} Scenario
 * @property {string} id
 * @property {string} group
 * @property {string} title
 * @property {string} [note]
 * @property {(req: import('node:http').IncomingMessage) => import('../material.mjs').Answer} answer
 *   what the handler answers
 * @property {number} [handlerMs] how long the handler waits before it answers
 * @property {number} [ttlSeconds] how long answers are fresh; an hour when it does not say
 * @property {(subject: object) => boolean} [admits] who takes part; everybody when it does not say
 *
 * A *loaded* scenario has requests, and what is measured is the CPU time of the server:
 * @property {() => Buffer[]} [fill] requests to be sent once, before anything else
 * @property {() => (() => Buffer)} [requests] makes the source of the requests that are timed
 * @property {number} [status] what every answer to them has
 * @property {number} [warmingRequests] how many more are sent before, where time alone is not enough
 * @property {boolean} [isMiss] whether the handler is to run for each of them
 *
 * An *observed* one watches something else:
 * @property {(server: object) => Promise<object>} [observe]
 * @property {Record<string, string>} [columns] names of its figures
 * @property {boolean} [isWorstShown] of its runs, for each figure; the one in the middle when it does not say
 */
import { loaded } from './loaded.mjs';
import { endless } from './endless.mjs';
import { stampede } from './stampede.mjs';
import { overTheEdge } from './over-the-edge.mjs';

/** @type {Map<string, Scenario>} */
export const scenarios = new Map(
  [...loaded, stampede, overTheEdge, endless].map((scenario) => [scenario.id, scenario]),
);
