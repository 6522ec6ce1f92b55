import { InvalidOptionError } from '@locmem/core';
import { isObservable, shareReplay } from 'rxjs';
import { CacheNotProvidedError } from '../errors.js';
import { injectInto } from '../inject-cache.decorator.js';
import { encodeArguments, encodeParts } from '../keys/encode.js';
import { currentRequest } from '../requests/request-scope.js';
import type { Memos } from '../requests/request-scope.js';
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
  const { key } = options as RequestMemoOptions;
  return replaceMethod('RequestMemo', (decorated) => {
    injectInto(decorated.target, INSTALLED);
    const { original, place } = decorated;

    function replacement(this: object, ...args: unknown[]): unknown {
      const memos = currentRequest()?.memos;
      if (memos === undefined) {
        requireModule(this, place);
        const result: unknown = original.apply(this, args);
        return result;
      }
      const results = resultsOf(memos, replacement, this);
      const keyed = key === undefined ? plainKey(args) : UNKEYED;
      if (keyed !== UNKEYED) {
        const found = results.plain.get(keyed);
        if (found !== undefined) return handedOut(found);
        return handedOut(compute(decorated, this, args, results.plain, keyed));
      }
      const encoded = key === undefined ? encodeArguments(args) : ownKey(key, args);
      const found = results.encoded.get(encoded);
      if (found !== undefined) return handedOut(found);
      return handedOut(compute(decorated, this, args, results.encoded, encoded));
    }
    return replacement;
  });
}

/** A result, boxed so that undefined is one, too. */
interface Memo {
  readonly value: unknown;
}

/** The results of one method for one object. */
interface Results {
  readonly object: object;
  /** By the only argument, where it is a primitive value. */
  readonly plain: Map<unknown, Memo>;
  /** By all arguments, as text. */
  readonly encoded: Map<string, Memo>;
  /** Of another object. */
  readonly next: Results | undefined;
}

function resultsOf(memos: Memos, method: Method, object: object): Results {
  const first = memos.get(method) as Results | undefined;
  for (let results = first; results !== undefined; results = results.next) {
    if (results.object === object) return results;
  }
  const results = { object, plain: new Map(), encoded: new Map(), next: first };
  memos.set(method, results);
  return results;
}

const NO_ARGUMENT = Symbol('no argument');
const MINUS_ZERO = Symbol('-0');
const UNKEYED = Symbol('unkeyed');

function plainKey(args: readonly unknown[]): unknown {
  if (args.length === 0) return NO_ARGUMENT;
  if (args.length > 1) return UNKEYED;
  const only = args[0];
  if (Object.is(only, -0)) return MINUS_ZERO;
  const isObject = typeof only === 'object' && only !== null;
  return isObject || typeof only === 'function' || typeof only === 'symbol' ? UNKEYED : only;
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

function compute<K>(
  { original }: Decorated,
  self: object,
  args: unknown[],
  memos: Map<K, Memo>,
  key: K,
): Memo {
  const memo: Memo = { value: shared(original.apply(self, args), () => memos.delete(key)) };
  memos.set(key, memo);
  return memo;
}

/** What can be asked for only once is made to be asked for often. */
function shared(result: unknown, forget: () => void): unknown {
  if (isPromise(result)) {
    result.then(undefined, forget);
    return result;
  }
  if (isObservable(result)) return result.pipe(shareReplay());
  if (!isAsyncIterable(result)) return result;
  const iterator = new SharedIterator(result);
  iterator.whole.catch(forget);
  return iterator;
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
