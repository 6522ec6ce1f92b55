import { beforeHead, patchVary } from '@locmem/http';
import { Inject, Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Observable } from 'rxjs';
import type { Subscriber } from 'rxjs';
import { PageCache } from './page-cache.js';
import { patchAnswer } from './page.decorators.js';
import { rawOf, rememberContext, revealFields, silence, takeFields, unsilence } from './raw.js';
import type { Raw } from './raw.js';
import { Versioning } from './versioning.js';

/** Where Nest keeps what `@Header` and `@Sse` have said. */
const HEADERS_METADATA = '__headers__';
const SSE_METADATA = '__sse__';

/** Hands node's request and response to the cache of the handler; no decision about caching is made here. */
@Injectable()
export class PageInterceptor implements NestInterceptor {
  constructor(
    @Inject(PageCache) private readonly pages: PageCache,
    @Inject(Versioning) private readonly versioning: Versioning,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const { isStreamOfEvents, fields } = saidOf(context.getHandler());
    if (isStreamOfEvents) return next.handle();
    const raw = rawOf(context);
    const cache = this.pages.cacheFor(context);
    if (cache === undefined) {
      patchAnswer(raw.res, context.getClass(), context.getHandler());
      return next.handle();
    }
    return new Observable((subscriber) => {
      const setBack = takeFields(raw, fields);
      revealFields(raw);
      rememberContext(raw.req, context);
      let isOver = false;
      const goOn = (): unknown => {
        // After an answer from the store, stale as it was.
        if (isOver) return this.#runAgain(raw);
        isOver = true;
        setBack();
        this.#patch(raw, context);
        subscriber.add(next.handle().subscribe(subscriber));
        return undefined;
      };
      cache.handle(raw.req, raw.res, goOn);
      whenAnswered(raw.res, () => {
        if (isOver) return;
        isOver = true;
        endFor(subscriber, raw);
      });
    });
  }

  #patch({ res }: Raw, context: ExecutionContext): void {
    const { field } = this.versioning;
    if (field !== undefined) {
      beforeHead(res, () => {
        patchVary(res, [field]);
      });
    }
    patchAnswer(res, context.getClass(), context.getHandler());
  }

  /**
   * The client has had a stale answer, and the handler is to make a new one for the next who asks: from
   * the start, so that guards, pipes and all interceptors take part.
   */
  #runAgain(raw: Raw): unknown {
    unsilence(raw);
    const { req, res } = raw;
    const instance: unknown = this.adapterHost.httpAdapter.getInstance();
    const { routing } = instance as {
      routing?: (req: IncomingMessage, res: ServerResponse) => unknown;
    };
    if (typeof routing === 'function') return routing(req, res); // Fastify
    return (instance as (req: IncomingMessage, res: ServerResponse) => unknown)(req, res);
  }
}

/** The cache has answered. Interceptors further out hear of an end, and write to nobody. */
function endFor(subscriber: Subscriber<unknown>, raw: Raw): void {
  silence(raw);
  subscriber.next(undefined);
  subscriber.complete();
}

function whenAnswered(res: ServerResponse, then: () => void): void {
  if (res.writableEnded) then();
  else res.once('close', then);
}

/** What decorators of Nest have said of a handler. */
interface Said {
  readonly isStreamOfEvents: boolean;
  /** Names of the fields of `@Header`. */
  readonly fields: readonly string[];
}

/** Metadata is looked up along prototypes, map by map: too slow for every hit. */
const said = new WeakMap<object, Said>();

function saidOf(handler: object): Said {
  let known = said.get(handler);
  if (known === undefined) {
    const headers = (Reflect.getMetadata(HEADERS_METADATA, handler) ?? []) as {
      readonly name: string;
    }[];
    known = {
      isStreamOfEvents: Reflect.hasMetadata(SSE_METADATA, handler),
      fields: headers.map(({ name }) => name),
    };
    said.set(handler, known);
  }
  return known;
}
