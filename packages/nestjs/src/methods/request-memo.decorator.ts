import { InvalidOptionError } from '@locmem/core';
import { isObservable, shareReplay } from 'rxjs';
import { CacheNotProvidedError } from '../errors.js';
import { injectInto } from '../inject-cache.decorator.js';
import { encodeArguments, encodeParts } from '../keys/encode.js';
import { currentRequest, wantRequests } from '../requests/request-scope.js';
import type { Memos } from '../requests/request-scope.js';
import { processWide } from '../process-wide.js';
import { INSTALLED } from '../tokens.js';
import { SharedIterator } from './async-iterable.js';
import { isAsyncIterable, isPromise } from './kind.js';
import { replaceMethod } from './method.js';
import type { Decorated, Method, MethodDecoratorOf } from './method.js';
import type { Key, PerCall } from './options.js';

/** Options of `@RequestMemo`. */
export interface RequestMemoOptions<M extends Method = Method> {
  /** What of the arguments the result depends on. Default: all of them. */
  key?: PerCall<M, Key> | undefined;
}

/**
 * Computes a result once within one HTTP request, GraphQL operation or message, for each object and
 * each set of arguments. All who ask in it get the very same object; nobody else ever sees it, and
 * nothing is kept when the request is over. What fails is not kept. Outside of a request, at boot or in
 * a job, the method just runs.
 *
 * @throws {InvalidOptionError} when an option does not exist or breaks its rule
 *
 * @example
 * ```ts
 * import 'reflect-metadata';
 * import assert from 'node:assert/strict';
 * import { LocMemModule, RequestMemo } from '@locmem/nestjs';
 * import { Controller, Get, Module } from '@nestjs/common';
 * import { NestFactory } from '@nestjs/core';
 *
 * class Users {
 *   reads = 0;
 *   @RequestMemo()
 *   async current(): Promise<{ name: string; read: number }> {
 *     return { name: 'Ada', read: ++this.reads };
 *   }
 * }
 *
 * @Controller()
 * class Profile {
 *   constructor(private readonly users: Users) {}
 *   @Get() async show() {
 *     return [await this.users.current(), await this.users.current()];
 *   }
 * }
 *
 * @Module({ imports: [LocMemModule.register()], controllers: [Profile], providers: [Users] })
 * class AppModule {}
 *
 * const app = await NestFactory.create(AppModule, { logger: false });
 * await app.listen(0, '127.0.0.1');
 * const ask = async () => (await fetch(await app.getUrl())).json();
 * assert.deepEqual(await ask(), [{ name: 'Ada', read: 1 }, { name: 'Ada', read: 1 }]);
 * assert.deepEqual(await ask(), [{ name: 'Ada', read: 2 }, { name: 'Ada', read: 2 }]);
 * await app.close();
 * ```
 */
export function RequestMemo<M extends Method>(
  options: RequestMemoOptions<M> = {},
): MethodDecoratorOf<M> {
  checkOptions(options);
  wantRequests();
  const { key } = options as RequestMemoOptions;
  return replaceMethod('RequestMemo', (decorated) => {
    const number = methods.count++;
    injectInto(decorated.target, INSTALLED);
    const { original, place } = decorated;
    const isKeyless = key === undefined;

    function otherwise(self: object, args: unknown[]): unknown {
      const memos = currentRequest()?.memos;
      if (memos === undefined) {
        requireModule(self, place);
        return original.apply(self, args);
      }
      const results = resultsOf(memos, number, self);
      if (args.length === 0 && key === undefined) {
        if (isSpent(results.alone)) results.alone = undefined;
        return handedOut(
          (results.alone ??= compute(decorated, self, args, () => {
            results.alone = undefined;
          })),
        );
      }
      const memoKey = key === undefined ? keyOfArguments(args) : ownKey(key, args);
      let memo = results.others.get(memoKey);
      if (memo === undefined || isSpent(memo)) {
        memo = compute(decorated, self, args, () => results.others.delete(memoKey));
        results.others.set(memoKey, memo);
      }
      return handedOut(memo);
    }

    // A hit without arguments is kept free of closures, which would cost it more than the look-up.
    function replacement(this: object, ...args: unknown[]): unknown {
      if (args.length === 0 && isKeyless) {
        const results = currentRequest()?.memos?.[number] as Results | undefined;
        if (results !== undefined) {
          const memo = results.alone;
          if (results.object === this && memo?.isRead === false) return memo.value;
        }
      }
      return otherwise(this, args);
    }
    return replacement;
  });
}

