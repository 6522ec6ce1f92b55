/**
 * Request → primary key, and the tags that find it again (RFC 9111 §2: "the cache key").
 */
import { createHash } from 'node:crypto';

/** Where a request is addressed to. */
export interface EffectiveUrl {
  /** `http` or `https`. */
  readonly scheme: string;
  /** Host and perhaps port, lower-case. */
  readonly authority: string;
  /** The Host field, where it is not literally the authority; else `''`. */
  readonly rawHost: string;
  /** Path and query as they were sent, less ignored arguments. */
  readonly target: string;
  /** What an outer middleware made of the target; `''` when it left it alone. */
  readonly rewritten: string;
}

/** What stands for the URL: the URL itself, or what the option `key` returned. */
export type KeyedBy =
  | { readonly kind: 'url'; readonly url: EffectiveUrl }
  | { readonly kind: 'custom'; readonly scope: string; readonly key: string };

/** Memcached takes 250 characters; prefix and version of the store need some of them. */
const MAX_KEY_LENGTH = 200;
const PORTABLE_KEY = /^[\x21-\x7e]*$/;

/** Every stored answer carries this tag, so that clearing them leaves a shared store's rest alone. */
export const ALL_RESPONSES = 'locmem-http';

/**
 * The key of a resource. JSON of an array is injective: whatever the parts contain, two different
 * lists never give one text. Nothing is normalised, since what differs here may differ to the
 * handler. The version is not part of it: the store keeps versions apart.
 */
export function resourceKey(
  keyPrefix: string | readonly (string | number | null)[],
  by: KeyedBy,
  cookies?: readonly KeyedCookie[],
): string {
  const further = cookies === undefined ? [] : [cookies];
  if (by.kind === 'custom') {
    return portable(JSON.stringify(['key', keyPrefix, by.scope, by.key, ...further]));
  }
  const { scheme, authority, rawHost, target, rewritten } = by.url;
  return portable(
    JSON.stringify(['url', keyPrefix, scheme, authority, rawHost, target, rewritten, ...further]),
  );
}

/** A cookie that is part of the key: its name, and all its values in the order they were sent. */
export type KeyedCookie = readonly [name: string, ...values: string[]];

/** The tags of a resource: by path alone, and by path and authority. */
export function resourceTags(authority: string, target: string): string[] {
  return [ALL_RESPONSES, pathTag(target), uriTag(authority, target)];
}

/** Finds what is stored for a path and query on whatever host. */
export function pathTag(target: string): string {
  return portable(`path:${target}`);
}

/**
 * Finds what is stored for a path and query on one host. The scheme is left out: behind a proxy that
 * ends TLS, the application may see http where the caller of `invalidate` writes https.
 */
export function uriTag(authority: string, target: string): string {
  return portable(`uri:${withoutDefaultPort(authority)}${target}`);
}

/** Finds what the handler, or the option `tags`, has put under a tag. */
export function tagTag(tag: string): string {
  return portable(`tag:${tag}`);
}

/** Finds what belongs to a group (RFC 9875), on whatever host. */
export function groupTag(group: string): string {
  return portable(`group:${group}`);
}

/** Finds what belongs to a group of one host. */
export function groupTagOn(authority: string, group: string): string {
  return portable(`group@${withoutDefaultPort(authority)} ${group}`);
}

/** Host and port in one spelling. */
function withoutDefaultPort(authority: string): string {
  const lower = authority.toLowerCase();
  return lower.includes(':') ? lower.replace(/:(?:80|443)?$/, '') : lower;
}

/** Short keys stay readable; others become a digest that no two different texts share in practice. */
function portable(text: string): string {
  if (text.length <= MAX_KEY_LENGTH && PORTABLE_KEY.test(text)) return text;
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
