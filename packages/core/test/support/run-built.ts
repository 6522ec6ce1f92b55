// Runs a program against the built packages, in a process of its own: Jest maps imports to the
// sources and has its own `process`. `npm test` has built them.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Where what the package is tested with can be found. */
const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));

export function runBuilt(
  program: string,
  flags: string[] = [],
): { stdout: string; stderr: string } {
  const args = [...flags, '--input-type=module', '--eval', program];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: PACKAGE,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The program failed:\n${stderr}`);
  return { stdout, stderr };
}
