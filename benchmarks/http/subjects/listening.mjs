import { once } from 'node:events';

/** Between two rounds of one subject all the others have theirs. */
export const KEEP_ALIVE_SECONDS = 600;

/** Starts a server on a free port. @returns what a subject's `start` is to return */
export async function listening(server) {
  server.keepAliveTimeout = KEEP_ALIVE_SECONDS * 1_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: server.address().port };
}
