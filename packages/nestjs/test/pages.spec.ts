/** Answers over HTTP, kept as they leave the application: the same on Express and on Fastify. */
import { describe, expect, it } from '@jest/globals';
import { createTestCache, TestClock } from '@locmem/core/testing';
import {
  BadGatewayException,
  Body,
  Catch,
  ClassSerializerInterceptor,
  Controller,
  createParamDecorator,
  Get,
  Header,
  HttpCode,
  Injectable,
  NotFoundException,
  Post,
  Query,
  Redirect,
  Req,
  Res,
  Sse,
  StreamableFile,
  UnauthorizedException,
  UseFilters,
  UseGuards,
  UseInterceptors,
  Version,
  VersioningType,
} from '@nestjs/common';
import type {
  ArgumentsHost,
  CallHandler,
  CanActivate,
  ExceptionFilter,
  ExecutionContext,
  INestApplication,
  NestInterceptor,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { Exclude } from 'class-transformer';
import { Readable } from 'node:stream';
import { finalize, map, of, tap } from 'rxjs';
import type { Observable } from 'rxjs';
import {
  CacheControl,
  CacheKeyPrefix,
  CachePage,
  LocMemModule,
  NeverCache,
  PageCache,
  VaryOn,
} from '../src/index.js';
import type { LocMemModuleRegisterOptions } from '../src/index.js';
import { PLATFORMS, serve, until } from './harness.js';
import type { ServeOptions } from './harness.js';

type Type = new (...args: any[]) => object;

/** What a test of both platforms calls on a response. */
interface AnyResponse {
  status(code: number): AnyResponse;
  header(name: string, value: string): AnyResponse;
  send(body: unknown): unknown;
}

const headerOf = (context: ExecutionContext, name: string) =>
  context.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>().headers[
    name
  ];

describe.each(PLATFORMS)('@CachePage on %s', (platform) => {
  const start = (
    controllers: Type | Type[],
    options: LocMemModuleRegisterOptions = {},
    serving: ServeOptions & { providers?: any[] } = {},
  ) =>
    serve(
      platform,
      {
        imports: [LocMemModule.register(options)],
        controllers: [controllers].flat(),
        providers: serving.providers ?? [],
      },
      serving,
    );

  describe('keeps an answer as it is', () => {
    class User {
      constructor(
        readonly name: string,
        readonly password: string,
      ) {}
    }
    Exclude()(User.prototype, 'password');

    const SERIALISING = { provide: APP_INTERCEPTOR, useClass: ClassSerializerInterceptor };

    @Injectable()
    class Wrapping implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
        return next.handle().pipe(map((data) => ({ data })));
      }
    }

    let runs = 0;
    @CachePage('1m')
    @Controller()
    class Answers {
      @Get('object') object() {
        return { run: ++runs };
      }
      @Get('text') text() {
        return `run ${++runs}`;
      }
      @Get('nothing') nothing() {
        runs++;
      }
      @Get('number') number() {
        return ++runs;
      }
      @Get('observable') observable() {
        return of(0, ++runs).pipe(map((run) => ({ run })));
      }
      @HttpCode(203)
      @Header('X-Mine', 'a, b')
      @Header('Cache-Control', 'max-age=100')
      @Get('fields')
      fields() {
        return `run ${++runs}`;
      }
      @Redirect('/elsewhere', 302)
      @Header('Cache-Control', 'max-age=100')
      @Get('redirect')
      redirect() {
        runs++;
      }
      @Get('res') res(@Res() res: AnyResponse) {
        res.header('x-by', 'hand').status(200).send({ run: ++runs });
      }
      @Get('passthrough') passthrough(@Res({ passthrough: true }) res: AnyResponse) {
        res.header('x-by', 'both');
        return { run: ++runs };
      }
      @Header('Content-Type', 'text/csv')
      @Get('stream')
      stream() {
        return new StreamableFile(Readable.from(['a;', 'b;', `${++runs}`]));
      }
      @Get('file') file() {
        return new StreamableFile(Buffer.from([0, 255, ++runs % 100]), {
          type: 'image/png',
          disposition: 'inline',
        });
      }
      @UseInterceptors(Wrapping)
      @Get('wrapped')
      wrapped() {
        return ++runs;
      }
      @UseInterceptors(ClassSerializerInterceptor)
      @Get('serialised')
      serialised() {
        return new User(`Ada ${++runs}`, 'secret');
      }
    }

    it.each([
      ...['object', 'text', 'nothing', 'number', 'observable', 'fields', 'redirect', 'res'],
      ...['passthrough', 'stream', 'file', 'wrapped', 'serialised'],
    ])('%s', async (path) => {
      const { ask } = await start(Answers);
      runs = 0;
      const miss = await ask(`/${path}`);
      const hit = await ask(`/${path}`);
      expect(runs).toBe(1);
      expect([miss.isHit, hit.isHit]).toEqual([false, true]);
      expect([hit.status, hit.text]).toEqual([miss.status, miss.text]);
      expect(miss.text).not.toContain('secret');
      const differing = new Set(['date', 'age', 'cache-status', 'connection', 'keep-alive']);
      const fieldsOf = ({ fields }: typeof hit) =>
        Object.entries(fields).filter(
          ([name]) => !differing.has(name) && name !== 'transfer-encoding',
        );
      // A stream has no length before it has ended.
      const lengthless = (answer: typeof hit) =>
        Object.fromEntries(
          fieldsOf(answer).filter(([name]) => path !== 'stream' || name !== 'content-length'),
        );
      expect(lengthless(hit)).toEqual(lengthless(miss));
      expect((await ask(`/${path}`, { method: 'HEAD' })).status).toBe(miss.status);
      expect(runs).toBe(1);
    });

    it('as an interceptor around all of the application has serialised it', async () => {
      @Controller()
      class Users {
        @CachePage('1m')
        @Get()
        get() {
          return new User(`Ada ${++runs}`, 'secret');
        }
      }
      runs = 0;
      const { ask } = await start(Users, {}, { providers: [SERIALISING] });
      for (const isHit of [false, true]) {
        const answer = await ask('/');
        expect([answer.isHit, answer.text]).toEqual([isHit, '{"name":"Ada 1"}']);
      }
    });

    it('and answers conditional requests from it', async () => {
      const { ask } = await start(Answers, { pages: { etag: true } });
      await ask('/object');
      const etag = (await ask('/object')).fields.etag!;
      const conditional = await ask('/object', { headers: { 'if-none-match': etag } });
      expect([conditional.status, conditional.text]).toEqual([304, '']);
    });

    it('once for all who ask at the same time', async () => {
      const { ask } = await start(Answers);
      runs = 0;
      const answers = await Promise.all(Array.from({ length: 10 }, () => ask('/object')));
      expect(runs).toBe(1);
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    });

    it('one for each query', async () => {
      const { ask } = await start(Answers);
      runs = 0;
      await ask('/object?a=1');
      await ask('/object?a=2');
      expect(runs).toBe(2);
    });
  });

  describe('where a handler throws', () => {
    @Catch(BadGatewayException)
    class Teapot implements ExceptionFilter {
      catch(_error: Error, host: ArgumentsHost) {
        const response = host.switchToHttp().getResponse<AnyResponse>();
        response.header('cache-control', 'max-age=60').status(418).send(`run ${runs}`);
      }
    }
    let runs = 0;
    @CachePage('1m')
    @Controller()
    class Failing {
      @Get('missing') missing() {
        throw new NotFoundException(`run ${++runs}`);
      }
      @Get('broken') broken() {
        throw new Error(`run ${++runs}`);
      }
      @UseFilters(Teapot)
      @Get('filtered')
      filtered() {
        throw new BadGatewayException(`run ${++runs}`);
      }
    }

    it.each([
      ['nothing of an error is kept', '/missing', 404, 2],
      ['nor of one that nobody expected', '/broken', 500, 2],
      ['unless a filter says how long it holds', '/filtered', 418, 1],
    ])('%s', async (_what, path, status, expectedRuns) => {
      const { ask } = await start(Failing);
      runs = 0;
      await ask(path);
      expect((await ask(path)).status).toBe(status);
      expect(runs).toBe(expectedRuns);
    });
  });

  describe('never shows one visitor what is for another', () => {
    let runs = 0;
    @CachePage('1m')
    @Controller()
    class Private {
      @Get('mine') mine(@Req() req: { headers: Record<string, string> }) {
        runs++;
        return `for ${req.headers.authorization ?? req.headers.cookie ?? 'nobody'}`;
      }
      @Get('cookie') cookie(@Res({ passthrough: true }) res: AnyResponse) {
        res.header('set-cookie', 'sid=1');
        return `run ${++runs}`;
      }
    }

    it.each(['authorization', 'cookie'])('by its %s', async (name) => {
      const { ask } = await start(Private);
      const as = async (value?: string) =>
        (await ask('/mine', value === undefined ? {} : { headers: { [name]: value } })).text;
      expect([await as('alice'), await as('bob'), await as(), await as('alice')]).toEqual([
        'for alice',
        'for bob',
        'for nobody',
        'for alice',
      ]);
    });

    it('nor gives a session away', async () => {
      const { ask } = await start(Private);
      runs = 0;
      await ask('/cookie');
      const answer = await ask('/cookie');
      expect(runs).toBe(2);
      expect(answer.cache).toContain('detail=set-cookie');
    });
  });

  describe('guards and interceptors', () => {
    it('guards run before a hit is given, and may refuse it', async () => {
      @Injectable()
      class Door implements CanActivate {
        canActivate(context: ExecutionContext): boolean {
          if (headerOf(context, 'x-key') !== 'open') throw new UnauthorizedException();
          return true;
        }
      }
      let runs = 0;
      @UseGuards(Door)
      @Controller()
      class Guarded {
        @CachePage('1m')
        @Get()
        get() {
          return `run ${++runs}`;
        }
      }
      const { ask } = await start(Guarded);
      const open = { headers: { 'x-key': 'open' } };
      await ask('/', open);
      expect((await ask('/', open)).isHit).toBe(true);
      expect((await ask('/')).status).toBe(401);
      expect(runs).toBe(1);
    });

    it('interceptors further out see a beginning and an end of each request', async () => {
      const seen: string[] = [];
      @Injectable()
      class Log implements NestInterceptor {
        intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
          seen.push('in');
          return next.handle().pipe(
            tap({ error: () => seen.push('error') }),
            finalize(() => seen.push('out')),
          );
        }
      }
      @Controller()
      class Page {
        @CachePage('1m')
        @Get()
        get() {
          seen.push('handler');
          return 'page';
        }
      }
      const errors: unknown[] = [];
      const { ask } = await start(
        Page,
        {},
        {
          prepare: (app) => {
            app.useGlobalInterceptors(new Log());
            app.useLogger({
              log() {},
              warn() {},
              error: (...args: unknown[]) => errors.push(args),
            });
          },
        },
      );
      await ask('/');
      expect((await ask('/')).text).toBe('page');
      await new Promise(setImmediate);
      expect(seen.filter((what) => what === 'handler')).toHaveLength(1);
      expect(seen).not.toContain('error');
      expect(errors).toEqual([]);
    });

    it('fields that a middleware sets for one request are not kept for all', async () => {
      @Controller()
      class Page {
        @CachePage('1m')
        @Get()
        get() {
          return 'page';
        }
      }
      let requests = 0;
      const { ask } = await start(
        Page,
        {},
        {
          prepare: (app: INestApplication) => {
            const instance: any = app.getHttpAdapter().getInstance();
            if (platform === 'Express') {
              instance.use((_req: unknown, res: any, next: () => void) => {
                res.setHeader('x-request', ++requests);
                next();
              });
            } else {
              instance.addHook('onRequest', (_req: unknown, reply: any, done: () => void) => {
                reply.header('x-request', ++requests);
                done();
              });
            }
          },
        },
      );
      for (const request of ['1', '2', '3']) {
        const answer = await ask('/');
        expect(answer.fields['x-request']).toBe(request);
        expect(answer.isHit).toBe(request !== '1');
      }
    });
  });

  describe('scope', () => {
    class Counting {
      static runs = 0;
    }
    @Controller('a')
    class Plain extends Counting {
      @Get('get') get() {
        return `run ${++Counting.runs}`;
      }
      @Post('post') post() {
        return `run ${++Counting.runs}`;
      }
      @CachePage(5)
      @Get('short')
      short() {
        return `run ${++Counting.runs}`;
      }
      @NeverCache()
      @Get('never')
      never() {
        return `run ${++Counting.runs}`;
      }
    }

    it('is the handlers that ask for it', async () => {
      const { ask } = await start(Plain);
      Counting.runs = 0;
      await ask('/a/get');
      const answer = await ask('/a/get');
      expect([answer.text, answer.cache]).toEqual(['run 2', undefined]);
    });

    it('or all GET handlers of the application', async () => {
      const clock = new TestClock();
      const { ask } = await start(Plain, { pages: { timeout: '1m', clock } });
      Counting.runs = 0;
      for (const path of ['get', 'short', 'never']) await ask(`/a/${path}`);
      const hits = [];
      for (const path of ['get', 'short', 'never']) hits.push((await ask(`/a/${path}`)).isHit);
      expect(hits).toEqual([true, true, false]);
      clock.advance('10s');
      expect((await ask('/a/get')).isHit).toBe(true);
      expect((await ask('/a/short')).isHit).toBe(false);
      await ask('/a/post', { method: 'POST' });
      expect((await ask('/a/post', { method: 'POST' })).isHit).toBe(false);
    });

    it('does not include events that are sent by the server', async () => {
      @CachePage('1m')
      @Controller()
      class Events {
        @Sse('events')
        events() {
          return of({ data: `run ${++Counting.runs}` });
        }
      }
      const { ask } = await start(Events);
      const first = await ask('/events');
      expect((await ask('/events')).text).not.toBe(first.text);
    });
  });

  describe('purging', () => {
    @Controller('tea')
    class Tea {
      price = 5;
      constructor(readonly pages: PageCache) {}
      @CachePage('1h', { tags: () => ['prices'] })
      @Get()
      show() {
        return this.price;
      }
      @CachePage('1h')
      @Get('list')
      list() {
        return [this.price];
      }
      @Post() async change(@Body() { price }: { price: number }) {
        this.price = price;
        return price;
      }
    }
    const post = (price: number) => ({
      method: 'POST',
      body: JSON.stringify({ price }),
      headers: { 'content-type': 'application/json' },
    });

    it('a write drops the page of its URL, and no other', async () => {
      const { ask } = await start(Tea);
      await ask('/tea');
      await ask('/tea/list');
      await ask('/tea', post(6));
      expect((await ask('/tea')).text).toBe('6');
      expect((await ask('/tea/list')).text).toBe('[5]');
    });

    it('by URL, by tag, or all', async () => {
      const { app, ask } = await start(Tea);
      const pages = app.get(PageCache);
      const texts = async () => [(await ask('/tea')).text, (await ask('/tea/list')).text];
      await texts();
      app.get(Tea).price = 6;
      await pages.invalidate({ url: '/tea/list' });
      expect(await texts()).toEqual(['5', '[6]']);
      await pages.invalidate({ tags: ['prices'] });
      expect(await texts()).toEqual(['6', '[6]']);
      app.get(Tea).price = 7;
      await pages.clear();
      expect(await texts()).toEqual(['7', '[7]']);
      expect(pages.stats()).toMatchObject({ hits: 2, misses: 6, stored: 6 });
    });

    it('also in a store that a page has for itself', async () => {
      let price = 5;
      @Controller('own')
      class Own {
        @CachePage('1h', { cache: createTestCache(), tags: () => ['prices'] })
        @Get()
        show() {
          return price;
        }
        @Post() change(@Body() body: { price: number }) {
          price = body.price;
          return price;
        }
      }
      const { app, ask } = await start(Own);
      const pages = app.get(PageCache);
      await ask('/own');
      const answer = await ask('/own', post(6));
      expect([answer.status, answer.text]).toEqual([201, '6']);
      expect((await ask('/own')).text).toBe('6');
      price = 7;
      await pages.invalidate({ tags: ['prices'] });
      expect((await ask('/own')).text).toBe('7');
      price = 8;
      await pages.clear();
      expect((await ask('/own')).text).toBe('8');
    });

    it('each application begins without pages', async () => {
      const first = await start(Tea);
      await first.ask('/tea');
      const second = await start(Tea);
      expect((await second.ask('/tea')).isHit).toBe(false);
    });
  });

  describe('what answers say to caches', () => {
    @CacheControl({ public: true, maxAge: '1h' })
    @Controller()
    class Said {
      runs = 0;
      @CachePage()
      @Get('public')
      public() {
        return `run ${++this.runs}`;
      }
      @CachePage('1m')
      @CacheControl({ private: true })
      @Get('private')
      private() {
        return `run ${++this.runs}`;
      }
      @CachePage('1m')
      @NeverCache()
      @Get('never')
      never() {
        return `run ${++this.runs}`;
      }
      @CachePage('1m')
      @VaryOn('Accept-Language')
      @Get('language')
      language(@Req() req: { headers: Record<string, string> }) {
        return `${req.headers['accept-language']} ${++this.runs}`;
      }
      @CachePage('1m')
      @Get('broken')
      broken() {
        throw new Error('broken');
      }
    }

    it('counts for the pages, too', async () => {
      const { ask } = await start(Said);
      const twice = async (path: string) => {
        await ask(path);
        return ask(path);
      };
      const open = await twice('/public');
      expect([open.isHit, open.fields['cache-control']]).toEqual([true, 'public, max-age=3600']);
      expect((await twice('/private')).cache).toContain('detail=response-private');
      const never = await twice('/never');
      expect(never.isHit).toBe(false);
      expect(never.fields['cache-control']).toContain('no-store');
      expect((await twice('/broken')).fields['cache-control']).toBeUndefined();
    });

    it('Vary keeps variants apart', async () => {
      const { ask } = await start(Said);
      const as = async (language: string) =>
        (await ask('/language', { headers: { 'accept-language': language } })).text;
      expect([await as('de'), await as('fr'), await as('de')]).toEqual(['de 1', 'fr 2', 'de 1']);
    });
  });

  describe('prefix, version and key', () => {
    it('set requests apart, by functions of the execution context', async () => {
      @CacheKeyPrefix((context) => headerOf(context, 'x-tenant') ?? '')
      @Controller()
      class Tenants {
        runs = 0;
        @CachePage('1m', { version: (context) => Number(headerOf(context, 'x-version') ?? 1) })
        @Get('page')
        page() {
          return `run ${++this.runs}`;
        }
        @CachePage('1m', { key: (context) => context.getHandler().name })
        @Get('key')
        key(@Query('q') q: string) {
          return `${q} ${++this.runs}`;
        }
        @CachePage('1m', { bypass: (context) => headerOf(context, 'x-admin') !== undefined })
        @Get('bypass')
        bypass() {
          return `run ${++this.runs}`;
        }
      }
      const { ask } = await start(Tenants);
      const page = async (headers: Record<string, string>) =>
        (await ask('/page', { headers })).text;
      expect(await page({ 'x-tenant': 'acme' })).toBe('run 1');
      expect(await page({ 'x-tenant': 'other' })).toBe('run 2');
      expect(await page({ 'x-tenant': 'acme' })).toBe('run 1');
      expect(await page({ 'x-tenant': 'acme', 'x-version': '2' })).toBe('run 3');
      expect((await ask('/key?q=a')).text).toBe('a 4');
      expect((await ask('/key?q=b')).text).toBe('a 4');
      await ask('/bypass');
      expect((await ask('/bypass', { headers: { 'x-admin': '1' } })).text).toBe('run 6');
    });

    it.each([
      ['the URL', { type: VersioningType.URI } as const, ['/v1/v', {}], ['/v2/v', {}]],
      [
        'a header',
        { type: VersioningType.HEADER, header: 'x-api' } as const,
        ['/v', { 'x-api': '1' }],
        ['/v', { 'x-api': '2' }],
      ],
      [
        'the media type',
        { type: VersioningType.MEDIA_TYPE, key: 'v=' } as const,
        ['/v', { accept: 'application/json;v=1' }],
        ['/v', { accept: 'application/json;v=2' }],
      ],
      [
        'something else',
        {
          type: VersioningType.CUSTOM,
          extractor: (request: any) => String(request.headers['x-custom']),
        } as const,
        ['/v', { 'x-custom': '1' }],
        ['/v', { 'x-custom': '2' }],
      ],
    ] as const)('versions of an API by %s are apart', async (_what, versioning, one, two) => {
      @Controller()
      class Versions {
        runs = 0;
        @Version('1')
        @CachePage('1m')
        @Get('v')
        one() {
          return `one ${++this.runs}`;
        }
        @Version('2')
        @CachePage('1m')
        @Get('v')
        two() {
          return `two ${++this.runs}`;
        }
      }
      const { ask } = await start(
        Versions,
        {},
        {
          prepare: (app) => app.enableVersioning(versioning),
        },
      );
      const texts = [];
      for (const [path, headers] of [one, two, one, two]) {
        texts.push((await ask(path, { headers: headers })).text);
      }
      expect(texts).toEqual(['one 1', 'two 2', 'one 1', 'two 2']);
    });

    it('refuses options that there are not, where the class is defined', () => {
      expect(() => CachePage(5, { ttl: 5 } as never)).toThrow(
        expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_OPTION', option: 'ttl' }),
      );
      expect(() => CachePage(5, { timeout: 5 } as never)).toThrow(
        expect.objectContaining({ option: 'timeout' }),
      );
      expect(() => CachePage('5 minuts' as never)).toThrow(
        expect.objectContaining({ code: 'ERR_LOCMEM_INVALID_TIMEOUT' }),
      );
    });
  });

  describe('stale pages', () => {
    @Controller()
    class News {
      runs = 0;
      isDown = false;
      @CachePage('1m', { staleWhileRevalidate: '1h' })
      @Get('behind')
      behind() {
        return { run: ++this.runs };
      }
      @CachePage('1m', { staleIfError: '1h' })
      @Get('error')
      error() {
        this.runs++;
        if (this.isDown) throw new Error('down');
        return { run: this.runs };
      }
    }

    it('are given while the handler runs again, guards included, behind the answer', async () => {
      const clock = new TestClock();
      let guarded = 0;
      @Injectable()
      class Counting implements CanActivate {
        canActivate(): boolean {
          guarded++;
          return true;
        }
      }
      const { app, ask } = await start(
        News,
        { pages: { clock } },
        {
          prepare: (one) => one.useGlobalGuards(new Counting()),
        },
      );
      await ask('/behind');
      clock.advance('2m');
      expect((await ask('/behind')).text).toBe('{"run":1}');
      await until(() => app.get(PageCache).stats().stored === 2);
      expect((await ask('/behind')).text).toBe('{"run":2}');
      expect(app.get(News).runs).toBe(2);
      expect(guarded).toBe(4);
    });

    it('stand in for a handler that fails', async () => {
      const clock = new TestClock();
      const { app, ask } = await start(News, { pages: { clock } });
      await ask('/error');
      clock.advance('2m');
      app.get(News).isDown = true;
      const answer = await ask('/error');
      expect([answer.status, answer.text]).toEqual([200, '{"run":1}']);
      expect(app.get(News).runs).toBe(2);
    });
  });

  it('explains what would happen to a request', async () => {
    const Context = createParamDecorator((_data: unknown, context: ExecutionContext) => context);
    @Controller()
    class Page {
      constructor(private readonly pages: PageCache) {}
      @CachePage('1m', { bypass: (context) => headerOf(context, 'x-why') !== undefined })
      @Get()
      async get(@Context() context: ExecutionContext) {
        return (await this.pages.explain(context)).reason;
      }
    }
    const { ask } = await start(Page);
    expect((await ask('/')).text).toBe('uri-miss');
    expect((await ask('/', { headers: { 'x-why': '1' } })).text).toBe('bypass-option');
  });
});

