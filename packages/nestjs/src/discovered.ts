/** What Nest's DiscoveryService finds in an application. */
import type { DiscoveryService } from '@nestjs/core';

export type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** The prototype of what Nest makes objects of; undefined for values, and what factories make. */
export function prototypeOf({ metatype, inject }: Wrapper): object | undefined {
  const isClass = typeof metatype === 'function' && inject === undefined;
  return isClass ? (metatype.prototype as object | undefined) : undefined;
}

/** The methods of a prototype, those of its classes above included. */
export function methodsOf(prototype: object): object[] {
  const found = new Map<string, unknown>();
  for (let at: unknown = prototype; at !== null; at = Object.getPrototypeOf(at)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (!found.has(name)) found.set(name, value);
    }
  }
  return [...found.values()].filter((method) => typeof method === 'function');
}
