/**
 * What must compile, and what must not: checked by `npm run types`, never run. A line under
 * `@ts-expect-error` that compiled would be the error.
 */
import { LocMemCache } from '@locmem/core';
import type { AsyncCache } from '@locmem/core';
import express from 'express';
import { cachePage, responseCache } from '../src/index.js';

declare global {
  // As users augment it, and as the types of passport do.
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Express {
    interface Request {
      readonly visit?: { readonly tenant: string; readonly plan: 'free' | 'paid' };
    }
  }
}

/** What the user has put on the request flows into every function among the options. */
const cache = responseCache({
  keyPrefix: (req) => req.visit?.tenant.toUpperCase() ?? '',
  version: (req) => Number(req.get('x-release')),
  key: (req) => `${req.visit?.plan ?? 'free'}:${req.originalUrl}`,
  tags: (req, res) => [req.visit?.tenant ?? '', String(res.statusCode)],
  bypass: (req) => req.visit?.plan === 'paid' && req.ip !== undefined,
});
express()
  .use(cache)
  .get('/', cachePage('5m', { keyPrefix: (req) => req.hostname }));

/** Answers come at once over a cache in this process, as promises over a remote one. */
// @ts-expect-error: it is no promise
export const done = responseCache({ cache: new LocMemCache('types') }).clear().then;
declare const remote: AsyncCache;
await responseCache({ cache: remote })
  .invalidate({ url: '/' })
  .then(() => 'gone');

export const wrong = [
  // @ts-expect-error: the visit has no such property
  responseCache({ keyPrefix: (req) => req.visit?.tenent ?? '' }),
  // @ts-expect-error: a version is a number
  responseCache({ version: (req) => req.visit?.tenant ?? '' }),
  // @ts-expect-error: a prefix is a string
  responseCache({ keyPrefix: () => 1 }),
  // @ts-expect-error: tags are a list
  responseCache({ tags: (req) => req.hostname }),
  // @ts-expect-error: a plan is one of two
  responseCache({ bypass: (req) => req.visit?.plan === 'gold' }),
  // @ts-expect-error: not a unit of time
  cachePage('5 minuts'),
  // @ts-expect-error: no such option
  responseCache({ timeOut: 5 }),
];
