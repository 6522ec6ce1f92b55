/**
 * What is said on the application, on classes, on handlers, and by several decorators on one of them:
 * nothing that sets visitors apart, or keeps an answer out of caches, is lost because more is said.
 */
import { describe, expect, it } from '@jest/globals';
import { TestClock } from '@locmem/core/testing';
import { Controller, Get, Injectable, UseGuards } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import {
  Cacheable,
  CacheControl,
  CacheKeyPrefix,
  CachePage,
  CacheVersion,
  LocMemModule,
  NeverCache,
  VaryOn,
} from '../src/index.js';
import type { LocMemModuleRegisterOptions } from '../src/index.js';
import { PLATFORMS, serve } from './harness.js';

const header = (name: string) => (context: ExecutionContext) =>
  context.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers[name]!;

const byTenant = header('x-tenant');

type Type = new (...args: any[]) => object;

let runs = 0;

describe.each(PLATFORMS)('on %s', (platform) => {
  const start = async (controller: Type, options: LocMemModuleRegisterOptions = {}) => {
    runs = 0;
    return serve(platform, {
      imports: [LocMemModule.register(options)],
      controllers: [controller],
    });
  };

  describe("what one tenant finds is no other tenant's", () => {
    class Base {
      @Cacheable({ key: 'sales' })
      protected async total(): Promise<string> {
        return `run ${++runs}`;
      }
    }

    @CacheKeyPrefix(byTenant)
    class Tenant extends Base {}

    @CacheVersion(2)
    @Controller()
    class VersionBelow extends Tenant {
      @Get('method') method() {
        return this.total();
      }
      @CachePage('1m')
      @Get('page')
      page() {
        return `run ${++runs}`;
      }
    }

    @CacheKeyPrefix('shop')
    @Controller()
    class PrefixBelow extends Tenant {
      @Get('method') method() {
        return this.total();
      }
      @CachePage('1m')
      @Get('page')
      page() {
        return `run ${++runs}`;
      }
    }

    @Controller()
    class TwoOnOne extends Base {
      @CacheKeyPrefix('shop')
      @CacheKeyPrefix(byTenant)
      @Get('method')
      method() {
        return this.total();
      }
      @CacheKeyPrefix('shop')
      @CacheKeyPrefix(byTenant)
      @CachePage('1m')
      @Get('page')
      page() {
        return `run ${++runs}`;
      }
    }

    @Controller()
    class AnotherBetween {
      @CacheVersion(3)
      @Cacheable()
      @CacheKeyPrefix(byTenant)
      @Get('method')
      async method(): Promise<string> {
        return `run ${++runs}`;
      }
      @CacheVersion(3)
      @Cacheable({ condition: () => false })
      @CacheKeyPrefix(byTenant)
      @CachePage('1m')
      @Get('page')
      async page(): Promise<string> {
        return `run ${++runs}`;
      }
    }

    @CachePage('1m', { keyPrefix: byTenant })
    @CacheKeyPrefix(byTenant)
    @Controller()
    class PageOnBoth extends Base {
      @Get('method') method() {
        return this.total();
      }
      @CachePage('5m', { keyPrefix: 'shop', version: 2 })
      @Get('page')
      page() {
        return `run ${++runs}`;
      }
    }

    @CachePage('1m', { keyPrefix: byTenant })
    @Controller()
    class PageOfClass extends Base {
      @CacheKeyPrefix(byTenant)
      @CachePage('1m', { bypass: () => true })
      @Get('method')
      method() {
        return this.total();
      }
      @CachePage('5m', { keyPrefix: undefined })
      @Get('page')
      page() {
        return `run ${++runs}`;
      }
    }

    it.each([
      ['a version on a class below', VersionBelow],
      ['a prefix on a class below', PrefixBelow],
      ['two prefixes on one handler', TwoOnOne],
      ['a decorator between that replaces the method', AnotherBetween],
      ['pages of class and handler, each with a prefix', PageOnBoth],
      ['a page on the handler that says nothing of it', PageOfClass],
    ])('%s', async (_what, controller) => {
      for (const path of ['/method', '/page']) {
        const { ask } = await start(controller);
        const texts = [];
        for (const tenant of ['acme', 'other', 'acme']) {
          texts.push((await ask(path, { headers: { 'x-tenant': tenant } })).text);
        }
        expect(texts).toEqual(['run 1', 'run 2', 'run 1']);
      }
    });

    it('nor where the prefix is that of all pages, and a page has one of its own', async () => {
      @Controller()
      class Own {
        @CachePage('1m', { keyPrefix: 'own' })
        @Get()
        page() {
          return `run ${++runs}`;
        }
      }
      const { ask } = await start(Own, { pages: { keyPrefix: byTenant, version: 2 } });
      const texts = [];
      for (const tenant of ['acme', 'other', 'acme']) {
        texts.push((await ask('/', { headers: { 'x-tenant': tenant } })).text);
      }
      expect(texts).toEqual(['run 1', 'run 2', 'run 1']);
    });
  });

  describe('what must not be kept is not', () => {
    const never = [
      ['@NeverCache on the class, @CachePage on the handler', 'class'],
      ['@CachePage on the class, @NeverCache on the handler', 'handler'],
      ['@NeverCache on a class above', 'above'],
      ['@NeverCache below a decorator that replaces the method', 'between'],
      ['@NeverCache above @CacheControl', 'over'],
      ['@NeverCache below @CacheControl', 'under'],
    ] as const;

    @NeverCache()
    class Above {}

    const controllers: Record<(typeof never)[number][1], () => Type> = {
      class() {
        @NeverCache()
        @Controller()
        class Page {
          @CachePage('1m') @Get() get() {
            return `run ${++runs}`;
          }
        }
        return Page;
      },
      handler() {
        @CachePage('1m')
        @Controller()
        class Page {
          @NeverCache() @Get() get() {
            return `run ${++runs}`;
          }
        }
        return Page;
      },
      above() {
        @VaryOn('accept-language')
        @Controller()
        class Page extends Above {
          @CachePage('1m') @Get() get() {
            return `run ${++runs}`;
          }
        }
        return Page;
      },
      between() {
        @Controller()
        class Page {
          @VaryOn('accept-language')
          @Cacheable({ condition: () => false })
          @NeverCache()
          @CachePage('1m')
          @Get()
          get(): string {
            return `run ${++runs}`;
          }
        }
        return Page;
      },
      over() {
        @Controller()
        class Page {
          @NeverCache()
          @CacheControl({ public: true, maxAge: '1h' })
          @CachePage('1m')
          @Get()
          get(): string {
            return `run ${++runs}`;
          }
        }
        return Page;
      },
      under() {
        @Controller()
        class Page {
          @CacheControl({ public: true, maxAge: '1h' })
          @NeverCache()
          @CachePage('1m')
          @Get()
          get(): string {
            return `run ${++runs}`;
          }
        }
        return Page;
      },
    };

    it.each(never)('%s', async (_what, which) => {
      const { ask } = await start(controllers[which](), { pages: { timeout: '1m' } });
      await ask('/');
      const answer = await ask('/');
      expect([answer.text, answer.isHit]).toEqual(['run 2', false]);
      expect(answer.fields['cache-control']).toContain('no-store');
    });
  });

  it('what answers say of themselves adds up: class above, class, handler', async () => {
    @VaryOn('Accept-Language')
    @CacheControl({ maxAge: '1h', public: true })
    class Above {}
    @VaryOn('X-Plan')
    @CacheControl({ maxAge: '2h', mustRevalidate: true })
    @Controller()
    class Page extends Above {
      @VaryOn('x-plan', 'X-Theme')
      @CacheControl({ maxAge: '10m' })
      @CachePage()
      @Get()
      get() {
        return `run ${++runs}`;
      }
    }
    const { ask } = await start(Page);
    const as = async (theme: string) => ask('/', { headers: { 'x-theme': theme } });
    const first = await as('dark');
    expect(first.fields.vary).toBe('Accept-Language, X-Plan, X-Theme');
    expect(first.fields['cache-control']).toBe('max-age=600, public, must-revalidate');
    expect([(await as('light')).text, (await as('dark')).text]).toEqual(['run 2', 'run 1']);
  });

  it('options of a page: the handler before its class, the class before all pages', async () => {
    const clock = new TestClock();
    @CachePage('10m', { ignoreQuery: ['utm'] })
    @Controller()
    class Page {
      @Get('class') class() {
        return `run ${++runs}`;
      }
      @CachePage('1m')
      @Get('handler')
      handler() {
        return `run ${++runs}`;
      }
      @CachePage(undefined, { ignoreQuery: ['ref'] })
      @Get('query')
      query() {
        return `run ${++runs}`;
      }
      @CachePage('1m')
      @CachePage('5s', { ignoreQuery: [] })
      @Get('upper')
      upper() {
        return `run ${++runs}`;
      }
    }
    const { ask } = await start(Page, { pages: { timeout: '1h', clock, cacheStatus: 'Shop' } });
    const statusOf = async (path: string) => {
      await ask(path);
      return (await ask(`${path}?utm=1`)).cache;
    };
    expect(await statusOf('/class')).toBe('Shop; hit; ttl=600');
    expect(await statusOf('/handler')).toBe('Shop; hit; ttl=60');
    expect(await statusOf('/query')).toContain('uri-miss');
    expect((await ask('/query?ref=1')).cache).toBe('Shop; hit; ttl=600');
    expect(await statusOf('/upper')).toContain('uri-miss');
    expect((await ask('/upper')).cache).toBe('Shop; hit; ttl=60');
  });

  it('a class does not give away before its guards what a handler has made a page of its own', async () => {
    const guarded: string[] = [];
    @Injectable()
    class Watch implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        guarded.push(context.getHandler().name);
        return true;
      }
    }
    @CachePage('1m', { front: true })
    @UseGuards(Watch)
    @Controller()
    class Pages {
      @Get('open') open() {
        return 'open';
      }
      @CachePage('5m')
      @Get('own')
      own() {
        return 'own';
      }
    }
    const { ask } = await start(Pages, { front: true });
    for (const path of ['/open', '/open', '/own', '/own']) await ask(path);
    expect(guarded).toEqual(['open', 'own', 'own']);
  });
});

describe('where nobody would look', () => {
  it.each([
    ['CachePage', CachePage('1m')],
    ['NeverCache', NeverCache()],
    ['CacheControl', CacheControl({ private: true })],
    ['VaryOn', VaryOn('x-plan')],
    ['CacheKeyPrefix', CacheKeyPrefix('acme')],
    ['CacheVersion', CacheVersion(2)],
  ])('@%s is refused: on a getter, a property, a static method', (decorator, decorate) => {
    class Page {
      static list() {
        return 1;
      }
      get one() {
        return Page.list();
      }
    }
    const places: [object, string, PropertyDescriptor | undefined][] = [
      [Page.prototype, 'one', Object.getOwnPropertyDescriptor(Page.prototype, 'one')],
      [Page.prototype, 'property', undefined],
      [Page, 'list', Object.getOwnPropertyDescriptor(Page, 'list')],
    ];
    for (const [target, name, descriptor] of places) {
      expect(() => {
        decorate(target, name, descriptor as never);
      }).toThrow(
        expect.objectContaining({
          code: 'ERR_LOCMEM_INVALID_OPTION',
          option: 'target',
          message: expect.stringContaining(`@${decorator}()`),
        }),
      );
    }
  });
});
