/**
 * What keeping an entry is worth: the best rate of hits per request of waiting that can be had by
 * waiting for it, from its age on, as long as pays off.
 *
 * Given the chance that a key comes back in each class of age, this is the index of Gittins (J. Royal
 * Statistical Society B 41(2), 1979) for a job that may finish in each step: the greatest slope from
 * the point (time waited, chance of having come) to any later point of that curve. All greatest slopes
 * to the right are found by one walk from the end along the upper convex hull: O(classes).
 *
 * With chances that fall with age it orders like LRU, with equal ones like LFU, with a peak at the
 * length of a loop it keeps those that are nearly due; nobody has to choose. LHD (Beckmann, Chen,
 * Cidon, NSDI 2018) ranks by a kindred density, hits over expected life time.
 */
import { AGE_CLASSES, AGE_STARTS } from './age.js';

const waited = new Float64Array(AGE_CLASSES + 1);
const come = new Float64Array(AGE_CLASSES + 1);
const hull = new Int32Array(AGE_CLASSES + 1);

/**
 * @param chances of coming back within an age class, for those who have reached it
 * @param rewards what coming back then is worth, in hits
 * @param out where the densities go, from `offset` on
 */
export function hitDensities(
  chances: Float64Array,
  rewards: Float64Array,
  out: Float32Array,
  offset: number,
): void {
  let left = 1;
  for (let age = 0; age < AGE_CLASSES; age++) {
    const chance = chances[age]!;
    const width = AGE_STARTS[age + 1]! - AGE_STARTS[age]!;
    come[age + 1] = come[age]! + left * chance * rewards[age]!;
    waited[age + 1] = waited[age]! + left * width * (1 - chance / 2);
    left *= 1 - chance;
  }
  let height = 0;
  hull[height++] = AGE_CLASSES;
  for (let age = AGE_CLASSES - 1; age >= 0; age--) {
    while (height > 1 && slope(age, hull[height - 1]!) <= slope(age, hull[height - 2]!)) height--;
    out[offset + age] = slope(age, hull[height - 1]!);
    hull[height++] = age;
  }
}

/**
 * What an entry just used will earn over the price of its place, kept for as long as pays off; in hits.
 *
 * @param price of keeping an entry for one request, in hits
 */
export function surplus(chances: Float64Array, rewards: Float64Array, price: number): number {
  let left = 1;
  let earned = 0;
  let best = 0;
  for (let age = 0; age < AGE_CLASSES; age++) {
    const chance = chances[age]!;
    const width = AGE_STARTS[age + 1]! - AGE_STARTS[age]!;
    earned += left * (chance * rewards[age]! - price * width * (1 - chance / 2));
    left *= 1 - chance;
    best = Math.max(best, earned);
  }
  return best;
}

function slope(from: number, to: number): number {
  const time = waited[to]! - waited[from]!;
  return time > 0 ? (come[to]! - come[from]!) / time : 0;
}
