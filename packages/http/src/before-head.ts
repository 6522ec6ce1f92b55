/**
 * A last look at the fields of an answer.
 */
import type { ServerResponse } from 'node:http';
import { watch } from './capture.js';

/**
 * Calls back when the head of a response is complete and not sent yet: fields can still be set.
 * Those given to `writeHead` are set already. Once, and again only if sending the head failed.
 *
 * @param res the response
 * @param callback what is to be done to it; is told the status
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { once } from 'node:events';
 * import { createServer } from 'node:http';
 * import type { AddressInfo } from 'node:net';
 * import { beforeHead, patchVary } from '@locmem/http';
 *
 * const server = createServer((_req, res) => {
 *   beforeHead(res, () => patchVary(res, ['Accept-Language']));
 *   res.writeHead(200, { Vary: 'Cookie' }).end('x');
 * }).listen(0, '127.0.0.1');
 * await once(server, 'listening');
 * const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
 * assert.equal(answer.headers.get('vary'), 'Cookie, Accept-Language');
 * server.close();
 * server.closeAllConnections();
 * ```
 */
export function beforeHead(res: ServerResponse, callback: (status: number) => void): void {
  watch(res, {
    onHead: ({ status }) => {
      callback(status);
    },
  });
}
