/** So many keys are dealt with together, so that one call does not take the whole store for itself. */
export const PAGE = 500;

export function* pagesOf<T>(items: readonly T[]): Generator<readonly T[], void> {
  for (let i = 0; i < items.length; i += PAGE) yield items.slice(i, i + PAGE);
}
