/**
 * `@Cacheable` methods whose key is class, method and arguments: nothing of the object is in it. Where an
 * object is made for each request, what one visitor's has found would be given to the next one's.
 */
import { InvalidOptionError } from '@locmem/core';
import type { DiscoveryService } from '@nestjs/core';
import { prototypeOf } from '../discovered.js';
import type { Wrapper } from '../discovered.js';
import { isPromise } from './kind.js';

const keyless = new WeakMap<object, Set<string>>();

export function noteKeyless(prototype: object, method: string): void {
  keyless.set(prototype, (keyless.get(prototype) ?? new Set()).add(method));
}

/** Those that an object has, or will have of its prototype: its class's own and inherited ones. */
function keylessMethodsOf(object: object): string[] {
  const methods = object as Record<string, unknown>;
  const found: string[] = [];
  for (let at: unknown = object; at !== null; at = Object.getPrototypeOf(at)) {
    const own = at as Record<string, unknown>;
    for (const name of keyless.get(own) ?? []) if (own[name] === methods[name]) found.push(name);
  }
  return found;
}

/**
 * Classes whose objects are made for each request are refused at once; of what factories make for each
 * request, nothing is known before they do.
 *
 * @throws {InvalidOptionError} naming class and method, when an object of one request has one
 */
export function refuseKeylessOfOneRequest(discovery: DiscoveryService): void {
  const isSingleton = singletonsOf(discovery);
  for (const wrapper of [...discovery.getProviders(), ...discovery.getControllers()]) {
    if (wrapper.isDependencyTreeStatic()) continue;
    const prototype = prototypeOf(wrapper);
    if (prototype !== undefined) refuseKeyless(prototype);
    else if (wrapper.inject !== undefined) refuseWhenMade(wrapper, isSingleton);
  }
}

/** Whose factory is watched already. */
const watched = new WeakSet<Wrapper>();

/** An object that a factory only hands on, one tenant's perhaps, is judged where it was made. */
function refuseWhenMade(wrapper: Wrapper, isSingleton: (object: object) => boolean): void {
  if (watched.has(wrapper)) return;
  watched.add(wrapper);
  const make = wrapper.metatype as (...dependencies: unknown[]) => unknown;
  const checked = (made: unknown): unknown => {
    if (typeof made !== 'object' || made === null) return made;
    if (keylessMethodsOf(made).length > 0 && !isSingleton(made)) refuseKeyless(made);
    return made;
  };
  wrapper.metatype = (...dependencies: unknown[]) => {
    const made = make(...dependencies);
    return isPromise(made) ? made.then(checked) : checked(made);
  };
}

/** What Nest has once for the whole application. */
function singletonsOf(discovery: DiscoveryService): (object: object) => boolean {
  const known = new WeakSet();
  return (object) => {
    const isOne = ({ instance }: Wrapper) => instance === object;
    const isFound = () =>
      discovery.getProviders().some((one) => one.isDependencyTreeStatic() && isOne(one));
    if (!known.has(object) && !isFound()) return false;
    known.add(object);
    return true;
  };
}

function refuseKeyless(object: object): void {
  const [method] = keylessMethodsOf(object);
  if (method === undefined) return;
  const rule =
    'or a function keyPrefix must be given, since its object is made for each request and has no stable ' +
    'identity: say by it what of the request the result depends on, write key: (...args) => args if ' +
    'nothing, or make the class a singleton';
  const place = `@Cacheable() on ${object.constructor.name}.${method}`;
  throw new InvalidOptionError(place, 'key', rule, undefined);
}
