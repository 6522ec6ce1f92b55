/** Doing something once a method has succeeded, however it answers, and before its caller hears of it. */
import { Logger } from '@nestjs/common';
import { concat, defer, ignoreElements, Observable, tap } from 'rxjs';
import { copyOf } from './copy.js';
import { isPromise, kindOf } from './kind.js';
import { isOurs } from './load.js';

/** What is to be done, with the method's result: of an Observable or async iterable, all items. */
type Action = (result: unknown) => unknown;

/**
 * @param place the method, for the log
 * @param answer what the method has returned
 * @returns the same, less hasty: a promise is resolved, and a stream ended, when the action is done
 */
export function afterSuccess(place: string, answer: unknown, action: Action): unknown {
  switch (kindOf(answer)) {
    case 'promise':
      return (answer as Promise<unknown>).then((result) => whenDone(action(result), () => result));
    case 'observable':
      return afterComplete(answer as Observable<unknown>, action);
    case 'iterable':
      return afterLast(answer as AsyncIterable<unknown>, action);
    case 'sync':
      // It cannot wait for a cache that answers with a promise.
      unattended(place, action(answer));
      return answer;
  }
}

function afterComplete(source: Observable<unknown>, action: Action): Observable<unknown> {
  return defer(() => {
    const items: unknown[] = [];
    const taken = source.pipe(tap((item) => items.push(copyOf(item))));
    const acting = defer(async () => {
      await action(items);
    });
    return concat(taken, acting.pipe(ignoreElements()));
  });
}

async function* afterLast(source: AsyncIterable<unknown>, action: Action): AsyncGenerator {
  const items: unknown[] = [];
  for await (const item of source) {
    items.push(copyOf(item));
    yield item;
  }
  await action(items);
}

/** Calls back when it is done, at once where it is; a promise of that otherwise. */
export function whenDone<T>(doing: unknown, then: () => T): T | Promise<T> {
  return isPromise(doing) ? Promise.resolve(doing).then(then) : then();
}

const logger = new Logger('LocMem');

/** What nobody waits for, since the method has answered at once: the log is told what is wrong. */
export function unattended(place: string, doing: unknown): void {
  if (!isPromise(doing)) return;
  doing.then(undefined, (error: unknown) => {
    logger.error(`The cache could not do what it was told after ${place}: ${String(error)}`);
  });
}

/**
 * A store that fails while it is written to breaks no call; what the caller did wrong is still told.
 *
 * @param place the method, for the log
 */
export function contained(place: string, write: () => unknown): unknown {
  const report = (error: unknown): undefined => {
    if (isOurs(error)) throw error;
    logger.error(`The cache failed after ${place}: ${String(error)}`);
    return undefined;
  };
  try {
    const writing = write();
    return isPromise(writing) ? writing.then(undefined, report) : writing;
  } catch (error) {
    report(error);
    return;
  }
}
