/**
 * The recorded answers of Django's cache middlewares, decorators and ConditionalGetMiddleware, replayed
 * through ours over a real server. What comes out otherwise is named, step by step.
 */
import {
  cacheControl,
  cachePage,
  conditionalGet,
  neverCache,
  responseCache,
  varyOn,
} from '@locmem/express';
import * as ofKoa from '@locmem/koa';
import express from 'express';
import type { RequestHandler } from 'express';
import Koa from 'koa';
import type { Context, Middleware, Next } from 'koa';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freshStoreName } from '../harness.js';

interface Stack {
  readonly kind: 'cache_page' | 'middleware';
  readonly timeout?: number;
  readonly keyPrefix?: string;
  readonly conditional?: boolean;
}

interface View {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: Readonly<Record<string, string>>;
  readonly streaming?: boolean;
  readonly empty?: boolean;
  readonly decorators?: readonly (readonly [name: string, argument?: any])[];
}

interface Step {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly secure?: boolean;
  readonly wait?: number;
  readonly stack?: number;
  readonly view?: View;
}

interface Recorded {
  readonly ran?: boolean;
  readonly status?: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly expiresIn?: number | string;
  readonly setCookie?: readonly string[];
  readonly error?: string;
}

export interface Sequence {
  readonly id: string;
  readonly title: string;
  readonly stack?: Stack;
  readonly stacks?: readonly Stack[];
  readonly view?: View;
  readonly steps: readonly Step[];
  readonly expect: Readonly<Record<string, readonly Recorded[]>>;
}

interface Vectors {
  readonly t0: number;
  readonly sequences: readonly Sequence[];
}

export const VECTORS = JSON.parse(
  readFileSync(new URL('./fixtures/http_django.json', import.meta.url), 'utf8'),
) as Vectors;

/** The newest Django of the recording. */
export const COLUMN = '6.1';

/** Makes a listener: the stack of a sequence around its view. */
export type Site = (
  stack: Stack,
  options: { cache: string; clock: { now(): number } },
  view: (res: ServerResponse, decorators: View['decorators']) => void,
  current: () => View,
) => RequestListener;

export const SITES: readonly (readonly [string, Site])[] = [
  [
    'Express 5',
    (stack, options, view, current) => {
      const app = express().set('trust proxy', true).disable('x-powered-by').disable('etag');
      if (stack.conditional) app.use(conditionalGet());
      app.use(
        stack.kind === 'middleware'
          ? responseCache(site(stack, options))
          : cachePage(stack.timeout, page(stack, options)),
      );
      app.use((req, res, next) => {
        const [outer, ...inner] = (current().decorators ?? []).map(decorator);
        const show: RequestHandler = () => {
          view(res, undefined);
        };
        const chain = [...(outer ? [outer] : []), ...inner, show];
        const step = (index: number): void => {
          void chain[index]!(req, res, (error?: unknown) => {
            if (error !== undefined) next(error);
            else step(index + 1);
          });
        };
        step(0);
      });
      return app as RequestListener;
    },
  ],
  [
    'Koa 3',
    (stack, options, view, current) => {
      const app = new Koa();
      app.proxy = true;
      if (stack.conditional) app.use(ofKoa.conditionalGet());
      app.use(
        stack.kind === 'middleware'
          ? ofKoa.responseCache(site(stack, options))
          : ofKoa.cachePage(stack.timeout, page(stack, options)),
      );
      app.use(async (ctx: Context) => {
        const show: Middleware = (inside) => {
          const shown = onContext(inside);
          view(shown, undefined);
        };
        const chain = [...(current().decorators ?? []).map(koaDecorator), show];
        const step = async (index: number): Promise<void> => {
          await chain[index]!(ctx, (() => step(index + 1)) as Next);
        };
        await step(0);
      });
      // eslint-disable-next-line @typescript-eslint/no-misused-promises -- as app.listen does it
      return app.callback();
    },
  ],
];

/** What the view does to a response, done to a context. */
function onContext(ctx: Context): ServerResponse {
  const shown = {
    setHeader: (name: string, value: string | string[]) => {
      ctx.set(name, value);
    },
    end: (body?: string) => {
      ctx.body = Buffer.from(body ?? '');
      if (!ctx.res.hasHeader('X-Type')) ctx.remove('Content-Type');
    },
    set statusCode(status: number) {
      ctx.status = status;
    },
  };
  return shown as unknown as ServerResponse;
}

const site = (stack: Stack, options: object) => ({
  ...page(stack, options),
  timeout: stack.timeout!,
});
const page = (stack: Stack, options: object): object => ({
  ...options,
  keyPrefix: stack.keyPrefix ?? '',
});

function decorator([name, argument]: readonly [string, any?]): RequestHandler {
  if (name === 'never_cache') return neverCache();
  if (name === 'vary_on_cookie') return varyOn('Cookie');
  if (name === 'vary_on_headers') return varyOn(...(argument as string[]));
  return cacheControl(camelCased(argument));
}

function koaDecorator([name, argument]: readonly [string, any?]): Middleware {
  if (name === 'never_cache') return ofKoa.neverCache();
  if (name === 'vary_on_cookie') return ofKoa.varyOn('Cookie');
  if (name === 'vary_on_headers') return ofKoa.varyOn(...(argument as string[]));
  return ofKoa.cacheControl(camelCased(argument));
}

