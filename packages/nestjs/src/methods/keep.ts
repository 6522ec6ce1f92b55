/** What a cache is told with a result: version, timeout, tags. */
import type { LoadOptions, WriteOptions } from '@locmem/core';
import type { KeepOptions, LoadingOptions } from './options.js';
import type { Place } from './place.js';

type Rules = KeepOptions & LoadingOptions;

/** Of the rules of a class, what is the same for every call of a method without place and functions. */
const fixed = new WeakMap<Rules, { readonly options: LoadOptions | undefined }>();

/** Options for `getOrSet`; undefined where there is nothing to say. */
export function keepOptions(
  rules: Rules,
  place: Place,
  args: readonly unknown[],
): LoadOptions | undefined {
  const { timeout, tags } = rules;
  const isFixed = typeof timeout !== 'function' && typeof tags !== 'function';
  if (!isFixed || place.version !== undefined || place.prefixTag !== undefined) {
    return { ...loading(rules), ...writeOptions(rules, place, args) };
  }
  let known = fixed.get(rules);
  if (known === undefined) {
    const options = { ...loading(rules), ...writeOptions(rules, place, args) };
    const hasAny = Object.keys(options).length > 0;
    fixed.set(rules, (known = { options: hasAny ? Object.freeze(options) : undefined }));
  }
  return known.options;
}

/** Options for `set`. */
export function writeOptions(
  { timeout, tags }: KeepOptions,
  { version, prefixTag, outerTag }: Place,
  args: readonly unknown[],
): WriteOptions {
  const options: WriteOptions = {};
  if (version !== undefined) options.version = version;
  if (timeout !== undefined) {
    options.timeout = typeof timeout === 'function' ? timeout(...args) : timeout;
  }
  const own = typeof tags === 'function' ? tags(...args) : tags;
  if (own !== undefined || prefixTag !== undefined) {
    const ofPrefixes = [outerTag, prefixTag].filter((tag) => tag !== undefined);
    options.tags = [...(own ?? []), ...ofPrefixes];
  }
  return options;
}

function loading({ stale, refreshAhead, negativeTimeout, deadline }: LoadingOptions): LoadOptions {
  const options: LoadOptions = {};
  if (stale !== undefined) options.stale = stale;
  if (refreshAhead !== undefined) options.refreshAhead = refreshAhead;
  if (negativeTimeout !== undefined) options.negativeTimeout = negativeTimeout;
  if (deadline !== undefined) options.deadline = deadline;
  return options;
}
