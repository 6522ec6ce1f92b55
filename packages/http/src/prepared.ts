/**
 * The head of a stored answer in the form in which node sends it fastest: one flat list of names and
 * values, made once for all hits, in which the values change that change with time. It says what
 * `answerFromStore` sets field by field, in the same order.
 */
import { formatCacheStatus } from './cache-status.js';
import type { StoredResponse } from './entry.js';
import { toLines } from './fields.js';
import { isFieldOf304 } from './response.js';

/** Names and values in turn, with the places of the values that change with time. */
interface Template {
  readonly list: string[];
  readonly ageAt: number;
  readonly cacheStatusAt: number;
  /** What caches nearer to the origin have said. */
  readonly cacheStatusBefore: string;
}

export class PreparedHead {
  readonly #stored: StoredResponse;
  readonly #cacheName: string | false;
  readonly #template: Template;
  /** Lower-case; those that the handler took away are not to be sent either. */
  readonly #names: ReadonlySet<string>;
  readonly #hasEachNameOnce: boolean;
  #age = -1;

  /** @param is304 whether it is the head of a 304 in the answer's place (RFC 9110 §15.4.5) */
  constructor(stored: StoredResponse, cacheName: string | false, is304: boolean) {
    this.#stored = stored;
    this.#cacheName = cacheName;
    this.#template = templateOf(stored, cacheName, is304);
    const { list } = this.#template;
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
    const { list, ageAt, cacheStatusAt, cacheStatusBefore } = this.#template;
    if (age === this.#age) return list;
    list[ageAt] = String(age);
    if (this.#cacheName !== false) {
      // As `ttlSeconds` has it: age and ttl add up to the lifetime.
      const ttl = Math.floor(this.#stored.lifetimeSeconds) - age;
      const member = memberOfHit(this.#cacheName, ttl);
      list[cacheStatusAt] = cacheStatusBefore === '' ? member : cacheStatusBefore + member;
    }
    this.#age = age;
    return list;
  }
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

function templateOf(stored: StoredResponse, cacheName: string | false, is304: boolean): Template {
  const list: string[] = [];
  let cacheStatusAt = -1;
  let cacheStatusBefore = '';
  for (const [name, value] of stored.fields) {
    const lowerName = name.toLowerCase();
    if (is304 && !isFieldOf304(lowerName)) continue;
    const lines = toLines(value);
    if (lowerName === 'cache-status' && cacheName !== false) {
      cacheStatusBefore = `${lines.join(', ')}, `;
      cacheStatusAt = list.push(name, '') - 1;
    } else for (const line of lines) list.push(name, line);
  }
  const ageAt = list.push('Age', '') - 1;
  if (cacheName !== false && cacheStatusAt === -1) {
    cacheStatusAt = list.push('Cache-Status', '') - 1;
  }
  // RFC 9110 §8.6: neither a 304 nor a 204 has a length of content.
  if (!is304 && stored.status !== 204) {
    list.push('Content-Length', String(stored.body.byteLength));
  }
  return { list, ageAt, cacheStatusAt, cacheStatusBefore };
}
