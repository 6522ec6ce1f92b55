// A CommonJS project on Nest 11 with the packed packages, as a user installs them: compiled by tsc with
// Nest's own settings, and run. Called by package-checks; `pnpm build` must have run.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
// Below the folder of Nest 11, so that Nest is found there and nothing of this repository is.
const project = join(root, 'packages/nestjs/test/nest-11/.packed');

const compilerOptions = {
  target: 'es2022',
  lib: ['es2023', 'esnext.disposable'],
  types: ['node'],
  typeRoots: [join(root, 'node_modules/@types')],
  module: 'commonjs',
  moduleResolution: 'bundler',
  ignoreDeprecations: '6.0',
  strict: true,
  skipLibCheck: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
};

const PROGRAM = `
import 'reflect-metadata';
import assert from 'node:assert/strict';
import {
  Cacheable, CacheDefaults, CacheEvict, CacheKeyPrefix, CachePage, CachePut, CacheVersion, Caching, LocMemModule,
  RequestMemo,
} from '@locmem/nestjs';
import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

@Injectable()
@CacheDefaults({ timeout: '1h', tags: ['cities'] })
class Cities {
  runs = 0;
  @Cacheable({ key: (id) => \`city:\${id.toFixed()}\` })
  async find(id: number): Promise<{ id: number; run: number }> {
    return { id, run: ++this.runs };
  }
  @CacheEvict({ key: (id) => \`city:\${id}\` })
  async remove(id: number): Promise<void> {}
  @CachePut({ key: (id) => \`city:\${id}\` })
  async rename(id: number): Promise<{ id: number; run: number }> {
    return { id, run: ++this.runs };
  }
  @Caching([CacheEvict({ tags: ['cities'] })])
  async removeAll(): Promise<void> {}
  @RequestMemo()
  once(): object {
    return {};
  }
}

@Controller()
@CacheVersion(2)
@CacheKeyPrefix('tenant')
class Pages {
  constructor(private readonly cities: Cities) {}
  @CachePage('1m')
  @Get()
  async show() {
    return [await this.cities.find(1), this.cities.once() === this.cities.once()];
  }
}

@Module({ imports: [LocMemModule.register()], controllers: [Pages], providers: [Cities] })
class AppModule {}

async function main() {
  const app = await NestFactory.create(AppModule, { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  const ask = async () => fetch(await app.getUrl());
  assert.deepEqual(await (await ask()).json(), [{ id: 1, run: 1 }, true]);
  assert.match((await ask()).headers.get('cache-status') ?? '', /; hit/);
  const cities = app.get(Cities);
  // Nobody's request: the tenant's entry is another one.
  assert.equal((await cities.find(1)).run, 2);
  await cities.remove(1);
  assert.equal((await cities.find(1)).run, 3);
  await cities.rename(1);
  assert.equal((await cities.find(1)).run, 4);
  await cities.removeAll();
  assert.equal((await cities.find(1)).run, 5);
  await app.close();
  assert.equal(typeof require, 'function');
}
void main();
`;

function run(command, args, cwd) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { ok: status === 0, output: `${stdout}${stderr}` };
}

/** @returns {{ ok: boolean, output: string }} the first step that failed, or the last */
export function checkNestInCommonJs() {
  rmSync(project, { recursive: true, force: true });
  const steps = [];
  for (const name of ['core', 'http', 'nestjs']) {
    const target = join(project, 'node_modules/@locmem', name);
    mkdirSync(target, { recursive: true });
    steps.push(() =>
      run('npm', ['pack', '--silent', '--pack-destination', target], join(root, 'packages', name)),
    );
    steps.push(() => run('sh', ['-c', 'tar -xzf *.tgz --strip-components=1 && rm *.tgz'], target));
  }
  writeFileSync(join(project, 'package.json'), '{ "type": "commonjs", "private": true }\n');
  writeFileSync(join(project, 'app.ts'), PROGRAM);
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, include: ['app.ts'] }),
  );
  steps.push(() =>
    run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project], root),
  );
  steps.push(() => run(process.execPath, [join(project, 'app.js')], project));
  let outcome;
  for (const step of steps) {
    outcome = step();
    if (!outcome.ok) break;
  }
  if (outcome.ok) rmSync(project, { recursive: true, force: true });
  return outcome;
}
