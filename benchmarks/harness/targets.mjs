/**
 * Targets beside the figures that say whether they are met.
 *
 * @typedef {object} Target
 * @property {string} what
 * @property {string} goal as it was set
 * @property {(figures) => number} measure throws {@link NotMeasured} where a figure is not there
 * @property {(value: number) => boolean} isMet
 */
export class NotMeasured extends Error {}

export const atMost = (bound) => (value) => value <= bound;
export const atLeast = (bound) => (value) => value >= bound;

/** @returns {{ what: string, goal: string, value?: number, isMet?: boolean }[]} without a value: not measured */
export function judge(targets, figures) {
  return targets.map(({ what, goal, measure, isMet }) => {
    try {
      const value = measure(figures);
      return { what, goal, value, isMet: isMet(value) };
    } catch (error) {
      if (error instanceof NotMeasured) return { what, goal };
      throw error;
    }
  });
}
