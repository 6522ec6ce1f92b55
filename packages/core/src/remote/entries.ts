/**
 * The steps that the methods of a remote cache share: bytes read, judged and counted. An entry is live,
 * stale (past its time, or softly purged: for `getOrSet` with `stale` only) or as good as not there.
 */
import type { Backend, Lifetime, TagVersion } from './backend.js';
import type { RemoteCounts } from './counts.js';
import type { Envelope, Meta, Opened, Packed } from './envelope.js';

/** An entry that may be of use. */
export interface Found {
  readonly bytes: Buffer;
  readonly meta: Meta;
  readonly packed: Packed;
  readonly isLive: boolean;
  /** Decoded anew for each who asks; undefined when the bytes turn out to be no value. */
  value(): unknown;
}

export class Entries {
  constructor(
    readonly backend: Backend,
    readonly envelope: Envelope,
    readonly counts: RemoteCounts,
  ) {}

  /** @throws when the store is not to be had */
  async one(key: string): Promise<Found | undefined> {
    return this.judge(key, await this.backend.getOne(key));
  }

  /** What is to be thought of these bytes. At once, where nothing else has to be asked. */
  judge(key: string, bytes: Buffer | undefined): Found | undefined | Promise<Found | undefined> {
    const opened = bytes && this.open(key, bytes);
    if (!opened) return undefined;
    const { tags, staleMs } = opened.meta;
    if (!tags && staleMs === undefined) return this.#found(bytes, opened, true);
    return this.judgeAll([key], [bytes]).then(([found]) => found);
  }

  /** The live or stale ones among these keys, in their order. */
  async many(keys: readonly string[]): Promise<(Found | undefined)[]> {
    return this.judgeAll(keys, await this.backend.get(keys));
  }

  /** An entry, and what it has left. */
  async timed(key: string): Promise<[Found | undefined, Lifetime | undefined]> {
    const [found, [leftMs]] = await Promise.all([this.one(key), this.backend.lifetimes([key])]);
    return [leftMs === undefined ? undefined : found, leftMs];
  }

  /** The values of the live ones, undefined in the place of others. */
  async liveValues(keys: readonly string[]): Promise<unknown[]> {
    const all = await this.backend.get(keys);
    const values: unknown[] = [];
    // Those with more to them, which are looked at together.
    const rest: number[] = [];
    for (let i = 0; i < all.length; i++) {
      const bytes = all[i];
      const value = bytes && this.envelope.plainValue(bytes);
      values.push(value);
      if (bytes && value === undefined) rest.push(i);
    }
    if (rest.length === 0) return values;
    const found = await this.judgeAll(
      rest.map((i) => keys[i]!),
      rest.map((i) => all[i]),
    );
    for (const [n, i] of rest.entries()) {
      const one = found[n];
      values[i] = one?.isLive ? one.value() : undefined;
    }
    return values;
  }

  /** What lay there, and whether it was alive. */
  async wereLive(
    keys: readonly string[],
    held: readonly ({ bytes: Buffer; leftMs: Lifetime } | undefined)[],
  ): Promise<boolean[]> {
    const bytes = held.map((one) => one?.bytes);
    const lifetimes = held.map((one) => one?.leftMs);
    const found = await this.judgeAll(keys, bytes, lifetimes);
    return found.map((one) => one?.isLive === true);
  }

  open(key: string, bytes: Buffer): Opened | undefined {
    const opened = this.envelope.open(key, bytes);
    if (opened) return opened;
    if (this.envelope.isForged(key, bytes)) this.counts.forged++;
    else this.counts.unreadable++;
    return undefined;
  }

  async judgeAll(
    keys: readonly string[],
    all: readonly (Buffer | undefined)[],
    knownLifetimes?: readonly (Lifetime | undefined)[],
  ): Promise<(Found | undefined)[]> {
    const opened = all.map((bytes, i) => bytes && this.open(keys[i]!, bytes));
    const tags = new Set(opened.flatMap((one) => one?.meta.tags?.map(([tag]) => tag) ?? []));
    const timed = keys.filter((_key, i) => opened[i]?.meta.staleMs !== undefined);
    const [versions, lifetimes] = await Promise.all([
      tags.size > 0 ? this.backend.tagVersions([...tags]) : NO_VERSIONS,
      timed.length > 0 && !knownLifetimes ? this.backend.lifetimes(timed) : [],
    ]);
    const lifetimeOf = (i: number) =>
      knownLifetimes ? knownLifetimes[i] : lifetimes[timed.indexOf(keys[i]!)];
    return opened.map((one, i) => {
      if (!one) return undefined;
      const { tags: marks = [], staleMs } = one.meta;
      if (marks.some((mark) => isPurged(mark, versions))) return undefined;
      const isSoftlyPurged = marks.some((mark) => isOutdated(mark, versions));
      const leftMs = staleMs === undefined ? null : lifetimeOf(i);
      if (leftMs === undefined) return undefined; // gone in between
      const isFresh = leftMs === null || leftMs > (staleMs ?? 0);
      return this.#found(all[i]!, one, isFresh && !isSoftlyPurged);
    });
  }

  #found(bytes: Buffer, { meta, packed }: Opened, isLive: boolean): Found {
    return {
      ...{ bytes, meta, packed, isLive },
      value: () => {
        const value = this.envelope.unpack(packed);
        if (value === undefined) this.counts.unreadable++;
        return value;
      },
    };
  }
}

const NO_VERSIONS: ReadonlyMap<string, string> = new Map();

/** A version is `purges.softPurges`, the first of which is never the same twice. */
function isPurged([tag, version]: TagVersion, now: ReadonlyMap<string, string>): boolean {
  return hardPart(now.get(tag) ?? '') !== hardPart(version);
}

function isOutdated([tag, version]: TagVersion, now: ReadonlyMap<string, string>): boolean {
  return now.get(tag) !== version;
}

function hardPart(version: string): string {
  return version.slice(0, version.lastIndexOf('.'));
}