function camelCased(words: Record<string, unknown>): object {
  return Object.fromEntries(
    Object.entries(words).map(([name, value]) => [
      name.replace(/_(.)/g, (_all, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
}

/** @returns what differs from the recording, as `step 2 ran`; nothing when all is as it was there */
export async function replay(sequence: Sequence, make: Site): Promise<string[]> {
  let nowMs = VECTORS.t0 * 1000;
  const runs: number[] = [];
  let current = 0;
  let view: View = {};
  const options = { cache: freshStoreName(), clock: { now: () => nowMs } };
  const show = (res: ServerResponse) => {
    const run = (runs[current] ?? 0) + 1;
    runs[current] = run;
    const body = view.empty ? '' : `#${run}`;
    res.statusCode = view.status ?? 200;
    for (const [name, value] of Object.entries(view.headers ?? {})) res.setHeader(name, value);
    const cookies = Object.entries(view.cookies ?? {}).map(([name, value]) => `${name}=${value}`);
    if (cookies.length > 0) res.setHeader('Set-Cookie', cookies);
    res.end(body);
  };
  const stacks = sequence.stacks ?? [
    sequence.stack ?? { kind: 'cache_page' as const, timeout: 60 },
  ];
  const servers = stacks.map((stack) =>
    createServer(make(stack, options, show, () => view)).listen(0, '127.0.0.1'),
  );
  const different: string[] = [];
  const etags = new Map<string, string>();
  try {
    await Promise.all(servers.map((server) => once(server, 'listening')));
    for (const [index, step] of sequence.steps.entries()) {
      nowMs += (step.wait ?? 0) * 1000;
      view = step.view ?? sequence.view ?? {};
      current = step.stack ?? 0;
      const before = runs[current];
      const { port } = servers[current]!.address() as AddressInfo;
      const got = await ask(port, step, etags);
      if (got.headers.etag !== undefined) etags.set(md5(got.body), got.headers.etag);
      const recorded = sequence.expect[COLUMN]![index]!;
      const aspects = differences(recorded, got, runs[current] !== before, view, nowMs, step);
      different.push(...aspects.map((aspect) => `${index + 1} ${aspect}`));
    }
  } finally {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    }
  }
  return different;
}

function md5(body: string): string {
  return `"${createHash('md5').update(body).digest('hex')}"`;
}

interface Got {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

async function ask(port: number, step: Step, etags: Map<string, string>): Promise<Got> {
  const headers: Record<string, string> = { Host: 'testserver' };
  for (const [name, value] of Object.entries(step.headers ?? {})) {
    // The ETag that Django made of the body is the one that we made of it.
    headers[name] = etags.get(value) ?? value;
  }
  if (step.secure) headers['X-Forwarded-Proto'] = 'https';
  const client = request({
    host: '127.0.0.1',
    port,
    path: step.url ?? '/p',
    method: step.method ?? 'GET',
    headers,
    agent: false,
  });
  client.end();
  const [response] = (await once(client, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode!,
    body: Buffer.concat(chunks).toString(),
    headers: response.headers,
  };
}

function differences(
  recorded: Recorded,
  got: Got,
  ran: boolean,
  view: View,
  nowMs: number,
  step: Step,
): string[] {
  if (recorded.error !== undefined) return [`error ${recorded.error}`];
  const found: string[] = [];
  const compare = (aspect: string, was: unknown, is: unknown) => {
    if (JSON.stringify(was) !== JSON.stringify(is)) found.push(aspect);
  };
  const field = (name: string) => {
    const value: string | undefined = recorded.headers?.[name];
    return value ?? null;
  };
  compare('ran', recorded.ran, ran);
  compare('status', recorded.status, got.status);
  // The recording was made without a server, so that its answers to HEAD have a body.
  if (step.method !== 'HEAD') compare('body', recorded.body, got.body);
  compare(
    'Cache-Control',
    withoutAdded(field('Cache-Control'), view),
    got.headers['cache-control'] ?? null,
  );
  compare('Vary', field('Vary'), got.headers.vary ?? null);
  compare('ETag', etagOf(field('ETag'), view), etagOf(got.headers.etag ?? null, view));
  compare('Last-Modified', field('Last-Modified'), got.headers['last-modified'] ?? null);
  compare('Age', field('Age'), got.headers.age ?? null);
  compare('X-Custom', field('X-Custom'), got.headers['x-custom'] ?? null);
  compare('Set-Cookie', recorded.setCookie ?? null, got.headers['set-cookie'] ?? null);
  if (saysExpires(view)) compare('Expires', recorded.expiresIn, expiresIn(got, view, nowMs));
  return found;
}

/** Django adds a max-age to what it caches; we add nothing to an answer. See the table. */
function withoutAdded(value: string | null, view: View): string | null {
  if (value === null || saysMaxAge(view)) return value;
  const rest = value.split(/,\s*/).filter((directive) => !directive.startsWith('max-age='));
  return rest.length === 0 ? null : rest.join(', ');
}

function saysMaxAge({ headers = {}, decorators = [] }: View): boolean {
  return (
    /max-age/i.test(headers['Cache-Control'] ?? '') ||
    decorators.some(([name, argument]) => name === 'never_cache' || 'max_age' in (argument ?? {}))
  );
}

/** Nor an Expires. */
function saysExpires({ headers = {}, decorators = [] }: View): boolean {
  return 'Expires' in headers || decorators.some(([name]) => name === 'never_cache');
}

function expiresIn({ headers }: Got, { decorators = [] }: View, nowMs: number): unknown {
  const { expires = '' } = headers;
  if (Number.isNaN(Date.parse(expires)) || expires === '0') return expires;
  // The decorator goes by the clock of the system, as the Date of the answer does.
  const isOurs = decorators.some(([name]) => name === 'never_cache');
  const from = isOurs ? Date.parse(headers.date!) : nowMs;
  return Math.round((Date.parse(expires) - from) / 1000);
}

/** One made of the body is one made of the body, by whatever digest. */
function etagOf(value: string | null, view: View): string | null {
  return value === null || 'ETag' in (view.headers ?? {}) ? value : '(made of the body)';
}
