/**
 * What the answer to a write makes invalid: its target, what it names as changed, and the groups
 * that it lists (RFC 9111 §4.4, RFC 9875 §3).
 */
import { linesOf } from './fields.js';
import type { Fields } from './fields.js';
import { groupTagOn } from './key.js';
import type { Settings } from './options.js';
import { tagsOfUrl } from './request.js';
import type { Invalidation } from './request.js';
import { groupsIn } from './tags.js';

/** The store's tags for all that the answer invalidates. */
export function invalidatedBy<Req>(
  { tags, scheme, authority, target }: Invalidation,
  fields: Fields,
  settings: Settings<Req>,
): string[] {
  if (authority === undefined) return [...tags];
  const named = ['location', 'content-location']
    .flatMap((name) => linesOf(fields, name))
    .map((reference) => sameOriginUrl(reference.trim(), `${scheme}://${authority}`, target))
    .filter((url) => url !== undefined)
    .flatMap((url) => tagsOfUrl(url, settings) ?? []);
  const groups = groupsIn(linesOf(fields, 'cache-group-invalidation')).map((group) =>
    groupTagOn(authority, group),
  );
  return [...new Set([...tags, ...named, ...groups])];
}

/** RFC 9111 §4.4: "MUST NOT … if the origin differs": or one host could empty another's cache. */
function sameOriginUrl(reference: string, origin: string, target: string): string | undefined {
  // As it stands, where it stands alone: a parser would spell it otherwise than clients will.
  if (/^\/(?!\/)/.test(reference)) return origin + reference;
  const url = parsed(reference, origin + target);
  if (url === undefined || url.origin !== parsed(origin, origin)?.origin) return undefined;
  const path = /^https?:\/\/[^/?#]*([^#]*)/i.exec(reference)?.[1] ?? url.pathname + url.search;
  return origin + (path.startsWith('/') ? path : `/${path}`);
}

function parsed(reference: string, base: string): URL | undefined {
  try {
    return new URL(reference, base);
  } catch {
    // A Location that is no URL names nothing that could be stored here.
    return undefined;
  }
}
