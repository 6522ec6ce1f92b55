/**
 * What belongs to one request, GraphQL operation or message: results that are computed once in it, and
 * under what prefix and version it finds things in caches. It travels along the asynchronous calls.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { processWide } from '../process-wide.js';

/** Prefix and version that a request sets. */
export interface RequestAddress {
  readonly keyPrefix: string | undefined;
  readonly version: number | undefined;
}

/** Results of `@RequestMemo` methods: by the number of the method, then by object and arguments. */
export type Memos = unknown[];

const NOTHING_SET: RequestAddress = Object.freeze({ keyPrefix: undefined, version: undefined });

/** What all scopes of one request have in common, so that it ends for all of them. */
interface Memory {
  /** Undefined once the request is over: nothing is kept any longer. */
  memos: Memos | undefined;
}

export class RequestScope {
  // Not `#private`: hits of `@RequestMemo` read it.
  private readonly memory: Memory;
  #addressOf: (() => RequestAddress) | undefined;
  /** What Nest has called the handler with, one list for each handling. */
  #handling: readonly unknown[] | undefined;

  constructor(memory: Memory = { memos: [] }) {
    this.memory = memory;
  }

  get memos(): Memos | undefined {
    return this.memory.memos;
  }

  /** Of one of several handlers of the same request: a prefix of its own, the results in common. */
  child(): RequestScope {
    return new RequestScope(this.memory);
  }

  /** @param addressOf asked at each use: what it goes by may be known only after the guards */
  addressBy(addressOf: (() => RequestAddress) | undefined): void {
    if (addressOf !== undefined) use.isAnySetApart = true;
    this.#addressOf = addressOf;
  }

  /** Opened for what a handler is called with. */
  openFor(args: readonly unknown[]): void {
    this.#handling = args;
  }

  /** Whether it is the very handling that the scope was opened for, not one within it. */
  isOf(args: readonly unknown[]): boolean {
    return this.#handling === args;
  }

  /** Whether anybody has said under what prefix or version it finds things. */
  get isSetApart(): boolean {
    return this.#addressOf !== undefined;
  }

  address(): RequestAddress {
    return this.#addressOf === undefined ? NOTHING_SET : this.#addressOf();
  }

  /**
   * The request is over. Whatever still holds one of its scopes, a timer or a pooled connection, holds
   * no result any longer.
   */
  end(): void {
    this.memory.memos = undefined;
    this.letGo();
  }

  /** Holds the handler's context no longer, and so no request; work that goes on keeps its prefix. */
  letGo(): void {
    this.#handling = undefined;
    if (this.#addressOf === undefined) return;
    try {
      const last = this.#addressOf();
      this.#addressOf = () => last;
    } catch (error) {
      this.#addressOf = () => {
        throw error;
      };
    }
  }
}

const storage = processWide('requests/1', () => new AsyncLocalStorage<RequestScope>());

const use = processWide('request-use/1', () => ({ isWanted: false, isAnySetApart: false }));

/**
 * Something in this process will ask which request it is in. Until then none is opened: once there is
 * one, Node pays for it at every promise, those of applications that never ask included.
 */
export function wantRequests(): void {
  use.isWanted = true;
}

export function areRequestsWanted(): boolean {
  return use.isWanted;
}

export function currentRequest(): RequestScope | undefined {
  return storage.getStore();
}

/** Whether the request finds things elsewhere than others do. */
export function isSetApart(): boolean {
  // Where none ever was, a hit of a cached method need not look which request it is in.
  return use.isAnySetApart && storage.getStore()?.isSetApart === true;
}

export function runInRequest<T>(scope: RequestScope, run: () => T): T {
  return storage.run(scope, run);
}

/** Within a request only: for what follows in it. */
export function continueAs(scope: RequestScope): void {
  storage.enterWith(scope);
}
