/**
 * Real Express 4 and 5 applications behind real sockets.
 */
import express5 from 'express';
import type { Express } from 'express';
import express4 from 'express4';
import { serve } from '../../http/test/harness.js';

export { closeAll, freshStoreName, standingClock } from '../../http/test/harness.js';

/** For `describe.each`: the tests hold for both. */
export const EXPRESSES: [string, typeof express5][] = [
  ['Express 4', express4],
  ['Express 5', express5],
];

/** Starts the application on a free port. @returns a client for it */
export async function listen(app: Express) {
  const { ask } = await serve(app);
  return ask;
}
