/**
 * `@Cacheable` methods whose key is class, method and arguments: nothing of the object is in it. Where an
 * object is made for each request, what one visitor's has found would be given to the next one's.
 */
import { InvalidOptionError } from '@locmem/core';
import type { DiscoveryService } from '@nestjs/core';
import { prototypeOf } from '../discovered.js';

const keyless = new WeakMap<object, Set<string>>();

export function noteKeyless(prototype: object, method: string): void {
  keyless.set(prototype, (keyless.get(prototype) ?? new Set()).add(method));
}

/** Those that objects of a class have, its own and inherited ones. */
function keylessMethodsOf(prototype: object): string[] {
  const methods = prototype as Record<string, unknown>;
  const found: string[] = [];
  for (let at: unknown = prototype; at !== null; at = Object.getPrototypeOf(at)) {
    const own = at as Record<string, unknown>;
    for (const name of keyless.get(own) ?? []) if (own[name] === methods[name]) found.push(name);
  }
  return found;
}

/** @throws {InvalidOptionError} naming class and method, when an object of one request has one */
export function refuseKeylessOfOneRequest(discovery: DiscoveryService): void {
  for (const wrapper of [...discovery.getProviders(), ...discovery.getControllers()]) {
    const prototype = prototypeOf(wrapper);
    if (prototype === undefined || wrapper.isDependencyTreeStatic()) continue;
    const [method] = keylessMethodsOf(prototype);
    if (method === undefined) continue;
    const rule =
      'or a function keyPrefix must be given, since its object is made for each request and has no stable ' +
      'identity: say by it what of the request the result depends on, write key: (...args) => args if ' +
      'nothing, or make the class a singleton';
    const place = `@Cacheable() on ${prototype.constructor.name}.${method}`;
    throw new InvalidOptionError(place, 'key', rule, undefined);
  }
}
