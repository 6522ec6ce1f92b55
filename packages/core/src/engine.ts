/**
 * The steps that the methods of a cache share: find an entry, prepare a write, put it, reckon a
 * deadline, warn. What can be refused is refused in `prepare`, before anything changes.
 */
import { Addressing } from './addressing.js';
import { DJANGO, DJANGO_BEFORE_2_1, MENDED, type Behaviour } from './behaviour.js';
import { tagsOf, versionOf, type Call } from './call-options.js';
import type { WriteOptions } from './contract.js';
import { isolate, type Stored } from './isolation/stored.js';
import type { KeySpace } from './key-space.js';
import { differingLimits, openStore } from './named-stores.js';
import type { ResolvedOptions } from './options.js';
import type { NewEntry, Store } from './store.js';
import type { TagMark } from './tags.js';
import { LONGEST_USUAL_TIMEOUT_SECONDS, parseTimeout, type Timeout } from './timeout.js';
import { warn, type LocMemWarningCode } from './warnings.js';
import { ALREADY_EXPIRED, Writer } from './writer.js';

/** Where an entry is or will be. */
export interface Address {
  readonly key: string;
  readonly version: number | undefined;
  readonly space: KeySpace;
  /** The key in the space: the bare one, or what a key function made of it. */
  readonly spaceKey: string;
}

/** A write that nothing can refuse any more but its size. One object, address and entry, for speed. */
export interface Write extends Address {
  readonly value: Stored;
  readonly deadlineMs: number;
  readonly staleUntilMs: undefined;
  readonly tagNames: readonly string[] | undefined;
  /** Noted when it is committed: a write that is not must leave no trace. */
  tags: TagMark | undefined;
}

export class Engine {
  readonly #store: Store;
  readonly addressing: Addressing;
  readonly behaviour: Behaviour;
  /** How long an entry lives by default; NaN where a write must look at more than that. */
  readonly lifeMs: number;
  readonly #writer: Writer;

  constructor(
    readonly name: string,
    readonly options: ResolvedOptions,
  ) {
    this.#store = openStore(name, options);
    this.behaviour = behaviourOf(options, this.store);
    this.addressing = new Addressing(this.store, options, this.behaviour, (code, message) => {
      this.warn(code, message);
    });
    this.#writer = new Writer(this.store, options, this.behaviour);
    const { timeoutSeconds, maxEntryBytes, maxBytes } = options;
    const isMortal = timeoutSeconds !== null && timeoutSeconds > 0;
    const isUnweighed = maxEntryBytes === Infinity && maxBytes === Infinity;
    this.lifeMs = isMortal && isUnweighed ? timeoutSeconds * 1000 : NaN;
    this.#warnOfOtherLimits();
  }

  /** The store, whole: see {@link Store.mend}. */
  get store(): Store {
    if (this.#store.isTorn) this.#store.mend();
    return this.#store;
  }

  // ---- finding -------------------------------------------------------------------------------

  address(key: string, version: number | undefined): Address {
    const spaceKey = this.addressing.keyInSpace(key, version);
    return { key, version, space: this.addressing.space(version), spaceKey };
  }

  /**
   * The address again, after code of the user's has run in between (a loader, a getter, a warning
   * handler): its space may have been let go meanwhile.
   */
  current<A extends Address>(address: A): A {
    if (!address.space.isRetired) return address;
    return { ...address, space: this.addressing.space(address.version) };
  }

  /** The slot of a live entry. One met on the way that is good for nothing any more is removed. */
  live(space: KeySpace, spaceKey: string): number | undefined {
    const slot = space.slots.get(spaceKey);
    if (slot === undefined || this.store.isLive(slot)) return slot;
    if (!this.store.isStale(slot)) this.store.bury(slot);
    return undefined;
  }

  /** As {@link live}, for a call that can do nothing without the entry; a key not found is checked. */
  liveAt({ space, spaceKey, key, version }: Address): number | undefined {
    const slot = this.live(space, spaceKey);
    if (slot === undefined) this.addressing.check(key, version);
    return slot;
  }

  // ---- writing -------------------------------------------------------------------------------

  /** Everything that can be refused, before anything changes. */
  prepare(call: Call, key: string, value: unknown, options: WriteOptions | undefined): Write {
    const version = options === undefined ? undefined : versionOf(call, options);
    const tagNames = options === undefined ? undefined : tagsOf(call, options);
    const deadlineMs = this.deadline(options?.timeout);
    const spaceKey = this.addressing.keyInSpace(key, version);
    this.addressing.check(key, version);
    const stored = isolate(value, this.options.isolation);
    // Last: what runs above may be the user's code, and let the space go.
    const space = this.addressing.space(version);
    return {
      key,
      version,
      space,
      spaceKey,
      value: stored,
      deadlineMs,
      staleUntilMs: undefined,
      tagNames,
      tags: undefined,
    };
  }

  /** @returns false when the entry is too large to be held */
  commit(write: Write): boolean {
    if (write.tagNames) write.tags = this.store.tags.mark(write.tagNames);
    return this.put(write, write);
  }

  put(address: Address, entry: NewEntry): boolean {
    const { space, spaceKey, key } = address;
    const isStored = this.#writer.put(space, spaceKey, entry);
    if (isStored) {
      this.store.counts.sets++;
      this.#noteOrigin(address);
    } else {
      this.store.counts.refusals++;
      this.warn('LOCMEM_ENTRY_TOO_LARGE', `Entry '${key}' exceeds maxEntryBytes: not stored`);
    }
    const type = isStored ? 'set' : 'refuse';
    if (this.store.events.isHeard(type)) this.store.publish(type, space.fullKey(spaceKey));
    return isStored;
  }

  /** As {@link commit}, for what nothing can refuse and nobody has to hear of. @returns whether it was that */
  putPlainly(space: KeySpace, key: string, value: string | number): boolean {
    const store = this.#store;
    const { slots } = space;
    if (store.isTorn || space.flights.size > 0) return false;
    if (slots.lastMissed !== undefined && slots.takeMissed(key)) {
      return this.#insertPlainly(space, key, value);
    }
    const slot = slots.get(key);
    return slot === undefined
      ? this.addressing.isUsual(key) && this.#insertPlainly(space, key, value)
      : space.isPortable && store.overwritePlainly(slot, value, this.lifeMs);
  }

  #insertPlainly(space: KeySpace, key: string, value: string | number): boolean {
    const { lifeMs, store } = this;
    if (Number.isNaN(lifeMs) || space.isRetired || store.events.isHeard('set')) return false;
    this.#writer.insertPlainly(space, key, value, lifeMs);
    store.counts.sets++;
    return true;
  }

