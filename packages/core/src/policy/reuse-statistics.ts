/**
 * When keys come back: for each kind of use record and each class of age, how many uses ended their
 * waiting there, and how many requests were waited there altogether. The quotient is a rate, as in a
 * table of mortality: those still waiting, newcomers, and those lost from sight are all accounted for.
 *
 * Both numbers fade alike with each revision, so that a change of habits is learned in a few of them.
 * Where little was seen, a kind borrows from all kinds with as many uses, and these from a prior: that
 * a key comes back at the rate it used to, the less likely the longer it has been away.
 *
 * A return is worth more than the one hit when the key is then likely to come again: each revision adds
 * what the last one found an entry of the kind it turns into to earn, over the price of its place.
 *
 * Counting costs one increment per use; a revision O(kinds × classes of age), about 0.1 ms.
 */
import { AGE_CLASS_BITS, AGE_CLASSES, AGE_STARTS, ageClass } from './age.js';
import { hitDensities, surplus } from './hit-density.js';
import {
  halfLifeOf,
  kindOf,
  OCTAVES_OF_USE,
  RECORD_KINDS,
  recordOf,
  usedAgain,
  usesOfKind,
} from './use-record.js';

export const CELLS = RECORD_KINDS * AGE_CLASSES;

/** What is left of old counts at a revision: they span some ten revisions. */
const KEPT = 0.9;
/** Weight of the prior, in uses. */
const PRIOR_WEIGHT = 1;
/** Weight of all kinds of as many uses for one of them, in uses. */
const SIBLINGS_WEIGHT = 8;

/** What a later hit counts against the next one: what is popular now will not be for ever. */
const FORESIGHT = 0.7;
/** Weight of the latest victim in the price of a place. */
const PRICE_WEIGHT = 0.01;

/** Uses, faded: a kind with fewer counts as not seen. */
const LEAST_SEEN = 0.001;

/** Where a use record and an age are counted and ranked. */
export function cellOf(record: number, age: number): number {
  return (kindOf(record) << AGE_CLASS_BITS) | ageClass(age);
}

const chances = new Float64Array(AGE_CLASSES);
const rewards = new Float64Array(AGE_CLASSES);
const siblingChances = new Float64Array(AGE_CLASSES);
/** How many reached each cell, and whether anybody was of the kind; only used within a revision. */
const reached = new Float64Array(CELLS);
const isSeen = new Uint8Array(RECORD_KINDS);
const siblingsReached = new Float64Array(AGE_CLASSES);
const siblingsReturned = new Float64Array(AGE_CLASSES);
/** Who is where on his way now; only used within a revision. */
const present = new Float64Array(CELLS);

export class ReuseStatistics {
  /**
   * Uses since the last revision, by the cell in which the waiting ended. Integers: hits mostly fall in
   * one and the same cell, and each has to wait for the addition before it.
   */
  readonly counted = new Uint32Array(CELLS);
  /** The same over all time, faded. */
  readonly #returned = new Float32Array(CELLS);
  readonly #waited = new Float32Array(CELLS);
  /** The worth of an entry by cell: the least goes first. */
  readonly density = new Float32Array(CELLS);

  /** What an entry of a kind, just used, will earn over the price of its place, in hits. */
  #surplus = new Float32Array(RECORD_KINDS);
  #nextSurplus = new Float32Array(RECORD_KINDS);
  /** The kind that a return in a cell leads to, under {@link #fading}. */
  readonly #turnsInto = new Uint8Array(CELLS);
  #fading = -1;
  /** What a place is worth: the density of those who had to go, on average. */
  #price = 0;

  constructor(fading: number) {
    this.#setFading(fading);
    this.#rank(0);
  }

  /** Of an entry that has to go. */
  notePrice(density: number): void {
    this.#price += PRICE_WEIGHT * (density - this.#price);
  }

  /**
   * Takes in what happened in the last `elapsed` requests.
   *
   * @param census calls back for those who wait now, with how many each stands for
   */
  revise(
    elapsed: number,
    fading: number,
    census: (count: (cell: number, weight: number) => void) => void,
  ): void {
    this.#setFading(fading);
    present.fill(0);
    census((cell, weight) => {
      present[cell]! += weight;
    });
    const waited = this.#waited;
    for (let cell = 0; cell < CELLS; cell++) {
      waited[cell]! += present[cell]! * elapsed;
      this.#returned[cell]! += this.counted[cell]!;
    }
    this.counted.fill(0);
    // Who waits in a class shorter than a revision is not seen often enough: see #countReached.
    this.#rank(elapsed === 0 ? 0 : ageClass(elapsed) + 1);
    for (let cell = 0; cell < CELLS; cell++) {
      waited[cell]! *= KEPT;
      this.#returned[cell]! *= KEPT;
    }
  }

