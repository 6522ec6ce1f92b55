/** Options of pages: those of `@locmem/http`, with functions of the execution context. */
import { InvalidOptionError } from '@locmem/core';
import type { ResponseCacheOptions } from '@locmem/http';
import type { ExecutionContext } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { contextOf } from './raw.js';

/** What `@CachePage` takes besides the timeout. */
export interface PageOptions extends Omit<ResponseCacheOptions<ExecutionContext>, 'timeout'> {
  /**
   * With `LocMemModule.register({ front: true })`: whether hits are given before the guards of the
   * handler have seen the request. Default: where it has none.
   */
  front?: boolean | undefined;
}

/** The options that may be functions of a request. */
const REQUEST_OPTIONS: ReadonlySet<string> = new Set([
  ...['version', 'keyPrefix', 'key', 'bypass', 'tags'],
]);

/** The options with functions of the context made functions of the request. */
export function ofRequests(options: ResponseCacheOptions<ExecutionContext>): ResponseCacheOptions {
  const entries = Object.entries(options).map(([name, value]: [string, unknown]) => {
    if (!REQUEST_OPTIONS.has(name) || typeof value !== 'function') return [name, value];
    const ofContext = value as (context: ExecutionContext, ...rest: unknown[]) => unknown;
    const ofRequest = (req: IncomingMessage, ...rest: unknown[]) =>
      ofContext(contextOf(req), ...rest);
    return [name, ofRequest];
  });
  return Object.fromEntries(entries) as ResponseCacheOptions;
}

/** @throws {InvalidOptionError} when the timeout stands where it does not belong */
export function checkPageOptions(options: PageOptions): void {
  const given: unknown = options;
  if (typeof given !== 'object' || given === null) {
    throw new InvalidOptionError('@CachePage()', 'options', 'must be an object', options);
  }
  if ('timeout' in given) {
    const rule = 'must be given once, as the first argument';
    throw new InvalidOptionError('@CachePage()', 'timeout', rule, given.timeout);
  }
}
