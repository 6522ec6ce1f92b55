/**
 * One call of a cached method: found, or run and kept. Everything that `getOrSet` of the cache leaves to
 * its caller is here: results that are not to be kept, errors that are, and stores that fail.
 */
import type { AsyncCache, Cache, LoadOptions, Timeout } from '@locmem/core';
import { copyOf } from './copy.js';
import { isPromise } from './kind.js';
import { errorKey } from './place.js';
import { UnderWay } from './under-way.js';

/** What the decorator was told about results. */
export interface ResultRules {
  readonly unless?: ((result: never, ...args: never[]) => boolean) | undefined;
  readonly errorTimeout?: Timeout | undefined;
}

/** A result that is handed out and not kept: copies for those who wait for it, too. */
interface Unkept {
  waiting: number;
  copies: unknown[];
}

const unkeptUnderWay = new UnderWay<Unkept>();

/** Errors of methods, to be told from errors of stores. */
const methodErrors = new WeakSet<object>();

export class Load {
  readonly cache: Cache;
  readonly #key: string;
  readonly #options: LoadOptions | undefined;
  readonly #rules: ResultRules;
  readonly #args: readonly unknown[];
  readonly #run: () => unknown;
  /** The method has run for this call, and come to something. */
  #ran: { value: unknown } | undefined;
  #hasBegun = false;
  #hasPromised = false;
  #isUnkept = false;

  constructor(
    cache: Cache,
    key: string,
    options: LoadOptions | undefined,
    rules: ResultRules,
    args: readonly unknown[],
    run: () => unknown,
  ) {
    this.cache = cache;
    this.#key = key;
    this.#options = options;
    this.#rules = rules;
    this.#args = args;
    this.#run = run;
  }

  /** Key and version. */
  get address(): string {
    return `${this.#options?.version ?? ''}/${this.#key}`;
  }

  /** Whether the method has been run for this call. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Whether it has, and returned a promise. */
  get hasPromised(): boolean {
    return this.#hasPromised;
  }

  /** Whether what it begins may be for later: behind a result that is there, and about to be given. */
  get mayRefresh(): boolean {
    return this.#options?.stale !== undefined || this.#options?.refreshAhead !== undefined;
  }

  /** Runs the method, past the cache. */
  run(): unknown {
    return this.#run();
  }

  /** What is found, or what the method comes to; a promise when either takes time. */
  value(run: () => unknown = this.#run): unknown {
    const loader = () => this.begin(run);
    const found: unknown = this.cache.getOrSet<unknown>(this.#key, loader, this.#options);
    if (isPromise(found)) return this.whenThere(found, run);
    return this.#isUnkept ? this.#ran!.value : found;
  }

  /** The same as a promise; what can be told at once is still thrown at once. */
  promise(): Promise<unknown> {
    const value = this.value();
    return value instanceof Promise ? value : Promise.resolve(value);
  }

  // ---- the method ----------------------------------------------------------------------------

  /** Runs the method for the cache, which has found nothing. */
  begin(run: () => unknown = this.#run): unknown {
    const { unless, errorTimeout } = this.#rules;
    const hasRules = unless !== undefined || errorTimeout !== undefined;
    return hasRules ? this.#withRules(run) : this.#plain(run);
  }

  #plain(run: () => unknown): unknown {
    this.#hasBegun = true;
    const result = run();
    if (!isPromise(result)) return result;
    this.#hasPromised = true;
    return result.then(
      (value) => {
        this.#ran = { value };
        return value;
      },
      (error: unknown) => {
        throw marked(error);
      },
    );
  }

  #withRules(run: () => unknown): unknown {
    this.#hasBegun = true;
    const { errorTimeout } = this.#rules;
    const board = this.#announceUnkept();
    const settled = (value: unknown) => this.#keepUnless(value, board);
    const produce = () => {
      let result: unknown;
      try {
        result = run();
      } catch (error) {
        this.#keepError(error);
        throw error;
      }
      if (!isPromise(result)) return settled(result);
      this.#hasPromised = true;
      return result.then(settled, (error: unknown) => {
        this.#keepError(error);
        throw marked(error);
      });
    };
    try {
      const kept = errorTimeout === undefined ? undefined : this.#keptError();
      const throwOrProduce = (error: unknown) => {
        throwKept(error);
        return produce();
      };
      // Where the store fails, the method does not.
      const outcome = isPromise(kept)
        ? Promise.resolve(kept).then(throwOrProduce, produce)
        : throwOrProduce(kept);
      if (isPromise(outcome)) return Promise.resolve(outcome).finally(board.close);
      board.close();
      return outcome;
    } catch (error) {
      board.close();
      throw error;
    }
  }

  // ---- results that are not kept -------------------------------------------------------------

  #keepUnless(value: unknown, { unkept }: { unkept: Unkept }): unknown {
    this.#ran = { value };
    const unless = this.#rules.unless as
      ((result: unknown, ...args: readonly unknown[]) => boolean) | undefined;
    if (!unless?.(value, ...this.#args)) return value;
    this.#isUnkept = true;
    unkept.copies = Array.from({ length: unkept.waiting }, () => copyOf(value));
    return undefined;
  }

  #announceUnkept(): { unkept: Unkept; close: () => void } {
    const unkept: Unkept = { waiting: 0, copies: [] };
    return { unkept, close: unkeptUnderWay.add(this.cache, this.address, unkept) };
  }

  /** @param pending the promise that the cache has answered with */
  async whenThere(pending: PromiseLike<unknown>, run: () => unknown = this.#run): Promise<unknown> {
    const other = this.#hasBegun ? undefined : unkeptUnderWay.get(this.cache, this.address);
    if (other) other.waiting++;
    let value: unknown;
    try {
      value = await pending;
    } catch (error) {
      return this.#afterFailure(error, run);
    }
    if (this.#isUnkept) return this.#ran!.value;
    if (value === undefined && other && other.copies.length > 0) return other.copies.pop();
    return value;
  }

  // ---- what fails ----------------------------------------------------------------------------

  /** A store that fails does not break a call: the method's result counts, or it runs without. */
  #afterFailure(error: unknown, run: () => unknown): unknown {
    if (isOurs(error) || methodErrors.has(Object(error) as object)) throw error;
    if (this.#ran) return this.#ran.value;
    if (this.#hasBegun) throw error;
    return run();
  }

  #keptError(): unknown {
    const cache = this.cache as AsyncCache; // or one that answers at once
    return cache.get(errorKey(this.#key), this.#version());
  }

  #keepError(error: unknown): void {
    const { errorTimeout } = this.#rules;
    if (errorTimeout === undefined) return;
    const tags = this.#options?.tags;
    const options = { ...this.#version(), timeout: errorTimeout, tags };
    try {
      const storing: unknown = this.cache.set(errorKey(this.#key), { error }, options);
      if (isPromise(storing)) storing.then(undefined, () => undefined);
    } catch {
      // What cannot be copied is thrown, and not kept.
    }
  }

  #version(): { version: number } | undefined {
    const version = this.#options?.version;
    return version === undefined ? undefined : { version };
  }
}

function throwKept(kept: unknown): void {
  if (kept !== undefined) throw marked((kept as { readonly error: unknown }).error);
}

function marked(error: unknown): unknown {
  if (typeof error === 'object' && error !== null) methodErrors.add(error);
  return error;
}

/** Errors that say what the caller has done wrong, or that its patience is over. */
export function isOurs(error: unknown): boolean {
  const { code } = Object(error) as { code?: unknown };
  return typeof code === 'string' && code.startsWith('ERR_LOCMEM_');
}
