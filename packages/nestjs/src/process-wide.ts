/**
 * One of a thing in the whole process, whatever copies of this package are loaded: the ES-module and
 * the CommonJS copy, or two releases. The number in the name is raised whenever the thing's layout
 * changes, since unlike copies must not share.
 */
export function processWide<T>(name: `${string}/${number}`, make: () => T): T {
  const home = globalThis as unknown as Record<symbol, T | undefined>;
  return (home[Symbol.for(`@locmem/nestjs/${name}`)] ??= make());
}
