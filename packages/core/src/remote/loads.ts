/**
 * `getOrSet` over a store that other processes share. The way of a call:
 * live? serve : stale? serve and refresh : join the load under way in this process, or begin one:
 * take the lease? load and fill : wait for who has it, look again.
 *
 * A lease is a key of its own beside the entry, with an end. What it must guarantee: nobody waits longer
 * than `leaseWait`; a process that dies holds up nobody for longer than the lease; what was loaded is not
 * kept when the entry was written or deleted meanwhile, by whatever process.
 */
import { randomUUID } from 'node:crypto';
import type { LoadOptions } from '../contract.js';
import { DeadlineError } from '../errors.js';
import type { Flight } from '../single-flight.js';
import { takeOff } from '../single-flight.js';
import { LazyMap } from '../lazy-map.js';
import { parseTimeout, type Timeout } from '../timeout.js';
import { withPatience } from '../waiting.js';
import type { Claim, LeaseHold, Lifetime, TagVersion } from './backend.js';
import type { Budget } from './budget.js';
import type { Door } from './door.js';
import type { Entries, Found } from './entries.js';
import type { Packed } from './envelope.js';
import { every, Patience } from './polling.js';
import { isOver, type Reach } from './reach.js';

/** How long the lease of a process that died stands. */
const LEASE_MS = 5_000;
/** A load that goes on for longer is one that never ends: its lease is not renewed any more. */
const LONGEST_LOAD_MS = 600_000;
/** What stale = for ever is to a store that must reckon with it. */
const FOR_EVER_MS = 10 * 365 * 86_400_000;

const LANDING = { keep: (outcome: unknown) => outcome, settled: () => undefined };

type Loader = () => unknown;

/** A call under way, so that what happens to its key meanwhile is known to it. */
interface Visit {
  readonly tags: readonly string[];
  isOvertaken: boolean;
}

/** What a first look brought. */
interface Look {
  readonly found: Found | undefined;
  readonly leftMs: Lifetime | undefined;
}

const NOTHING: Look = { found: undefined, leftMs: undefined };

/** What a load came to: a value that each who waited unpacks for himself. */
type Outcome = Packed | undefined;

interface Plan {
  readonly key: string;
  readonly at: string;
  readonly loader: Loader;
  readonly options: LoadOptions;
  /** Null = for ever. */
  readonly staleMs: number | null;
  readonly visit: Visit;
  /** For the store, before and after the loader. */
  readonly budget: Budget;
}

export class Loads {
  readonly #reach: Reach;
  readonly #door: Door;
  readonly #flights = new LazyMap<string, Flight>();
  readonly #visits = new Map<string, Set<Visit>>();
  /** Leases of loads of this process that are under way. */
  readonly #leading = new Set<string>();

  constructor(reach: Reach, door: Door) {
    this.#reach = reach;
    this.#door = door;
  }

