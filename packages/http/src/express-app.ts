/** Express's applications by what they can do, so that this package does not depend on it. */
import type { ServerResponse } from 'node:http';

/** An Express application, as far as this package knows it. */
export interface ExpressApp {
  (req: never, res: never): unknown;
  get(name: string): unknown;
  set(name: string, value: unknown): unknown;
}

/** With what Express's types do not tell of. */
export type EnteredApp = ExpressApp & {
  /** What a request enters by. */
  handle: (...args: unknown[]) => unknown;
  /** What it is mounted in. */
  readonly parent?: unknown;
  /** The prototype of its responses. */
  readonly response: ServerResponse;
};

export function isExpress(value: unknown): value is ExpressApp {
  const app = value as Partial<EnteredApp>;
  return typeof value === 'function' && typeof app.handle === 'function' && 'set' in app;
}
