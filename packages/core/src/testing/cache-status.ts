/** Reads the Cache-Status field (RFC 9211) of whatever a test calls an HTTP answer. */

/** One cache's entry in the field. */
export interface CacheStatus {
  readonly cache: string;
  readonly isHit: boolean;
}

/** The field's members, the cache nearest to the origin first; undefined when there is no such field. */
export function cacheStatusOf(answer: unknown): CacheStatus[] | undefined {
  const field = fieldOf(answer, 'cache-status');
  return field === undefined ? undefined : split(field, ',').map(memberOf);
}

/**
 * Looks where answers keep their fields: `getHeader()` of a ServerResponse, `headers.get()` of a fetch
 * Response, `headers` of a supertest response, a light-my-request one or an IncomingMessage.
 */
function fieldOf(answer: unknown, name: string): string | undefined {
  const { getHeader, headers } = (answer ?? {}) as { getHeader?: unknown; headers?: unknown };
  let value: unknown;
  if (typeof getHeader === 'function') value = getHeader.call(answer, name);
  else if (headers instanceof Headers) value = headers.get(name);
  else if (isGettable(headers)) value = headers.get(name);
  else if (typeof headers === 'object' && headers !== null) value = byName(headers, name);
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'string' ? value : undefined;
}

/** Headers of another realm, such as a test environment's, or of another library. */
function isGettable(headers: unknown): headers is { get(name: string): unknown } {
  return typeof (headers as { get?: unknown } | null | undefined)?.get === 'function';
}

function byName(headers: object, name: string): unknown {
  return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** RFC 9211 §2: a name, then its parameters; `hit` is a boolean one. */
function memberOf(member: string): CacheStatus {
  const [name = '', ...parameters] = split(member, ';');
  return {
    cache: name.startsWith('"') ? name.slice(1, -1).replace(/\\(.)/g, '$1') : name,
    isHit: parameters.some((parameter) => parameter === 'hit' || parameter === 'hit=?1'),
  };
}

/** At separators that stand outside quotes (RFC 9651 §3.3.3). */
function split(text: string, separator: string): string[] {
  const parts = text.match(new RegExp(`(?:"(?:\\\\.|[^"\\\\])*"|[^"${separator}])+`, 'g')) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}
