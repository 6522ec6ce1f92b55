/**
 * What each option may be. The types are promises only: callers may be JavaScript.
 */
import { InvalidOptionError, parseTimeout } from '@locmem/core';
import type { Cache, Timeout } from '@locmem/core';
import { MAX_DELTA_SECONDS } from './cache-control.js';
import { isCacheName } from './cache-status.js';
import type { Clock } from './options.js';
import { queryFilter } from './query.js';
import type { QueryFilter } from './query.js';

const A_DAY_SECONDS = 86_400;
const DEADLINE_MS = 5_000;
const COLLAPSE_OPTIONS = new Set(['deadline']);

/** Refuses an option that does not exist: `{ ttl: 60 }` must not silently mean something else. */
export function checkOptionNames(
  options: object,
  allowed: ReadonlySet<string>,
  place: string,
): void {
  // JavaScript callers may hand over anything, a bare number of seconds above all.
  if (
    typeof options !== 'object' ||
    (options as object | null) === null ||
    Array.isArray(options)
  ) {
    throw new InvalidOptionError(place, 'options', 'must be an object', options);
  }
  for (const name of Object.keys(options)) {
    if (allowed.has(name)) continue;
    const rule = `is no option; there are: ${[...allowed].join(', ')}`;
    throw new InvalidOptionError(place, name, rule, (options as Record<string, unknown>)[name]);
  }
}

/** One method for each kind of option; each throws with the option's name, its rule and the value. */
export class OptionReader {
  readonly #place: string;

  constructor(place: string) {
    this.#place = place;
  }

  #refuse(option: string, rule: string, value: unknown): never {
    throw new InvalidOptionError(this.#place, option, rule, value);
  }

  integer(option: string, value: unknown, from: number): number | undefined {
    if (value === undefined) return undefined;
    if (Number.isSafeInteger(value) && (value as number) >= from) return value as number;
    const range = from === -Infinity ? '' : ` from ${from}`;
    return this.#refuse(option, `must be an integer${range}`, value);
  }

  string(option: string, value: unknown): string | undefined {
    if (value === undefined || typeof value === 'string') return value;
    return this.#refuse(option, 'must be a string', value);
  }

  boolean(option: string, value: unknown): boolean | undefined {
    if (value === undefined || typeof value === 'boolean') return value;
    return this.#refuse(option, 'must be true or false', value);
  }

  strings(option: string, value: unknown): readonly string[] | undefined {
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((member) => typeof member === 'string')) return value;
    return this.#refuse(option, 'must be a list of strings', value);
  }

  function<F>(option: string, value: F | undefined): F | undefined {
    if (value === undefined || typeof value === 'function') return value;
    return this.#refuse(option, 'must be a function', value);
  }

  cache(value: Cache | string | undefined): Cache | string | undefined {
    if (value === undefined) return undefined;
    if (typeof value === 'string') {
      return value === '' ? this.#refuse('cache', 'must not be an empty name', value) : value;
    }
    const methods = ['get', 'set', 'delete', 'deleteByTag'] as const;
    const cache = value as Partial<Cache> | null;
    if (cache !== null && methods.every((method) => typeof cache[method] === 'function')) {
      return value;
    }
    return this.#refuse('cache', 'must be a cache or the name of one', value);
  }

  queryFilter(ignore: unknown, allow: unknown): QueryFilter {
    if (ignore !== undefined && allow !== undefined) {
      this.#refuse('allowQuery', 'must not be given together with ignoreQuery', allow);
    }
    return queryFilter(
      this.#argumentNames('ignoreQuery', ignore),
      this.#argumentNames('allowQuery', allow),
    );
  }

  #argumentNames(option: string, value: unknown): readonly string[] | undefined {
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || !value.every(isArgumentPattern)) {
      return this.#refuse(option, "must be a list of names, a '*' only at their end", value);
    }
    return [...value];
  }

  /** Names of fields, lower-cased. */
  fieldNames(option: string, value: unknown): readonly string[] | undefined {
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || !value.every(isFieldName)) {
      return this.#refuse(option, 'must be a list of field names', value);
    }
    return Object.freeze(value.map((name) => name.toLowerCase()));
  }

  /** Names of cookies. */
  names(option: string, value: unknown): readonly string[] | undefined {
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || !value.every(isFieldName)) {
      return this.#refuse(option, 'must be a list of cookie names', value);
    }
    return Object.freeze([...value]);
  }

  /** Seconds of a time in which a stale answer may be of use. */
  window(option: string, value: unknown): number {
    if (value === undefined || value === false) return 0;
    if (value === true || value === null) return A_DAY_SECONDS;
    const seconds = parseTimeout(value, option) ?? A_DAY_SECONDS;
    if (seconds < 0) return this.#refuse(option, 'must not be negative', value);
    return Math.min(seconds, MAX_DELTA_SECONDS);
  }

  collapse(value: unknown): { readonly isOn: boolean; readonly deadlineMs: number } {
    if (value === false) return { isOn: false, deadlineMs: DEADLINE_MS };
    if (value === undefined) return { isOn: true, deadlineMs: DEADLINE_MS };
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return this.#refuse('collapse', 'must be an object, or false', value);
    }
    checkOptionNames(value, COLLAPSE_OPTIONS, `${this.#place} collapse`);
    const { deadline } = value as { deadline?: Timeout };
    if (deadline === undefined) return { isOn: true, deadlineMs: DEADLINE_MS };
    const seconds = parseTimeout(deadline, 'collapse.deadline');
    if (seconds !== null && seconds > 0) return { isOn: true, deadlineMs: seconds * 1000 };
    return this.#refuse('collapse.deadline', 'must be a time that ends, above zero', deadline);
  }

  directives(value: unknown): 'honour' | 'ignore' {
    if (value === undefined || value === 'honour') return 'honour';
    if (value === 'ignore') return 'ignore';
    return this.#refuse('requestDirectives', "must be 'honour' or 'ignore'", value);
  }

  cacheName(value: unknown): string | false {
    if (value === undefined) return 'LocMem';
    if (value === false) return false;
    if (typeof value === 'string' && isCacheName(value)) return value;
    return this.#refuse(
      'cacheStatus',
      'must be a name of printable ASCII characters, or false',
      value,
    );
  }

  clock(value: Clock | undefined): Clock {
    if (value === undefined) return Date;
    if (typeof (value as Partial<Clock> | null)?.now === 'function') return value;
    return this.#refuse('clock', 'must have a now() method', value);
  }
}

function isFieldName(value: unknown): value is string {
  return typeof value === 'string' && /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(value);
}

function isArgumentPattern(value: unknown): value is string {
  return typeof value === 'string' && /^[^*]+\*?$/.test(value);
}
