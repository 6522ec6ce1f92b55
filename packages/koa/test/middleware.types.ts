/**
 * What must compile, and what must not: checked by `npm run types`, never run. A line under
 * `@ts-expect-error` that compiled would be the error.
 */
import Koa from 'koa';
import type { ParameterizedContext } from 'koa';
import { cachePage, responseCache } from '../src/index.js';

interface State {
  readonly tenant: string;
  readonly plan: 'free' | 'paid';
}

interface Additions {
  readonly release: number;
}

/** The application's own state and context flow into every function among the options. */
const cache = responseCache<string, State, Additions>({
  keyPrefix: (ctx) => ctx.state.tenant.toUpperCase(),
  version: (ctx) => ctx.release,
  key: (ctx) => `${ctx.state.plan}:${ctx.path}`,
  tags: (ctx) => [ctx.state.tenant],
  bypass: (ctx) => ctx.state.plan === 'paid' && ctx.get('x') !== '',
});
new Koa<State, Additions>().use(cache);
cachePage<string, State, Additions>('5m', { version: (ctx) => ctx.release });

/** What is known of it needs no words where the context has one type. */
const handler = (ctx: ParameterizedContext<State, Additions>): string => ctx.state.tenant;
responseCache({ keyPrefix: handler });

/** Static ones are as good, and answers come at once over a cache in this process. */
const stats: number = responseCache({ keyPrefix: 'a', version: 2 }).stats().hits;
// @ts-expect-error: it is no promise
export const done = responseCache().clear().then;
export { stats };

export const wrong = [
  // @ts-expect-error: the state has no such property
  responseCache<string, State, Additions>({ keyPrefix: (ctx) => ctx.state.tenent as string }),
  // @ts-expect-error: a version is a number
  responseCache<string, State, Additions>({ version: (ctx) => ctx.state.tenant }),
  // @ts-expect-error: a prefix is a string
  responseCache<string, State, Additions>({ keyPrefix: (ctx) => ctx.release }),
  // @ts-expect-error: tags are a list
  responseCache<string, State, Additions>({ tags: (ctx) => ctx.state.tenant }),
  // @ts-expect-error: a plan is one of two
  responseCache<string, State, Additions>({ bypass: (ctx) => ctx.state.plan === 'gold' }),
  // @ts-expect-error: not a unit of time
  cachePage('5 minuts'),
  // @ts-expect-error: no such option
  responseCache({ timeOut: 5 }),
];
