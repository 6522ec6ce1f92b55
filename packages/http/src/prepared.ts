/**
 * The head of a stored answer in the form in which node sends it fastest: one flat list of names and
 * values, made once for all hits, in which the values change that change with time. It says what
 * `answerFromStore` sets field by field, in the same order.
 */
import { formatCacheStatus } from './cache-status.js';
import { PREPARED } from './entry.js';
import type { StoredResponse } from './entry.js';
import { toLines } from './fields.js';
import { isFieldOf304 } from './response.js';

export class PreparedHead {
  /** Names and values in turn. */
  readonly #list: string[] = [];
  /** Lower-case; those that the handler took away are not to be sent either. */
  readonly #names: ReadonlySet<string>;
  readonly #hasEachNameOnce: boolean;
  readonly #cacheName: string | false;
  readonly #lifetime: number;
  /** Where the values are that change with time. */
  readonly #ageAt: number;
  #cacheStatusAt = -1;
  /** What caches nearer to the origin have said. */
  #cacheStatusBefore = '';
  #age = -1;

  /** @param is304 whether it is the head of a 304 in the answer's place (RFC 9110 §15.4.5) */
  constructor(stored: StoredResponse, cacheName: string | false, is304: boolean) {
    const list = this.#list;
    this.#cacheName = cacheName;
    this.#lifetime = Math.floor(stored.lifetimeSeconds);
    for (const [name, value] of stored.fields) {
      const lowerName = name.toLowerCase();
      if (is304 && !isFieldOf304(lowerName)) continue;
      const lines = toLines(value);
      if (lowerName === 'cache-status' && cacheName !== false) {
        this.#cacheStatusBefore = `${lines.join(', ')}, `;
        this.#cacheStatusAt = list.push(name, '') - 1;
      } else for (const line of lines) list.push(name, line);
    }
    this.#ageAt = list.push('Age', '') - 1;
    if (cacheName !== false && this.#cacheStatusAt === -1) {
      this.#cacheStatusAt = list.push('Cache-Status', '') - 1;
    }
    // RFC 9110 §8.6: neither a 304 nor a 204 has a length of content.
    if (!is304 && stored.status !== 204) {
      list.push('Content-Length', String(stored.body.byteLength));
    }
    const names = new Set(list.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()));
    this.#hasEachNameOnce = names.size === list.length / 2;
    this.#names = new Set([...names, ...stored.removed]);
  }

  /**
   * Whether it can be sent beside fields that are set already (lower-case names): none of them is in
   * it, and in it no name comes twice, of which node would then send the last line only.
   */
  goesWith(names: readonly string[]): boolean {
    if (names.length === 0) return true;
    return this.#hasEachNameOnce && !names.some((name) => this.#names.has(name));
  }

  /**
   * The head at an age in whole seconds: good until it is asked for again, and not to be written to.
   * A list for each age would be garbage among the old objects, as many as there are answers.
   */
  at(age: number): readonly string[] {
    const list = this.#list;
    if (age === this.#age) return list;
    list[this.#ageAt] = String(age);
    if (this.#cacheName !== false) {
      // As `ttlSeconds` has it: age and ttl add up to the lifetime.
      const member = memberOfHit(this.#cacheName, this.#lifetime - age);
      const before = this.#cacheStatusBefore;
      list[this.#cacheStatusAt] = before === '' ? member : before + member;
    }
    this.#age = age;
    return list;
  }
}

/** The heads of one answer, as a cache of one name gives it away. */
export class PreparedHeads {
  readonly whole: PreparedHead;
  #notModified: PreparedHead | undefined;
  readonly #stored: StoredResponse;
  readonly #cacheName: string | false;

  constructor(stored: StoredResponse, cacheName: string | false) {
    this.#stored = stored;
    this.#cacheName = cacheName;
    this.whole = new PreparedHead(stored, cacheName, false);
  }

  get notModified(): PreparedHead {
    return (this.#notModified ??= new PreparedHead(this.#stored, this.#cacheName, true));
  }

  areFor(stored: StoredResponse, cacheName: string | false): boolean {
    return this.#stored === stored && this.#cacheName === cacheName;
  }
}

/**
 * The heads of a stored answer, made at its first hit and kept by it. In a WeakMap beside the answers
 * they were some more lines of memory away, which a hit has to wait for when it is not one of a few.
 */
export function headsOf(stored: StoredResponse, cacheName: string | false): PreparedHeads {
  const kept = stored[PREPARED];
  const heads = kept?.heads;
  if (heads?.areFor(stored, cacheName) === true) return heads;
  const made = new PreparedHeads(stored, cacheName);
  if (kept) kept.heads = made;
  return made;
}

const MOST_MEMBERS = 1_000;
let nameOfMembers = '';
const members = new Map<number, string>();

/** What a hit says in Cache-Status: the same text for all answers that have so long to live. */
function memberOfHit(cacheName: string, ttl: number): string {
  if (cacheName !== nameOfMembers || members.size >= MOST_MEMBERS) {
    nameOfMembers = cacheName;
    members.clear();
  }
  let member = members.get(ttl);
  if (member === undefined) {
    members.set(ttl, (member = formatCacheStatus(cacheName, { hit: true, ttl })));
  }
  return member;
}
