/** The middle and the ends of what several rounds measured. */
export function spreadOf(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  return { median: medianOfSorted(sorted), min: sorted[0], max: sorted.at(-1) };
}

/** The value below which that share of the samples lies; `share` 1 is the largest. */
export function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
}

function medianOfSorted(sorted) {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** As many digits as a measurement can say, for each of several figures. */
export function rounded(figures) {
  const round = (value) => Number(value.toPrecision(4));
  if (Array.isArray(figures)) return figures.map(round);
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, round(value)]));
}
