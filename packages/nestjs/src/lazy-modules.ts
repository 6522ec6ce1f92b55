/** Modules that are loaded when the application runs: Nest calls none of the usual hooks for them. */
import { LazyModuleLoader } from '@nestjs/core';
import type { ModuleRef } from '@nestjs/core';

/**
 * Does what is to be done whenever a module has been loaded lazily, and before who loads it can use it.
 *
 * @param look what it throws, loading throws
 */
export function afterLazyLoads(moduleRef: ModuleRef, look: () => Promise<void>): void {
  const loader = moduleRef.get(LazyModuleLoader, { strict: false });
  const load = loader.load.bind(loader);
  loader.load = async (...args) => {
    const loaded = await load(...args);
    await look();
    return loaded;
  };
}
