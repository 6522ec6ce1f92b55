/**
 * Changes of what is there: counted and touched by the store itself where it can, else read, changed and put
 * in the place of exactly what was read.
 */
import type { UpdateOptions } from '../contract.js';
import { NotNumericError } from '../errors.js';
import { count, type Direction } from '../numeric.js';
import type { Lifetime } from './backend.js';
import { inTime, type Budget } from './budget.js';
import type { Found } from './entries.js';
import type { Packed } from './envelope.js';
import { Queues } from './queues.js';
import { isOver, type Reach } from './reach.js';
import { MOST_TRIES, type Write, type Writing } from './writing.js';

export class Changing {
  readonly #reach: Reach;
  readonly #writing: Writing;
  readonly #queues = new Queues();

  constructor(reach: Reach, writing: Writing) {
    this.#reach = reach;
    this.#writing = writing;
  }

  /** @returns whether it was there */
  async touch(at: string, lifetime: Lifetime): Promise<boolean> {
    if (isOver(lifetime)) return (await this.#writing.remove([at])) === 1;
    return this.#writing.inOrder([at], 'touch', false, async (endMs) => {
      const { backend, isSigned } = this.#reach;
      const touched = isSigned ? 'unsure' : await backend.touch(at, lifetime);
      if (touched !== 'unsure') return touched === 'done';
      return this.#change(at, lifetime, endMs, (found) => found.packed);
    });
  }

  /** @returns undefined when there is nothing to add to */
  async count(
    key: string,
    at: string,
    delta: number,
    direction: Direction,
  ): Promise<number | undefined> {
    let refusal: NotNumericError | undefined;
    const counting = async (endMs: number) => {
      const { backend, isSigned, envelope, name } = this.#reach;
      const isForStore = typeof delta === 'number' && !isSigned;
      const counted = isForStore ? await backend.count(at, delta * direction) : 'unsure';
      if (counted !== 'unsure') return counted === 'missing' ? undefined : counted;
      let result: number | undefined;
      await this.#change(at, undefined, endMs, (found) => {
        const value = found.value();
        if (value === undefined) return undefined; // unreadable: as good as not there
        try {
          result = count(name, key, value, delta, direction) as number;
        } catch (error) {
          refusal = (error as NotNumericError).inNameOf(this.#reach.options.place);
          return undefined;
        }
        return envelope.pack(result);
      });
      return result;
    };
    const result = await this.#writing.inOrder([at], 'count', undefined, counting);
    if (refusal) throw refusal;
    return result;
  }

  /** What an update has come to. Without a timeout or tags of its own, it keeps those of the entry. */
  update(write: Write, { timeout, tags }: UpdateOptions, budget: Budget): Promise<boolean> {
    const isKept = timeout === undefined && tags === undefined;
    const writing = async (endMs: number) =>
      (isKept && (await this.#change(write.at, undefined, endMs, () => write.packed))) ||
      this.#writing.put(write, endMs);
    return this.#writing.inOrder([write.at], 'alone', false, writing, budget);
  }

  /** @returns whether there was anything to move */
  move(source: string, target: string): Promise<boolean> {
    return this.#writing.inOrder([source, target], 'alone', false, async (endMs) => {
      const { backend, envelope, entries } = this.#reach;
      const [found, leftMs] = await entries.timed(source);
      const value = found?.isLive ? found.value() : undefined;
      if (!found || value === undefined || leftMs === undefined) return false;
      if (source === target) return true;
      const sealed = envelope.seal(target, found.packed, found.meta);
      this.#reach.refuseLate(endMs);
      await backend.put(target, sealed, leftMs);
      await this.#writing.removeNow([source]);
      return true;
    });
  }

  /**
   * Puts another value in the place of a live one, which keeps its tags. One change of a key at a time:
   * those of one process would only be in each other's way.
   *
   * @param lifetime undefined = what it has left
   * @param endMs when its caller is told that it failed: nothing is changed from then on
   * @returns false when there is nothing alive
   */
  #change(
    at: string,
    lifetime: Lifetime | undefined,
    endMs: number,
    next: (found: Found) => Packed | undefined,
  ): Promise<boolean> {
    const { time } = this.#reach;
    return this.#queues.run(at, async () => {
      this.#reach.refuseLate(endMs);
      // A store that does not answer must not hold up those who come after.
      return inTime(time, endMs - time.exact(), this.#changeNow(at, lifetime, endMs, next));
    });
  }

  async #changeNow(
    at: string,
    lifetime: Lifetime | undefined,
    endMs: number,
    next: (found: Found) => Packed | undefined,
  ): Promise<boolean> {
    const { entries, backend, envelope } = this.#reach;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const found = await entries.one(at);
      if (!found?.isLive) return false;
      const packed = next(found);
      if (packed === undefined) return false;
      const tags = found.meta.tags;
      // Only one that is given a new lifetime loses the time to be stale.
      const meta = lifetime === undefined ? found.meta : { tags };
      if (tags && lifetime !== undefined) {
        const names = tags.map(([tag]) => tag);
        await backend.markTags(names, lifetime);
      }
      const sealed = envelope.seal(at, packed, meta);
      this.#reach.refuseLate(endMs);
      if (await backend.replace(at, found.bytes, sealed, lifetime)) return true;
    }
    throw new Error('others change the entry all the time');
  }
}
