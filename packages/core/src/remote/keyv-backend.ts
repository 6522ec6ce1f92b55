/**
 * Where a KeyvCache keeps its entries: whatever a Keyv adapter stands on. Keyv can get, set and delete, and
 * nothing in one step; what must be one step is held apart within this process, and between processes the
 * last writer wins.
 */
import { randomBytes } from 'node:crypto';
import type { Timekeeper } from '../clock.js';
import {
  ended,
  type Backend,
  type Claim,
  type Ending,
  type Held,
  type LeaseHold,
  type Lifetime,
  type TagVersion,
} from './backend.js';
import { inTime } from './budget.js';
import { spelt } from './well-formed.js';

/** What is asked of a Keyv, 5 or any other that can do this. */
export interface KeyvLike {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown, ttl?: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  clear(): Promise<unknown>;
  /** Not of every adapter: without it `keys` has nothing to list, and `clear` empties the whole Keyv. */
  iterator?: ((...args: never[]) => AsyncIterable<unknown>) | undefined;
  on?(event: 'error', listener: (error: unknown) => void): unknown;
}

/** What is stored: the wall-clock time at which it ends ('' = never), a space, and the bytes. */
interface Stored {
  readonly endsAtMs: number;
  readonly bytes: Buffer;
}

const PAGE = 100;

export class KeyvBackend implements Backend {
  readonly #keyv: KeyvLike;
  readonly #entries: string;
  readonly #tags: string;
  readonly #now: () => number;
  readonly #time: Timekeeper;
  readonly #deadlineMs: number;
  /** Leases of this process, voided by deletions. */
  readonly #leases = new Map<string, string>();
  /** Who changes a key at the moment. */
  readonly #turns = new Map<string, Promise<unknown>>();

  /** @param now milliseconds of the wall clock: other processes read what it says */
  constructor(
    name: string,
    keyv: KeyvLike,
    now: () => number,
    time: Timekeeper,
    deadlineMs: number,
  ) {
    this.#keyv = keyv;
    this.#entries = `${name}:e:`;
    this.#tags = `${name}:t:`;
    this.#now = now;
    this.#time = time;
    this.#deadlineMs = deadlineMs;
    // An 'error' that nobody hears would end the process; what fails, misses.
    keyv.on?.('error', () => undefined);
  }

  async getOne(at: string): Promise<Buffer | undefined> {
    return (await this.#read(this.#entries + at))?.bytes;
  }

  lookUp<T>(at: string, ending: Ending<T>): Promise<T> {
    return ended(this.getOne(at), ending);
  }

  get(keys: readonly string[]): Promise<(Buffer | undefined)[]> {
    return Promise.all(keys.map((at) => this.getOne(at)));
  }

  lifetimes(keys: readonly string[]): Promise<(Lifetime | undefined)[]> {
    return Promise.all(keys.map(async (at) => this.#left(await this.#read(this.#entries + at))));
  }

  put(at: string, bytes: string | Buffer, lifetime: Lifetime): Promise<void> {
    return this.#inTurn(at, () => this.#write(this.#entries + at, bytes, lifetime));
  }

  store<T>(at: string, bytes: string | Buffer, lifetime: Lifetime, ending: Ending<T>): Promise<T> {
    return ended(this.put(at, bytes, lifetime), ending);
  }

  putIfAbsent(at: string, bytes: string | Buffer, lifetime: Lifetime): Promise<boolean> {
    return this.#inTurn(at, async () => {
      if (await this.#read(this.#entries + at)) return false;
      await this.#write(this.#entries + at, bytes, lifetime);
      return true;
    });
  }

  replace(
    at: string,
    seen: Buffer,
    bytes: string | Buffer,
    lifetime: Lifetime | undefined,
  ): Promise<boolean> {
    return this.#inTurn(at, async () => {
      const now = await this.#read(this.#entries + at);
      if (!now?.bytes.equals(seen)) return false;
      const kept = lifetime === undefined ? this.#left(now) : lifetime;
      if (kept === undefined) return false;
      await this.#write(this.#entries + at, bytes, kept);
      return true;
    });
  }

