/**
 * How a piece of work is timed inside its child process. A task does `ops` operations each time it is
 * run; what must be made anew between runs (fresh keys) is made in `before`, outside the time taken.
 *
 * @typedef {object} Task
 * @property {number} ops operations of one run
 * @property {boolean} [isAsync] whether `run` returns a promise
 * @property {() => unknown} run
 * @property {() => void} [before] untimed, ahead of every run
 */
import { cpuMicros } from './cpu.mjs';

/** A group of runs shorter than this would drown in the cost of reading the CPU time. */
const SHORTEST_GROUP_US = 4_000;

/** Lets the JIT settle. @returns how many runs make a group that can be timed */
export async function warmUp(task, milliseconds) {
  let runs = 0;
  let cpuUs = 0;
  while (cpuUs < milliseconds * 1_000) {
    cpuUs += await timeGroup(task, 1);
    runs++;
  }
  if (task.before) return 1; // what was prepared is good for one run
  return Math.max(1, Math.ceil(SHORTEST_GROUP_US / (cpuUs / runs)));
}

/** One round. @returns nanoseconds of CPU time an operation */
export async function timeRound(task, groupSize, milliseconds) {
  globalThis.gc();
  let cpuUs = 0;
  let ops = 0;
  while (cpuUs < milliseconds * 1_000) {
    cpuUs += await timeGroup(task, groupSize);
    ops += task.ops * groupSize;
  }
  return (cpuUs * 1_000) / ops;
}

/**
 * One round by both clocks, as it goes on under load: the garbage is collected when it is, not beforehand.
 *
 * @returns nanoseconds of CPU time an operation, and operations a second on the wall
 */
export async function timeLoaded(task, milliseconds) {
  const startUs = cpuMicros();
  const start = performance.now();
  let ops = 0;
  let elapsedMs = 0;
  while (elapsedMs < milliseconds) {
    await task.run();
    ops += task.ops;
    elapsedMs = performance.now() - start;
  }
  return { ns: ((cpuMicros() - startUs) * 1_000) / ops, perSecond: (ops * 1_000) / elapsedMs };
}

async function timeGroup(task, runs) {
  task.before?.();
  const startUs = cpuMicros();
  if (task.isAsync) for (let i = 0; i < runs; i++) await task.run();
  else for (let i = 0; i < runs; i++) task.run();
  return cpuMicros() - startUs;
}
