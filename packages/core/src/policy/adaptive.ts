/**
 * The default: who is least worth keeping, by what this cache has seen of reuse so far.
 *
 * Of each key two things are remembered: when it was used last, and a record of how it was used (how
 * often of late, at what interval; see use-record.ts). For each kind of record the cache counts at
 * which ages keys come back (reuse-statistics.ts), and from these counts follows what an entry of that
 * kind and age is worth: the best rate of hits for the time it will occupy its place (hit-density.ts).
 * To evict, it looks at a few entries and gives up the one of least worth.
 *
 * So there is no queue, no window and no share of anything to set: a stationary favourite, a loop, a
 * scan, a burst and a change of popularity each show in the counts within some thousand requests.
 *
 * - A hit writes the time, the record and one counter: no lists, no hashing, no locks.
 * - Victims come from a short list of those least worth keeping among `CANDIDATES` neighbouring slots,
 *   8 bytes each, from a hand that goes round: the clock's way of sampling, so that no entry is
 *   overlooked for long, and memory is read in order. The newest entry is compared with them each time:
 *   what is not worth keeping goes at the next insertion.
 * - Keys that left are remembered in ghost tables (ghost-table.ts): half as many again as there are
 *   entries, so that a key is known when it comes back; and a sample of those displaced from there, so that returns
 *   after very long are counted as well.
 * - 20 bytes for each entry, and up to 100 kB of tables, allocated when first needed.
 *
 * Nothing here is random: the same calls give the same victims.
 *
 * Sources: LRFU (Lee et al. 2001), LIRS (Jiang, Zhang 2002), LHD (Beckmann et al., NSDI 2018), Gittins
 * 1979. The choice, the alternatives measured and the constants: docs/decisions/0005-adaptive-policy.md
 */
import { CHUNK_BITS, IN_CHUNK } from '../slots.js';
import { AGE_CLASSES } from './age.js';
import { GhostTable } from './ghost-table.js';
import type { EvictionPolicy } from './policy.js';
import { cellOf, CELLS, ReuseStatistics } from './reuse-statistics.js';
import { CANDIDATES, Shortlist } from './shortlist.js';
import { fadingFor, FIRST_USE, RECORD_BITS, usedAgain } from './use-record.js';

/** Requests, in cache sizes, in which a use fades to half. */
const HALF_LIFE = 64;
const MIN_HALF_LIFE = 8192;
/** Evicted keys remembered, in cache sizes; a small cache remembers more. */
const GHOSTS = 1.5;
const MIN_GHOSTS = 4096;
/** Returns are counted up to so many distinct keys later, in cache sizes. */
const HORIZON = 16;
/** Evicted keys sampled for that in a large cache. */
const SAMPLED_GHOSTS = 8192;
/** Insertions between revisions, in cache sizes. */
const REVISION = 1;
const MIN_REVISION = 1024;
const FIRST_REVISION = 32;
/** Places of each table looked at in a revision. */
const CENSUS = 2048;
/** Below so many entries nothing is learned: a million nearly empty stores must not cost anything. */
const MIN_LEARNED = 64;

const RECORD_MASK = (1 << RECORD_BITS) - 1;
const IN_USE = 1 << RECORD_BITS;

/** Where the store keeps what the policy knows of its slots, beside what it knows itself. */
export interface Places {
  /**
   * Four words for each slot of a chunk, of which the last two are the policy's: time of last use, and
   * record | IN_USE. They are zero in a slot that is not in use; `used` slots are.
   */
  readonly chunks: readonly { readonly words: Int32Array; readonly used: number }[];
  /** Counts uses, the one that is told of included; wraps around, so only differences count. */
  readonly uses: number;
}

const WORDS_BITS = 2;
const TIME = 2;
const RECORD = 3;

/** Where those count who do not learn yet. Nobody reads it. */
const VOID = new Uint32Array(CELLS);

/** What an entry is worth before anything is known: the longer unused, the less. */
const BY_AGE = Float32Array.from({ length: CELLS }, (_, cell) => -(cell % AGE_CLASSES));

export class AdaptivePolicy implements EvictionPolicy {
  readonly #hashOf: (slot: number) => number;