/** Of all copies of this package: they share the scopes of requests. */
const methods = processWide('memo-methods/1', () => ({ count: 0 }));

/** A result, boxed so that undefined is one, too. */
interface Memo {
  readonly value: unknown;
  /** Whether each caller is given a reading of it, not the thing itself. */
  readonly isRead: boolean;
}

/** The results of one method for one object. */
interface Results {
  readonly object: object;
  /** Without arguments. */
  alone: Memo | undefined;
  /** By the arguments. */
  readonly others: Map<unknown, Memo>;
  /** Of another object. */
  readonly next: Results | undefined;
}

function resultsOf(memos: Memos, number: number, object: object): Results {
  const first = memos[number] as Results | undefined;
  for (let results = first; results !== undefined; results = results.next) {
    if (results.object === object) return results;
  }
  return (memos[number] = { object, alone: undefined, others: new Map(), next: first });
}

/** The only argument itself where it is a primitive value, but for strings and -0; else all as text. */
function keyOfArguments(args: readonly unknown[]): unknown {
  const only = args[0];
  if (args.length > 1 || Object.is(only, -0)) return encodeArguments(args);
  switch (typeof only) {
    case 'number':
    case 'bigint':
    case 'boolean':
    case 'undefined':
      return only;
    default:
      return only === null ? null : encodeArguments(args);
  }
}

function ownKey(
  key: Exclude<RequestMemoOptions['key'], undefined>,
  args: readonly unknown[],
): string {
  const made = typeof key === 'function' ? key(...args) : key;
  if (typeof made === 'string') return `key:${made}`;
  if (Array.isArray(made)) return encodeParts(made);
  const rule = 'must return a string or a list';
  throw new InvalidOptionError('@RequestMemo()', 'key', rule, made);
}

function compute({ original }: Decorated, self: object, args: unknown[], forget: () => void): Memo {
  const value = shared(original.apply(self, args), forget);
  return { value, isRead: value instanceof SharedIterator };
}

/** What can be asked for only once is made to be asked for often. */
function shared(result: unknown, forget: () => void): unknown {
  if (isPromise(result)) {
    result.then(undefined, forget);
    return result;
  }
  // With a count, so that an endless one is let go when nobody listens any longer.
  if (isObservable(result)) return result.pipe(shareReplay({ refCount: true }));
  if (!isAsyncIterable(result)) return result;
  const iterator = new SharedIterator(result);
  iterator.whole.catch(forget);
  return iterator;
}

/** Whoever read it has left before its end. */
function isSpent(memo: Memo | undefined): boolean {
  return memo?.value instanceof SharedIterator && memo.value.isAbandoned;
}

function handedOut({ value }: Memo): unknown {
  return value instanceof SharedIterator ? value.read() : value;
}

function requireModule(object: object, place: string): void {
  if ((object as Record<symbol, unknown>)[INSTALLED] === undefined) {
    throw new CacheNotProvidedError(place, undefined);
  }
}

function checkOptions(options: object): void {
  for (const [name, value] of Object.entries(options)) {
    const isRight = name === 'key' && ['function', 'string', 'undefined'].includes(typeof value);
    if (isRight || (name === 'key' && Array.isArray(value))) continue;
    const rule = name === 'key' ? 'must be a key or a function' : 'is no option; there is: key';
    throw new InvalidOptionError('@RequestMemo()', name, rule, value);
  }
}