  remove(keys: readonly string[]): Promise<(Held | undefined)[]> {
    return Promise.all(
      keys.map((at) => {
        this.#leases.delete(at);
        return this.#inTurn(at, async () => {
          const held = await this.#read(this.#entries + at);
          const leftMs = this.#left(held);
          if (!held || leftMs === undefined) return undefined;
          await this.#timed(this.#keyv.delete(this.#entries + at));
          return { bytes: held.bytes, leftMs };
        });
      }),
    );
  }

  touch(): Promise<'unsure'> {
    return Promise.resolve('unsure');
  }

  count(): Promise<'unsure'> {
    return Promise.resolve('unsure');
  }

  async claim(at: string, token: string): Promise<Claim> {
    const holder = this.#leases.get(at);
    if (holder === undefined) this.#leases.set(at, token);
    const isTaken = holder === undefined;
    return { isTaken, token: holder ?? token, bytes: await this.getOne(at) };
  }

  fill(at: string, hold: LeaseHold, bytes: string | Buffer, lifetime: Lifetime): Promise<boolean> {
    return this.#inTurn(at, async () => {
      if (this.#leases.get(at) !== hold.token) return false;
      if (hold.isOwn) this.#leases.delete(at);
      const now = await this.getOne(at);
      const isAsSeen = now === undefined ? !hold.seen : hold.seen?.equals(now) === true;
      if (isAsSeen) await this.#write(this.#entries + at, bytes, lifetime);
      return isAsSeen;
    });
  }

  renew(): Promise<void> {
    return Promise.resolve(); // a lease of this process lives as long as its load
  }

  release(at: string, token: string): Promise<void> {
    if (this.#leases.get(at) === token) this.#leases.delete(at);
    return Promise.resolve();
  }

  lock(): Promise<boolean> {
    return Promise.resolve(true); // updates of this process wait for each other already
  }

  renewLock(): Promise<void> {
    return Promise.resolve();
  }

  unlock(): Promise<void> {
    return Promise.resolve();
  }

  markTags(tags: readonly string[], lifetime: Lifetime): Promise<TagVersion[]> {
    return Promise.all(
      [...new Set(tags)].map((tag) =>
        this.#inTurn(this.#tagName(tag), async (): Promise<TagVersion> => {
          const now = await this.#read(this.#tagName(tag));
          const left = this.#left(now);
          const version = now?.bytes.toString() ?? `${randomBytes(9).toString('base64url')}.0`;
          // It must outlive the entries that carry it, and need not be touched at every write.
          if (left === undefined || !isEnough(left, lifetime)) {
            const kept = lifetime === null ? null : lifetime * 2;
            await this.#write(this.#tagName(tag), version, kept);
          }
          return [tag, version];
        }),
      ),
    );
  }

  async tagVersions(tags: readonly string[]): Promise<Map<string, string>> {
    const versions = new Map<string, string>();
    await Promise.all(
      tags.map(async (tag) => {
        const now = await this.#read(this.#tagName(tag));
        if (now) versions.set(tag, now.bytes.toString());
      }),
    );
    return versions;
  }

  async purgeTags(tags: readonly string[], soft: boolean): Promise<void> {
    await Promise.all(
      tags.map((tag) =>
        this.#inTurn(this.#tagName(tag), async () => {
          const now = soft ? await this.#read(this.#tagName(tag)) : undefined;
          const left = this.#left(now);
          if (!soft) await this.#timed(this.#keyv.delete(this.#tagName(tag)));
          else if (now && left !== undefined) {
            const [hard, count] = now.bytes.toString().split('.');
            await this.#write(this.#tagName(tag), `${hard ?? ''}.${Number(count) + 1}`, left);
          }
        }),
      ),
    );
  }

  async *scan(start: string): AsyncGenerator<string[], void> {
    if (!this.#keyv.iterator) return;
    const from = this.#entries + start;
    const page: string[] = [];
    for await (const pair of this.#keyv.iterator()) {
      const key = String((pair as readonly unknown[])[0]);
      if (!key.startsWith(from)) continue;
      page.push(key.slice(this.#entries.length));
      if (page.length === PAGE) yield page.splice(0);
    }
    if (page.length > 0) yield page;
  }

  async clear(start: string, passes: ((at: string) => boolean) | undefined): Promise<void> {
    this.#leases.clear();
    if (!this.#keyv.iterator) {
      if (start !== '' || passes) throw new Error('this Keyv adapter cannot list its keys');
      await this.#keyv.clear();
      return;
    }
    const found: string[] = [];
    for await (const page of this.scan(start))
      found.push(...page.filter((at) => passes?.(at) ?? true));
    await this.remove(found);
  }

  /** The Keyv stays its owner's. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  // ---- steps -------------------------------------------------------------------------------------

  #tagName(tag: string): string {
    return this.#tags + spelt(tag);
  }

  async #read(name: string): Promise<Stored | undefined> {
    const stored = parse(await this.#timed(this.#keyv.get(name)));
    return stored && stored.endsAtMs > this.#now() ? stored : undefined;
  }

  async #write(name: string, bytes: string | Buffer, lifetime: Lifetime): Promise<void> {
    const endsAt = lifetime === null ? '' : String(this.#now() + lifetime);
    const text = typeof bytes === 'string' ? `t${bytes}` : `b${bytes.toString('base64')}`;
    const ttl = lifetime === null ? undefined : Math.max(1, Math.ceil(lifetime));
    // Keyv tells its listeners of an error, and its caller only so.
    const isSet = await this.#timed(this.#keyv.set(name, `${endsAt} ${text}`, ttl));
    if (isSet === false) throw new Error('the Keyv has not stored it');
  }

  #left(stored: Stored | undefined): Lifetime | undefined {
    if (!stored) return undefined;
    return stored.endsAtMs === Infinity ? null : stored.endsAtMs - this.#now();
  }

  #timed<T>(step: Promise<T>): Promise<T> {
    return inTime(this.#time, this.#deadlineMs, step);
  }

  /** One change of a key at a time. */
  #inTurn<T>(key: string, change: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(key);
    const turn = before ? before.then(change, change) : change();
    this.#turns.set(key, turn);
    const leave = () => {
      if (this.#turns.get(key) === turn) this.#turns.delete(key);
    };
    turn.then(leave, leave);
    return turn;
  }
}

function isEnough(left: Lifetime, needed: Lifetime): boolean {
  return left === null || (needed !== null && left >= needed);
}

function parse(value: unknown): Stored | undefined {
  if (typeof value !== 'string') return undefined;
  const match = /^(\d*(?:\.\d+)?) ([tb])/.exec(value);
  if (!match) return undefined;
  const [head, endsAt, kind] = match;
  const bytes = Buffer.from(value.slice(head.length), kind === 't' ? 'utf8' : 'base64');
  return { endsAtMs: endsAt === '' ? Infinity : Number(endsAt), bytes };
}
