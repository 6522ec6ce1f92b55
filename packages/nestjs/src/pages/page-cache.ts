import type { Cache } from '@locmem/core';
import { createResponseCache } from '@locmem/http';
import type { InvalidateOptions, ResponseCache, ResponseCacheStats } from '@locmem/http';
import type { Explanation, ResponseCacheOptions } from '@locmem/http';
import { Inject, Injectable } from '@nestjs/common';
import type { ExecutionContext, OnApplicationShutdown } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { AppSettings } from '../app-settings.js';
import { processWide } from '../process-wide.js';
import { ask, levelsOf } from '../requests/request-address.js';
import { giveToFront } from './fronting.js';
import { Guards } from './guards.js';
import { ofRequests } from './page-options.js';
import { hasPages, pagesOf } from './page.decorators.js';
import type { Page } from './page.decorators.js';
import { contextOf, originOf, rawOf } from './raw.js';
import { Versioning } from './versioning.js';

type Pages = ResponseCache<IncomingMessage, Cache | string>;

/** Options that give a page a place of its own, or make it another thing to each who asks. */
const OWN_PLACE: ReadonlySet<string> = new Set([
  ...['cache', 'version', 'keyPrefix', 'key', 'ignoreQuery', 'allowQuery', 'varyCookies'],
  ...['bypass', 'requestDirectives', 'cacheStatus', 'clock'],
]);

const stores = processWide('page-stores/1', () => ({ count: 0 }));

/**
 * The pages of the application: to be injected where they are purged or looked into.
 *
 * @example
 * ```ts
 * import 'reflect-metadata';
 * import assert from 'node:assert/strict';
 * import { CachePage, LocMemModule, PageCache } from '@locmem/nestjs';
 * import { Controller, Get, Module, Param, Put } from '@nestjs/common';
 * import { NestFactory } from '@nestjs/core';
 *
 * let price = 5;
 *
 * @Controller('tea')
 * class Tea {
 *   constructor(private readonly pages: PageCache) {}
 *   @CachePage('1h')
 *   @Get()
 *   show() {
 *     return { price };
 *   }
 *   @Put('price/:price')
 *   async change(@Param('price') value: string) {
 *     price = Number(value);
 *     await this.pages.invalidate({ url: '/tea' });
 *   }
 * }
 *
 * @Module({ imports: [LocMemModule.register()], controllers: [Tea] })
 * class AppModule {}
 *
 * const app = await NestFactory.create(AppModule, { logger: false });
 * await app.listen(0, '127.0.0.1');
 * const url = await app.getUrl();
 * assert.deepEqual(await (await fetch(`${url}/tea`)).json(), { price: 5 });
 * await fetch(`${url}/tea/price/6`, { method: 'PUT' });
 * assert.deepEqual(await (await fetch(`${url}/tea`)).json(), { price: 6 });
 * assert.equal(app.get(PageCache).stats().misses, 2);
 * await app.close();
 * ```
 */
@Injectable()
export class PageCache implements OnApplicationShutdown {
  readonly #settings: AppSettings;
  readonly #guards: Guards;
  readonly #versioning: Versioning;
  readonly #ofHandlers = new WeakMap<object, Map<object, Pages>>();
  readonly #all: Pages[] = [];
  /** One for each store that pages are in. */
  readonly #stores = new Map<unknown, Pages>();
  #common: Pages | undefined;
  #storeName: string | undefined;

  constructor(
    @Inject(AppSettings) settings: AppSettings,
    @Inject(Guards) guards: Guards,
    @Inject(Versioning) versioning: Versioning,
  ) {
    this.#settings = settings;
    this.#guards = guards;
    this.#versioning = versioning;
  }