  readonly #places: Places;
  readonly #chunks: Places['chunks'];
  /** One more than the highest slot ever used. */
  #end = 1;
  #used = 0;
  #hand = 0;
  #newest = 0;
  /** Made when somebody has to go: a million stores that are never full must not weigh anything. */
  #shortlist: Shortlist | undefined;

  #fading = fadingFor(MIN_HALF_LIFE);
  /** Entries that all cache sizes above refer to. */
  #scale = 0;
  #isScaleFinal = false;
  /**
   * Nothing is recorded of uses but their time while the cache is less than half full: one that is never
   * full need not know more, and a hit costs less. The store writes the time itself then.
   */
  wantsUses = false;

  #counted = VOID;
  #density: Float32Array = BY_AGE;
  #statistics: ReuseStatistics | undefined;
  #revisedAt = 0;
  #revisions = 0;
  #insertions = 0;

  #ghosts: GhostTable | undefined;
  /** Of those displaced from {@link #ghosts}, one in `#sampling`. */
  #sample: GhostTable | undefined;
  #sampling = 1;

  /** @param places those of the store: it makes room before it tells of an insertion */
  constructor(hashOf: (slot: number) => number, places: Places) {
    this.#hashOf = hashOf;
    this.#places = places;
    this.#chunks = places.chunks;
  }

  // ---- what happens --------------------------------------------------------------------------

  expectEvictions(): void {
    this.wantsUses = true;
  }

  hit(slot: number): void {
    const { words } = this.#chunks[slot >>> CHUNK_BITS]!;
    const at = (slot & IN_CHUNK) << WORDS_BITS;
    const now = this.#places.uses;
    if (this.wantsUses) this.#record(words, at, now);
    words[at + TIME] = now;
  }

  #record(words: Int32Array, at: number, now: number): void {
    const age = (now - words[at + TIME]!) >>> 0;
    const record = words[at + RECORD]!;
    this.#counted[cellOf(record, age)]!++;
    words[at + RECORD] = usedAgain(record, age, this.#fading) | IN_USE;
  }

  overwritten(slot: number): void {
    this.hit(slot);
  }

