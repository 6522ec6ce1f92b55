/** Where a RedisCache keeps its entries: single commands where one is enough, scripts where it is not. */
import { createHash, randomBytes } from 'node:crypto';
import {
  ended,
  pagesOf,
  type Backend,
  type Claim,
  type Ending,
  type Held,
  type LeaseHold,
  type Lifetime,
  type TagVersion,
  type Timekeeper,
} from '@locmem/core/remote';
import type { Argument, Connection } from './client.js';
import type { Guard } from './guard.js';
import { KeyNames } from './key-names.js';
import { Owed } from './owed.js';
import * as scripts from './scripts.js';
import type { Script } from './scripts.js';

/** Keys looked at in one step of a SCAN: some tenths of a millisecond of the server's time. */
const SCAN_COUNT = '1000';

/** How soon deletions that did not get through are tried again. */
const PAY_AFTER_MS = 500;

export class RedisBackend implements Backend {
  readonly names: KeyNames;
  readonly #connection: Connection;
  readonly #guard: Guard;
  readonly #time: Timekeeper;
  readonly #owed = new Owed();
  #isPayingLater = false;

  constructor(name: string, connection: Connection, guard: Guard, time: Timekeeper) {
    this.names = new KeyNames(name);
    this.#connection = connection;
    this.#guard = guard;
    this.#time = time;
  }

  // ---- reading -------------------------------------------------------------------------------