  /**
   * Drops what is stored for a URL, under a tag or in a group.
   *
   * @throws {InvalidOptionError} when none is given, or the URL is neither a path nor absolute
   */
  async invalidate(what: InvalidateOptions): Promise<void> {
    for (const cache of this.#perStore()) await cache.invalidate(what);
  }

  /** Drops every page. */
  async clear(): Promise<void> {
    for (const cache of this.#perStore()) await cache.clear();
  }

  /** What would happen to a request now, seen from its handler. */
  async explain(context: ExecutionContext): Promise<Explanation> {
    const cache = this.cacheFor(context) ?? this.common;
    return cache.explain(rawOf(context).req);
  }

  /** What has happened since the application began, of all pages together. */
  stats(): ResponseCacheStats {
    const all = this.#all.map((cache) => cache.stats());
    return sum(all.length > 0 ? all : [this.common.stats()]) as ResponseCacheStats;
  }

  /** The one that pages without rules of their own share, a front, and requests that invalidate. */
  get common(): Pages {
    return (this.#common ??= this.#make({}));
  }

  /** The common one first. */
  #perStore(): Pages[] {
    const { common } = this;
    const others = new Map(this.#stores);
    others.delete(this.#settings.pages?.cache ?? this.#storeName);
    return [common, ...others.values()];
  }

  /** The cache of a handler; undefined where its answers are no pages. */
  cacheFor(context: ExecutionContext): Pages | undefined {
    const { method } = rawOf(context).req;
    if (method === 'GET' || method === 'HEAD') return this.#ofHandler(context);
    // An answer to a write drops the pages of its URL.
    return hasPages() || this.#settings.pages !== undefined ? this.#forWrites() : undefined;
  }

  /** A write has to be seen by all stores, each with its own cache around the handler. */
  #forWrites(): Pages {
    const [common, ...others] = this.#perStore() as [Pages, ...Pages[]];
    if (others.length === 0) return common;
    const handle: Pages['handle'] = (req, res, next) => {
      const within = others.reduce<typeof next>(
        (inner, cache) => () => {
          cache.handle(req, res, inner);
        },
        next,
      );
      common.handle(req, res, within);
    };
    return { ...common, handle };
  }

  #ofHandler(context: ExecutionContext): Pages | undefined {
    const [controller, handler] = [context.getClass(), context.getHandler()];
    const known = this.#ofHandlers.get(handler)?.get(controller);
    if (known !== undefined) return known;
    const pages = pagesOf(controller, handler);
    if (pages.length === 0 && this.#settings.pages?.timeout === undefined) return undefined;
    const ofHandler = this.#ofHandlers.get(handler) ?? new Map<object, Pages>();
    this.#ofHandlers.set(handler, ofHandler);
    const made = this.#makeFor(context, pages);
    ofHandler.set(controller, made);
    return made;
  }

  #makeFor(context: ExecutionContext, pages: readonly Page[]): Pages {
    const identity = this.#identityFor(context, pages);
    if (pages.length === 0 && identity === undefined) return this.common;
    const options = Object.assign({}, ...pages.map((page) => page.options)) as Page['options'];
    const made = this.#make({ ...options, ...identity });
    // The front looks only where pages without rules of their own are.
    const isCommon = Object.keys(options).every((name) => !OWN_PLACE.has(name));
    if (this.#settings.front && identity === undefined && isCommon) giveToFront(made);
    return made;
  }

  /**
   * Prefix and version, where more than one thing sets the handler's pages apart besides their URL: all
   * of them count, the page's own options last.
   */
  #identityFor(
    context: ExecutionContext,
    pages: readonly Page[],
  ): ResponseCacheOptions<ExecutionContext> | undefined {
    const ofRequests = levelsOf(context, this.#settings.address);
    const ofPages = [this.#settings.pages ?? {}, ...pages.map((page) => page.options)].filter(
      ({ keyPrefix, version }) => keyPrefix !== undefined || version !== undefined,
    );
    const isVersioned = this.#versioning.isBesideUrl;
    if (ofRequests.length === 0 && ofPages.length < 2 && !isVersioned) return undefined;
    const levels = [...ofRequests, ...ofPages];

    const identityOf = (now: ExecutionContext) => {
      const { keyPrefix, version } = ask(levels, now);
      // Never what a page without a prefix has. Undefined becomes null.
      return { keyPrefix: JSON.stringify([keyPrefix, this.#versioning.routeOf(now)]), version };
    };
    const rules = levels.flatMap(({ keyPrefix, version }) => [keyPrefix, version]);
    if (!isVersioned && !rules.some(isFunction)) return identityOf(context);
    const hasVersion = levels.some(({ version }) => version !== undefined);
    return {
      keyPrefix: (now) => identityOf(now).keyPrefix,
      version: hasVersion ? (now) => identityOf(now).version! : undefined,
    };
  }

  #make(own: ResponseCacheOptions<ExecutionContext>): Pages {
    this.#storeName ??= `http@nest-${++stores.count}`;
    const options = { cache: this.#storeName, ...this.#settings.pages, ...own };
    const made = createResponseCache<IncomingMessage, Cache | string>(
      ofRequests(options),
      originOf((req) => this.#guards.mayDecideAbout(contextOf(req))),
    );
    this.#all.push(made);
    if (!this.#stores.has(options.cache)) this.#stores.set(options.cache, made);
    return made;
  }

  async onApplicationShutdown(): Promise<void> {
    // A store of a given name may be somebody else's, too.
    const isOwn = this.#settings.pages?.cache === undefined;
    if (this.#storeName !== undefined && isOwn) await this.common.clear();
  }
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

/** Counts of several added up, name by name. */
function sum(all: readonly unknown[]): unknown {
  const [first] = all;
  if (typeof first === 'number') return (all as number[]).reduce((total, one) => total + one, 0);
  if (typeof first !== 'object' || first === null) return first;
  const names = new Set(all.flatMap((one) => Object.keys(one as object)));
  return Object.fromEntries(
    [...names].map((name) => {
      const values = all.map((one) => (one as Record<string, unknown>)[name]);
      return [name, sum(values.filter((value) => value !== undefined))];
    }),
  );
}
