/**
 * Which query arguments are part of the key (options `ignoreQuery` and `allowQuery`). Nothing is
 * sorted, decoded or otherwise normalised: what is left out is left out whole, all else stays as it
 * was sent.
 */

/** Makes the target that goes into the key out of the raw one. */
export type QueryFilter = (target: string) => string;

/** An argument's name in the key's sense: decoded, and without the `[…]` of nested arguments. */
const PLAIN_NAME = /^([^[\]%]+)(?:\[.*)?$/;

export function queryFilter(
  ignore: readonly string[] | undefined,
  allow: readonly string[] | undefined,
): QueryFilter {
  if (ignore !== undefined) {
    const ignored = nameMatcher(ignore);
    return (target) => withoutArguments(target, ignored);
  }
  if (allow !== undefined) {
    const allowed = nameMatcher(allow);
    return (target) => withoutArguments(target, (name) => !allowed(name));
  }
  return (target) => target;
}

function withoutArguments(target: string, isDropped: (name: string) => boolean): string {
  const mark = target.indexOf('?');
  if (mark === -1) return target;
  const kept = target
    .slice(mark + 1)
    .split('&')
    .filter((argument) => {
      const name = argumentName(argument);
      return name === undefined || !isDropped(name);
    });
  const path = target.slice(0, mark);
  return kept.length === 0 ? path : `${path}?${kept.join('&')}`;
}

/**
 * The name that a query parser would make of an argument. `undefined`: parsers may disagree, so the
 * argument must stay in the key. Decoding matters: `p%61ge=2` is `page=2` to the handler, and a key
 * without it would give page 2 to whoever asks for page 1.
 */
function argumentName(argument: string): string | undefined {
  const encoded = argument.split('=', 1)[0]!;
  if (encoded === '') return undefined;
  try {
    return PLAIN_NAME.exec(decodeURIComponent(encoded.replaceAll('+', ' ')))?.[1];
  } catch {
    // Not percent-encoding: decodeURIComponent throws for nothing else.
    return undefined;
  }
}

/** Names as they are, or up to a `*` at their end. */
function nameMatcher(patterns: readonly string[]): (name: string) => boolean {
  const names = new Set(patterns.filter((pattern) => !pattern.endsWith('*')));
  const prefixes = patterns
    .filter((pattern) => pattern.endsWith('*'))
    .map((pattern) => pattern.slice(0, -1));
  return (name) => names.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
}