  inserted(slot: number): void {
    this.#used++;
    this.#newest = slot;
    this.#reach(slot);
    this.#write(slot, this.#places.uses, this.#recall(slot) | IN_USE);
    if (++this.#insertions >= this.#revisionLength()) this.#revise();
  }

  removed(slot: number): void {
    if (this.#ghosts) this.#remember(this.#ghosts, slot);
    this.#write(slot, 0, 0);
    this.#used--;
    if (this.#newest === slot) this.#newest = 0;
  }

  // ---- who goes ------------------------------------------------------------------------------

  victim(spared = 0): number | undefined {
    if (this.#used === (this.#isInUse(spared) ? 1 : 0)) return undefined;
    this.#settleScale();
    const list = (this.#shortlist ??= new Shortlist());
    while (!this.#isStillListed(list, spared)) {
      if (list.isEmpty) this.#look(list, spared);
      else list.dropFirst();
    }
    let victim = list.slot;
    let worth = list.worth;
    const newest = this.#newest;
    if (newest !== 0 && newest !== spared) {
      const worthOfNewest = this.#worth(newest);
      if (worthOfNewest < worth) {
        victim = newest;
        worth = worthOfNewest;
      }
    }
    this.#statistics?.notePrice(worth);
    return victim;
  }

  /** Whether the first on the list is there, may go, and has not been used since it was listed. */
  #isStillListed({ isEmpty, slot, time }: Shortlist, spared: number): boolean {
    return !isEmpty && slot !== spared && this.#isInUse(slot) && this.#time(slot) === time;
  }

  /** Lists the least of the entries that come next. */
  #look(list: Shortlist, spared: number): void {
    let candidates = Math.min(CANDIDATES, this.#used - (this.#isInUse(spared) ? 1 : 0));
    // The cost of a miss is here: few calls, one chunk at a time, and local variables.
    const density = this.#density;
    const now = this.#places.uses;
    list.begin(candidates, now);
    let limit = Infinity;
    let hand = this.#hand;
    while (candidates > 0) {
      hand = this.#nextInChunkWithEntries(hand);
      const { words } = this.#chunks[hand >>> CHUNK_BITS]!;
      const first = hand & ~IN_CHUNK;
      const end = Math.min(words.length >> WORDS_BITS, this.#end - first);
      let index = hand & IN_CHUNK;
      for (; index < end && candidates > 0; index++) {
        const at = index << WORDS_BITS;
        const word = words[at + RECORD]!;
        if (word === 0) continue;
        const slot = first | index;
        if (slot === spared) continue;
        candidates--;
        const age = (now - words[at + TIME]!) >>> 0;
        const worth = density[cellOf(word, age)]!;
        if (worth <= limit) limit = list.offer(slot, worth, age);
      }
      hand = first + index - 1; // not "|": the end of one chunk is the beginning of the next
    }
    this.#hand = hand;
  }

  /** The slot after this one, round and round; chunks of which no slot is in use are passed over. */
  #nextInChunkWithEntries(slot: number): number {
    let next = slot + 1 < this.#end ? slot + 1 : 1;
    while (this.#chunks[next >>> CHUNK_BITS]!.used === 0) {
      next = (next | IN_CHUNK) + 1;
      if (next >= this.#end) next = 1;
    }
    return next;
  }

  /** O(n log n): for showing, not for evicting. */
  victims(): Iterable<number> {
    const slots: number[] = [];
    for (let slot = 1; slot < this.#end; slot++) if (this.#isInUse(slot)) slots.push(slot);
    return slots.sort((a, b) => this.#worth(a) - this.#worth(b) || this.#age(b) - this.#age(a));
  }

  #worth(slot: number): number {
    return this.#density[cellOf(this.#word(slot), this.#age(slot))]!;
  }

  // ---- who was here before -------------------------------------------------------------------

  /** The record of a key that comes in, with this use; its return is counted. */
  #recall(slot: number): number {
    const ghosts = this.#ghosts;
    if (!ghosts) return FIRST_USE;
    const hash = this.#hashOf(slot);
    const place = ghosts.find(hash);
    if (place >= 0) {
      const record = ghosts.record(place);
      const age = this.#countReturn(ghosts, place, 1);
      return usedAgain(record, age, this.#fading);
    }
    // Known to the statistics only: most of its like are not, and it must not differ from them.
    const identity = ghosts.identity(hash);
    const sampled = this.#isSampled(identity) ? (this.#sample?.find(identity) ?? -1) : -1;
    if (sampled >= 0) this.#countReturn(this.#sample!, sampled, this.#sampling);
    return FIRST_USE;
  }

  #countReturn(table: GhostTable, place: number, weight: number): number {
    const age = (this.#places.uses - table.time(place)) >>> 0;
    this.#counted[cellOf(table.record(place), age)]! += weight;
    table.free(place);
    return age;
  }

  #remember(ghosts: GhostTable, slot: number): void {
    const hash = this.#hashOf(slot);
    const place = ghosts.placeFor(hash, this.#places.uses, this.#density);
    if (this.#sample && !ghosts.isEmpty(place)) this.#resample(this.#sample, ghosts, place);
    ghosts.put(place, hash, this.#recordOf(slot), this.#time(slot));
  }

  #resample(sample: GhostTable, ghosts: GhostTable, place: number): void {
    const identity = ghosts.identityAt(place);
    if (!this.#isSampled(identity)) return;
    const seat = sample.placeFor(identity, this.#places.uses, BY_AGE);
    sample.put(seat, identity, ghosts.record(place), ghosts.time(place));
  }

  /** From bits of the identity that name neither its set nor its tag. */
  #isSampled(identity: number): boolean {
    return ((identity >>> 13) & (this.#sampling - 1)) === 0;
  }

  // ---- learning ------------------------------------------------------------------------------

  /** Often at first, when little is known; then at a pace that the size of the cache sets. */
  #revisionLength(): number {
    const steady = Math.max(MIN_REVISION, REVISION * this.#scale);
    return Math.min(steady, FIRST_REVISION << Math.min(this.#revisions >> 2, 16));
  }

  #revise(): void {
    this.#insertions = 0;
    if (!this.#statistics) return;
    const elapsed = (this.#places.uses - this.#revisedAt) >>> 0;
    this.#revisedAt = this.#places.uses;
    this.#revisions++;
    this.#statistics.revise(elapsed, this.#fading, (count) => {
      this.#takeCensus(count);
    });
  }

  #takeCensus(count: (cell: number, weight: number) => void): void {
    const step = Math.max(1, (this.#end - 1) / CENSUS);
    for (let at = 1; at < this.#end; at += step) {
      const slot = Math.floor(at);
      if (this.#isInUse(slot)) count(cellOf(this.#recordOf(slot), this.#age(slot)), step);
    }
    if (this.#ghosts) this.#countGhosts(this.#ghosts, 1, count);
    if (this.#sample) this.#countGhosts(this.#sample, this.#sampling, count);
  }

  #countGhosts(
    table: GhostTable,
    weight: number,
    count: (cell: number, weight: number) => void,
  ): void {
    const step = Math.max(1, table.capacity / CENSUS);
    for (let at = 0; at < table.capacity; at += step) {
      const place = Math.floor(at);
      if (table.isEmpty(place)) continue;
      const age = (this.#places.uses - table.time(place)) >>> 0;
      count(cellOf(table.record(place), age), weight * step);
    }
  }

  // ---- scale ---------------------------------------------------------------------------------

  /**
   * A policy is not told how much fits: entries may be bounded by their bytes. While the cache fills,
   * its scale doubles ahead of it; at the first eviction it is known, and taken again should it later
   * change by half.
   */
  #settleScale(): void {
    if (this.#isScaleFinal && this.#used * 2 >= this.#scale) return;
    this.#setScale(this.#used);
    this.#isScaleFinal = true;
    this.wantsUses = true;
    this.#startLearning();
    const horizon = HORIZON * this.#used;
    this.#sampling = 1;
    while (horizon / this.#sampling > SAMPLED_GHOSTS) this.#sampling *= 2;
    const isSmall = this.#sampling === 1;
    this.#ghosts = new GhostTable(Math.max(MIN_GHOSTS, isSmall ? horizon : GHOSTS * this.#used));
    this.#sample = isSmall ? undefined : new GhostTable(SAMPLED_GHOSTS);
  }

  #setScale(entries: number): void {
    this.#scale = entries;
    this.#fading = fadingFor(Math.max(MIN_HALF_LIFE, HALF_LIFE * entries));
  }

  #startLearning(): void {
    if (this.#statistics) return;
    this.#statistics = new ReuseStatistics(this.#fading);
    this.#counted = this.#statistics.counted;
    this.#density = this.#statistics.density;
    this.#revisedAt = this.#places.uses;
  }

  // ---- slots ---------------------------------------------------------------------------------

  #reach(slot: number): void {
    if (slot >= this.#end) this.#end = slot + 1;
    if (this.#used > this.#scale) {
      this.#isScaleFinal &&= this.#used <= this.#scale * 1.5;
      if (!this.#isScaleFinal) this.#setScale(this.#used * 2);
      if (this.#used >= MIN_LEARNED) this.#startLearning();
    }
  }

  #write(slot: number, time: number, word: number): void {
    const { words } = this.#chunks[slot >>> CHUNK_BITS]!;
    const at = (slot & IN_CHUNK) << WORDS_BITS;
    words[at + TIME] = time;
    words[at + RECORD] = word;
  }

  #time(slot: number): number {
    return this.#chunks[slot >>> CHUNK_BITS]!.words[((slot & IN_CHUNK) << WORDS_BITS) + TIME]!;
  }

  #age(slot: number): number {
    return (this.#places.uses - this.#time(slot)) >>> 0;
  }

  #word(slot: number): number {
    const chunk = this.#chunks[slot >>> CHUNK_BITS];
    return chunk?.words[((slot & IN_CHUNK) << WORDS_BITS) + RECORD] ?? 0;
  }

  #recordOf(slot: number): number {
    return this.#word(slot) & RECORD_MASK;
  }

  #isInUse(slot: number): boolean {
    return this.#word(slot) !== 0;
  }
}
