// Brings a fresh clone to the point where it can run: dependencies installed, packages built.
// Needs nothing but Node and npm; pnpm is fetched by npx at one pinned version.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PNPM = 'pnpm@12.21.0';
const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a command in the project's root; ends this process with its exit code when it fails. */
export function run(command, args, title) {
  const started = Date.now();
  if (title) console.log(`> ${title}`);
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32', // npx is a .cmd file there
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
  if (title) console.log(`  ${title}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

export function pnpm(...args) {
  run('npx', ['-y', PNPM, ...args]);
}

export function prepare() {
  run('npx', ['-y', PNPM, 'install', '--frozen-lockfile'], 'Installing dependencies');
  run('npx', ['-y', PNPM, 'build'], 'Building the packages');
}
