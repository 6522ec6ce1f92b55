/** Options less those that say nothing, so that laid over others they leave alone what they do not name. */
export function withoutUndefined<T extends object>(options: T): T {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as T;
}
