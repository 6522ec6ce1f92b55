/** What a handler, or all of a controller, says about its answers. */
import type { Timeout } from '@locmem/core';
import {
  beforeHead,
  checkVaryNames,
  createResponseCache,
  patchCacheControl,
  patchedCacheControl,
  patchNeverCache,
  patchVary,
} from '@locmem/http';
import type { CacheControlDirectives, ResponseCacheOptions } from '@locmem/http';
import type { ExecutionContext } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { processWide } from '../process-wide.js';
import { placeOf, saidOn, say } from '../said.js';
import { withoutUndefined } from '../without-undefined.js';
import { checkPageOptions } from './page-options.js';
import type { PageOptions } from './page-options.js';

/** For classes and for methods. */
export type PageDecorator = ClassDecorator & MethodDecorator;

/** A page, as `@CachePage` describes it. */
export interface Page {
  readonly options: ResponseCacheOptions<ExecutionContext>;
  readonly front: boolean | undefined;
}

const PAGE = '@locmem/nestjs/page';
const PATCHES = '@locmem/nestjs/patches';

/**
 * Keeps the answers of a GET handler, or of all of a controller (Django: `cache_page`): status, fields
 * and exact bytes, as they leave the application. What `@locmem/http` never stores is not stored here.
 * Hits are given after the guards, and the handler does not run.
 *
 * What is said on a handler counts before what is said on its class, option by option; prefixes and
 * versions count together.
 *
 * @param timeout how long answers are fresh that say nothing of it themselves: seconds, a string with
 *   its unit (`'5m'`), or null for ever. Left out: that of the class or application; and where there is
 *   none, only what the handler declares fresh.
 * @param options as of `createResponseCache`; functions among them get the execution context
 * @throws {InvalidOptionError} when an option does not exist or breaks its rule
 * @throws {InvalidTimeoutError} when `timeout` is no time span
 *
 * @example
 * ```ts
 * import 'reflect-metadata';
 * import assert from 'node:assert/strict';
 * import { CachePage, LocMemModule, PageCache } from '@locmem/nestjs';
 * import { Controller, Get, Module } from '@nestjs/common';
 * import { NestFactory } from '@nestjs/core';
 *
 * let runs = 0;
 *
 * @Controller()
 * class Reports {
 *   @CachePage('1m', { tags: () => ['reports'] })
 *   @Get('report')
 *   show() {
 *     return { run: ++runs };
 *   }
 * }
 *
 * @Module({ imports: [LocMemModule.register()], controllers: [Reports] })
 * class AppModule {}
 *
 * const app = await NestFactory.create(AppModule, { logger: false });
 * await app.listen(0, '127.0.0.1');
 * const ask = async () => fetch(`${await app.getUrl()}/report`);
 * assert.deepEqual(await (await ask()).json(), { run: 1 });
 * const hit = await ask();
 * assert.deepEqual(await hit.json(), { run: 1 });
 * assert.equal(hit.headers.get('cache-status'), 'LocMem; hit; ttl=60');
 *
 * await app.get(PageCache).invalidate({ tags: ['reports'] });
 * assert.deepEqual(await (await ask()).json(), { run: 2 });
 * await app.close();
 * ```
 */
export function CachePage(timeout?: Timeout, options: PageOptions = {}): PageDecorator {
  checkPageOptions(options);
  const { front, ...rest } = options;
  const page: Page = { options: withoutUndefined({ ...rest, timeout }), front };
  createResponseCache<never>(page.options as never); // wrong options are told here
  pages.hasAny = true;
  return (target: object, name?: string | symbol, descriptor?: PropertyDescriptor) => {
    say(PAGE, placeOf('CachePage', target, name, descriptor), page);
  };
}

/** Of all copies of this package: one may have decorated the handlers, another be the module. */
const pages = processWide('pages/1', () => ({ hasAny: false }));

/** Whether any handler of this process is a page. */
export function hasPages(): boolean {
  return pages.hasAny;
}

/** What makes a handler a page: what its class says, and what it says itself; empty where it is none. */
export function pagesOf(controller: object, handler: object): readonly Page[] {
  return [...saidOn(PAGE, controller), ...saidOn(PAGE, handler)] as Page[];
}

/**
 * Keeps the answers of a handler, or of all of a controller, out of every cache (Django: `never_cache`).
 *
 * @example
 * ```ts
 * import 'reflect-metadata';
 * import assert from 'node:assert/strict';
 * import { CacheControl, LocMemModule, NeverCache, VaryOn } from '@locmem/nestjs';
 * import { Controller, Get, Module } from '@nestjs/common';
 * import { NestFactory } from '@nestjs/core';
 *
 * @Controller()
 * class Pages {
 *   @NeverCache()
 *   @Get('account')
 *   account() {
 *     return 'x';
 *   }
 *   @CacheControl({ public: true, maxAge: '1h' })
 *   @VaryOn('Accept-Language')
 *   @Get('about')
 *   about() {
 *     return 'x';
 *   }
 * }
 *
 * @Module({ imports: [LocMemModule.register()], controllers: [Pages] })
 * class AppModule {}
 *
 * const app = await NestFactory.create(AppModule, { logger: false });
 * await app.listen(0, '127.0.0.1');
 * const ask = async (path: string) => (await fetch((await app.getUrl()) + path)).headers;
 * assert.match((await ask('/account')).get('cache-control') ?? '', /no-store/);
 * const about = await ask('/about');
 * assert.equal(about.get('cache-control'), 'public, max-age=3600');
 * assert.equal(about.get('vary'), 'Accept-Language');
 * await app.close();
 * ```
 */
export function NeverCache(): PageDecorator {
  return patching('NeverCache', (res) => {
    patchNeverCache(res);
  });
}

/**
 * Adds directives to the Cache-Control of the answers of a handler, or of all of a controller (Django:
 * `cache_control`). What the handler says itself stays; `maxAge` is only ever lowered. Errors of the
 * server are left alone.
 *
 * @param directives in camel case; times as seconds or with their unit
 * @throws {InvalidOptionError} when a directive does not exist or has an argument that it cannot have
 * @throws {InvalidTimeoutError} when a time is none
 */
export function CacheControl(directives: CacheControlDirectives): PageDecorator {
  patchedCacheControl('', directives);
  const copy = { ...directives };
  return patching('CacheControl', (res, status) => {
    if (status < 500) patchCacheControl(res, copy);
  });
}

/**
 * Adds names to the Vary of the answers of a handler, or of all of a controller (Django:
 * `vary_on_headers`).
 *
 * @param names names of request fields on which the answers depend
 * @throws {InvalidOptionError} when a name is none
 */
export function VaryOn(...names: string[]): PageDecorator {
  checkVaryNames(names, '@VaryOn()');
  return patching('VaryOn', (res) => {
    patchVary(res, names);
  });
}

type Patch = (res: ServerResponse, status: number) => void;

function patching(decorator: string, patch: Patch): PageDecorator {
  return (target: object, name?: string | symbol, descriptor?: PropertyDescriptor) => {
    say(PATCHES, placeOf(decorator, target, name, descriptor), patch);
  };
}

/** Patches the head of an answer when it is complete: what the handler says counts last, and so before its class. */
export function patchAnswer(res: ServerResponse, controller: object, handler: object): void {
  const patches = [...saidOn(PATCHES, controller), ...saidOn(PATCHES, handler)] as Patch[];
  if (patches.length === 0) return;
  beforeHead(res, (status) => {
    for (const patch of patches) patch(res, status);
  });
}
