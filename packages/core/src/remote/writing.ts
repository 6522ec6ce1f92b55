/** Writes of values: refused before anything changes, or stored, in the order in which they were called. */
import type { Call } from '../call-options.js';
import type { WriteOptions } from '../contract.js';
import { inTime } from './budget.js';
import type { Ending, Lifetime, TagVersion } from './backend.js';
import type { Door } from './door.js';
import type { Packed } from './envelope.js';
import type { Keys } from './keys.js';
import { PAGE, pagesOf } from './pages.js';
import { isOver, type Reach } from './reach.js';
import { WriteOrder, type Kind } from './write-order.js';

/** How often a change is tried again because other processes were faster. */
export const MOST_TRIES = 100;

/** A write that nothing can refuse any more but its size. */
export interface Write {
  readonly key: string;
  readonly at: string;
  readonly packed: Packed;
  readonly lifetime: Lifetime;
  readonly tags: readonly string[] | undefined;
}

/** The versions of a write's tags; undefined when it has none. */
type Marks = readonly TagVersion[] | undefined;

export class Writing {
  readonly #reach: Reach;
  readonly #keys: Keys;
  readonly #door: Door;
  readonly #overtake: (at: string) => void;
  readonly #order = new WriteOrder();
  /** What becomes of a plain `set`: the same for all of them. */
  readonly #storing: Ending<void>;

