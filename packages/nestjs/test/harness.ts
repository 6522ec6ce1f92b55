/** Nest applications for tests: behind real sockets, closed by themselves. */
import 'reflect-metadata';
import { afterEach } from '@jest/globals';
import { createTestCache } from '@locmem/core/testing';
import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import request from 'supertest';
import type { TestingModule, TestingModuleBuilder } from '@nestjs/testing';
import { getCacheToken, LocMemModule } from '../src/index.js';

const open: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  // Last opened, first closed: a server waits for its clients.
  for (const one of open.splice(0).toReversed()) await one.close();
});

/** Something to be closed after the test. */
export function closing<T extends { close(): Promise<unknown> }>(one: T): T {
  open.push(one);
  return one;
}

type Override = (builder: TestingModuleBuilder) => TestingModuleBuilder;

/** A module of Nest, without a server. */
export async function compile(
  metadata: ModuleMetadata,
  override: Override = (builder) => builder,
): Promise<TestingModule> {
  const module = await override(Test.createTestingModule(metadata)).compile();
  await module.init();
  return closing(module);
}

/** For `describe.each`: the tests hold on both. */
export const PLATFORMS = ['Express', 'Fastify'] as const;
export type Platform = (typeof PLATFORMS)[number];

export interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

export interface ServeOptions {
  readonly override?: Override;
  /** Called before the application is initialised. */
  readonly prepare?: (app: INestApplication) => unknown;
}

/**
 * A port that nobody listens on, for what cannot be told to choose one. It is none of those that systems
 * give away by themselves, to servers and clients alike: one of those may be gone before it is used.
 */
export async function freePort(): Promise<number> {
  const port = 10_000 + randomInt(20_000);
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return freePort();
  }
  server.close();
  await once(server, 'close');
  return port;
}

/** Lets the process go on until something has come about; what then fails says what has not. */
export async function until(isTrue: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2_000 && !isTrue(); turn++) await new Promise(setImmediate);
}

/** The body as it is, whatever it says it is. */
function whole(response: unknown, done: (error: Error | null, body: unknown) => void): void {
  const chunks: Buffer[] = [];
  const stream = response as NodeJS.ReadableStream;
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => {
    done(null, Buffer.concat(chunks));
  });
}

/** An application behind a socket. @returns it, and a client */
export async function serve(
  platform: Platform,
  metadata: ModuleMetadata,
  { override = (builder) => builder, prepare }: ServeOptions = {},
) {
  const module = await override(Test.createTestingModule(metadata)).compile();
  const app: INestApplication =
    platform === 'Fastify'
      ? module.createNestApplication(new FastifyAdapter(), { logger: false })
      : module.createNestApplication({ logger: false });
  await prepare?.(app);
  await app.listen(0, '127.0.0.1');
  closing(app);
  const url = await app.getUrl();
  const ask = async (path: string, { method = 'GET', headers = {}, body }: Ask = {}) => {
    const verb = method.toLowerCase() as 'get' | 'head' | 'post' | 'put' | 'delete';
    const client = request(url);
    const asking = client[verb](path).set(headers).redirects(0);
    if (body !== undefined) void asking.send(body);
    const response = await asking
      .ok(() => true)
      .buffer()
      .parse(whole);
    const fields = response.headers as Record<string, string | undefined>;
    const bytes: unknown = response.body;
    return {
      status: response.status,
      fields,
      text: Buffer.isBuffer(bytes) ? bytes.toString('latin1') : '',
      cache: fields['cache-status'],
      isHit: fields['cache-status']?.includes('; hit') ?? false,
    };
  };
  return { app, ask, url };
}

/**
 * An application on caches whose time stands still until a test moves it.
 *
 * @param given what the application is given in the place of such a cache
 * @returns the caches by alias, and `tell`, which asks line by line, `/path` or `PUT /path`, for the texts
 */
export async function serveCaches<A extends string = 'default'>(
  platform: Platform,
  metadata: ModuleMetadata,
  aliases: readonly A[] = ['default' as A],
  given: (cache: ReturnType<typeof createTestCache>, alias: A) => unknown = (cache) => cache,
) {
  type Caches = Record<A, ReturnType<typeof createTestCache>>;
  const caches = Object.fromEntries(
    aliases.map((alias) => [alias, createTestCache()]),
  ) as unknown as Caches;
  const registered = Object.fromEntries(aliases.map((alias) => [alias, {}]));
  const all = { ...metadata, imports: [LocMemModule.register({ caches: registered })] };
  const served = await serve(platform, all, {
    override: (builder) =>
      aliases.reduce(
        (so, alias) =>
          so.overrideProvider(getCacheToken(alias)).useValue(given(caches[alias], alias)),
        builder,
      ),
  });
  const tell = async (...lines: string[]): Promise<string[]> => {
    const texts = [];
    for (const line of lines) {
      const [path = '', method = 'GET'] = line.split(' ').toReversed();
      texts.push((await served.ask(path, { method })).text);
    }
    return texts;
  };
  return { ...served, caches, cache: caches[aliases[0]!], tell };
}