  #rank(young: number): void {
    for (let octave = 0; octave < OCTAVES_OF_USE; octave++) {
      siblingsReached.fill(0);
      siblingsReturned.fill(0);
      for (let kind = octave; kind < RECORD_KINDS; kind += OCTAVES_OF_USE) {
        isSeen[kind] = this.#countReached(kind, young) > LEAST_SEEN ? 1 : 0;
        if (isSeen[kind] === 1) this.#addToSiblings(kind * AGE_CLASSES);
      }
      this.#reckonSiblingChances(usesOfKind(octave) / (2 * halfLifeOf(this.#fading)));
      this.#rankOctave(octave);
    }
    [this.#surplus, this.#nextSurplus] = [this.#nextSurplus, this.#surplus];
  }

  /** Kinds that nobody is of, half of all in most caches, are ranked alike: by their siblings. */
  #rankOctave(octave: number): void {
    let unseen = -1;
    for (let kind = octave; kind < RECORD_KINDS; kind += OCTAVES_OF_USE) {
      if (isSeen[kind] === 1 || unseen < 0) this.#rankKind(kind);
      else this.#copyRank(unseen, kind);
      if (isSeen[kind] === 0) unseen = kind;
    }
  }

  #copyRank(from: number, to: number): void {
    const row = from * AGE_CLASSES;
    this.density.copyWithin(to * AGE_CLASSES, row, row + AGE_CLASSES);
    this.#nextSurplus[to] = this.#nextSurplus[from]!;
  }

  #addToSiblings(row: number): void {
    for (let age = 0; age < AGE_CLASSES; age++) {
      siblingsReached[age]! += reached[row + age]!;
      siblingsReturned[age]! += this.#returned[row + age]!;
    }
  }

  #reckonSiblingChances(rate: number): void {
    for (let age = 0; age < AGE_CLASSES; age++) {
      const returned = siblingsReturned[age]! + PRIOR_WEIGHT * priorChance(age, rate);
      siblingChances[age] = Math.min(1, returned / (siblingsReached[age]! + PRIOR_WEIGHT));
    }
  }

  #rankKind(kind: number): void {
    const row = kind * AGE_CLASSES;
    for (let age = 0; age < AGE_CLASSES; age++) {
      const returned = this.#returned[row + age]! + SIBLINGS_WEIGHT * siblingChances[age]!;
      chances[age] = Math.min(1, returned / (reached[row + age]! + SIBLINGS_WEIGHT));
    }
    this.#reckonRewards(kind);
    hitDensities(chances, rewards, this.density, row);
    this.#nextSurplus[kind] = surplus(chances, rewards, this.#price);
  }

  #reckonRewards(kind: number): void {
    const row = kind * AGE_CLASSES;
    for (let age = 0; age < AGE_CLASSES; age++) {
      rewards[age] = 1 + FORESIGHT * this.#surplus[this.#turnsInto[row + age]!]!;
    }
  }

  #setFading(fading: number): void {
    if (fading === this.#fading) return;
    this.#fading = fading;
    for (let cell = 0; cell < CELLS; cell++) {
      const age = cell % AGE_CLASSES;
      const middle = Math.floor((AGE_STARTS[age]! + AGE_STARTS[age + 1]!) / 2);
      this.#turnsInto[cell] = kindOf(usedAgain(recordOf(cell >>> AGE_CLASS_BITS), middle, fading));
    }
  }

  /**
   * How many reached each class of age. In a class longer than a revision: the time waited there, in
   * widths of the class. In shorter ones a census sees too few; but whoever gets further was there
   * before, so they are counted backwards from the first long class.
   *
   * @returns 0 when nobody was seen of that kind
   */
  #countReached(kind: number, young: number): number {
    const row = kind * AGE_CLASSES;
    let total = 0;
    let further = 0;
    for (let age = AGE_CLASSES - 1; age >= 0; age--) {
      const cell = row + age;
      const returned = this.#returned[cell]!;
      if (age >= young) {
        const width = AGE_STARTS[age + 1]! - AGE_STARTS[age]!;
        further = reached[cell] = Math.max(returned, this.#waited[cell]! / width);
      } else {
        further += returned + present[cell]!;
        // Those on their way through a class have on average half of it behind them.
        reached[cell] = further - present[cell]! / 2;
      }
      total += further;
    }
    return total;
  }
}

/** Of coming back in a class of age, before anything is known. */
function priorChance(age: number, rate: number): number {
  const start = AGE_STARTS[age]!;
  const width = AGE_STARTS[age + 1]! - start;
  return Math.min(0.5, width * Math.min(1 / (2 * start + 1), Math.max(rate, 0.3 / (start + 1))));
}
