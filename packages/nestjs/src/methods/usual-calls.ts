/**
 * Calls of a cached method that differ in nothing but their key: no condition, no prefix, nothing to be
 * asked of the user's functions but the key. Nearly all are. What a hit goes through is kept so small
 * that the compiler makes one piece of it and the cache's own look-up.
 */
import type { Cache, LoadOptions } from '@locmem/core';
import { isPromise } from './kind.js';
import type { Kind } from './kind.js';
import { keepOptions } from './keep.js';
import { Load } from './load.js';
import type { Decorated } from './method.js';
import type { CacheableOptions } from './options.js';
import { keyOf, NOWHERE_ELSE } from './place.js';
import type { ClassPlan, Site } from './place.js';

/** Keys that are remembered for each class and method; then all are forgotten, which costs little. */
const KNOWN_KEYS = 1_024;

/** What a method that returns at once does about a cache that does not. */
type WhenPending = (pending: Promise<unknown>, load: Load) => unknown;

type Plan = ClassPlan<CacheableOptions>;

/** Runs the method for a cache that has found nothing. */
interface Begin {
  (): unknown;
  /** Once it has been asked to, or is waited for. */
  load?: Load;
}

/** Whether the calls of a method that answers like this are usual for a class. */
export function areUsual({ options }: Plan, kind: Kind | undefined): boolean {
  const perCall = [options.timeout, options.tags];
  const rules = [options.condition, options.unless, options.errorTimeout];
  return (
    (kind === 'sync' || kind === 'promise') &&
    perCall.every((option) => typeof option !== 'function') &&
    [options.version, options.keyPrefix, ...rules].every((option) => option === undefined)
  );
}

/** Of one class, to a method that returns at once. */
export class UsualCalls {
  /** The class whose objects' calls these are. */
  readonly of: unknown;
  // What a hit reads is not `#private`: that takes more code, of which the compiler puts only so much in one piece.
  private readonly token: symbol;
  private readonly keep: LoadOptions | undefined;
  /** Default keys by the only argument, in the cache they are known to be the method's own in. */
  private readonly keys = new Map<unknown, string>();
  private keysIn: Cache | undefined;
  readonly #plan: Plan;
  readonly #site: Site<CacheableOptions>;
  readonly #decorated: Decorated;
  readonly #notAtOnce: WhenPending;

  constructor(
    plan: Plan,
    site: Site<CacheableOptions>,
    decorated: Decorated,
    notAtOnce: WhenPending,
  ) {
    this.of = plan.constructor;
    this.token = plan.token;
    this.keep = keepOptions(plan.options, NOWHERE_ELSE, []);
    this.#plan = plan;
    this.#site = site;
    this.#decorated = decorated;
    this.#notAtOnce = notAtOnce;
  }

  answer(self: object, args: unknown[]): unknown {
    const cache = (self as Record<symbol, Cache | undefined>)[this.token];
    if (cache !== undefined && cache === this.keysIn && args.length === 1) {
      const key = this.keys.get(args[0]);
      if (key !== undefined) return this.answerFrom(cache, key, self, args);
    }
    return this.answerWithCare(self, args);
  }

  private answerWithCare(self: object, args: unknown[]): unknown {
    const cache = this.#site.cacheOf(self, this.#plan);
    return this.answerFrom(cache, this.#keyOf(args, cache), self, args);
  }

  private answerFrom(cache: Cache, key: string, self: object, args: unknown[]): unknown {
    const begin = beginning(this, cache, key, self, args);
    const found: unknown = cache.getOrSet<unknown>(key, begin, this.keep);
    if (!isPromise(found)) return found;
    // A store that answers with promises begins later: by then it must be this load that it begins.
    return this.whenThere(found, (begin.load ??= this.load(self, args, cache, key)));
  }

  protected whenThere(found: PromiseLike<unknown>, load: Load): unknown {
    return this.#notAtOnce(load.whenThere(found), load);
  }

  #keyOf(args: readonly unknown[], cache: Cache): string {
    const { key } = this.#plan.options;
    if (key !== undefined) return this.#site.plainKeyFrom(keyOf(key, args));
    const made = this.#site.defaultKey(NOWHERE_ELSE, this.#plan, cache, args);
    const [only] = args;
    const isName = typeof only === 'string' || (typeof only === 'number' && only !== 0);
    if (args.length === 1 && isName) {
      if (this.keys.size >= KNOWN_KEYS || this.keysIn !== cache) this.keys.clear();
      this.keysIn = cache;
      this.keys.set(only, made);
    }
    return made;
  }

  load(self: object, args: unknown[], cache: Cache, key: string): Load {
    const run = () => this.#decorated.original.apply(self, args);
    return new Load(cache, key, this.keep, this.#plan.options, args, run);
  }
}

function beginning(
  calls: UsualCalls,
  cache: Cache,
  key: string,
  self: object,
  args: unknown[],
): Begin {
  const begin: Begin = () => (begin.load ??= calls.load(self, args, cache, key)).begin();
  return begin;
}

/** Of one class, to a method that returns a promise. */
export class UsualPromises extends UsualCalls {
  override answer(self: object, args: unknown[]): unknown {
    try {
      return Promise.resolve(super.answer(self, args));
    } catch (error) {
      const reason = error as Error;
      return Promise.reject(reason);
    }
  }

  protected override whenThere(found: PromiseLike<unknown>, load: Load): unknown {
    return load.whenThere(found);
  }
}
