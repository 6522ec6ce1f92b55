/**
 * Real Koa 2 and 3 applications behind real sockets.
 */
import Koa3 from 'koa';
import Koa2 from 'koa2';
import { serve } from '../../http/test/harness.js';

export { closeAll, freshStoreName, standingClock } from '../../http/test/harness.js';

/** For `describe.each`: the tests hold for both. */
export const KOAS: [string, typeof Koa3][] = [
  ['Koa 2', Koa2],
  ['Koa 3', Koa3],
];

/** Starts the application on a free port. @returns a client for it, and connections to misbehave with */
export async function listen(app: Koa3) {
  const listener = app.callback();
  const { ask, open } = await serve((req, res) => void listener(req, res));
  return Object.assign(ask, { open });
}