  /** @param overtake what is loading under that key is older than its deletion */
  constructor(reach: Reach, keys: Keys, door: Door, overtake: (at: string) => void) {
    this.#reach = reach;
    this.#keys = keys;
    this.#door = door;
    this.#overtake = overtake;
    const { counts } = reach;
    this.#storing = {
      done: () => {
        counts.sets++;
      },
      failed: () => {
        counts.droppedWrites++;
      },
    };
  }

  /** Everything that can be refused, before anything changes. */
  prepare(call: Call, key: string, value: unknown, options: WriteOptions | undefined): Write {
    const version = this.#door.version(call, options);
    const tags = this.#door.tags(call, options);
    const lifetime = this.#reach.lifetime(options?.timeout);
    const at = this.#keys.full(key, version);
    // Packed now: the value is the caller's, who may change it at any time.
    return { key, at, packed: this.#reach.envelope.pack(value), lifetime, tags };
  }

  set(write: Write): Promise<void> {
    const { at, lifetime } = write;
    if (!isOneStep(write) || this.#order.isBusy(at)) {
      const putting = (endMs: number) => this.put(write, endMs);
      return this.inOrder<unknown>([at], kindOf(write), undefined, putting).then(() => undefined);
    }
    // Nothing to wait for: the entry goes out within this call.
    const sealed = this.#reach.envelope.seal(at, write.packed);
    if (this.#reach.isTooLarge(write.key, sealed)) return Promise.resolve();
    return this.#reach.backend.store(at, sealed, lifetime, this.#storing);
  }

  /** @returns the keys of those that were not stored */
  async setMany(writes: readonly Write[]): Promise<string[]> {
    const first = writes[0];
    if (!first) return [];
    const { time, options, counts, endMs } = this.#reach;
    const at = writes.map((write) => write.at);
    /** What has been told of each by now: whether it is stored. */
    const told = new Map<Write, boolean>();
    const storing = () => this.#putAll(writes, endMs, told);
    // What goes out within this call is in its place in any case.
    const isFree =
      isOneStep(first) && writes.length <= PAGE && !at.some((one) => this.#order.isBusy(one));
    const steps = isFree ? storing() : this.#order.run(at, kindOf(first), storing);
    await inTime(time, options.deadlineMs, steps).catch(() => undefined);
    counts.droppedWrites += writes.length - told.size;
    return writes.filter((write) => told.get(write) !== true).map(({ key }) => key);
  }

  async add(write: Write, endMs: number): Promise<boolean> {
    const { at, lifetime } = write;
    const { backend, entries, envelope, counts } = this.#reach;
    if (isOver(lifetime)) return (await entries.one(at))?.isLive !== true;
    const tags = isMarked(write) ? await this.#marks(write) : undefined;
    const sealed = envelope.seal(at, write.packed, { tags });
    if (this.#reach.isTooLarge(write.key, sealed)) return false;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      this.#reach.refuseLate(endMs);
      if (await backend.putIfAbsent(at, sealed, lifetime)) break;
      // Something is there; it may be as good as not there.
      const bytes = await backend.getOne(at);
      if (bytes === undefined) continue;
      if ((await entries.judge(at, bytes))?.isLive) return false;
      this.#reach.refuseLate(endMs);
      if (await backend.replace(at, bytes, sealed, lifetime)) break;
    }
    counts.sets++;
    return true;
  }

  /** @param endMs when its caller is told that it failed */
  async put(write: Write, endMs: number): Promise<boolean> {
    const tags = isMarked(write) ? await this.#marks(write) : undefined;
    return this.#putSealed(write, tags, endMs);
  }

  /** @returns how many of them were alive */
  remove(at: readonly string[]): Promise<number> {
    for (const one of at) this.#overtake(one);
    // Not refused when it is late: what was called after it comes after it, and a deletion is made up for.
    const removing = this.#order.run(at, 'remove', () => this.removeNow(at));
    return this.#reach.contained('write', removing, 0);
  }

  async removeNow(at: readonly string[]): Promise<number> {
    for (const one of at) this.#overtake(one);
    const { backend, entries, counts } = this.#reach;
    const removed = await backend.remove(at);
    const live = (await entries.wereLive(at, removed)).filter(Boolean).length;
    counts.deletes += live;
    return live;
  }

  /**
   * A write that those of the same keys wait for that are called after it.
   *
   * @param work is given the moment when its caller is told that it failed: nothing is changed from then on
   */
  inOrder<T>(
    at: readonly string[],
    kind: Kind,
    otherwise: T,
    work: (endMs: number) => Promise<T>,
    budget = this.#reach.budget(),
  ): Promise<T> {
    const { endMs } = budget;
    const writing = this.#order.run(at, kind, async () => {
      this.#reach.refuseLate(endMs);
      return work(endMs);
    });
    return budget.contained('write', writing, otherwise);
  }

  async #putAll(writes: readonly Write[], endMs: number, told: Map<Write, boolean>): Promise<void> {
    const [first] = writes;
    const tags = isMarked(first!) ? await this.#marks(first!) : undefined;
    for (const page of pagesOf(writes)) {
      this.#reach.refuseLate(endMs);
      // One that the store refuses is no reason to give up the others.
      const putting = page.map(async (write) => {
        told.set(write, await this.#putSealed(write, tags, endMs));
      });
      await Promise.allSettled(putting);
    }
  }

  async #putSealed(write: Write, tags: Marks, endMs: number): Promise<boolean> {
    const { at, lifetime } = write;
    const { backend, envelope, counts } = this.#reach;
    const sealed = envelope.seal(at, write.packed, { tags });
    if (!isOver(lifetime) && this.#reach.isTooLarge(write.key, sealed)) return false;
    this.#reach.refuseLate(endMs);
    if (isOver(lifetime)) await backend.remove([at]);
    else await backend.put(at, sealed, lifetime);
    counts.sets++;
    return true;
  }

  #marks({ tags, lifetime }: Write): Promise<Marks> {
    return this.#reach.backend.markTags(tags!, lifetime);
  }
}

/** Whether it asks for the versions of its tags before it writes. Others are sent within the call. */
function isMarked({ tags, lifetime }: Write): boolean {
  return tags !== undefined && !isOver(lifetime);
}

function isOneStep({ tags, lifetime }: Write): boolean {
  return tags === undefined && !isOver(lifetime);
}

function kindOf(write: Write): Kind {
  if (isOver(write.lifetime)) return 'remove';
  return isMarked(write) ? 'alone' : 'set';
}
