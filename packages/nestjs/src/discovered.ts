/** What Nest's DiscoveryService finds in an application. */
import type { DiscoveryService } from '@nestjs/core';

export type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** The prototype of what Nest makes objects of; undefined for values, and what factories make. */
export function prototypeOf({ metatype, inject }: Wrapper): object | undefined {
  const isClass = typeof metatype === 'function' && inject === undefined;
  return isClass ? (metatype.prototype as object | undefined) : undefined;
}
