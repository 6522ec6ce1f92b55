import type { Middleware, ParameterizedContext } from 'koa';

type Handler<State> = (ctx: ParameterizedContext<State>) => unknown;

/** Routes by method and path, word for word: all that this program needs of a router. */
export function router<State>(
  handlers: Readonly<Record<string, Handler<State>>>,
): Middleware<State> {
  const routes = new Map(Object.entries(handlers));
  return async (ctx, next) => {
    // Koa leaves the body of an answer to HEAD out.
    const method = ctx.method === 'HEAD' ? 'GET' : ctx.method;
    const handler = routes.get(`${method} ${ctx.path}`);
    await (handler ? handler(ctx) : next());
  };
}