  async getOne(at: string): Promise<Buffer | undefined> {
    return this.#isOwed(at)
      ? undefined
      : bytesOf(await this.#command(['GET', this.names.entry(at)]));
  }

  lookUp<T>(at: string, ending: Ending<T>): Promise<T> {
    if (this.#isOwed(at)) return Promise.resolve(ending.done(undefined));
    return this.#command(['GET', this.names.entry(at)], ending);
  }

  async get(keys: readonly string[]): Promise<(Buffer | undefined)[]> {
    const found = await this.#each(
      'MGET',
      'GET',
      keys.map((at) => this.names.entry(at)),
    );
    return found.map((reply, i) => (this.#isOwed(keys[i]!) ? undefined : bytesOf(reply)));
  }

  async lifetimes(keys: readonly string[]): Promise<(Lifetime | undefined)[]> {
    const left = await Promise.all(keys.map((at) => this.#command(['PTTL', this.names.entry(at)])));
    return left.map((reply) => lifetimeOf(Number(reply)));
  }

  // ---- writing -------------------------------------------------------------------------------

  put(at: string, bytes: string | Buffer, lifetime: Lifetime): Promise<unknown> {
    const putting = this.#command(set(this.names.entry(at), bytes, lifetime));
    if (this.#owed.isEmpty) return putting;
    return putting.then(() => {
      this.#owed.settle(at);
    });
  }

  store<T>(at: string, bytes: string | Buffer, lifetime: Lifetime, ending: Ending<T>): Promise<T> {
    if (!this.#owed.isEmpty) return ended(this.put(at, bytes, lifetime), ending);
    return this.#command(set(this.names.entry(at), bytes, lifetime), ending);
  }

  async putIfAbsent(at: string, bytes: string | Buffer, lifetime: Lifetime): Promise<boolean> {
    await this.#madeUpFor(at);
    return (await this.#command([...set(this.names.entry(at), bytes, lifetime), 'NX'])) !== null;
  }

  async replace(
    at: string,
    seen: Buffer,
    bytes: string | Buffer,
    lifetime: Lifetime | undefined,
  ): Promise<boolean> {
    const span = lifetime === undefined ? 'keep' : spanOf(lifetime);
    return this.#isDone(scripts.REPLACE, [this.names.entry(at)], [digest(seen), bytes, span]);
  }

  async remove(keys: readonly string[]): Promise<(Held | undefined)[]> {
    const held: (Held | undefined)[] = [];
    try {
      for (const page of pagesOf(keys)) {
        held.push(...(await Promise.all(page.map((at) => this.#removeOne(at)))));
      }
      return held;
    } catch (error) {
      this.#owed.owe('entries', keys.slice(held.length));
      this.#payLater();
      throw error;
    }
  }

  async touch(at: string, lifetime: Lifetime): Promise<'done' | 'missing' | 'unsure'> {
    await this.#madeUpFor(at);
    const touched = await this.#run(scripts.TOUCH, [this.names.entry(at)], [spanOf(lifetime)]);
    return touched === 1 ? 'done' : touched === 0 ? 'missing' : 'unsure';
  }

  async count(at: string, delta: number): Promise<number | 'missing' | 'unsure'> {
    await this.#madeUpFor(at);
    const counted = await this.#run(scripts.COUNT, [this.names.entry(at)], [String(delta)]);
    if (Buffer.isBuffer(counted)) return Number(counted.toString());
    return counted === 0 ? 'missing' : 'unsure';
  }

  // ---- leases and locks ----------------------------------------------------------------------

  async claim(at: string, token: string, leaseMs: number): Promise<Claim> {
    const names = [this.names.entry(at), this.names.lease(at)];
    const claimed = await this.#run(scripts.CLAIM, names, [token, String(leaseMs)]);
    const [isTaken, holder, bytes] = claimed as unknown[];
    return {
      isTaken: isTaken === 1,
      token: bytesOf(holder)?.toString(),
      bytes: this.#owed.hasEntry(at) ? undefined : bytesOf(bytes),
    };
  }

  async fill(
    at: string,
    { token, seen, isOwn }: LeaseHold,
    bytes: string | Buffer,
    lifetime: Lifetime,
  ): Promise<boolean> {
    const names = [this.names.entry(at), this.names.lease(at)];
    const args = [token, seen ? digest(seen) : '', bytes, spanOf(lifetime), isOwn ? '1' : '0'];
    return this.#isDone(scripts.FILL, names, args);
  }

  renew(at: string, token: string, leaseMs: number): Promise<unknown> {
    return this.#run(scripts.RENEW, [this.names.lease(at)], [token, String(leaseMs)]);
  }

  release(at: string, token: string): Promise<unknown> {
    return this.#run(scripts.RELEASE, [this.names.lease(at)], [token]);
  }

  async lock(at: string, token: string, leaseMs: number): Promise<boolean> {
    return (await this.#command([...set(this.names.lock(at), token, leaseMs), 'NX'])) !== null;
  }

  renewLock(at: string, token: string, leaseMs: number): Promise<unknown> {
    return this.#run(scripts.RENEW, [this.names.lock(at)], [token, String(leaseMs)]);
  }

  unlock(at: string, token: string): Promise<unknown> {
    return this.#run(scripts.RELEASE, [this.names.lock(at)], [token]);
  }

  // ---- tags ----------------------------------------------------------------------------------

  /**
   * A version is made of random bytes, once for the life of a tag's key: a purge deletes the key, and no
   * version comes back. So a tag that the server has evicted or lost costs misses, and never brings back
   * what was purged, as a counter would that begins again at 0.
   */
  async markTags(tags: readonly string[], lifetime: Lifetime): Promise<TagVersion[]> {
    return Promise.all(
      [...new Set(tags)].map(async (tag): Promise<TagVersion> => {
        if (this.#owed.hasTag(tag)) throw new Error('a purge of the tag is owed');
        const fresh = `${randomBytes(9).toString('base64url')}.0`;
        const version = await this.#run(
          scripts.MARK,
          [this.names.tag(tag)],
          [fresh, spanOf(lifetime)],
        );
        return [tag, bytesOf(version)?.toString() ?? ''];
      }),
    );
  }

  async tagVersions(tags: readonly string[]): Promise<Map<string, string>> {
    const found = await this.#each(
      'MGET',
      'GET',
      tags.map((tag) => this.names.tag(tag)),
    );
    const versions = new Map<string, string>();
    for (const [i, tag] of tags.entries()) {
      const version = bytesOf(found[i])?.toString();
      if (version !== undefined && !this.#owed.hasTag(tag)) versions.set(tag, version);
    }
    return versions;
  }

  async purgeTags(tags: readonly string[], soft: boolean): Promise<void> {
    try {
      await Promise.all(
        tags.map((tag) => {
          const name = this.names.tag(tag);
          return soft ? this.#run(scripts.SOFT_PURGE, [name], []) : this.#command(['UNLINK', name]);
        }),
      );
    } catch (error) {
      // A soft purge that is made up for later is a hard one: stale answers must have been known to be so.
      this.#owed.owe('tags', tags);
      this.#payLater();
      throw error;
    }
  }

  // ---- many ----------------------------------------------------------------------------------

  async *scan(start: string): AsyncGenerator<string[], void> {
    for await (const page of this.#scan(this.names.pattern(start))) {
      yield page.map((name) => this.names.at(name)).filter((at) => at !== undefined);
    }
  }

  async clear(start: string, passes: ((at: string) => boolean) | undefined): Promise<void> {
    try {
      await this.#clear(
        this.names.pattern(start),
        (name) => passes?.(this.names.owner(name)) ?? true,
      );
      if (start === '' && !passes) await this.#clear(this.names.tagPattern(), () => true);
    } catch (error) {
      // Those of a version under all prefixes are not known here; better too many than too few.
      if (passes || start === '') this.#owed.oweEverything();
      else this.#owed.oweStart(start);
      this.#payLater();
      throw error;
    }
  }

  /** Makes up for deletions that did not get through. */
  payDebts(): Promise<void> {
    return this.#owed.pay(({ entries, tags, starts, everything }) => {
      const clearing = everything ? [''] : [...starts];
      // Each owes anew what it could not do.
      return Promise.allSettled([
        ...clearing.map((start) => this.clear(start, undefined)),
        this.remove([...entries]),
        this.purgeTags([...tags], false),
      ]);
    });
  }

  close(): Promise<void> {
    this.#guard.close();
    return Promise.resolve();
  }

  /** Again and again, as long as something is owed. */
  #payLater(): void {
    if (this.#isPayingLater) return;
    this.#isPayingLater = true;
    const pay = () => {
      this.#isPayingLater = false;
      void this.payDebts(); // what fails is owed anew, and paid later
    };
    this.#time.after(PAY_AFTER_MS, pay, true);
  }

  // ---- steps ---------------------------------------------------------------------------------

  async #removeOne(at: string): Promise<Held | undefined> {
    const held = await this.#run(scripts.REMOVE, [this.names.entry(at), this.names.lease(at)], []);
    if (!Array.isArray(held)) return undefined;
    const [bytes, left] = held as unknown[];
    const leftMs = lifetimeOf(Number(left));
    return Buffer.isBuffer(bytes) && leftMs !== undefined ? { bytes, leftMs } : undefined;
  }

  /** Before a step on what is there: what this process has deleted must not be. */
  async #madeUpFor(at: string): Promise<void> {
    if (this.#owed.isEmpty || !this.#owed.hasEntry(at)) return;
    await this.#removeOne(at);
    this.#owed.settle(at);
  }

  async #clear(pattern: string, passes: (name: string) => boolean): Promise<void> {
    for await (const page of this.#scan(pattern)) {
      const names = page.filter(passes);
      if (names.length === 0) continue;
      if (this.#connection.isCluster) {
        await Promise.all(names.map((name) => this.#command(['UNLINK', name])));
      } else {
        await this.#command(['UNLINK', ...names]);
      }
    }
  }

  async *#scan(pattern: string): AsyncGenerator<string[], void> {
    for (const send of this.#connection.servers()) {
      let cursor = '0';
      do {
        const command = ['SCAN', cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT];
        const reply = await this.#guard.run(() => send(command));
        const [next, names] = reply as [unknown, unknown[]];
        cursor = String(next);
        yield names.map(String);
      } while (cursor !== '0');
    }
  }

  /** One command for all keys where they lie together; one for each, sent together, in a cluster. */
  async #each(
    together: string,
    alone: string,
    names: readonly string[],
  ): Promise<readonly unknown[]> {
    if (names.length === 0) return [];
    if (this.#connection.isCluster || names.length === 1) {
      return Promise.all(names.map((name) => this.#command([alone, name])));
    }
    return (await this.#command([together, ...names])) as unknown[];
  }

  #isOwed(at: string): boolean {
    return !this.#owed.isEmpty && this.#owed.hasEntry(at);
  }

  #command(command: readonly Argument[]): Promise<unknown>;
  #command<T>(command: readonly Argument[], ending: Ending<T>): Promise<T>;
  #command(command: readonly Argument[], ending?: Ending<unknown>): Promise<unknown> {
    return this.#guard.command(command, command[1] as string, ending);
  }

  #run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    return this.#guard.run((isLate) => scripts.run(isLate, this.#connection, script, keys, args));
  }

  async #isDone(
    script: Script,
    keys: readonly string[],
    args: readonly Argument[],
  ): Promise<boolean> {
    return (await this.#run(script, keys, args)) === 1;
  }
}

function set(name: string, bytes: Argument, lifetime: Lifetime): Argument[] {
  return lifetime === null ? ['SET', name, bytes] : ['SET', name, bytes, 'PX', String(lifetime)];
}

function spanOf(lifetime: Lifetime): string {
  return lifetime === null ? '' : String(lifetime);
}

/** PTTL: -1 = for ever, -2 = not there. */
function lifetimeOf(pttl: number): Lifetime | undefined {
  if (pttl === -1) return null;
  return pttl >= 0 ? pttl : undefined;
}

/** Whatever else a server answers is no entry. */
function bytesOf(reply: unknown): Buffer | undefined {
  return Buffer.isBuffer(reply) ? reply : undefined;
}

function digest(bytes: Buffer): string {
  return createHash('sha1').update(bytes).digest('hex');
}
