// Type-checks and runs every ```ts block of the docs and doc comments, each as a program of its own:
// an example that nobody runs is wrong sooner or later. `pnpm build` must have run.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureRedisServer, startRedisServer } from './redis-server.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(root, '.doc-examples');

const compilerOptions = {
  target: 'es2022',
  lib: ['es2023', 'esnext.disposable'],
  types: ['node'],
  module: 'nodenext',
  strict: true,
  exactOptionalPropertyTypes: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  skipLibCheck: true,
  outDir: 'js',
};

function documents() {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (file) =>
      !/(^|\/)(node_modules|dist|\.git|\.doc-examples)\//.test(file) &&
      (file.endsWith('.md') || /^packages\/[^/]+\/src\/.*\.ts$/.test(file)),
  );
}

/** The ```ts blocks of a file, those of doc comments without their leading asterisks. */
function blocks(file) {
  const found = [];
  let block;
  readFileSync(join(root, file), 'utf8')
    .split('\n')
    .forEach((line, index) => {
      const text = file.endsWith('.ts') ? line.replace(/^\s*\* ?/, '') : line;
      if (block) {
        if (text.startsWith('```')) block = void found.push(block);
        else block.code.push(text);
      } else if (text.trim() === '```ts') {
        block = { file, line: index + 1, code: [] };
      }
    });
  return found;
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out);
writeFileSync(join(out, 'package.json'), '{"type":"module"}\n');
writeFileSync(
  join(out, 'tsconfig.json'),
  JSON.stringify({ compilerOptions, include: ['*.ts'] }, null, 2),
);

const examples = documents().flatMap(blocks);
examples.forEach((example, index) => {
  example.name = `example-${index}`;
  const origin = `// ${example.file}:${example.line}`;
  // `export {}`: an example without imports is a module, too.
  writeFileSync(
    join(out, `${example.name}.ts`),
    `${origin}\n${example.code.join('\n')}\nexport {};\n`,
  );
});

const tsc = spawnSync(
  process.execPath,
  [join(root, 'node_modules/typescript/bin/tsc'), '-p', out],
  {
    encoding: 'utf8',
  },
);
if (tsc.status !== 0) {
  const origins = new Map(examples.map(({ name, file, line }) => [name, `${file}:${line}`]));
  fail(tsc.stdout.replace(/\S*(example-\d+)\.ts/g, (_all, name) => origins.get(name)));
}

// Examples of @locmem/redis find a server where programs expect its address.
const redis = ensureRedisServer() ? await startRedisServer() : undefined;

let passed = 0;
let skipped = 0;
for (const { name, file, line, code } of examples) {
  if (!redis && code.some((text) => text.includes('REDIS_URL'))) {
    skipped++;
    continue;
  }
  const { status, stderr, error } = spawnSync(process.execPath, [join(out, 'js', `${name}.js`)], {
    cwd: root,
    encoding: 'utf8',
    timeout: 30_000,
    env: { ...process.env, REDIS_URL: redis?.url },
  });
  if (status === 0) passed++;
  else fail(`${relative('.', file)}:${line} failed:\n${error?.message ?? stderr}`);
}
await redis?.stop();
console.log(`Doc examples: ${passed} of ${examples.length} ran, ${skipped} skipped`);
if (examples.length === 0) fail('No example was found');
