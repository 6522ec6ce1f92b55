/** What a reader must know of the place where figures were taken. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import os from 'node:os';

export function machine() {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    v8: process.versions.v8,
  };
}

/** Today, as a plain date in UTC. */
export function today() {
  return new Date().toISOString().slice(0, 10);
}

const require = createRequire(import.meta.url);

/**
 * The version of an installed package, also of one that does not export its package.json, or that is
 * installed under a name of ours.
 */
export function versionOf(name) {
  for (let folder = dirname(require.resolve(name)); ; folder = dirname(folder)) {
    const manifest = readManifest(join(folder, 'package.json'));
    if (manifest?.name && manifest.version) return manifest.version;
    if (folder === dirname(folder)) throw new Error(`no package.json of '${name}' found`);
  }
}

function readManifest(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
