/**
 * Subscriptions of GraphQL live as long as their subscribers like, and are resumed by whoever reads them.
 * So each event is taken for a request: it is made, filtered and resolved under the prefix and version of
 * its subscriber, and what was computed for it goes with it.
 */
import type { DiscoveryService } from '@nestjs/core';
import type { ExecutionContext } from '@nestjs/common';
import type { AppSettings } from '../app-settings.js';
import { methodsOf, prototypeOf } from '../discovered.js';
import { isPromise } from '../methods/kind.js';
import { addressOf } from './request-address.js';
import { RequestScope, runInRequest } from './request-scope.js';
import type { RequestAddress } from './request-scope.js';

type AddressOf = (() => RequestAddress) | undefined;

/** Runs something as a request of its own, which is over when what it returns is there. */
function asRequest<T>(addressBy: AddressOf, run: () => T, scope = new RequestScope()): T {
  scope.addressBy(addressBy);
  const end = () => {
    scope.end();
  };
  let isPending = false;
  try {
    const result = runInRequest(scope, run);
    isPending = isPromise(result);
    if (isPromise(result)) result.then(end, end);
    return result;
  } finally {
    if (!isPending) end();
  }
}

export function isAsyncIterator(value: unknown): value is AsyncIterator<unknown> {
  const { next } = Object(value) as { next?: unknown };
  return typeof next === 'function' && Symbol.asyncIterator in Object(value);
}

/** The events of a subscriber, each made in a request of its own. */
export class ScopedEvents implements AsyncIterableIterator<unknown> {
  readonly #source: AsyncIterator<unknown>;
  readonly #addressBy: AddressOf;
  /** Of the event that is being made: one that never comes must hold nothing when its subscriber has left. */
  #current: RequestScope | undefined;

  constructor(source: AsyncIterator<unknown>, addressBy: AddressOf) {
    this.#source = source;
    this.#addressBy = addressBy;
  }

  next(): Promise<IteratorResult<unknown>> {
    this.#current = new RequestScope();
    return asRequest(this.#addressBy, async () => this.#source.next(), this.#current);
  }

  async return(): Promise<IteratorResult<unknown>> {
    this.#current?.end();
    const over = { done: true as const, value: undefined };
    return asRequest(this.#addressBy, async () => (await this.#source.return?.()) ?? over);
  }

  async throw(error: unknown): Promise<IteratorResult<unknown>> {
    this.#current?.end();
    return asRequest(this.#addressBy, async () => {
      if (this.#source.throw === undefined) throw error;
      return this.#source.throw(error);
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** Where @nestjs/graphql keeps what `@Subscription` was told. */
const OPTIONS_METADATA = 'graphql:subscription_options;';

type OfEvent = (this: object, ...args: unknown[]) => unknown;

interface SubscriptionOptions {
  readonly filter?: OfEvent;
  readonly resolve?: OfEvent;
}

/** The application of a resolver: one class may be in several. */
const settingsOf = new WeakMap<object, AppSettings>();
const scoped = new WeakSet<object>();

/**
 * `filter` and `resolve` of `@Subscription` are called past Nest, and so past its interceptors: they get
 * what sets requests apart from here. To be called before the schema is made.
 */
export function scopeSubscriptions(discovery: DiscoveryService, settings: AppSettings): void {
  for (const wrapper of discovery.getProviders()) {
    const prototype = prototypeOf(wrapper);
    if (prototype === undefined || !scopeHandlersOf(prototype)) continue;
    settingsOf.set(wrapper.instance as object, settings);
  }
}

/** @returns whether there are any */
function scopeHandlersOf(prototype: object): boolean {
  let hasAny = false;
  for (const handler of methodsOf(prototype)) {
    const options = Reflect.getMetadata(OPTIONS_METADATA, handler) as
      SubscriptionOptions | undefined;
    if (options === undefined) continue;
    hasAny = true;
    const { filter, resolve } = options;
    const own = {
      ...options,
      ...(filter && { filter: inScope(filter, handler) }),
      ...(resolve && { resolve: inScope(resolve, handler) }),
    };
    Reflect.defineMetadata(OPTIONS_METADATA, own, handler);
  }
  return hasAny;
}

function inScope(ofEvent: OfEvent, handler: object): OfEvent {
  if (scoped.has(ofEvent)) return ofEvent;
  function inItsScope(this: object, ...args: unknown[]): unknown {
    const settings = settingsOf.get(this);
    const run = () => ofEvent.apply(this, args);
    if (settings === undefined) return run();
    const context = contextOf(this.constructor, handler, args);
    return asRequest(addressOf(context, settings.address), run);
  }
  scoped.add(inItsScope);
  return inItsScope;
}

/** What Nest would make for a resolver of the same arguments: payload, variables, context of GraphQL, info. */
function contextOf(constructor: unknown, handler: object, given: unknown[]): ExecutionContext {
  // A filter is given no info; of three arguments @nestjs/graphql takes the second for the context.
  const args = [...given, ...Array<undefined>(4)].slice(0, 4);
  const context = {
    getType: () => 'graphql',
    getClass: () => constructor,
    getHandler: () => handler,
    getArgs: () => args,
    getArgByIndex: (index: number) => args[index],
  };
  return context as unknown as ExecutionContext;
}
