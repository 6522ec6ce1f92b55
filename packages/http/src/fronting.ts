/**
 * What a front may give away: an answer that is as good before the framework as behind what stands
 * between. Nobody can see everything that a middleware does; here is what can be seen.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { linesOf, sameLines } from './fields.js';
import type { Fields } from './fields.js';
import type { Address } from './store.js';

/**
 * Constants of a framework, that say nothing about who asks; what frameworks make of a body as they
 * write it; and what caches say themselves.
 */
const INDIFFERENT: ReadonlySet<string> = new Set([
  ...['x-powered-by', 'content-length', 'transfer-encoding', 'connection', 'date', 'cache-status'],
]);

/** Names of the fields that came onto an answer, or changed, on its way out of the cache. */
export function changedFields(inside: Fields, sent: Fields): string[] {
  return [...sent.values()]
    .filter(({ name, lines }) => !sameLines(linesOf(inside, name.toLowerCase()), lines))
    .map(({ name }) => name);
}

/**
 * Whether the fields of a request are those that were sent. Where a middleware puts what it has found
 * out into them, a client could send it along, and a front, which stands before that, would believe it.
 */
export function areAsSent(headers: IncomingHttpHeaders, rawHeaders: readonly string[]): boolean {
  const sent = new Map<string, string[]>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    sent.set(name, [...(sent.get(name) ?? []), rawHeaders[i + 1]!]);
  }
  const given = Object.entries(headers).filter(([, value]) => value !== undefined);
  return (
    given.length === sent.size &&
    given.every(([name, value]) => {
      const lines = sent.get(name) ?? [];
      // Node joins what is a list, and keeps the first line of what is none.
      return [lines[0], lines.join(', '), lines.join('; ')].includes([value].flat().join(', '));
    })
  );
}

/** Where passport, sessions, JWT middlewares and their like put what they have found out. */
const ATTACHED_BY_AUTHENTICATION = ['user', 'session', 'auth', 'account', 'principal', 'tenant'];

/**
 * Whether a middleware has found out who asks, and left it where such middlewares do.
 *
 * @param holders what it may have been left on: the request, a context, its state
 */
export function knowsVisitor(...holders: readonly object[]): boolean {
  return holders.some((holder) =>
    ATTACHED_BY_AUTHENTICATION.some((name) => Boolean((holder as Record<string, unknown>)[name])),
  );
}

/** A look at the store that found nothing, be it because the store did not answer. */
interface VainLook {
  readonly address: Address;
  /** How many answers had been stored before it. */
  readonly stored: number;
}

export class Fronting {
  #isOn = false;
  #hasWarned = false;
  readonly #vainLooks = new WeakMap<IncomingMessage, VainLook>();

  /** A front has been put before this cache. */
  begin(): void {
    this.#isOn = true;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** The front has looked for a request, and found nothing. */
  lookedInVain(req: IncomingMessage, look: VainLook): void {
    this.#vainLooks.set(req, look);
  }

  /**
   * Whether the cache behind need not look, as the front has: a store that is silent would cost the request
   * its deadline twice. Asked once for a request.
   *
   * @param stored how many answers have been stored by now: another one may be what is looked for
   */
  hasLookedInVain(req: IncomingMessage, { key, version }: Address, stored: number): boolean {
    if (!this.#isOn) return false;
    const look = this.#vainLooks.get(req);
    if (look === undefined) return false;
    this.#vainLooks.delete(req);
    const { address } = look;
    return look.stored === stored && address.key === key && address.version === version;
  }

  /**
   * Whether an answer that is about to be stored may be given by a front.
   *
   * @param outside what middlewares before the cache had set on the response when it reached the
   *   cache, and what else they did to it on its way out
   * @param otherwise what else stands against it
   */
  allows(outside: Iterable<string>, otherwise: () => string | undefined): boolean {
    if (!this.#isOn) return false;
    const names = [...outside].filter((name) => !INDIFFERENT.has(name.toLowerCase()));
    const why =
      names.length > 0
        ? `middlewares before the response cache set ${names.join(', ')}`
        : otherwise();
    if (why !== undefined) this.warn(why);
    return why === undefined;
  }

  /** Says once why nothing, or not everything, is given by the front. */
  warn(why: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    process.emitWarning(
      `front() stands aside: ${why}, and an answer given before the framework would go out ` +
        'without them. Mount the cache before them, if it may be.',
      { code: 'LOCMEM_FRONT_STANDS_ASIDE' },
    );
  }
}
