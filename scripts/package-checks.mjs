// What a user gets from each package: does it import and require with the right types (publint,
// attw), what does it weigh, and does it name a dependency it should not.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkNestInCommonJs } from './nestjs-commonjs.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const tarballs = mkdtempSync(join(tmpdir(), 'locmem-pack-'));

function run(command, args, cwd) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  return { ok: status === 0, output: `${stdout}${stderr}` };
}

const bin = (name) => join(root, 'node_modules/.bin', name);
let failures = 0;

function check(title, { ok, output }) {
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${title}`);
  if (!ok) {
    failures++;
    console.log(output);
  }
}

for (const name of readdirSync(join(root, 'packages'))) {
  const folder = join(root, 'packages', name);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const packed = run('npm', ['pack', '--json', '--pack-destination', tarballs], folder);
  check(`${manifest.name} packs`, packed);
  const [{ filename, unpackedSize, files }] = JSON.parse(
    packed.output.slice(packed.output.indexOf('[')).replace(/\][^\]]*$/, ']'),
  );
  const tarball = join(tarballs, filename);
  check(`${manifest.name} publint`, run(bin('publint'), ['--strict', tarball], root));
  check(`${manifest.name} attw`, run(bin('attw'), [tarball], root));
  const dependencies = Object.keys(manifest.dependencies ?? {});
  const foreign = dependencies.filter((dependency) => !dependency.startsWith('@locmem/'));
  check(`${manifest.name} depends on nothing but ours`, {
    ok: foreign.length === 0,
    output: foreign.join(', '),
  });
  const kB = (bytes) => `${(bytes / 1000).toFixed(0)} kB`;
  console.log(
    `     ${manifest.name}: ${kB(unpackedSize)} unpacked, ${kB(statSync(tarball).size)} packed, ` +
      `${files.length} files, dependencies: ${dependencies.join(', ') || 'none'}`,
  );
}
check('@locmem/nestjs in a CommonJS project on Nest 11', checkNestInCommonJs());
rmSync(tarballs, { recursive: true });
if (failures > 0) {
  console.error(`${failures} package checks failed`);
  process.exit(1);
}
