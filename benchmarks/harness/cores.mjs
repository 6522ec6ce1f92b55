/**
 * Processes on cores of their own, so that who asks does not take the time of who answers. Without
 * taskset, or with one core, everything runs where the system puts it.
 */
import { execFileSync } from 'node:child_process';
import os from 'node:os';

export const canPin = os.cpus().length > 1 && hasTaskset();

/** Moves this process, with all its threads, to one core. */
export function pinSelf(core) {
  if (canPin) taskset('-acp', String(core), String(process.pid));
}

/** For `fork`: starts Node on one core, as do all the processes that it starts. */
export function pinned(core, execArgv) {
  if (!canPin || core === undefined) return { execArgv };
  return { execPath: 'taskset', execArgv: ['-c', String(core), process.execPath, ...execArgv] };
}

function hasTaskset() {
  try {
    taskset('-p', String(process.pid));
    return true;
  } catch {
    return false;
  }
}

function taskset(...args) {
  execFileSync('taskset', args, { stdio: 'ignore' });
}