  get #entries(): Entries {
    return this.#reach.entries;
  }

  /** What is loading is older than what happens now: it is not to be kept, nor joined. */
  overtake(at: string): void {
    for (const visit of this.#visits.get(at) ?? []) visit.isOvertaken = true;
    if (this.#flights.size > 0) this.#flights.delete(at);
  }

  /** The same, of all that carries one of these tags; of everything, without. */
  overtakeAll(tags?: readonly string[]): void {
    for (const [at, visits] of this.#visits) {
      for (const visit of visits) {
        if (tags && !visit.tags.some((tag) => tags.includes(tag))) continue;
        visit.isOvertaken = true;
        this.#flights.delete(at);
      }
    }
  }

  async getOrSet(key: string, at: string, loader: Loader, options: LoadOptions): Promise<unknown> {
    const signal = this.#door.signal('getOrSet', options);
    const staleMs = milliseconds(options.stale, 'stale', 0);
    const aheadMs = milliseconds(options.refreshAhead, 'refreshAhead', 0);
    const deadlineMs = milliseconds(options.deadline, 'deadline', null);
    const visit: Visit = { tags: options.tags ?? [], isOvertaken: false };
    const budget = this.#reach.budget();
    const plan: Plan = { key, at, loader, options, staleMs, visit, budget };
    return this.#visiting(at, visit, async () => {
      const look = await this.#look(plan, aheadMs !== 0);
      const { found, leftMs } = look ?? NOTHING;
      const value = found?.isLive || staleMs !== 0 ? found?.value() : undefined;
      if (found?.isLive && value !== undefined) {
        this.#entries.counts.hits++;
        if (isEnding(leftMs, aheadMs)) this.#refresh(plan, found, deadlineMs);
        return value;
      }
      if (found && value !== undefined) {
        this.#entries.counts.staleHits++;
        this.#refresh(plan, found, deadlineMs);
        return value;
      }
      this.#entries.counts.misses++;
      signal?.throwIfAborted();
      const flight =
        this.#joinable(at) ??
        this.#begin(plan, () => (look ? this.#load(plan, undefined) : this.#run(plan)));
      const outcome = (await withPatience(flight.landed, {
        signal,
        deadline: deadlineMs === null ? undefined : this.#deadline(key, flight, deadlineMs),
      })) as Outcome;
      return outcome && this.#entries.envelope.unpack(outcome);
    });
  }

  async #visiting<T>(at: string, visit: Visit, call: () => Promise<T>): Promise<T> {
    const visits = this.#visits.get(at) ?? new Set();
    this.#visits.set(at, visits.add(visit));
    try {
      return await call();
    } finally {
      visits.delete(visit);
      if (visits.size === 0 && this.#visits.get(at) === visits) this.#visits.delete(at);
    }
  }

  /** @returns undefined when the store is not to be had */
  async #look({ at, budget }: Plan, isTimed: boolean): Promise<Look | undefined> {
    const looking = (async () => {
      const [found, [leftMs]] = await Promise.all([
        this.#entries.one(at),
        isTimed ? this.#reach.backend.lifetimes([at]) : [],
      ]);
      return { found, leftMs };
    })();
    return budget.contained<Look | undefined>('read', looking, undefined);
  }

  #deadline(key: string, flight: Flight, afterMs: number) {
    return {
      afterMs,
      time: this.#reach.time,
      tooLate: () => {
        flight.giveUp(afterMs);
        const { name, options } = this.#reach;
        return new DeadlineError(name, key, afterMs / 1000, options.place);
      },
    };
  }

  /** The load under way, unless it has been given up on for long enough to try again beside it. */
  #joinable(at: string): Flight | undefined {
    const flight = this.#flights.get(at);
    return flight?.isGivenUp(this.#reach.time.exact()) ? undefined : flight;
  }

  /** Loads beside: whoever started it does not wait, and an error is theirs no more. */
  #refresh(plan: Plan, seen: Found, deadlineMs: number | null): void {
    if (this.#joinable(plan.at)) return;
    const visit = { ...plan.visit };
    const beside = { ...plan, visit, budget: this.#reach.budget() };
    const flight = this.#begin(beside, () => this.#load(beside, seen));
    flight.landed.catch(() => undefined);
    // Nobody waits here who could give it up later. A deadline of nothing is no patience to go by.
    const isPatient = deadlineMs !== null && deadlineMs > 0;
    flight.giveUp(isPatient ? deadlineMs : LONGEST_LOAD_MS);
  }

  #begin({ at, visit }: Plan, load: () => Promise<Outcome>): Flight {
    const loading = this.#visiting(at, visit, load);
    return takeOff({ flights: this.#flights }, at, loading, LANDING, this.#reach.time.exact());
  }

  // ---- among processes ---------------------------------------------------------------------------

  /** @param refreshed what is there already and is to be replaced */
  async #load(plan: Plan, refreshed: Found | undefined): Promise<Outcome> {
    const { at } = plan;
    const patience = new Patience(this.#reach.time, this.#reach.options.leaseWaitMs);
    let { budget } = plan;
    for (;;) {
      const token = randomUUID();
      const claiming = this.#reach.backend.claim(at, token, LEASE_MS);
      const claim = await budget.contained<Claim | undefined>('read', claiming, undefined);
      if (!claim) {
        // The store is not to be had. A claim that arrives late all the same must hold up nobody.
        this.#reach.backend.release(at, token).catch(() => undefined);
        return this.#run(plan);
      }
      const there = await this.#alreadyThere(plan, claim, refreshed);
      if (there) {
        if (claim.isTaken) this.#release(at, token);
        else this.#entries.counts.loadsShared++;
        return there;
      }
      const hold = { token: claim.token ?? token, seen: claim.bytes, isOwn: claim.isTaken };
      if (claim.isTaken) return this.#lead(plan, hold);
      // Another process is at it; or this one was, has been given up on, and holds the lease all the same.
      if (refreshed) return this.#leading.has(hold.token) ? this.#keep(plan, hold) : undefined;
      if (!(await patience.pause())) return this.#keep(plan, hold);
      // Whoever waits for another process goes on for as long as `leaseWait`, look by look.
      budget = this.#reach.budget();
    }
  }

  /** What somebody else has put there since this call found nothing. */
  async #alreadyThere(
    { at, budget }: Plan,
    { bytes }: Claim,
    refreshed: Found | undefined,
  ): Promise<Outcome> {
    if (bytes === undefined || refreshed?.bytes.equals(bytes)) return undefined;
    const judging = (async () => this.#entries.judge(at, bytes))();
    const found = await budget.contained('read', judging, undefined);
    return found?.isLive && found.value() !== undefined ? found.packed : undefined;
  }

  /** Loads for all, and holds the lease for as long as it takes. */
  async #lead(plan: Plan, hold: LeaseHold): Promise<Outcome> {
    const { at } = plan;
    const { time } = this.#reach;
    const untilMs = time.exact() + LONGEST_LOAD_MS;
    const stopRenewing = every(time, LEASE_MS / 3, async () => {
      if (time.exact() < untilMs) await this.#reach.backend.renew(at, hold.token, LEASE_MS);
    });
    this.#leading.add(hold.token);
    try {
      return await this.#keep(plan, hold);
    } catch (error) {
      this.#release(at, hold.token);
      throw error;
    } finally {
      this.#leading.delete(hold.token);
      stopRenewing();
    }
  }

  /** Loads, and fills the entry in if the lease under which it was begun still stands. */
  async #keep(plan: Plan, hold: LeaseHold): Promise<Outcome> {
    const { at, key, options, visit, budget } = plan;
    const tags = await this.#markTags(plan);
    const packed = await this.#run(plan);
    const lifetime = this.#reach.lifetime(
      packed && this.#isNull(packed) && options.negativeTimeout !== undefined
        ? options.negativeTimeout
        : options.timeout,
    );
    const isKept = packed && tags !== 'failed' && !visit.isOvertaken && !isOver(lifetime);
    if (!isKept) {
      if (hold.isOwn) this.#release(at, hold.token);
      return visit.isOvertaken ? this.#winner(plan, packed) : packed;
    }
    const reserveMs = lifetime === null ? 0 : (plan.staleMs ?? FOR_EVER_MS);
    const staleMs = reserveMs === 0 ? undefined : reserveMs;
    const sealed = this.#entries.envelope.seal(at, packed, { tags, staleMs });
    if (this.#reach.isTooLarge(key, sealed)) {
      if (hold.isOwn) this.#release(at, hold.token);
      return packed;
    }
    const keptMs = lifetime === null ? null : lifetime + reserveMs;
    const filling = this.#reach.backend.fill(at, hold, sealed, keptMs);
    const isFilled = await budget.contained<boolean | undefined>('write', filling, undefined);
    if (isFilled) this.#entries.counts.sets++;
    return isFilled === false ? this.#winner(plan, packed) : packed;
  }

  /** Noted before the load: a tag purged while it runs must find its result, too. */
  async #markTags({
    options: { tags, timeout },
    staleMs,
    budget,
  }: Plan): Promise<readonly TagVersion[] | undefined | 'failed'> {
    if (!tags || tags.length === 0) return undefined;
    const lifetime = this.#reach.lifetime(timeout);
    const keptMs = lifetime === null ? null : lifetime + (staleMs ?? FOR_EVER_MS);
    const marking = this.#reach.backend.markTags(tags, keptMs);
    return budget.contained<readonly TagVersion[] | 'failed'>('write', marking, 'failed');
  }

  /** Django get_or_set: read again, another caller may have won. */
  async #winner(plan: Plan, packed: Outcome): Promise<Outcome> {
    const found = (await this.#look(plan, false))?.found;
    return found?.isLive && found.value() !== undefined ? found.packed : packed;
  }

  async #run({ loader }: Plan): Promise<Outcome> {
    const { counts, envelope } = this.#entries;
    counts.loads++;
    try {
      const loaded = await loader();
      return loaded === undefined ? undefined : envelope.pack(loaded);
    } catch (error) {
      counts.loadFailures++;
      throw error;
    }
  }

  #isNull(packed: Packed): boolean {
    return this.#entries.envelope.unpack(packed) === null;
  }

  #release(at: string, token: string): void {
    void this.#reach.contained<unknown>('write', this.#reach.backend.release(at, token), undefined);
  }
}

/** Null = for ever; below zero is as good as zero. */
function milliseconds<N extends number | null>(
  span: Timeout | undefined,
  option: string,
  otherwise: N,
): number | N | null {
  if (span === undefined) return otherwise;
  const seconds = parseTimeout(span, option);
  return seconds === null ? null : Math.max(0, seconds * 1000);
}

function isEnding(leftMs: Lifetime | undefined, aheadMs: number | null): boolean {
  return typeof leftMs === 'number' && (aheadMs === null || leftMs < aheadMs);
}