describe.each(PLATFORMS)('a front before Nest on %s', (platform) => {
  const seen: string[] = [];

  @Injectable()
  class Watch implements CanActivate {
    canActivate(): boolean {
      seen.push('guard');
      return true;
    }
  }

  @Controller()
  class Pages {
    runs = 0;
    @CachePage('1m')
    @Get('open')
    open() {
      return `run ${++this.runs}`;
    }
    @UseGuards(Watch)
    @CachePage('1m')
    @Get('guarded')
    guarded() {
      return `run ${++this.runs}`;
    }
    @UseGuards(Watch)
    @CachePage('1m', { front: true })
    @Get('willing')
    willing() {
      return `run ${++this.runs}`;
    }
    @CacheKeyPrefix((context) => headerOf(context, 'x-tenant') ?? '')
    @CachePage('1m')
    @Get('tenant')
    tenant() {
      return `run ${++this.runs}`;
    }
    @CachePage('1m', { bypass: (context) => headerOf(context, 'x-admin') !== undefined })
    @Get('bypass')
    bypass() {
      return `run ${++this.runs}`;
    }
    @Post('open') write() {
      return 'written';
    }
  }

  const start = async (
    options: LocMemModuleRegisterOptions = {},
    prepare?: ServeOptions['prepare'],
  ) => {
    const metadata = {
      imports: [LocMemModule.register({ front: true, ...options })],
      controllers: [Pages],
    };
    const served = await serve(platform, metadata, {
      prepare: (app) => {
        const adapter: any = app.getHttpAdapter();
        // What Nest sees at all.
        const see = (_req: unknown, _res: unknown, next: () => void) => {
          seen.push('nest');
          next();
        };
        const instance = adapter.getInstance();
        if (platform === 'Express') instance.use(see);
        else instance.addHook('onRequest', see);
        return prepare?.(app);
      },
    });
    seen.length = 0;
    return served;
  };

  it('gives hits, and Nest does not wake up', async () => {
    const { app, ask } = await start();
    const texts = [];
    for (let i = 0; i < 3; i++) texts.push((await ask('/open')).text);
    expect(texts).toEqual(['run 1', 'run 1', 'run 1']);
    expect(seen).toEqual(['nest']);
    expect(app.get(PageCache).stats().hits).toBe(2);
    await ask('/open', { method: 'POST' });
    expect((await ask('/open')).text).toBe('run 2');
  });

  it('stands aside for pages that a guard watches, unless they say otherwise', async () => {
    const { ask } = await start();
    await ask('/guarded');
    expect((await ask('/guarded')).isHit).toBe(true);
    expect(seen).toEqual(['nest', 'guard', 'nest', 'guard']);
    seen.length = 0;
    await ask('/willing');
    expect((await ask('/willing')).isHit).toBe(true);
    expect(seen).toEqual(['nest', 'guard']);
  });

  it('stands aside for all pages where there is a guard for all', async () => {
    const { ask } = await start({}, (app) => app.useGlobalGuards(new Watch()));
    await ask('/open');
    expect((await ask('/open')).isHit).toBe(true);
    expect(seen).toEqual(['nest', 'guard', 'nest', 'guard']);
  });

  it('stands aside for pages that differ by more than their URL', async () => {
    const { ask } = await start();
    const as = async (tenant?: string) =>
      (await ask('/tenant', tenant === undefined ? {} : { headers: { 'x-tenant': tenant } })).text;
    expect([await as(), await as('acme'), await as(), await as('acme')]).toEqual([
      ...['run 1', 'run 2', 'run 1', 'run 2'],
    ]);
    await ask('/bypass');
    expect((await ask('/bypass', { headers: { 'x-admin': '1' } })).text).toBe('run 4');
  });

  it('stands aside where all requests have a prefix of their own', async () => {
    const { ask } = await start({ keyPrefix: (context) => headerOf(context, 'x-tenant') ?? '' });
    await ask('/open');
    expect((await ask('/open', { headers: { 'x-tenant': 'acme' } })).text).toBe('run 2');
    expect((await ask('/open')).text).toBe('run 1');
    expect(seen).toEqual(['nest', 'nest', 'nest']);
  });

  it('does not share what is not to be shared', async () => {
    const { ask } = await start();
    await ask('/open');
    expect((await ask('/open', { headers: { authorization: 'x' } })).text).toBe('run 2');
    expect((await ask('/open', { headers: { cookie: 'sid=1' } })).text).toBe('run 3');
  });
});