  /** Puts an entry elsewhere, under this cache's limits; but what others may hold is not lost to them. */
  move(from: number, target: Address): void {
    const { space, spaceKey } = target;
    const entry = this.store.entry(from);
    space.isPortable &&= this.store.space(from).isPortable;
    if (entry.tags) this.store.tags.retain(entry.tags);
    this.store.space(from).overtake(this.store.key(from));
    this.store.remove(from);
    if (!this.#writer.isTooLarge(spaceKey, entry)) {
      this.put(target, entry);
      return;
    }
    space.overtake(spaceKey);
    const there = space.slots.get(spaceKey);
    if (there !== undefined) this.store.remove(there);
    this.store.insert(space, spaceKey, entry);
    this.#noteOrigin(target);
  }

  /** Whatever comes in between, nothing must stay whose origin is not known. */
  #noteOrigin(address: Address): void {
    this.#store.isTorn = true;
    this.addressing.noteOrigin(address);
    this.#store.isTorn = false;
  }

  /** A new value for a live entry, which keeps its expiry and tags. */
  replace(space: KeySpace, spaceKey: string, slot: number, value: Stored): void {
    space.overtake(spaceKey);
    this.store.replaceValue(slot, value);
    this.#writer.shrink(slot);
  }

  // ---- time ----------------------------------------------------------------------------------

  /** When a timeout ends, on the store's clock, as the store takes it; undefined stands for the cache's own. */
  deadline(timeout: Timeout | undefined, option = 'timeout'): number {
    if (timeout !== undefined) this.warnOfMilliseconds(timeout);
    const seconds =
      timeout === undefined ? this.options.timeoutSeconds : parseTimeout(timeout, option);
    if (seconds === null) return Infinity;
    return seconds > 0 ? this.store.deadlineIn(seconds * 1000) : ALREADY_EXPIRED;
  }

  // ---- warnings ------------------------------------------------------------------------------

  warn(code: LocMemWarningCode, message: string): void {
    warn({ code, store: this.name, message }, this.store.warned, this.options.onWarning);
  }

  warnOfMilliseconds(timeout: Timeout | undefined): void {
    if (typeof timeout !== 'number' || timeout === Infinity) return;
    if (timeout <= LONGEST_USUAL_TIMEOUT_SECONDS) return;
    const message = `A timeout of ${timeout} seconds looks like milliseconds; write it with its unit, such as '${timeout}ms' or '30d'`;
    this.warn('LOCMEM_TIMEOUT_LOOKS_LIKE_MS', message);
  }

  #warnOfOtherLimits(): void {
    const differing = differingLimits(this.store, this.options);
    if (differing === undefined || this.options.compat) return;
    const message = `Caches of store '${this.name}' have different limits (${differing}); whichever writes applies its own`;
    this.warn('LOCMEM_OPTIONS_DIFFER', message);
  }
}

function behaviourOf({ compat }: ResolvedOptions, store: Store): Behaviour {
  if (compat === undefined) return MENDED;
  return store.policyChoice === 'cull' ? DJANGO_BEFORE_2_1 : DJANGO;
}
