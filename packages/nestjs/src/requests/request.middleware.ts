import type { IncomingMessage, ServerResponse } from 'node:http';
import { RequestScope, runInRequest } from './request-scope.js';

/** Opens the scope of an HTTP request, before anything of the application sees it. */
export function requestMiddleware(
  _req: IncomingMessage,
  res: ServerResponse,
  next: () => void,
): void {
  const scope = new RequestScope();
  res.once('close', () => {
    scope.end();
  });
  runInRequest(scope, next);
}
