/**
 * Under what a request's answer is kept, apart from its URL. One request has one identity for all the
 * response caches it passes: a site-wide cache that sets tenants apart sets them apart for the cache
 * on the route, too (docs/decisions/0022-stacked-caches.md).
 */
import type { QueryFilter } from './query.js';

/** The options that make an identity, as they were given, to be compared; undefined: not given. */
export interface IdentityOptions {
  readonly keyPrefix: unknown;
  readonly version: unknown;
  readonly key: unknown;
  readonly query: unknown;
  readonly cookies: unknown;
}

/** What of the settings of a cache an identity is made of. */
export interface IdentitySettings<Req> {
  readonly identityOptions: IdentityOptions;
  readonly keyPrefixOf: (req: Req) => string;
  readonly versionOf: (req: Req) => number | undefined;
  readonly keyOf: ((req: Req) => string) | undefined;
  readonly keyTarget: QueryFilter;
  readonly varyCookies: readonly string[] | undefined;
}

export interface Identity {
  /** The options it was made of. */
  readonly options: IdentityOptions;
  /**
   * The prefix of the outermost cache; for each further one that makes an identity of its own, its
   * prefix or null, and the version that its own takes the place of.
   */
  readonly path: readonly (string | number | null)[];
  readonly version: number | undefined;
  /** What the option `key` returned, from the outermost cache on. */
  readonly custom: { readonly scope: string; readonly keys: readonly string[] } | undefined;
  readonly keyTarget: QueryFilter;
  /** The cookies that are part of the key. */
  readonly cookies: readonly string[] | undefined;
}

/**
 * The identity of a request for a cache. One that sets nothing of its own, or the very same, takes
 * the one of the cache around it. Any other is kept apart from it even where both come to the same
 * values for this request: the next request may differ in what only the inner cache looks at.
 */
export function identityOf<Req>(
  req: Req,
  settings: IdentitySettings<Req>,
  customKeyScope: string,
  outer: Identity | undefined,
): Identity {
  const { identityOptions: own, keyOf } = settings;
  if (outer === undefined) {
    return {
      options: own,
      path: [settings.keyPrefixOf(req)],
      version: settings.versionOf(req),
      custom: keyOf && { scope: customKeyScope, keys: [keyOf(req)] },
      keyTarget: settings.keyTarget,
      cookies: settings.varyCookies,
    };
  }
  const sets = (name: keyof IdentityOptions) =>
    own[name] !== undefined && own[name] !== outer.options[name];
  const names = ['keyPrefix', 'version', 'key', 'query', 'cookies'] as const;
  if (!names.some(sets)) return outer;

  const path = [...outer.path, sets('keyPrefix') ? settings.keyPrefixOf(req) : null];
  if (sets('version') && outer.version !== undefined) path.push(outer.version);
  return {
    options: inForce(own, outer.options),
    path,
    version: sets('version') ? settings.versionOf(req) : outer.version,
    custom:
      keyOf && sets('key')
        ? { scope: customKeyScope, keys: [...(outer.custom?.keys ?? []), keyOf(req)] }
        : outer.custom,
    keyTarget: sets('query') ? settings.keyTarget : outer.keyTarget,
    cookies: sets('cookies')
      ? [...new Set([...(outer.cookies ?? []), ...(settings.varyCookies ?? [])])]
      : outer.cookies,
  };
}

function inForce(own: IdentityOptions, outer: IdentityOptions): IdentityOptions {
  return {
    keyPrefix: own.keyPrefix ?? outer.keyPrefix,
    version: own.version ?? outer.version,
    key: own.key ?? outer.key,
    query: own.query ?? outer.query,
    cookies: own.cookies ?? outer.cookies,
  };
}
